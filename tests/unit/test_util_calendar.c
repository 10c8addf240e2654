/*
 * Days and times: what there is, what there is not, and the zone between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/calendar.h"

struct parse_case {
    const char *text;
    int64_t seconds; /* -1: none */
    const char *rest;
};

static const struct parse_case parses[] = {
    { "1970-01-01", 0, "" },
    { "2026-11-28", 1795824000, "" },
    { "2026-11-28T22:33", 1795905180, "" },
    { "2026-11-28T22:33:07", 1795905187, "" },
    { "2026-11-28T22:33:07.5+01:00 x", 1795905187, ".5+01:00 x" },
    { "2026-11-28T22", 1795824000, "T22" },
    { "2026-11-28 22:33", 1795824000, " 22:33" },
    { "2026-11-28T22:33:7", 1795905180, ":7" },
    { "2024-02-29", 1709164800, "" },
    { "2000-02-29", 951782400, "" },
    { "2016-12-31T23:59:60", 1483228800, "" }, /* a leap second */
    { "9999-12-31T23:59:59", 253402300799, "" },
    { "2026-02-29", -1, "" },
    { "2100-02-29", -1, "" },
    { "1969-12-31", -1, "" },
    { "2026-13-01", -1, "" },
    { "2026-00-10", -1, "" },
    { "2026-01-00", -1, "" },
    { "2026-04-31", -1, "" },
    { "2026-11-28T24:00", -1, "" },
    { "2026-11-28T23:60", -1, "" },
    { "2026-1-28", -1, "" },
    { "26-11-28", -1, "" },
    { "+026-11-28", -1, "" },
    { "2026-11-", -1, "" },
    { "", -1, "" },
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(parses) / sizeof(parses[0]); i++) {
        struct calendar_time time;
        struct span rest;
        int64_t seconds = -1;

        print_message("%s\n", parses[i].text);
        assert_int_equal(calendar_parse(span_of(parses[i].text), &time, &rest),
                         parses[i].seconds >= 0);
        if (parses[i].seconds < 0)
            continue;
        assert_true(calendar_seconds(&time, &seconds));
        assert_int_equal(seconds, parses[i].seconds);
        assert_true(span_is_equal(rest, span_of(parses[i].rest)));
    }
}

/* A zone like that of Berlin: an hour ahead, two from 2026-03-29 01:00 to 2026-10-25 01:00 UTC. */
static int32_t berlin(const struct clock *clock, int64_t wall_s)
{
    (void)clock;
    return wall_s >= 1774746000 && wall_s < 1792890000 ? 7200 : 3600;
}

struct local_case {
    const char *local;
    int64_t utc_s;
};

static void test_local(void **state)
{
    static const struct local_case cases[] = {
        { "2026-01-01T01:00", 1767225600 },    /* 00:00 UTC */
        { "2026-03-29T01:59:59", 1774745999 }, /* the last second before */
        { "2026-03-29T03:00", 1774746000 },    /* the first one after */
        { "2026-07-01T02:00", 1782864000 },    { "2026-10-25T01:59", 1792886340 },
        { "2026-10-25T03:00", 1792893600 },
    };
    struct clock clock = clock_system;

    (void)state;
    clock.utc_offset_s = berlin;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct calendar_time time;
        struct span rest;
        int64_t local_s;

        print_message("%s\n", cases[i].local);
        assert_true(calendar_parse(span_of(cases[i].local), &time, &rest));
        assert_true(calendar_seconds(&time, &local_s));
        assert_int_equal(calendar_from_local(&clock, local_s), cases[i].utc_s);
    }
}

struct day_case {
    int64_t wall_s;
    const char *text;
};

static void test_day(void **state)
{
    static const struct day_case cases[] = {
        { 1767222000, "2026-01-01" },   { 1767221999, "2025-12-31" }, { 1782856800, "2026-07-01" },
        { -5, "1970-01-01" },           { INT64_MAX, "9999-12-31" },  { INT64_MIN, "1970-01-01" },
        { 253402300799, "9999-12-31" },
    };
    struct clock clock = clock_system;

    (void)state;
    clock.utc_offset_s = berlin;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char day[CALENDAR_DAY_MAX];

        calendar_print_day(&clock, cases[i].wall_s, day);
        assert_string_equal(day, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
