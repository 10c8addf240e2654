/*
 * clock: the fixed one stands still, the real one tells the time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/clock.h"

static void test_fixed(void **state)
{
    struct clock_fixed fixed;
    unsigned char bytes[300];

    (void)state;
    clock_fixed_init(&fixed, 1767225600);
    assert_int_equal(clock_wall_s(&fixed.clock), 1767225600);
    assert_int_equal(clock_mono_ns(&fixed.clock), 0);
    fixed.now_s++;
    fixed.now_ns = 5;
    assert_int_equal(clock_wall_s(&fixed.clock), 1767225601);
    assert_int_equal(clock_mono_ns(&fixed.clock), 5);
    assert_int_equal(fixed.clock.utc_offset_s(&fixed.clock, fixed.now_s), 0);
    fixed.clock.random(&fixed.clock, bytes, 4);
    fixed.clock.random(&fixed.clock, bytes + 4, sizeof(bytes) - 4);
    for (size_t i = 0; i < sizeof(bytes); i++)
        assert_int_equal(bytes[i], i % 256);
}

static void test_system(void **state)
{
    time_t before = time(NULL);
    int64_t wall = clock_wall_s(&clock_system);
    uint64_t last = clock_mono_ns(&clock_system);

    (void)state;
    assert_true(wall >= before && wall <= time(NULL) + 1);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_mono_ns(&clock_system);

        assert_true(now >= last);
        last = now;
    }
}

static void test_utc_offset(void **state)
{
    static const struct {
        const char *zone;
        int64_t wall_s;
        int32_t offset_s;
    } cases[] = {
        { "UTC0", 1767225600, 0 },
        { "CET-1CEST,M3.5.0,M10.5.0/3", 1767225600, 3600 }, /* January */
        { "CET-1CEST,M3.5.0,M10.5.0/3", 1782864000, 7200 }, /* July */
        { "<-0930>9:30", 1767225600, -34200 },
        { "UTC0", INT64_MAX, 0 }, /* no such year */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setenv("TZ", cases[i].zone, 1);
        tzset();
        assert_int_equal(clock_system.utc_offset_s(&clock_system, cases[i].wall_s),
                         cases[i].offset_s);
    }
    unsetenv("TZ");
    tzset();
}

/* 64 random bytes that are all equal, or twice the same, do not happen. */
static void test_random(void **state)
{
    unsigned char a[64] = { 0 }, b[64] = { 0 }, none[64] = { 0 };

    (void)state;
    clock_system.random(&clock_system, a, sizeof(a));
    clock_system.random(&clock_system, b, sizeof(b));
    assert_memory_not_equal(a, none, sizeof(a));
    assert_memory_not_equal(a, b, sizeof(a));
    clock_system.random(&clock_system, a, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_system),
        cmocka_unit_test(test_utc_offset),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
