/*
 * calendar: checks what is no day or time, leaves the counting to timegm() and gmtime_r(), which
 * know no zone. Fails with false; nothing depends on the locale.
 */
#include "util/calendar.h"

#include <time.h>

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return days[month - 1] + (month == 2 && is_leap(year));
}

bool calendar_seconds(const struct calendar_time *time, int64_t *seconds_r)
{
    struct tm tm = { .tm_year = time->year - 1900,
                     .tm_mon = time->month - 1,
                     .tm_mday = time->day,
                     .tm_hour = time->hour,
                     .tm_min = time->minute,
                     .tm_sec = time->second };

    if (time->year < 1970 || time->year > 9999 || time->month < 1 || time->month > 12 ||
        time->day < 1 || time->day > days_of_month(time->year, time->month) || time->hour < 0 ||
        time->hour > 23 || time->minute < 0 || time->minute > 59 || time->second < 0 ||
        time->second > 60)
        return false;
    *seconds_r = timegm(&tm);
    return true;
}

int64_t calendar_from_local(const struct clock *clock, int64_t local_s)
{
    /* The offset is that of a time which is not known yet: once more with a near one. */
    int64_t near_s = local_s - clock->utc_offset_s(clock, local_s);

    return local_s - clock->utc_offset_s(clock, near_s);
}

/* Exactly `digits` digits and, where it is no NUL, the separator before them. */
static bool take_number(struct span *rest_io, char separator, int digits, int *number_r)
{
    struct span rest = *rest_io;
    int number = 0;

    if (separator != '\0') {
        if (rest.size == 0 || rest.at[0] != separator)
            return false;
        rest = span_from(rest, 1);
    }
    if (rest.size < (size_t)digits)
        return false;
    for (int i = 0; i < digits; i++) {
        if (rest.at[i] < '0' || rest.at[i] > '9')
            return false;
        number = number * 10 + (rest.at[i] - '0');
    }
    *number_r = number;
    *rest_io = span_from(rest, (size_t)digits);
    return true;
}

bool calendar_parse(struct span text, struct calendar_time *time_r, struct span *rest_r)
{
    struct calendar_time time = { 0 };
    struct span rest = text, after_hour;
    int64_t seconds;

    if (!take_number(&rest, '\0', 4, &time.year) || !take_number(&rest, '-', 2, &time.month) ||
        !take_number(&rest, '-', 2, &time.day))
        return false;
    after_hour = rest;
    if (take_number(&after_hour, 'T', 2, &time.hour) &&
        take_number(&after_hour, ':', 2, &time.minute)) {
        rest = after_hour;
        take_number(&rest, ':', 2, &time.second);
    } else {
        time.hour = 0; /* it may have been read before the minute was missed */
    }
    *time_r = time;
    *rest_r = rest;
    return calendar_seconds(&time, &seconds);
}

void calendar_print_day(const struct clock *clock, int64_t wall_s,
                        char out[static CALENDAR_DAY_MAX])
{
    static const int64_t last_s = INT64_C(253402300799); /* of the year 9999 */
    struct tm local = { 0 };
    time_t local_s;

    wall_s = wall_s < 0 ? 0 : wall_s > last_s ? last_s : wall_s;
    local_s = (time_t)clock_local_s(clock, wall_s);
    local_s = local_s < 0 ? 0 : local_s > last_s ? last_s : local_s;
    gmtime_r(&local_s, &local);
    strftime(out, CALENDAR_DAY_MAX, "%Y-%m-%d", &local); /* digits in every locale */
}
