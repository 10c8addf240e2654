/*
 * pace: a burst, and what comes after it at an even pace: `burst` at once, and from then on as fast
 * as `max` in `per_ms` allows. It says how close together something may come, never how much in a
 * window: that is the window's (limits/window.h), and a limit with `burst` has both.
 *
 * One number is kept: when all that was charged is paid off. Times as in window.h.
 */
#ifndef EM_LIMITS_PACE_H
#define EM_LIMITS_PACE_H

#include <stdint.h>

#define PACE_NEVER UINT64_MAX

struct pace_rule {
    uint64_t burst, max, per_ms; /* none of them 0 */
};

/* Milliseconds until `amount` more would be within the burst; 0: now; PACE_NEVER: it alone is more
 * than the burst. `paid_off_ns`: 0 where nothing was charged yet. */
uint64_t pace_fits_in_ms(const struct pace_rule *rule, uint64_t paid_off_ns, uint64_t now_ms,
                         uint64_t amount);
/* When all will be paid off, with this amount; after per_ms at the latest, also where more than
 * `max` came. */
uint64_t pace_charge(const struct pace_rule *rule, uint64_t paid_off_ns, uint64_t now_ms,
                     uint64_t amount);
/* The same without an amount that was charged before. */
uint64_t pace_give_back(const struct pace_rule *rule, uint64_t paid_off_ns, uint64_t amount);

#endif
