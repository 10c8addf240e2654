/*
 * window: how much was used in the last hour, day or month, as a rolling sum in fixed room.
 *
 * A window of length `per_ms` is twelve slots, and the one that is being filled. A slot is counted
 * until everything in it is older than the window, so no stretch of `per_ms` ever holds more than
 * was allowed, and what was used weighs at most one slot longer than it had to. Nothing is reset by
 * a timer: slots are dropped when somebody looks.
 *
 * Times are milliseconds of a clock that never goes back (boot time, carried over a reboot). One
 * that does go back all the same changes nothing until it has caught up. Amounts are of any unit,
 * below 2^48; sums stay at that limit. Not thread safe.
 */
#ifndef EM_LIMITS_WINDOW_H
#define EM_LIMITS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/span.h"
#include "util/varint.h"

#define WINDOW_SLOTS 13
#define WINDOW_AMOUNT_MAX ((UINT64_C(1) << 48) - 1)
#define WINDOW_NEVER UINT64_MAX
#define WINDOW_OCTETS_MAX (VARINT_OCTETS_MAX + 1 + WINDOW_SLOTS * 7) /* written */

/* All zero is an empty one. */
struct window {
    uint64_t newest;             /* the number of the slot that is being filled, since time 0 */
    uint64_t used[WINDOW_SLOTS]; /* of slot n at n % WINDOW_SLOTS */
};

/* Drops what is too old. Before all else, with the same per_ms each time. */
void window_advance(struct window *window, uint64_t now_ms, uint64_t per_ms);
uint64_t window_sum(const struct window *window);
/* Charges; the slot it went to, for window_give_back(). */
uint64_t window_charge(struct window *window, uint64_t amount);
/* The slot a charge at that time goes to, if none was later. */
uint64_t window_slot(uint64_t now_ms, uint64_t per_ms);
/* Takes a charge back; nothing where its slot is gone. */
void window_give_back(struct window *window, uint64_t slot, uint64_t amount);
/* Milliseconds until `amount` more would be within `max`, if nothing else is charged: 0: it fits
 * now; WINDOW_NEVER: it alone is more than `max`. */
uint64_t window_fits_in_ms(const struct window *window, uint64_t now_ms, uint64_t per_ms,
                           uint64_t max, uint64_t amount);

/* Appends it: a few octets where little was used. */
void window_write(const struct window *window, struct buffer *out);
/* Takes it from the front. False: these are no octets of a window; *window_r is empty then. */
bool window_read(struct span *from, struct window *window_r);
/* The same without the number of the slot that is being filled, for whoever knows it. */
void window_write_slots(const struct window *window, struct buffer *out);
bool window_read_slots(struct span *from, uint64_t newest, struct window *window_r);

#endif
