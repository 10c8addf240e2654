/*
 * date: printed dates against known ones (RFC 5322 3.3), in all zones and at the ends of time; and
 * what is read out of good, old, odd and broken ones.
 */
#include "test_message_support.h"

#include "message/date.h"

static void test_dates(void **state)
{
    static const struct {
        int64_t wall_s;
        int32_t offset_s;
        const char *wanted;
    } cases[] = {
        { 0, 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
        { -1, 0, "Wed, 31 Dec 1969 23:59:59 +0000" },
        { 1795473908, 3600, "Mon, 23 Nov 2026 23:45:08 +0100" },
        { 1795473908, -12600, "Mon, 23 Nov 2026 19:15:08 -0330" },
        { 1795473908, 20700, "Tue, 24 Nov 2026 04:30:08 +0545" },
        { 880127706, -21600, "Fri, 21 Nov 1997 09:55:06 -0600" }, /* RFC 5322 A.1.1 */
        { 951782400, 0, "Tue, 29 Feb 2000 00:00:00 +0000" },
        { 4107542399, 0, "Sun, 28 Feb 2100 23:59:59 +0000" },
        { 4107542400, 0, "Mon, 1 Mar 2100 00:00:00 +0000" },
        { 1704067199, 1, "Sun, 31 Dec 2023 23:59:59 +0000" },
        { 1704067199, 60, "Mon, 1 Jan 2024 00:00:59 +0001" },
        { 0, -3208, "Wed, 31 Dec 1969 23:07:00 -0053" }, /* seconds of a zone are not said */
        { 0, -59, "Thu, 1 Jan 1970 00:00:00 +0000" },
        { INT64_MIN, INT32_MIN, "Mon, 1 Jan 1900 20:01:00 -9959" },
        { INT64_MAX, INT32_MAX, "Fri, 31 Dec 9999 03:58:59 +9959" },
        { INT64_MAX, 0, "Sun, 26 Dec 9999 23:59:59 +0000" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[DATE_TEXT_MAX];

        date_print(cases[i].wall_s, cases[i].offset_s, text);
        assert_string_equal(text, cases[i].wanted);
    }
}

#define SUMMER INT64_C(1057049557)  /* 2003-07-01 08:52:37 UTC, a Tuesday */
#define NOVEMBER INT64_C(880134906) /* 1997-11-21 17:55:06 UTC */

struct reading {
    const char *text;
    int64_t wall_s;
    int32_t offset_s;
    unsigned defects;
};

static void check_reading(const struct reading *wanted)
{
    struct date seen;

    date_parse(span_of(wanted->text), &seen);
    if (seen.wall_s != wanted->wall_s || seen.utc_offset_s != wanted->offset_s ||
        seen.defects != wanted->defects)
        fail_msg("\"%s\": saw %lld, zone %d, defects %#x", wanted->text, (long long)seen.wall_s,
                 seen.utc_offset_s, seen.defects);
}

static void test_good_dates(void **state)
{
    static const struct reading cases[] = {
        { "Tue, 1 Jul 2003 10:52:37 +0200", SUMMER, 7200, 0 },
        { " Tue, 01 Jul 2003 10:52:37 +0200\n", SUMMER, 7200, 0 },
        { "tue,1 JUL 2003 10:52:37 +0200 (a (nested) \\) comment)", SUMMER, 7200, 0 },
        { "Tue,\n 1 Jul 2003\n\t10:52:37\n +0200", SUMMER, 7200, 0 },
        { "1 Jul 2003 08:52:37 +0000", SUMMER, 0, 0 },
        { "1 Jul 2003 08:52:37 -0000", SUMMER, 0, 0 },
        { "1 Jul 2003 05:22:37 -0330", SUMMER, -12600, 0 },
        { "1 Jul 2003 08:52 +0000", SUMMER - 37, 0, 0 },
        { "Thu, 1 Jan 1970 00:00:00 +0000", 0, 0, 0 },
        { "Wed, 31 Dec 1969 23:59:59 +0000", -1, 0, 0 },
        { "Tue, 29 Feb 2000 00:00:00 +0000", 951782400, 0, 0 },
        { "Mon, 1 Jan 1900 00:00:00 +0000", -2208988800, 0, 0 },
        { "Fri, 31 Dec 9999 23:59:59 +0000", 253402300799, 0, 0 },
        { "Sat, 31 Dec 2016 23:59:60 +0000", 1483228800, 0, 0 }, /* a leap second */
        { "Sun, 1 Jan 2017 01:59:60 +0200", 1483228800, 7200, 0 },
        { "Sun, 17 May 2026 22:15:15 +1400", 1779005715, 50400, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_reading(&cases[i]);
}

/* RFC 5322 4.3. */
static void test_obsolete_dates(void **state)
{
    static const struct reading cases[] = {
        { "1 Jul 03 08:52:37 +0000", SUMMER, 0, DATE_OBSOLETE },
        { "21 Nov 97 17:55:06 GMT", NOVEMBER, 0, DATE_OBSOLETE },
        { "1 Jul 49 00:00:00 +0000", 2508710400, 0, DATE_OBSOLETE },
        { "1 Jul 50 00:00:00 +0000", -615513600, 0, DATE_OBSOLETE },
        { "1 Jul 103 08:52:37 +0000", SUMMER, 0, DATE_OBSOLETE },
        { "1 Jul 2003 08:52:37 UT", SUMMER, 0, DATE_OBSOLETE },
        { "1 Jul 2003 08:52:37GMT", SUMMER, 0, DATE_OBSOLETE },
        { "1 Jul 2003 03:52:37 EST", SUMMER, -18000, DATE_OBSOLETE },
        { "1 Jul 2003 04:52:37 edt", SUMMER, -14400, DATE_OBSOLETE },
        { "1 Jul 2003 00:52:37 PST", SUMMER, -28800, DATE_OBSOLETE },
        { "1 Jul 2003 01:52:37 PDT", SUMMER, -25200, DATE_OBSOLETE },
        { "1 Jul 2003 08:52:37 Z", SUMMER, 0, DATE_OBSOLETE },
        { "1 Jul 2003 08:52:37 A", SUMMER, 0, DATE_OBSOLETE },
        { "Tue , 1 Jul 2003 08:52:37 +0000", SUMMER, 0, DATE_OBSOLETE },
        { "(x) 1 Jul 2003 08:52:37 +0000", SUMMER, 0, DATE_OBSOLETE },
        { "1 (one) Jul 2003 08:52:37 +0000", SUMMER, 0, DATE_OBSOLETE },
        { "1 Jul 2003 08 : 52 : 37 +0000", SUMMER, 0, DATE_OBSOLETE },
        { "1 Jul 2003 08:52:37 (x) +0000", SUMMER, 0, DATE_OBSOLETE },
        { "1Jul2003 08:52:37 +0000", SUMMER, 0, DATE_OBSOLETE },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_reading(&cases[i]);
}

static void test_other_forms(void **state)
{
    static const struct reading cases[] = {
        { "2003-07-01T10:52:37+02:00", SUMMER, 7200, DATE_NON_STANDARD },
        { "2003-07-01T08:52:37Z", SUMMER, 0, DATE_NON_STANDARD | DATE_OBSOLETE },
        { "2003-07-01 08:52:37.125 -0000", SUMMER, 0, DATE_NON_STANDARD },
        { "2003/07/01 08:52:37", SUMMER, 0, DATE_NON_STANDARD },
        { "Tue Jul  1 08:52:37 2003", SUMMER, 0, DATE_NON_STANDARD },
        { "Tue Jul  1 08:52:37 2003 +0000", SUMMER, 0, DATE_NON_STANDARD },
        { "Tue Jul 1 03:52:37 EST 2003", SUMMER, -18000, DATE_NON_STANDARD | DATE_OBSOLETE },
        { "Tue Jul 01 10:52:37 +0200 2003", SUMMER, 7200, DATE_NON_STANDARD },
        { "Tue Jul 01 2003 10:52:37 GMT+0200 (CEST)", SUMMER, 7200,
          DATE_NON_STANDARD | DATE_OBSOLETE },
        { "Jul 1, 2003 10:52:37 +0200", SUMMER, 7200, DATE_NON_STANDARD },
        { "Tuesday, 01-Jul-03 08:52:37 GMT", SUMMER, 0, DATE_NON_STANDARD | DATE_OBSOLETE },
        { "Tue 1 July 2003, 10.52.37 +02", SUMMER, 7200, DATE_NON_STANDARD },
        { "1 Jul 2003 8:52:37 +0000", SUMMER, 0, DATE_NON_STANDARD },
        { "1 Jul 2003 08:52:37", SUMMER, 0, DATE_NON_STANDARD },
        { "1 Jul 2003 10:52:37 0200", SUMMER, 7200, DATE_NON_STANDARD },
        { "1 Jul 2003 10:52:37+0200", SUMMER, 7200, DATE_NON_STANDARD },
        { "1 Jul 2003 10:52:37 +2", SUMMER, 7200, DATE_NON_STANDARD },
        { "1 Jul 2003 08:52:37 CEST", SUMMER, 0, DATE_NON_STANDARD | DATE_OBSOLETE },
        { "1 Jul 2003 08:52:37 UTC", SUMMER, 0, DATE_NON_STANDARD | DATE_OBSOLETE },
        { "1 Jul 2003 08:52:37 J", SUMMER, 0, DATE_NON_STANDARD | DATE_OBSOLETE },
        { "1 7 2003 08:52:37 +0000", SUMMER, 0, DATE_NON_STANDARD },
        { "001 Jul 3 08:52:37 +0000", SUMMER, 0, DATE_NON_STANDARD },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_reading(&cases[i]);
}

static void test_faults(void **state)
{
    static const struct reading cases[] = {
        { "Mon, 1 Jul 2003 10:52:37 +0200", SUMMER, 7200, DATE_WEEKDAY },
        { "31 Jun 2003 08:52:37 +0000", SUMMER, 0, DATE_RANGE },
        { "29 Feb 1900 00:00:00 +0000", -2203891200, 0, DATE_RANGE },
        { "0 Jul 2003 08:52:37 +0000", SUMMER - 86400, 0, DATE_RANGE },
        { "30 Jun 2003 32:52:37 +0000", SUMMER, 0, DATE_RANGE },
        { "1 Jul 2003 07:112:37 +0000", SUMMER, 0, DATE_RANGE | DATE_NON_STANDARD },
        { "1 Jul 2003 08:51:97 +0000", SUMMER, 0, DATE_RANGE },
        { "1 Jul 2003 08:52:37 +9900", SUMMER - 356400, 356400, DATE_RANGE },
        { "1 Jul 2003 08:52:37 +0060", SUMMER - 3600, 3600, DATE_RANGE },
        { "1 Jul 1899 00:00:00 +0000", -2224886400, 0, DATE_RANGE },
        { "1 Jan 10000 00:00:00 +0000", 253402300800, 0, DATE_RANGE },
        { "1 Jul 2003 08:52:37 +0000 x", SUMMER, 0, DATE_TRAILING },
        { "1 Jul 2003 08:52:37 +0000 (x", SUMMER, 0, DATE_TRAILING },
        { "1 Jul 2003 08:52:37 +0000, 2 Jul 2003", SUMMER, 0, DATE_TRAILING },
        { "1 Jul 2003 08:52:37 +0000\r", SUMMER, 0, DATE_TRAILING },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_reading(&cases[i]);
}

static void test_broken_dates(void **state)
{
    static const char *const cases[] = {
        "",
        " ",
        "(only a comment)",
        "now",
        "Tue,",
        "Tue, 1",
        "1 Jul",
        "1 Jul 2003",
        "1 Jul 2003 08",
        "1 Jul 2003 08:",
        "1 Jul 2003 08:52:",
        "1 Jul 2003 08:52:37 +",
        "1 Jul 2003 08:52:37 +01:",
        "1/7/2003 08:52:37 +0000", /* July or January */
        "01-07-2003 08:52:37 +0000",
        "1 13 2003 08:52:37 +0000",
        "1 0 2003 08:52:37 +0000",
        "13 zzz 2021 09:55:06 +0200",
        "Tue, 7 All 2026 19:14:51 +0000",
        "1 Ju 2003 08:52:37 +0000",
        "1 Julyy 2003 08:52:37 +0000",
        "Xyz, 1 Jul 2003 08:52:37 +0000",
        "2003-07-01",
        "20030701T085237Z",
        "Tue Jul 1 08:52:37 CEST",
        "1057049557",
        "+0000",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct date seen;

        date_parse(span_of(cases[i]), &seen);
        if ((seen.defects & DATE_BROKEN) == 0 || seen.wall_s != 0)
            fail_msg("\"%s\": %lld, defects %#x", cases[i], (long long)seen.wall_s, seen.defects);
    }
}

/* Every day of the time that the form can say, in zones that go round. */
static void test_printed_dates_read(void **state)
{
    int32_t offset_s = -43200;

    (void)state;
    for (int64_t wall_s = -2208556800; wall_s < 253401868799; wall_s += 86400 + 61) {
        char text[DATE_TEXT_MAX];
        struct date seen;

        date_print(wall_s, offset_s, text);
        date_parse(span_of(text), &seen);
        if (seen.wall_s != wall_s || seen.utc_offset_s != offset_s || seen.defects != 0)
            fail_msg("\"%s\" is %lld, zone %d: saw %lld, zone %d, defects %#x", text,
                     (long long)wall_s, offset_s, (long long)seen.wall_s, seen.utc_offset_s,
                     seen.defects);
        offset_s = offset_s < 50400 ? offset_s + 900 : -43200;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_good_dates),
        cmocka_unit_test(test_obsolete_dates),
        cmocka_unit_test(test_other_forms),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_broken_dates),
        cmocka_unit_test(test_printed_dates_read),
    };

    return cmocka_run_group_tests_name("message/date", tests, NULL, NULL);
}
