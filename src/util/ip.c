/*
 * ip: addresses and networks as text and as bytes (RFC 4291, RFC 5952; the "IPv6:" tag is RFC 5321
 * 4.1.3).
 */
#include "util/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static unsigned family_bits(uint8_t family)
{
    return family == 4 ? 32 : 128;
}

/* As written, IPv4-mapped addresses still IPv6. */
static bool parse_bytes(struct span text, struct ip *ip_r)
{
    char copy[IP_TEXT_MAX];
    bool tagged = false;

    *ip_r = (struct ip){ 0 };
    if (text.size >= 2 && text.at[0] == '[' && text.at[text.size - 1] == ']')
        text = span_from(span_first(text, text.size - 1), 1);
    if (span_has_prefix_nocase(text, SPAN("IPv6:"))) {
        text = span_from(text, 5);
        tagged = true;
    }
    /* inet_pton() would stop at a NUL and not see what is behind it. */
    if (text.size == 0 || text.size >= sizeof(copy) || span_find(text, '\0') >= 0)
        return false;
    memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    if (!tagged && inet_pton(AF_INET, copy, ip_r->bytes) == 1)
        ip_r->family = 4;
    else if (inet_pton(AF_INET6, copy, ip_r->bytes) == 1)
        ip_r->family = 6;
    return ip_r->family != 0;
}

static bool is_mapped(const struct ip *ip)
{
    return ip->family == 6 && memcmp(ip->bytes, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

static void unmap(struct ip *ip)
{
    struct ip v4 = { .family = 4 };

    memcpy(v4.bytes, ip->bytes + sizeof(mapped_prefix), 4);
    *ip = v4;
}

bool ip_parse(struct span text, struct ip *ip_r)
{
    if (!parse_bytes(text, ip_r))
        return false;
    if (is_mapped(ip_r))
        unmap(ip_r);
    return true;
}

/* "0" to "128", nothing else: no sign, no leading zero. */
static bool parse_prefix(struct span text, unsigned max, unsigned *bits_r)
{
    unsigned bits = 0;

    if (text.size == 0 || text.size > 3 || (text.size > 1 && text.at[0] == '0'))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        bits = bits * 10 + (unsigned)(text.at[i] - '0');
    }
    *bits_r = bits;
    return bits <= max;
}

/* Clears what is behind the prefix; true when there was something. */
static bool clear_host_bits(struct ip *ip, unsigned prefix)
{
    bool had = false;

    for (unsigned i = 0; i < family_bits(ip->family) / 8; i++) {
        unsigned kept = prefix > i * 8 ? prefix - i * 8 : 0;
        uint8_t mask = kept >= 8 ? 0xff : (uint8_t)(0xff00u >> kept);

        had = had || (ip->bytes[i] & ~mask) != 0;
        ip->bytes[i] &= mask;
    }
    return had;
}

bool ip_network_parse(struct span text, struct ip_network *network_r, bool *host_bits_r)
{
    ptrdiff_t slash = span_find(text, '/');
    struct span address = slash >= 0 ? span_first(text, (size_t)slash) : text;
    bool has_host_bits;
    unsigned bits;

    *network_r = (struct ip_network){ 0 };
    if (host_bits_r != NULL)
        *host_bits_r = false;
    if (!parse_bytes(address, &network_r->base))
        return false;
    bits = family_bits(network_r->base.family);
    if (slash >= 0 && !parse_prefix(span_from(text, (size_t)slash + 1), bits, &bits))
        return false;
    has_host_bits = clear_host_bits(&network_r->base, bits);
    /* ::ffff:192.0.2.0/120 is 192.0.2.0/24; a shorter prefix than 96 has cleared the ffff. */
    if (is_mapped(&network_r->base) && bits >= 96) {
        unmap(&network_r->base);
        bits -= 96;
    }
    network_r->prefix = (uint8_t)bits;
    if (host_bits_r != NULL)
        *host_bits_r = has_host_bits;
    return !has_host_bits;
}

bool ip_network_contains(const struct ip_network *network, const struct ip *ip)
{
    struct ip masked = *ip;

    if (ip->family == 0 || ip->family != network->base.family)
        return false;
    clear_host_bits(&masked, network->prefix);
    return memcmp(masked.bytes, network->base.bytes, family_bits(ip->family) / 8) == 0;
}

const struct ip ip_host_v4 = { .family = 4, .bytes = { 127, 0, 0, 1 } };
const struct ip ip_host_v6 = { .family = 6, .bytes = { [15] = 1 } };

bool ip_is_loopback(const struct ip *ip)
{
    return (ip->family == 4 && ip->bytes[0] == 127) || memcmp(ip, &ip_host_v6, sizeof(*ip)) == 0;
}

/* RFC 5952 4.2: the longest run of at least two zero groups, the first of equals. */
static void find_zero_run(const unsigned groups[static 8], unsigned *start_r, unsigned *size_r)
{
    unsigned run = 0;

    *start_r = 8;
    *size_r = 1;
    for (unsigned i = 0; i < 8; i++) {
        run = groups[i] == 0 ? run + 1 : 0;
        if (run > *size_r) {
            *size_r = run;
            *start_r = i + 1 - run;
        }
    }
}

static void print_v6(const struct ip *ip, char out[static IP_TEXT_MAX])
{
    unsigned groups[8], start, size;
    char *at = out;

    for (unsigned i = 0; i < 8; i++)
        groups[i] = (unsigned)ip->bytes[2 * i] << 8 | ip->bytes[2 * i + 1];
    find_zero_run(groups, &start, &size);
    for (unsigned i = 0; i < 8; i++) {
        if (i == start) {
            at = stpcpy(at, "::");
            i += size - 1;
        } else {
            const char *colon = i == 0 || at[-1] == ':' ? "" : ":";

            at += sprintf(at, "%s%x", colon, groups[i]);
        }
    }
}

void ip_print(const struct ip *ip, char out[static IP_TEXT_MAX])
{
    out[0] = '\0';
    if (ip->family == 4)
        snprintf(out, IP_TEXT_MAX, "%u.%u.%u.%u", ip->bytes[0], ip->bytes[1], ip->bytes[2],
                 ip->bytes[3]);
    else if (ip->family == 6)
        print_v6(ip, out);
}
