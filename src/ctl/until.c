/*
 * until: the end of something, as a person writes it.
 */
#include "ctl/until.h"

#include "config/units.h"
#include "util/calendar.h"

#define DAY_S 86400

static bool read_from_now(const struct clock *clock, struct span text, int64_t *until_s_r)
{
    int64_t seconds, now_s = clock_wall_s(clock);
    if (!units_parse_duration(text, &seconds) || seconds == 0 || seconds > INT64_MAX - now_s) {
        return false;
    }
    *until_s_r = now_s + seconds;
    return true;
}

bool until_read(const struct clock *clock, struct span text, int64_t *until_s_r)
{
    struct calendar_time time;
    struct span rest;
    int64_t seconds;
    if (span_is_equal(text, SPAN("never"))) {
        *until_s_r = 0;
        return true;
    }
    if (text.size > 1 && text.at[0] == '+') {
        return read_from_now(clock, span_from(text, 1), until_s_r);
    }
    if (text.size > 1 && text.at[0] == '@') {
        uint64_t at_s = 0;
        bool is_number = span_number(span_from(text, 1), INT64_MAX, &at_s);
        *until_s_r = (int64_t)at_s;
        return is_number && at_s > 0;
    }
    if (!calendar_parse(text, &time, &rest) || rest.size > 0 ||
        !calendar_seconds(&time, &seconds)) {
        return false;
    }
    if (span_find(text, 'T') < 0) {
        seconds += DAY_S;
    }
    *until_s_r = calendar_from_local(clock, seconds);
    return *until_s_r > 0;
}
