/*
 * pace: a burst at once, then an even pace; against a bucket that is emptied by the millisecond.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "limits/pace.h"

#define HOUR_MS UINT64_C(3600000)

static uint64_t seed = 0x9e3779b97f4a7c15;
static uint64_t below(uint64_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % limit;
}

static void test_burst_and_then(void **state)
{
    const struct pace_rule rule = { .burst = 100, .max = 3600, .per_ms = HOUR_MS };
    uint64_t paid_off = 0, now_ms = 5 * HOUR_MS;
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(pace_fits_in_ms(&rule, paid_off, now_ms, 1), 0);
        paid_off = pace_charge(&rule, paid_off, now_ms, 1);
    }
    assert_int_equal(pace_fits_in_ms(&rule, paid_off, now_ms, 1), 1000);
    assert_int_equal(pace_fits_in_ms(&rule, paid_off, now_ms, 100), 100000);
    assert_int_equal(pace_fits_in_ms(&rule, paid_off, now_ms, 101), PACE_NEVER);
    assert_int_equal(pace_fits_in_ms(&rule, paid_off, now_ms + 1000, 1), 0);
    paid_off = pace_give_back(&rule, paid_off, 10);
    assert_int_equal(pace_fits_in_ms(&rule, paid_off, now_ms, 10), 0);
    assert_int_equal(pace_fits_in_ms(&rule, paid_off, now_ms, 11), 1000);
}

/* Units that divide the time unevenly: the burst is whole all the same. */
static void test_odd_units(void **state)
{
    (void)state;
    for (unsigned run = 0; run < 2000; run++) {
        struct pace_rule rule = { 1 + below(300), 1 + below(100000), 1 + below(HOUR_MS) };
        uint64_t paid_off = 0;
        for (uint64_t i = 0; i < rule.burst; i++) {
            assert_int_equal(pace_fits_in_ms(&rule, paid_off, 77, 1), 0);
            paid_off = pace_charge(&rule, paid_off, 77, 1);
        }
        assert_true(pace_fits_in_ms(&rule, paid_off, 77, 1) > 0);
    }
}

/* One unit each 10 ms, so that the bucket is exact. */
static void test_like_a_bucket(void **state)
{
    const struct pace_rule rule = { .burst = 50, .max = 100, .per_ms = 1000 };
    uint64_t level_ms = 0, paid_off = 0, now_ms = 0; /* the level in milliseconds of leaking */
    (void)state;
    for (unsigned step = 0; step < 200000; step++) {
        uint64_t pause_ms = below(60), amount = below(55);
        now_ms += pause_ms;
        level_ms = level_ms > pause_ms ? level_ms - pause_ms : 0;
        uint64_t wait_ms = pace_fits_in_ms(&rule, paid_off, now_ms, amount);
        assert_int_equal(wait_ms == 0, level_ms + 10 * amount <= 500);
        if (amount <= 50 && wait_ms > 0) {
            assert_int_equal(wait_ms, level_ms + 10 * amount - 500);
        }
        if (wait_ms == 0) {
            paid_off = pace_charge(&rule, paid_off, now_ms, amount);
            level_ms += 10 * amount;
        }
    }
}

/* Where it is only counted and told, any amount may come; nobody waits longer for it than for a
 * window. */
static void test_never_owed_for_ever(void **state)
{
    const struct pace_rule rule = { .burst = 5, .max = 10, .per_ms = 1000 };
    (void)state;
    uint64_t paid_off = pace_charge(&rule, 0, 7000, 1000000);
    assert_int_equal(paid_off, 8000 * UINT64_C(1000000));
    paid_off = pace_charge(&rule, paid_off, 7500, 1);
    assert_int_equal(paid_off, 8100 * UINT64_C(1000000));
    assert_int_equal(pace_fits_in_ms(&rule, paid_off, 7500, 5), 600);
}

static void test_huge(void **state)
{
    const struct pace_rule rule = { UINT64_MAX, 1, UINT64_MAX };
    (void)state;
    uint64_t paid_off = pace_charge(&rule, 0, UINT64_MAX, UINT64_MAX);
    assert_int_equal(paid_off, UINT64_MAX / 2);
    assert_int_equal(pace_charge(&rule, paid_off, UINT64_MAX, UINT64_MAX), paid_off);
    assert_int_equal(pace_give_back(&rule, paid_off, UINT64_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_burst_and_then), cmocka_unit_test(test_odd_units),
        cmocka_unit_test(test_like_a_bucket),  cmocka_unit_test(test_never_owed_for_ever),
        cmocka_unit_test(test_huge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
