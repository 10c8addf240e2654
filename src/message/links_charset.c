/*
 * links_charset: text as UTF-8, as far as ASCII is concerned.
 *
 * Nearly all sets of mail have ASCII in its place, and what of a URL is not ASCII waits until a
 * host is found (links_url.c). Only UTF-16 and the ISO 2022 family (RFC 1468) have other octets
 * where ASCII would be: the former is decoded here, of the latter only the parts in ASCII are kept.
 */
#include "message/links_private.h"
#include "util/utf8.h"

#define ESCAPE 0x1b
#define SHIFT_OUT 0x0e
#define SHIFT_IN 0x0f
#define PIECE ((size_t)512)

void links_decoder_begin(struct link_decoder *decoder, struct span charset)
{
    *decoder = (struct link_decoder){ .charset = LINK_ASCII_LIKE };
    if (span_has_prefix_nocase(charset, SPAN("utf-16")) ||
        span_has_prefix_nocase(charset, SPAN("utf16"))) {
        /* RFC 2781 4.3: big-endian where nothing says otherwise. */
        decoder->charset =
            span_has_suffix_nocase(charset, SPAN("le")) ? LINK_UTF16_LE : LINK_UTF16_BE;
    } else if (span_has_prefix_nocase(charset, SPAN("iso-2022-"))) {
        decoder->charset = LINK_ISO_2022;
    }
}

/* A mark of the order of octets counts more than any label, as with browsers. */
static void read_mark(struct link_decoder *decoder)
{
    decoder->has_begun = true;
    if (decoder->held[0] == 0xff && decoder->held[1] == 0xfe) {
        decoder->charset = LINK_UTF16_LE;
    } else if (decoder->held[0] == 0xfe && decoder->held[1] == 0xff) {
        decoder->charset = LINK_UTF16_BE;
    }
}

struct output {
    struct links *links;
    char text[PIECE];
    size_t size;
};

static void give(struct output *output)
{
    if (output->size > 0) {
        links_take(output->links, output->text, output->size);
    }
    output->size = 0;
}

static void put(struct output *output, unsigned long point)
{
    if (output->size + 4 > PIECE) {
        give(output);
    }
    output->size += utf8_put(point, output->text + output->size);
}

static void take_unit(struct output *output, unsigned unit)
{
    struct link_decoder *decoder = &output->links->decoder;

    if (unit >= 0xd800 && unit < 0xdc00) {
        decoder->high = unit;
        return;
    }
    if (unit >= 0xdc00 && unit < 0xe000 && decoder->high != 0) {
        put(output, 0x10000 + ((decoder->high - 0xd800UL) << 10) + (unit - 0xdc00UL));
    } else {
        put(output, unit);
    }
    decoder->high = 0;
}

static void decode_utf16(struct output *output, unsigned char octet)
{
    struct link_decoder *decoder = &output->links->decoder;
    unsigned first = decoder->held[0];

    if (decoder->held_size == 0) {
        decoder->held[decoder->held_size++] = octet;
        return;
    }
    decoder->held_size = 0;
    take_unit(output, decoder->charset == LINK_UTF16_LE ? (unsigned)octet << 8 | first
                                                        : first << 8 | octet);
}

/* ESC "(" B and ESC "(" J end in ASCII (the latter but for two signs); other sequences do not. */
static void take_escape(struct output *output, unsigned char octet)
{
    struct link_decoder *decoder = &output->links->decoder;

    if (octet >= 0x20 && octet < 0x30 && decoder->held_size < sizeof(decoder->held)) {
        decoder->held[decoder->held_size++] = octet;
        return;
    }
    decoder->is_wide =
        decoder->held_size != 2 || decoder->held[1] != '(' || (octet != 'B' && octet != 'J');
    decoder->held_size = 0;
    if (decoder->is_wide) {
        put(output, ' '); /* no word goes on in another set */
    }
}

static void decode_iso_2022(struct output *output, unsigned char octet)
{
    struct link_decoder *decoder = &output->links->decoder;

    if (decoder->held_size > 0) {
        take_escape(output, octet);
    } else if (octet == ESCAPE) {
        decoder->held[decoder->held_size++] = octet;
    } else if (octet == SHIFT_OUT || octet == SHIFT_IN) {
        decoder->is_wide = octet == SHIFT_OUT;
        put(output, ' ');
    } else if (!decoder->is_wide || octet == '\n') { /* RFC 1468: a line begins in ASCII */
        decoder->is_wide = false;
        put(output, octet < 0x80 ? octet : ' ');
    }
}

static void decode(struct links *links, const unsigned char *bytes, size_t size)
{
    struct output output = { .links = links, .size = 0 };

    if (links->decoder.charset == LINK_ASCII_LIKE) {
        links_take(links, (const char *)bytes, size);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        if (links->decoder.charset == LINK_ISO_2022) {
            decode_iso_2022(&output, bytes[i]);
        } else {
            decode_utf16(&output, bytes[i]);
        }
    }
    give(&output);
}

void links_decode(struct links *links, const char *bytes, size_t size)
{
    struct link_decoder *decoder = &links->decoder;
    unsigned char mark[2];

    while (!decoder->has_begun && size > 0) {
        decoder->held[decoder->held_size++] = (unsigned char)*bytes++;
        size--;
        if (decoder->held_size == sizeof(mark)) {
            memcpy(mark, decoder->held, sizeof(mark));
            decoder->held_size = 0;
            read_mark(decoder);
            decode(links, mark, sizeof(mark));
        }
    }
    if (size > 0) {
        decode(links, (const unsigned char *)bytes, size);
    }
}
