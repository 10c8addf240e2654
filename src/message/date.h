/*
 * date: RFC 5322 section 3.3 dates, written and read.
 */
#ifndef EM_MESSAGE_DATE_H
#define EM_MESSAGE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/span.h"

#define DATE_TEXT_MAX 40

enum date_defect {
    DATE_BROKEN = 1 << 0, /* no instant can be made out */
    /* RFC 5322 4.3: year of two or three digits, named zone, comments or white space (or none of
     * it) where only the obsolete syntax has it */
    DATE_OBSOLETE = 1 << 1,
    DATE_WEEKDAY = 1 << 2,  /* the day of the week is another one */
    DATE_RANGE = 1 << 3,    /* a number out of range: day 32, hour 25, year 1899, zone +9900 */
    DATE_TRAILING = 1 << 4, /* something behind it that is no comment */
    /* no RFC 5322 date, but lenient readers make it out: ISO 8601, asctime(), no zone, an unknown
     * zone, names of months written out, ... */
    DATE_NON_STANDARD = 1 << 5
};

struct date {
    int64_t wall_s; /* UTC, seconds since 1970; 0 with DATE_BROKEN */
    /* East of UTC, whole minutes. 0 also where the zone says nothing: "-0000", the military letters
     * (RFC 5322 4.3), unknown names, none at all. */
    int32_t utc_offset_s;
    unsigned defects; /* enum date_defect */
};

/*
 * "Mon, 23 Nov 2026 23:45:08 +0100", the zone given as seconds east of UTC, cut to whole minutes.
 * Years before 1900 and after 9999 become the nearest the form has.
 */
void date_print(int64_t wall_s, int32_t utc_offset_s, char out[static DATE_TEXT_MAX]);

/*
 * The value of Date, Resent-Date, ... (raw: folds and comments allowed). Numbers out of range are
 * counted on (31 Feb is 3 Mar) and are DATE_RANGE; second 60 is a leap second at any time of day
 * and as good as the next. Never fails, takes no memory, linear in the size of the value.
 */
void date_parse(struct span value, struct date *date_r);

#endif
