/*
 * transfer: base64 four characters at once as long as nothing else is between, quoted-printable in
 * runs from '=' to '='; whatever is cut, padded or broken goes octet by octet.
 */
#include "message/transfer.h"

#include <string.h>

#define IS_VALUE 0x40 /* told apart from what is foreign */
#define QUAD 4

/* The 64 characters of RFC 2045 6.8, table 1; all others are foreign: 0. */
#define ROW(c, value) [c] = IS_VALUE | (value)
static const unsigned char base64_values[256] = {
    ROW('A', 0),  ROW('B', 1),  ROW('C', 2),  ROW('D', 3),  ROW('E', 4),  ROW('F', 5),
    ROW('G', 6),  ROW('H', 7),  ROW('I', 8),  ROW('J', 9),  ROW('K', 10), ROW('L', 11),
    ROW('M', 12), ROW('N', 13), ROW('O', 14), ROW('P', 15), ROW('Q', 16), ROW('R', 17),
    ROW('S', 18), ROW('T', 19), ROW('U', 20), ROW('V', 21), ROW('W', 22), ROW('X', 23),
    ROW('Y', 24), ROW('Z', 25), ROW('a', 26), ROW('b', 27), ROW('c', 28), ROW('d', 29),
    ROW('e', 30), ROW('f', 31), ROW('g', 32), ROW('h', 33), ROW('i', 34), ROW('j', 35),
    ROW('k', 36), ROW('l', 37), ROW('m', 38), ROW('n', 39), ROW('o', 40), ROW('p', 41),
    ROW('q', 42), ROW('r', 43), ROW('s', 44), ROW('t', 45), ROW('u', 46), ROW('v', 47),
    ROW('w', 48), ROW('x', 49), ROW('y', 50), ROW('z', 51), ROW('0', 52), ROW('1', 53),
    ROW('2', 54), ROW('3', 55), ROW('4', 56), ROW('5', 57), ROW('6', 58), ROW('7', 59),
    ROW('8', 60), ROW('9', 61), ROW('+', 62), ROW('/', 63),
};

void transfer_init(struct transfer *transfer, enum content_encoding encoding)
{
    transfer->encoding = encoding;
    transfer->bits = transfer->count = transfer->pads = 0;
    transfer->held_size = 0;
}

bool transfer_is_identity(const struct transfer *transfer)
{
    return transfer->encoding != ENCODING_BASE64 && transfer->encoding != ENCODING_QUOTED_PRINTABLE;
}

/* The octets of the open quad, of `count` characters. */
static char *end_quad(struct transfer *transfer, char *out)
{
    unsigned bits = transfer->bits << (6 * (QUAD - transfer->count));

    for (unsigned i = 1; i < transfer->count; i++) {
        *out++ = (char)(bits >> (24 - 8 * i));
    }
    transfer->bits = transfer->count = transfer->pads = 0;
    return out;
}

static char *base64_octet(struct transfer *transfer, unsigned char c, char *out)
{
    unsigned value = base64_values[c];

    if (value != 0) {
        transfer->bits = transfer->bits << 6 | (value & ~(unsigned)IS_VALUE);
        transfer->pads = 0;
        return ++transfer->count == QUAD ? end_quad(transfer, out) : out;
    }
    if (c == '=' && transfer->count >= 2 && transfer->count + ++transfer->pads >= QUAD) {
        return end_quad(transfer, out);
    }
    return out;
}

static size_t decode_base64(struct transfer *transfer, const unsigned char *at,
                            const unsigned char *end, char *out)
{
    char *start = out;

    while (at < end) {
        if (transfer->count == 0) {
            for (; end - at >= QUAD; at += QUAD, out += 3) {
                unsigned a = base64_values[at[0]], b = base64_values[at[1]];
                unsigned c = base64_values[at[2]], d = base64_values[at[3]];

                if ((a & b & c & d & IS_VALUE) == 0) {
                    break;
                }
                /* What IS_VALUE of a and c would leave in a neighbour is masked or falls off. */
                out[0] = (char)(a << 2 | (b & 0x3f) >> 4);
                out[1] = (char)(b << 4 | (c & 0x3f) >> 2);
                out[2] = (char)(c << 6 | (d & 0x3f));
            }
        }
        if (at < end) {
            out = base64_octet(transfer, *at++, out);
        }
    }
    return (size_t)(out - start);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *give_held(struct transfer *transfer, char *out)
{
    memcpy(out, transfer->held, transfer->held_size);
    out += transfer->held_size;
    transfer->held_size = 0;
    return out;
}

static bool hold(struct transfer *transfer, char c)
{
    if (transfer->held_size == TRANSFER_HELD_MAX) {
        return false;
    }
    transfer->held[transfer->held_size++] = c;
    return true;
}

/*
 * The octet behind a '=' that is held: "=XX" is an octet, '=' and blanks at the end of a line are a
 * soft line end, for which a bare LF will do. False: the octet is of neither, and what was held is
 * given as it is.
 */
static bool quoted_octet(struct transfer *transfer, char c, char **out_io)
{
    char last = transfer->held[transfer->held_size - 1];

    if (last == '\r' ? c == '\n' : c == '\n' && hex_value(last) < 0) {
        transfer->held_size = 0;
        return true;
    }
    if (hex_value(last) >= 0 && hex_value(c) >= 0) {
        *(*out_io)++ = (char)(hex_value(last) << 4 | hex_value(c));
        transfer->held_size = 0;
        return true;
    }
    if (last == '=' && hex_value(c) >= 0) {
        return hold(transfer, c);
    }
    if (last != '\r' && hex_value(last) < 0 && (c == ' ' || c == '\t' || c == '\r') &&
        hold(transfer, c)) {
        return true;
    }
    *out_io = give_held(transfer, *out_io);
    return false;
}

static size_t decode_quoted(struct transfer *transfer, const char *at, const char *end, char *out)
{
    char *start = out;

    while (at < end) {
        const char *mark;
        size_t size;

        if (transfer->held_size > 0) {
            at += quoted_octet(transfer, *at, &out) ? 1 : 0;
            continue;
        }
        mark = memchr(at, '=', (size_t)(end - at));
        size = (size_t)((mark != NULL ? mark : end) - at);
        memcpy(out, at, size);
        out += size;
        at += size;
        if (at < end) {
            hold(transfer, *at++);
        }
    }
    return (size_t)(out - start);
}

size_t transfer_decode(struct transfer *transfer, const char *bytes, size_t size, char *out)
{
    if (transfer->encoding == ENCODING_BASE64) {
        return decode_base64(transfer, (const unsigned char *)bytes,
                             (const unsigned char *)bytes + size, out);
    }
    if (transfer->encoding == ENCODING_QUOTED_PRINTABLE) {
        return decode_quoted(transfer, bytes, bytes + size, out);
    }
    memcpy(out, bytes, size);
    return size;
}

size_t transfer_finish(struct transfer *transfer, char out[static TRANSFER_HELD_MAX])
{
    char *start = out;

    if (transfer->encoding == ENCODING_BASE64) {
        out = end_quad(transfer, out);
    } else if (transfer->held_size > 1) {
        out = give_held(transfer, out);
    }
    transfer->held_size = 0; /* a '=' alone is a soft line end whose line end was the boundary's */
    return (size_t)(out - start);
}
