/*
 * level, baseline: the scale, what fades, and how fast what is usual may be taught.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "behaviour/baseline.h"
#include "behaviour/level.h"

#define DAY_MS UINT64_C(86400000)

static void test_levels(void **state)
{
    static const struct {
        uint64_t count;
        uint32_t level; /* log2(1 + count) * 256 */
    } rows[] = { { 0, 0 },        { 1, 256 },        { 2, 406 },     { 3, 512 },
                 { 6, 719 },      { 12, 947 },       { 20, 1124 },   { 100, 1704 },
                 { 30000, 3807 }, { 1000000, 5103 }, { 4095, 3072 }, { UINT64_MAX, 16383 } };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_in_range(level_of(rows[i].count), rows[i].level > 3 ? rows[i].level - 3 : 0,
                        rows[i].level + 3);
    }
    for (uint64_t count = 0; count < 100000; count += 1 + count / 50) {
        assert_in_range(level_count(level_of(count)), count - count / 50, count + count / 50 + 1);
        assert_true(level_of(count + 1) >= level_of(count));
    }
}

static void test_fading(void **state)
{
    (void)state;
    assert_int_equal(level_fade(0, 1800), LEVEL_FADE_ONE);
    assert_int_equal(level_fade(1800, 1800), LEVEL_FADE_ONE / 2);
    assert_int_equal(level_fade(3600, 1800), LEVEL_FADE_ONE / 4);
    assert_in_range(level_fade(900, 1800), 46335, 46347); /* the root of 1/2 */
    assert_int_equal(level_fade(UINT64_MAX, 1800), 0);
    assert_int_equal(level_part(1000, LEVEL_FADE_ONE / 2), 500);
    assert_int_equal(level_part(UINT32_MAX, LEVEL_FADE_ONE), UINT32_MAX);
}

static void test_roots(void **state)
{
    (void)state;
    for (uint64_t root = 0; root < UINT32_MAX; root += 1 + root / 3) {
        assert_int_equal(level_root(root * root), root);
        assert_int_equal(level_root(root * root + 2 * root), root);
    }
}

/* Days of 20 recipients, more or less: the mean is there, and 80 are above it. */
static void test_what_is_usual(void **state)
{
    struct baseline usual = { 0 };
    (void)state;
    for (unsigned day = 1; day <= 30; day++) {
        baseline_learn(&usual, day * DAY_MS, level_of(16 + day * 7 % 9));
    }
    assert_in_range(level_count(usual.mean), 19, 21);
    assert_int_equal(baseline_excess(&usual, level_of(30), LEVEL_ONE / 2), 0);
    assert_in_range(baseline_excess(&usual, level_of(84), LEVEL_ONE / 2), 220, 290);
}

/* Half of what is known after 14 days is of those. */
static void test_half_life(void **state)
{
    struct baseline usual = { 0 };
    (void)state;
    for (unsigned day = 1; day <= 200; day++) {
        baseline_learn(&usual, day * DAY_MS, 8 * LEVEL_ONE);
    }
    for (unsigned day = 201; day <= 214; day++) {
        baseline_learn(&usual, day * DAY_MS, 4 * LEVEL_ONE);
    }
    assert_in_range(usual.mean, 5.9 * LEVEL_ONE, 6.1 * LEVEL_ONE);
}

/* Whoever sends a thousand times as much raises it by a fifth a day. */
static void test_learning_is_capped(void **state)
{
    struct baseline usual = { 0 };
    (void)state;
    for (unsigned day = 1; day <= 20; day++) {
        baseline_learn(&usual, day * DAY_MS, level_of(20));
    }
    for (unsigned day = 21; day <= 27; day++) {
        uint16_t before = usual.mean;
        baseline_learn(&usual, day * DAY_MS, level_of(20000));
        assert_in_range(usual.mean, before, before + 68);
    }
    assert_true(level_count(usual.mean) < 20 * 4);
    assert_true(baseline_excess(&usual, level_of(1000), LEVEL_ONE) > LEVEL_ONE);
    for (unsigned hour = 0; hour < 24; hour++) { /* not by sending it each hour either */
        uint16_t before = usual.mean;
        baseline_learn(&usual, 28 * DAY_MS + hour * DAY_MS / 24, level_of(20000));
        assert_true(usual.mean - before <= 68);
    }
    assert_true(level_count(usual.mean) < 20 * 6);
}

/* So much of others as is lacking of its own. */
static void test_blending(void **state)
{
    struct baseline own = { .weight = 0, .mean = 1000, .variance = 10 };
    const struct baseline prior = { .mean = 500, .variance = 256 };
    (void)state;
    assert_int_equal(baseline_blend(&own, &prior).mean, 500);
    own.weight = BASELINE_PRIOR * BASELINE_WEIGHT_ONE;
    assert_int_equal(baseline_blend(&own, &prior).mean, 750);
    assert_int_equal(baseline_blend(&own, &prior).variance, 133);
    own.weight = 19 * BASELINE_PRIOR * BASELINE_WEIGHT_ONE;
    assert_int_equal(baseline_blend(&own, &prior).mean, 975);
}

static void test_time_that_goes_back(void **state)
{
    struct baseline usual = { 0 };
    (void)state;
    baseline_learn(&usual, 50 * DAY_MS, 1000);
    baseline_learn(&usual, 10 * DAY_MS, 1000);
    assert_int_equal(usual.mean, 1000);
    assert_int_equal(usual.weight, 2 * BASELINE_WEIGHT_ONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),    cmocka_unit_test(test_fading),
        cmocka_unit_test(test_roots),     cmocka_unit_test(test_what_is_usual),
        cmocka_unit_test(test_half_life), cmocka_unit_test(test_learning_is_capped),
        cmocka_unit_test(test_blending),  cmocka_unit_test(test_time_that_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
