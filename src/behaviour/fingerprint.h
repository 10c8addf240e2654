/*
 * fingerprint: numbers for what a client shows of itself, reduced so that an update of a program or
 * another address of the same network is no other client. 0: nothing is known. They are no secrets
 * and need no key: whoever makes two that are equal only looks like somebody else.
 */
#ifndef EM_BEHAVIOUR_FINGERPRINT_H
#define EM_BEHAVIOUR_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "util/ip.h"
#include "util/span.h"

/* The /24 of IPv4, the /64 of IPv6. Loopback and unknown clients are 0: they tell of the machine,
 * not of a person. */
uint32_t fingerprint_network(const struct ip *client);
/* Which kind of name it gives: an address in brackets, a bare name, the last two labels of a
 * domain. */
uint32_t fingerprint_helo(struct span helo);
/* The program, by User-Agent or X-Mailer as it was written, without version and system; absent is a
 * kind of its own. */
uint32_t fingerprint_client(struct span program);
uint32_t fingerprint_tls(struct span version, struct span cipher);
/* Any text, in any case. */
uint32_t fingerprint_text(struct span text);
/* Of a country by its two letters (ISO 3166-1), in any case; 0 for any other text. Unlike the
 * others it can be read again. */
uint32_t fingerprint_country(struct span code);
/* "DE"; false, and "" there, where the number is that of no country. */
bool fingerprint_country_print(uint32_t country, char code_r[static 3]);

#endif
