/*
 * ip: addresses and networks, IPv4 and IPv6. An IPv4-mapped IPv6 address is kept as the IPv4
 * address it is.
 */
#ifndef EM_UTIL_IP_H
#define EM_UTIL_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "util/span.h"

struct ip {
    uint8_t family; /* 0 none, 4 or 6 */
    uint8_t bytes[16];
};

struct ip_network {
    struct ip base;
    uint8_t prefix; /* bits */
};

#define IP_TEXT_MAX 46

/* "192.0.2.1", "2001:db8::1"; also with brackets and with "IPv6:" before, as MTAs write it. */
bool ip_parse(struct span text, struct ip *ip_r);
/* "192.0.2.0/24", or a bare address. Host bits set are an error: *host_bits_r is then true (may be
 * NULL) and *network_r holds the network without them, for the text of the error. */
bool ip_network_parse(struct span text, struct ip_network *network_r, bool *host_bits_r);
bool ip_network_contains(const struct ip_network *network, const struct ip *ip);
bool ip_is_loopback(const struct ip *ip);
/* The two addresses an MTA itself and what runs beside it come from, 127.0.0.1 and ::1; another one
 * of 127/8 is somebody's deliberate choice. */
extern const struct ip ip_host_v4, ip_host_v6;
/* Canonical text (RFC 5952), "" for family 0. */
void ip_print(const struct ip *ip, char out[static IP_TEXT_MAX]);

#endif
