/*
 * known: whom somebody wrote to in the last 68 to 90 days: sixteen bits of each recipient's
 * fingerprint, in order, and how long ago.
 *
 * An address in it is never called new, and one that is not is called known in n of 65536 cases, n
 * being how many there are. Who writes to more than KNOWN_MAX different addresses keeps those he
 * wrote to last. Where counts must be right there is limits/novelty.h, at eight times the room.
 */
#ifndef EM_BEHAVIOUR_KNOWN_H
#define EM_BEHAVIOUR_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/span.h"

enum {
    KNOWN_MAX = 400,
    KNOWN_AGES = 4, /* in steps of KNOWN_STEP_H */
    KNOWN_STEP_H = 540,
    /* Written: an entry takes its gap, one octet and a half at most while there are many. */
    KNOWN_OCTETS_MAX = 5 + 3 + KNOWN_MAX * 2 + 4
};

struct known_entry {
    uint16_t print;
    uint16_t age; /* steps ago, below KNOWN_AGES */
};

/* All zero is an empty one. */
struct known {
    uint32_t step; /* of the profile's time, since 0: what age 0 is */
    uint16_t count;
    struct known_entry all[KNOWN_MAX]; /* in order of print, none twice */
};

/* Drops what is too old. Before all else. */
void known_advance(struct known *known, uint64_t now_ms);
bool known_has(const struct known *known, uint64_t fingerprint);
/* He was written to now. */
void known_add(struct known *known, uint64_t fingerprint);

void known_write(const struct known *known, struct buffer *out);
/* Takes it from the front. False: these are no octets of one; *known_r is empty then. */
bool known_read(struct span *from, struct known *known_r);

#endif
