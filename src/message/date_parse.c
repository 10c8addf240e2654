/*
 * date_parse: what instant a Date field names (RFC 5322 3.3, 4.3), and how far it is from the form.
 *
 * The value is read as numbers, words and single octets, in the order of RFC 5322 or in one of the
 * others that programs write: ISO 8601 (year first), and asctime(), date(1) and JavaScript (month
 * first). A form in which day and month could be taken for each other ("7/1/2003") is broken. No
 * clock is looked at: whether a date lies in the future is for others to ask.
 */
#include "message/date_private.h"

#define DAY_S INT64_C(86400)

struct parts {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
    int zone_minutes;
    int weekday; /* 0: Sunday; -1: not given */
};

/* The index of the name that `word` is or begins, by three letters at least; -1: none. */
static int find_name(struct span word, const struct span *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (word.size >= 3 && span_has_prefix_nocase(names[i], word))
            return i;
    }
    return -1;
}

static int weekday_of(struct span word)
{
    static const struct span names[] = {
        { "Sunday", 6 },   { "Monday", 6 }, { "Tuesday", 7 },  { "Wednesday", 9 },
        { "Thursday", 8 }, { "Friday", 6 }, { "Saturday", 8 },
    };

    return find_name(word, names, 7);
}

static int month_of(struct span word)
{
    static const struct span names[] = {
        { "January", 7 },   { "February", 8 }, { "March", 5 },    { "April", 5 },
        { "May", 3 },       { "June", 4 },     { "July", 4 },     { "August", 6 },
        { "September", 9 }, { "October", 7 },  { "November", 8 }, { "December", 8 },
    };

    return find_name(word, names, 12) + 1;
}

static void judge_name(struct date_reader *reader)
{
    if (reader->token.text.size != 3)
        date_blame(reader, DATE_NON_STANDARD);
}

static void read_weekday(struct date_reader *reader, struct parts *parts)
{
    parts->weekday = -1;
    if (reader->token.kind != TOKEN_WORD)
        return;
    parts->weekday = weekday_of(reader->token.text);
    if (parts->weekday < 0)
        return;
    judge_name(reader);
    date_judge_gap(reader, GAP_ALLOWED);
    date_advance(reader);
    if (!date_take_octet(reader, ',', GAP_NONE))
        date_blame(reader, DATE_NON_STANDARD);
}

/* A number that RFC 5322 has in two digits. */
static bool read_pair(struct date_reader *reader, enum date_gap gap, int *number_r)
{
    if (date_is_number(reader) && reader->token.text.size != 2)
        date_blame(reader, DATE_NON_STANDARD);
    date_judge_gap(reader, gap);
    return date_read_number(reader, number_r);
}

/* RFC 5322 4.3: how years of few digits are meant. */
static bool read_year(struct date_reader *reader, enum date_gap gap, int *year_r)
{
    size_t digits = reader->token.text.size;

    date_judge_gap(reader, gap);
    if (!date_read_number(reader, year_r))
        return false;
    if (digits == 1)
        date_blame(reader, DATE_NON_STANDARD);
    else if (digits < 4)
        date_blame(reader, DATE_OBSOLETE);
    if (digits < 3)
        *year_r += *year_r < 50 ? 2000 : 1900;
    else if (digits == 3)
        *year_r += 1900;
    if (*year_r < 1900 || *year_r > 9999)
        date_blame(reader, DATE_RANGE);
    return true;
}

/* A hyphen or slash between the parts of a date is of no RFC 5322 date. */
static bool take_separator(struct date_reader *reader)
{
    if (!date_take_octet(reader, '-', GAP_ALLOWED) && !date_take_octet(reader, '/', GAP_ALLOWED))
        return false;
    date_blame(reader, DATE_NON_STANDARD);
    return true;
}

static bool read_month(struct date_reader *reader, enum date_gap gap, int *month_r)
{
    if (date_is_number(reader)) {
        date_blame(reader, DATE_NON_STANDARD);
        return date_read_number(reader, month_r);
    }
    date_judge_gap(reader, gap);
    judge_name(reader);
    *month_r = reader->token.kind == TOKEN_WORD ? month_of(reader->token.text) : 0;
    date_advance(reader);
    return *month_r > 0;
}

static bool read_time(struct date_reader *reader, struct parts *parts, enum date_gap gap)
{
    char colon;

    if (!read_pair(reader, gap, &parts->hour) || reader->token.kind != TOKEN_OCTET)
        return false;
    colon = *reader->token.text.at;
    if (colon != ':' && colon != '.')
        return false;
    date_take_octet(reader, colon, GAP_NONE);
    if (!read_pair(reader, GAP_NONE, &parts->minute))
        return false;
    if (date_take_octet(reader, colon, GAP_NONE) && !read_pair(reader, GAP_NONE, &parts->second))
        return false;
    if (colon == '.') {
        date_blame(reader, DATE_NON_STANDARD);
    } else if (date_take_octet(reader, '.', GAP_NONE)) { /* parts of a second */
        int fraction;

        date_blame(reader, DATE_NON_STANDARD);
        return date_read_number(reader, &fraction);
    }
    return true;
}

