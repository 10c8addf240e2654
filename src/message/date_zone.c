/*
 * date_zone: the zone of a date (RFC 5322 3.3, 4.3), and how zones are written otherwise.
 */
#include "message/date_private.h"

#define ZONE_HOURS_MAX 23 /* beyond that it is no zone; RFC 5322 3.3 would let 99 pass */

/* "+0100"; also "+01:00", "+1" and "0100". */
static bool read_numeric_zone(struct date_reader *reader, int sign, int *minutes_r)
{
    size_t digits = reader->token.text.size;
    int hours, minutes = 0;

    if (digits != 4 || reader->token.after_space)
        date_blame(reader, DATE_NON_STANDARD);
    if (!date_read_number(reader, &hours))
        return false;
    if (digits > 2) {
        minutes = hours % 100;
        hours /= 100;
    } else if (date_take_octet(reader, ':', GAP_NONE) && !date_read_number(reader, &minutes)) {
        return false;
    }
    if (hours > ZONE_HOURS_MAX || minutes > 59)
        date_blame(reader, DATE_RANGE);
    *minutes_r = sign * (hours * 60 + minutes);
    return true;
}

static int sign_of(const struct date_reader *reader)
{
    return date_is_octet(reader, '+') ? 1 : date_is_octet(reader, '-') ? -1 : 0;
}

/* RFC 5322 4.3: obs-zone. What has no meaning there is taken for "-0000". */
static bool read_named_zone(struct date_reader *reader, int *minutes_r)
{
    static const struct {
        struct span name;
        int hours;
    } zones[] = {
        { { "GMT", 3 }, 0 },  { { "UT", 2 }, 0 },   { { "EST", 3 }, -5 }, { { "EDT", 3 }, -4 },
        { { "CST", 3 }, -6 }, { { "CDT", 3 }, -5 }, { { "MST", 3 }, -7 }, { { "MDT", 3 }, -6 },
        { { "PST", 3 }, -8 }, { { "PDT", 3 }, -7 },
    };
    struct span name = reader->token.text;
    bool is_known = name.size == 1 && ascii_lower(name.at[0]) != 'j';

    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        if (span_is_equal_nocase(name, zones[i].name)) {
            *minutes_r = zones[i].hours * 60;
            is_known = true;
        }
    }
    date_blame(reader, is_known ? DATE_OBSOLETE : DATE_OBSOLETE | DATE_NON_STANDARD);
    date_advance(reader);
    if (sign_of(reader) != 0) { /* "GMT+0200" */
        int sign = sign_of(reader);

        date_blame(reader, DATE_NON_STANDARD);
        date_advance(reader);
        return read_numeric_zone(reader, sign, minutes_r);
    }
    return true;
}

bool date_read_zone(struct date_reader *reader, int *minutes_r)
{
    int sign = sign_of(reader);

    if (sign != 0 || date_is_number(reader)) {
        if (!reader->token.after_space || sign == 0)
            date_blame(reader, DATE_NON_STANDARD);
        date_judge_gap(reader, GAP_ALLOWED);
        if (sign != 0)
            date_advance(reader);
        return read_numeric_zone(reader, sign < 0 ? -1 : 1, minutes_r);
    }
    if (reader->token.kind == TOKEN_WORD)
        return read_named_zone(reader, minutes_r);
    date_blame(reader, DATE_NON_STANDARD);
    return true;
}
