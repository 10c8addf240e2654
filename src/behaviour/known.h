/*
 * known: whom somebody wrote to in the last 45 to 90 days, in little room: two generations of Bloom
 * filters, the old one and the one that is being filled.
 *
 * Approximate by contract: an address in it is never called new; one that is not is called known in
 * one of fifty cases, one of thirteen when both generations are full. Who writes to more than 384
 * different addresses in 45 days keeps the last ones. Where counts must be right
 * there is limits/novelty.h, at eight times the room.
 */
#ifndef EM_BEHAVIOUR_KNOWN_H
#define EM_BEHAVIOUR_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/span.h"

enum {
    KNOWN_FILTERS = 4,
    KNOWN_FIRST_OCTETS = 32,
    KNOWN_OCTETS = KNOWN_FIRST_OCTETS * ((1 << KNOWN_FILTERS) - 1), /* of a generation */
    KNOWN_OCTETS_MAX = 5 + 2 * (3 + KNOWN_OCTETS)                   /* written */
};

struct known_generation {
    uint16_t filters; /* in use, one behind the other in `octets`, each of double size */
    uint16_t used;    /* addresses in the last of them */
    uint8_t octets[KNOWN_OCTETS];
};

/* All zero is an empty one. */
struct known {
    uint32_t begun_h; /* hours of the profile's time, when the young one was */
    struct known_generation young, old;
};

/* Drops what is too old. Before all else. */
void known_advance(struct known *known, uint64_t now_ms);
bool known_has(const struct known *known, uint64_t fingerprint);
/* He was written to now. */
void known_add(struct known *known, uint64_t now_ms, uint64_t fingerprint);

void known_write(const struct known *known, struct buffer *out);
/* Takes it from the front. False: these are no octets of one; *known_r is empty then. */
bool known_read(struct span *from, struct known *known_r);

#endif
