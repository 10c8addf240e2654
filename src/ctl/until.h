/*
 * until: the end of something, as a person writes it, in the zone of whoever asks.
 */
#ifndef EM_CTL_UNTIL_H
#define EM_CTL_UNTIL_H

#include <stdbool.h>
#include <stdint.h>

#include "util/clock.h"
#include "util/span.h"

/* For usage texts. */
#define UNTIL_VALID                                                                                \
    "a day (2026-12-31, to its end), a time (2026-12-31T12:00), a duration from now (+4h) or "     \
    "\"never\""

/* "+4h", "2026-12-31" (to its end), "2026-12-31T12:00", "@1798761600" (wall seconds), "never" (0).
 * False: none of these. */
bool until_read(const struct clock *clock, struct span text, int64_t *until_s_r);

#endif
