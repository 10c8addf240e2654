/*
 * calendar: dates as people and log files write them, to seconds since 1970 (proleptic Gregorian
 * calendar, no leap seconds).
 */
#ifndef EM_UTIL_CALENDAR_H
#define EM_UTIL_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "util/clock.h"
#include "util/span.h"

struct calendar_time {
    int year, month, day;     /* 1970 to 9999, 1 to 12, 1 to what the month has */
    int hour, minute, second; /* a leap second (60) is the next minute's first */
};

/* As if it were UTC. False: there is no such day or time. */
bool calendar_seconds(const struct calendar_time *time, int64_t *seconds_r);
/* Local seconds, as calendar_seconds() gives them, to UTC by the zone of `clock`. Of an hour that
 * comes twice a year either may be meant. */
int64_t calendar_from_local(const struct clock *clock, int64_t local_s);
/*
 * The longest beginning of `text` that is "2026-11-28", "2026-11-28T22:00" or
 * "2026-11-28T22:00:30"; *rest_r is what follows. False: none, or no such day or time.
 */
bool calendar_parse(struct span text, struct calendar_time *time_r, struct span *rest_r);

#define CALENDAR_DAY_MAX 16
/* "2026-11-28" in the zone of `clock`; years beyond the four digits become the nearest with them.
 */
void calendar_print_day(const struct clock *clock, int64_t wall_s,
                        char out[static CALENDAR_DAY_MAX]);

#endif
