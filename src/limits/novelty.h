/*
 * novelty: was this address written to in the last weeks? A memory of addresses in little room, for
 * one principal, approximate by contract:
 *
 *   - An address in it is never called new.
 *   - One that is not is called known in six of a thousand cases at most (1/1700 for each of ten
 *     filters, all full), and much less often while the memory is small.
 *   - It lasts four to eight weeks from the last use; less for whom more than NOVELTY_ROOM
 * addresses a month are new: two to four thousand of the last. Nothing can be taken out of it.
 *
 * It has two generations of Bloom filters, the old one and the one that is being filled. A
 * generation begins with 128 octets and adds a filter of double size whenever the last is full, up
 * to five (3968 octets). Times are the ledger's milliseconds. Not thread safe.
 */
#ifndef EM_LIMITS_NOVELTY_H
#define EM_LIMITS_NOVELTY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/span.h"

enum {
    NOVELTY_FILTERS = 5,
    NOVELTY_FIRST_OCTETS = 128,
    NOVELTY_OCTETS = NOVELTY_FIRST_OCTETS * ((1 << NOVELTY_FILTERS) - 1), /* of a generation */
    NOVELTY_ROOM = NOVELTY_OCTETS / 2,                                    /* addresses in it */
    NOVELTY_OCTETS_MAX = 8 + 2 * (3 + NOVELTY_OCTETS)                     /* written */
};
#define NOVELTY_GENERATION_MS (UINT64_C(28) * 24 * 3600 * 1000)

struct novelty_generation {
    uint16_t filters; /* in use, one behind the other in `octets` */
    uint16_t used;    /* addresses in the last of them */
    uint8_t octets[NOVELTY_OCTETS];
};

/* All zero is an empty one. */
struct novelty {
    uint64_t begun_ms; /* when the young one was */
    struct novelty_generation young, old;
};

/* Drops what is too old. Before all else. */
void novelty_advance(struct novelty *novelty, uint64_t now_ms);
bool novelty_is_new(const struct novelty *novelty, uint64_t fingerprint);
/* It is written to now. */
void novelty_add(struct novelty *novelty, uint64_t now_ms, uint64_t fingerprint);

/* Appends it: what is in use of it. */
void novelty_write(const struct novelty *novelty, struct buffer *out);
/* Takes it from the front. False: these are no octets of one; *novelty_r is empty then. */
bool novelty_read(struct span *from, struct novelty *novelty_r);

#endif
