/*
 * unique: which different addresses were used in the last hour, day or month: fingerprints, each in
 * the slot of its last use (slots as in window.h). An address counts until that slot is out of the
 * window; so the count is exact, but for at most one slot, in which it weighs longer.
 *
 * A set is bounded by a ceiling, the value of its limit where that is strict. What finds no room is
 * not remembered, and the set says so: there are more than it counts.
 *
 * What is given back is as if it had never been, for an address that only this charge has used. One
 * that others used as well stays, at the slot of its last use, given back or not: never less than
 * the truth. Of a fingerprint 63 bits are kept. Not thread safe.
 */
#ifndef EM_LIMITS_UNIQUE_H
#define EM_LIMITS_UNIQUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits/window.h"
#include "util/buffer.h"
#include "util/span.h"

enum {
    UNIQUE_MAX = 65536,    /* no ceiling is higher */
    UNIQUE_CEILING = 10000 /* for whom no limit says how many */
};

#define UNIQUE_OCTETS_MAX(count) (WINDOW_OCTETS_MAX + 1 + (count)*8) /* written */

/* All zero is an empty one. */
struct unique {
    struct window window; /* how many there are in each slot */
    uint64_t *all;        /* slot after slot, the oldest first; each in order */
    size_t room;
    uint64_t lost_slot; /* in which an address found no room, and one more; 0: none */
};

void unique_free(struct unique *set);
/* Drops what is too old. Before all else, with the same per_ms each time. */
void unique_advance(struct unique *set, uint64_t now_ms, uint64_t per_ms);
size_t unique_count(const struct unique *set);
/* True: some address of this window is not in the set for want of room. */
bool unique_is_saturated(const struct unique *set);
/* How many of these, none of them twice, it does not hold. */
size_t unique_new(const struct unique *set, const uint64_t *fingerprints, size_t count);
/* All of these, none of them twice, are used now; as many as fit below `ceiling` are new. False:
 * out of memory, and nothing has changed. The slot is set->window.newest. */
bool unique_charge(struct unique *set, const uint64_t *fingerprints, size_t count, size_t ceiling);
/* Takes back what unique_charge() charged in this slot, once: of these, what nothing else has used.
 * False: out of memory, and nothing has changed. */
bool unique_give_back(struct unique *set, uint64_t slot, const uint64_t *fingerprints,
                      size_t count);
/* Milliseconds until charging these would hold no more than `max`, if nothing else is charged: 0:
 * now; WINDOW_NEVER: they alone are more. */
uint64_t unique_fits_in_ms(const struct unique *set, uint64_t now_ms, uint64_t per_ms, uint64_t max,
                           const uint64_t *fingerprints, size_t count);

/* Appends it: eight octets an address, and some. */
void unique_write(const struct unique *set, struct buffer *out);
/* Takes it from the front; set_io is a set, whose room is used again. False: these are no octets of
 * one, or out of memory; it is empty then. */
bool unique_read(struct span *from, struct unique *set_io);

#endif