static bool read_standard(struct date_reader *reader, struct parts *parts)
{
    bool has_separator;

    if (reader->token.text.size > 2)
        date_blame(reader, DATE_NON_STANDARD);
    date_judge_gap(reader, GAP_ALLOWED);
    date_read_number(reader, &parts->day);
    has_separator = take_separator(reader);
    if (has_separator && date_is_number(reader))
        return false; /* it may be the day */
    if (!read_month(reader, has_separator ? GAP_ALLOWED : GAP_NEEDED, &parts->month))
        return false;
    has_separator = take_separator(reader);
    if (!read_year(reader, has_separator ? GAP_ALLOWED : GAP_NEEDED, &parts->year))
        return false;
    if (date_take_octet(reader, ',', GAP_NONE))
        date_blame(reader, DATE_NON_STANDARD);
    return read_time(reader, parts, GAP_NEEDED) && date_read_zone(reader, &parts->zone_minutes);
}

/* ISO 8601, RFC 3339 5.6: "2003-07-01T10:52:37+02:00", also with a blank or slashes. */
static bool read_year_first(struct date_reader *reader, struct parts *parts)
{
    date_blame(reader, DATE_NON_STANDARD);
    if (!read_year(reader, GAP_ALLOWED, &parts->year) || !take_separator(reader) ||
        !date_read_number(reader, &parts->month) || !take_separator(reader) ||
        !date_read_number(reader, &parts->day))
        return false;
    if (reader->token.kind == TOKEN_WORD && span_is_equal_nocase(reader->token.text, SPAN("T")))
        date_advance(reader);
    return read_time(reader, parts, GAP_ALLOWED) && date_read_zone(reader, &parts->zone_minutes);
}

/* A time is next, not a year. */
static bool is_before_colon(const struct date_reader *reader)
{
    return reader->token.text.size < 3 && reader->at < reader->end && *reader->at == ':';
}

/* "Jul 1 10:52:37 2003", "Jul 1 10:52:37 CEST 2003", "Jul 1, 2003 10:52:37 +0200" */
static bool read_month_first(struct date_reader *reader, struct parts *parts)
{
    bool has_zone;

    date_blame(reader, DATE_NON_STANDARD);
    if (!read_month(reader, GAP_ALLOWED, &parts->month) || !date_read_number(reader, &parts->day))
        return false;
    date_take_octet(reader, ',', GAP_NONE);
    if (!date_is_number(reader))
        return false;
    if (!is_before_colon(reader))
        return read_year(reader, GAP_NEEDED, &parts->year) &&
               read_time(reader, parts, GAP_NEEDED) && date_read_zone(reader, &parts->zone_minutes);
    if (!read_time(reader, parts, GAP_NEEDED))
        return false;
    has_zone = !date_is_number(reader);
    return (!has_zone || date_read_zone(reader, &parts->zone_minutes)) &&
           read_year(reader, GAP_NEEDED, &parts->year) &&
           (has_zone || date_read_zone(reader, &parts->zone_minutes));
}

static bool read_date(struct date_reader *reader, struct parts *parts)
{
    read_weekday(reader, parts);
    if (reader->token.kind == TOKEN_WORD)
        return read_month_first(reader, parts);
    if (!date_is_number(reader))
        return false;
    return reader->token.text.size == 4 ? read_year_first(reader, parts)
                                        : read_standard(reader, parts);
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* Days from 1970-01-01 to a day in the Gregorian calendar; the day may be outside of its month. */
static int64_t day_number(int year, int month, int day)
{
    static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    int64_t past = year > 0 ? year - 1 : 0; /* complete years since the year 1 */
    int64_t days = past * 365 + past / 4 - past / 100 + past / 400 - (year > 0 ? 0 : 366);

    days += before[month - 1] + (month > 2 && is_leap(year) ? 1 : 0) + day - 1;
    return days - 719162; /* 1970-01-01 */
}

static void judge_ranges(struct date_reader *reader, const struct parts *parts, int64_t days)
{
    if (parts->day < 1 || parts->day > month_days(parts->year, parts->month) || parts->hour > 23 ||
        parts->minute > 59 || parts->second > 60)
        date_blame(reader, DATE_RANGE);
    else if (parts->weekday >= 0 && ((days + 4) % 7 + 7) % 7 != parts->weekday)
        date_blame(reader, DATE_WEEKDAY);
}

void date_parse(struct span value, struct date *date_r)
{
    struct date_reader reader = { .at = value.at,
                                  .end = value.at != NULL ? value.at + value.size : NULL };
    struct parts parts = { 0 };
    int64_t days;

    date_advance(&reader);
    if (!read_date(&reader, &parts) || parts.month < 1 || parts.month > 12) {
        *date_r = (struct date){ .defects = reader.defects | DATE_BROKEN };
        return;
    }
    if (reader.token.kind != TOKEN_END)
        date_blame(&reader, DATE_TRAILING);
    days = day_number(parts.year, parts.month, parts.day);
    judge_ranges(&reader, &parts, days);
    date_r->wall_s = days * DAY_S + parts.hour * INT64_C(3600) +
                     (parts.minute - parts.zone_minutes) * INT64_C(60) + parts.second;
    date_r->utc_offset_s = parts.zone_minutes * 60;
    date_r->defects = reader.defects;
}
