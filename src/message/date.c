/*
 * date: writes the Date field's value, independent of locale and time zone of the process.
 *
 * A time outside of what the form can say (RFC 5322 3.3: four digits, not before 1900) is printed
 * as the nearest it can; the clock of a mail host does not stand there.
 */
#include "message/date.h"

#include <stdio.h>
#include <time.h>

#define WALL_MIN INT64_C(-2208556800)  /* 1900-01-06: no zone leads out of the year */
#define WALL_MAX INT64_C(253401868799) /* 9999-12-26 23:59:59 */
#define ZONE_MAX_MINUTES (99 * 60 + 59)

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

void date_print(int64_t wall_s, int32_t utc_offset_s, char out[static DATE_TEXT_MAX])
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    /* The zone has minutes only; the clock shown must be the one of the zone shown. */
    int zone = (int)clamp(utc_offset_s / 60, -ZONE_MAX_MINUTES, ZONE_MAX_MINUTES);
    unsigned distance = (unsigned)(zone < 0 ? -zone : zone);
    time_t local = (time_t)(clamp(wall_s, WALL_MIN, WALL_MAX) + zone * 60);
    struct tm tm = { 0 };

    gmtime_r(&local, &tm);
    snprintf(out, DATE_TEXT_MAX, "%s, %d %s %04d %02d:%02d:%02d %c%02u%02u", days[tm.tm_wday],
             tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
             zone < 0 ? '-' : '+', distance / 60, distance % 60);
}
