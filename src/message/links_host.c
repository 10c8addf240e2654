/*
 * links_host: a host as a browser resolves it (the host parser of the WHATWG URL standard, for
 * schemes like http), so that no spelling hides one: percent-encoding, full width letters,
 * ideographic full stops, characters that are not seen, and addresses as any number.
 *
 * Stricter than browsers where no host of the world could be meant: one label, or labels that begin
 * or end with a hyphen.
 */
#include "message/links_private.h"

#include <arpa/inet.h>
#include <stdint.h>

#define WRITTEN_MAX ((size_t)1024)

static int hex_value(char c)
{
    c = ascii_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t links_unescape(struct span text, char *out, size_t room)
{
    size_t size = 0;

    for (size_t i = 0; i < text.size && size < room; i++) {
        char c = text.at[i];

        if (c == '%' && i + 2 < text.size && hex_value(text.at[i + 1]) >= 0 &&
            hex_value(text.at[i + 2]) >= 0) {
            c = (char)(hex_value(text.at[i + 1]) << 4 | hex_value(text.at[i + 2]));
            i += 2;
        }
        out[size++] = c;
    }
    return size;
}

/* What UTS 46 maps to ASCII or to nothing, of what is used to hide a host. */
static size_t map_wide(const unsigned char *at, size_t size, char *out, size_t *out_size)
{
    if (size >= 2 && at[0] == 0xc2 && at[1] == 0xad) { /* soft hyphen */
        return 2;
    }
    if (size < 3) {
        return 0;
    }
    if ((at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0x8b && at[2] <= 0x8d) ||
        (at[0] == 0xe2 && at[1] == 0x81 && at[2] == 0xa0) ||
        (at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf)) { /* U+200B to 200D, 2060, FEFF */
        return 3;
    }
    if ((at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x82) ||
        (at[0] == 0xef && at[1] == 0xbd && at[2] == 0xa1)) { /* U+3002, FF61 */
        out[(*out_size)++] = '.';
        return 3;
    }
    if (at[0] == 0xef && at[1] == 0xbc && at[2] >= 0x81 && at[2] <= 0xbf) { /* U+FF01 to FF3F */
        out[(*out_size)++] = (char)(at[2] - 0x81 + '!');
        return 3;
    }
    if (at[0] == 0xef && at[1] == 0xbd && at[2] >= 0x80 && at[2] <= 0x9e) { /* U+FF40 to FF5E */
        out[(*out_size)++] = (char)(at[2] - 0x80 + '`');
        return 3;
    }
    return 0;
}

static struct span clean(char *text, size_t size)
{
    size_t out_size = 0;

    for (size_t i = 0; i < size;) {
        size_t taken = (unsigned char)text[i] < 0x80
                           ? 0
                           : map_wide((unsigned char *)text + i, size - i, text, &out_size);

        if (taken == 0) {
            text[out_size++] = text[i++];
        }
        i += taken;
    }
    return (struct span){ text, out_size };
}

/* One part of an IPv4 address: decimal, 0x hexadecimal, 0 octal. */
static bool read_number(struct span text, uint64_t *value_r)
{
    unsigned base = 10;

    if (text.size >= 2 && text.at[0] == '0') {
        base = ascii_lower(text.at[1]) == 'x' ? 16 : 8;
        text = span_from(text, base == 16 ? 2 : 1);
    }
    *value_r = 0;
    for (size_t i = 0; i < text.size; i++) {
        int digit = hex_value(text.at[i]);

        if (digit < 0 || (unsigned)digit >= base || *value_r > UINT32_MAX) {
            return false;
        }
        *value_r = *value_r * base + (unsigned)digit;
    }
    return text.size > 0 || base == 16;
}

static bool is_numeric(struct span label)
{
    bool is_hex = label.size >= 2 && label.at[0] == '0' && ascii_lower(label.at[1]) == 'x';

    for (size_t i = is_hex ? 2 : 0; i < label.size; i++) {
        if (is_hex ? hex_value(label.at[i]) < 0 : label.at[i] < '0' || label.at[i] > '9') {
            return false;
        }
    }
    return label.size > 0;
}

static struct span last_label(struct span host)
{
    return span_from(host, (size_t)(span_find_last(host, '.') + 1));
}

/* One to four numbers, of which the last fills the rest of 32 bits. */
static bool read_ipv4(struct span host, char out[static DOMAIN_MAX])
{
    uint64_t address = 0, number;
    unsigned parts = 0;
    struct span label;
    struct in_addr in;

    while (span_cut(&host, '.', &label)) {
        if (parts == 4 || !read_number(label, &number)) {
            return false;
        }
        parts++;
        if (host.at == NULL) {
            if (number >> (8 * (5 - parts)) != 0) {
                return false;
            }
            address |= number;
        } else {
            if (number > 255) {
                return false;
            }
            address |= number << (32 - 8 * parts);
        }
    }
    in.s_addr = htonl((uint32_t)address);
    return inet_ntop(AF_INET, &in, out, DOMAIN_MAX) != NULL;
}

static bool read_ipv6(struct span text, char out[static DOMAIN_MAX])
{
    char copy[INET6_ADDRSTRLEN] = "";
    struct in6_addr in6;

    if (text.size < 3 || text.size - 2 >= sizeof(copy) || text.at[text.size - 1] != ']') {
        return false;
    }
    memcpy(copy, text.at + 1, text.size - 2);
    return inet_pton(AF_INET6, copy, &in6) == 1 &&
           inet_ntop(AF_INET6, &in6, out, DOMAIN_MAX) != NULL;
}

static bool is_usable(struct span host)
{
    struct span label;

    if (span_find(host, '.') < 0) {
        return false;
    }
    while (span_cut(&host, '.', &label)) {
        if (label.at[0] == '-' || label.at[label.size - 1] == '-') {
            return false;
        }
    }
    return true;
}

enum link_host links_host(struct span written, char out[static DOMAIN_MAX])
{
    char raw[WRITTEN_MAX];
    struct span host;

    if (written.size == 0 || written.size > WRITTEN_MAX) {
        return LINK_HOST_NONE;
    }
    if (written.at[0] == '[') {
        return read_ipv6(written, out) ? LINK_HOST_ADDRESS : LINK_HOST_NONE;
    }
    host = clean(raw, links_unescape(written, raw, sizeof(raw)));
    if (host.size > 0 && host.at[host.size - 1] == '.') {
        host.size--;
    }
    if (is_numeric(last_label(host))) {
        return read_ipv4(host, out) ? LINK_HOST_ADDRESS : LINK_HOST_NONE;
    }
    return domain_to_ascii(host, out) && is_usable(span_of(out)) ? LINK_HOST_NAME : LINK_HOST_NONE;
}
