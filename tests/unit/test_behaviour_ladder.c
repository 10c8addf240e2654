/*
 * ladder: which score deserves which step, what is enabled and for whom, what is told once, and
 * what a throttle lets through.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "behaviour/ladder.h"

#define HOUR_MS UINT64_C(3600000)

static struct profile profile;
static struct ladder_rules rules;
static struct ladder_verdict verdict;

static int reset(void **state)
{
    (void)state;
    memset(&profile, 0, sizeof(profile));
    profile.last_ms = 1000 * HOUR_MS;
    rules = (struct ladder_rules){ .is_enabled = { true, true, true, true, true, true } };
    return 0;
}

static struct score points(uint32_t total, unsigned groups)
{
    return (struct score){ .total = total, .groups = groups };
}

static enum ladder_step climb_as(enum behaviour_kind kind, bool is_service, uint32_t total,
                                 unsigned groups)
{
    struct score score = points(total, groups);
    ladder_climb_now(&profile, kind, is_service, &score, &rules, &verdict);
    return verdict.step;
}

static enum ladder_step climb(uint32_t total, unsigned groups)
{
    return climb_as(BEHAVIOUR_LOGIN, false, total, groups);
}

static void test_thresholds(void **state)
{
    static const struct {
        uint32_t total;
        unsigned groups;
        enum ladder_step step;
    } rows[] = { { 0, 0, LADDER_NONE },        { 29, 1, LADDER_NONE },
                 { 30, 1, LADDER_LOG },        { 62, 1, LADDER_LOG },
                 { 63, 1, LADDER_THROTTLE },   { 115, 1, LADDER_THROTTLE },
                 { 1000, 1, LADDER_THROTTLE }, { 44, 2, LADDER_LOG },
                 { 45, 2, LADDER_THROTTLE },   { 70, 2, LADDER_HOLD },
                 { 129, 2, LADDER_HOLD },      { 130, 2, LADDER_SUSPEND },
                 { 245, 3, LADDER_SUSPEND } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reset(state);
        assert_int_equal(climb(rows[i].total, rows[i].groups), rows[i].step);
        assert_int_equal(verdict.would, rows[i].step);
    }
}

/* One certain hit is enough for a hold, and not for a suspension. */
static void test_certain(void **state)
{
    struct score score = { .total = 100, .groups = 1, .is_certain = true };
    (void)state;
    ladder_climb_now(&profile, BEHAVIOUR_LOGIN, false, &score, &rules, &verdict);
    assert_int_equal(verdict.step, LADDER_HOLD);
}

static void test_enabled(void **state)
{
    (void)state;
    rules.is_enabled[LADDER_SUSPEND] = rules.is_enabled[LADDER_THROTTLE] = false;
    assert_int_equal(climb(200, 2), LADDER_HOLD);
    assert_int_equal(verdict.would, LADDER_SUSPEND);
    reset(state);
    rules = (struct ladder_rules){ .is_enabled = { [LADDER_NOTICE] = true } };
    assert_int_equal(climb(200, 2), LADDER_NOTICE);
    rules.is_enabled[LADDER_NOTICE] = false;
    assert_int_equal(climb(200, 2), LADDER_LOG);
}

/* What is not enabled is told once as well; and once more when it is enabled, and done. */
static void test_would(void **state)
{
    (void)state;
    rules = (struct ladder_rules){ .is_enabled = { [LADDER_NOTICE] = true } };
    climb(48, 2);
    assert_true(verdict.is_news);
    assert_int_equal(verdict.would, LADDER_THROTTLE);
    climb(75, 2);
    assert_true(verdict.is_news);
    assert_int_equal(verdict.step, LADDER_NOTICE);
    assert_int_equal(verdict.would, LADDER_HOLD);
    climb(80, 2);
    assert_false(verdict.is_news);
    rules.is_enabled[LADDER_HOLD] = true;
    climb(75, 2);
    assert_true(verdict.is_news);
    assert_int_equal(verdict.step, LADDER_HOLD);
    climb(75, 2);
    assert_false(verdict.is_news);
    reset(state);
    rules.is_excepted = true;
    climb(200, 2);
    assert_int_equal(verdict.would, LADDER_LOG);
}

/* A step that is disabled meanwhile is over. */
static void test_disabled_meanwhile(void **state)
{
    (void)state;
    assert_int_equal(climb(200, 2), LADDER_SUSPEND);
    rules.is_enabled[LADDER_SUSPEND] = rules.is_enabled[LADDER_HOLD] = false;
    assert_int_equal(climb(0, 0), LADDER_NONE);
}

static void test_whom(void **state)
{
    static const struct {
        enum behaviour_kind kind;
        bool is_service;
        enum ladder_step most;
    } rows[] = {
        { BEHAVIOUR_LOGIN, false, LADDER_SUSPEND },   { BEHAVIOUR_LOGIN, true, LADDER_NOTICE },
        { BEHAVIOUR_ACCOUNT, false, LADDER_SUSPEND }, { BEHAVIOUR_POOL, false, LADDER_NOTICE },
        { BEHAVIOUR_NETWORK, false, LADDER_NOTICE },  { BEHAVIOUR_LIST, false, LADDER_NOTICE },
        { BEHAVIOUR_FORWARD, false, LADDER_NOTICE }
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reset(state);
        assert_int_equal(climb_as(rows[i].kind, rows[i].is_service, 200, 3), rows[i].most);
        assert_int_equal(verdict.would, rows[i].most);
    }
}

static void test_exception(void **state)
{
    (void)state;
    rules.is_excepted = true;
    assert_int_equal(climb(200, 2), LADDER_LOG);
    rules.is_excepted = false;
    assert_int_equal(climb(200, 2), LADDER_SUSPEND);
}

/* Each step is told once, however the score moves; again after a day, if all was calm. */
static void test_told_once(void **state)
{
    static const struct {
        uint32_t total;
        unsigned groups;
        enum ladder_step step;
        bool is_news;
    } rows[] = {
        { 40, 1, LADDER_LOG, true },       { 64, 1, LADDER_THROTTLE, true },
        { 62, 1, LADDER_THROTTLE, false }, { 31, 1, LADDER_THROTTLE, false },
        { 64, 1, LADDER_THROTTLE, false }, { 26, 1, LADDER_LOG, false },
        { 64, 1, LADDER_THROTTLE, false }, { 10, 0, LADDER_NONE, false },
        { 64, 1, LADDER_THROTTLE, false }, { 75, 2, LADDER_HOLD, true },
        { 75, 2, LADDER_HOLD, false },     { 0, 0, LADDER_HOLD, false },
        { 135, 2, LADDER_SUSPEND, true },  { 0, 0, LADDER_SUSPEND, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(climb(rows[i].total, rows[i].groups), rows[i].step);
        assert_int_equal(verdict.is_news, rows[i].is_news);
    }
    reset(state);
    climb(64, 1);
    profile.last_ms += 30 * HOUR_MS;
    climb(64, 1);
    assert_false(verdict.is_news); /* it never was calm */
    climb(0, 0);
    climb(64, 1);
    assert_true(verdict.is_news);
}

/* Released, with a grace: no more than a notice, but for a certain hit. */
static void test_release(void **state)
{
    (void)state;
    profile.points[FAMILY_VOLUME] = 600;
    climb(200, 2);
    ladder_release(&profile, profile.last_ms, &(struct ladder_pardon){ 1000, 4 * HOUR_MS });
    assert_int_equal(profile.points[FAMILY_VOLUME], 0);
    assert_int_equal(climb(0, 0), LADDER_NONE);
    assert_int_equal(climb(200, 2), LADDER_NOTICE);
    struct score score = { .total = 200, .groups = 2, .is_certain = true };
    ladder_climb_now(&profile, BEHAVIOUR_LOGIN, false, &score, &rules, &verdict);
    assert_int_equal(verdict.step, LADDER_SUSPEND);
    ladder_release(&profile, profile.last_ms, &(struct ladder_pardon){ 2000, 4 * HOUR_MS });
    profile.last_ms += 5 * HOUR_MS;
    assert_int_equal(climb(200, 2), LADDER_SUSPEND);
    /* Heard of once more, or of none: nothing. */
    ladder_release(&profile, profile.last_ms, &(struct ladder_pardon){ 2000, 4 * HOUR_MS });
    ladder_release(&profile, profile.last_ms, &(struct ladder_pardon){ 0, 4 * HOUR_MS });
    assert_int_equal(climb(0, 0), LADDER_SUSPEND);
}

static struct ladder_throttle throttled(uint32_t cost)
{
    struct behaviour_event event = { .kind = BEHAVIOUR_LOGIN };
    struct profile_facts facts = { .count = cost, .fresh = cost, .cost = cost };
    struct score score = points(64, 1);
    ladder_climb(&profile, &event, &facts, &score, &rules, &verdict);
    return verdict.throttle;
}

/* Ten new ones an hour, those before it among them; known ones go. */
static void test_throttle(void **state)
{
    (void)state;
    profile_advance(&profile, profile.last_ms, 0);
    assert_true(throttled(10).fits);
    assert_false(throttled(11).fits);
    assert_true(throttled(0).fits);
    window_charge(&profile.hour[METER_PASSED], 8);
    window_charge(&profile.day[METER_PASSED], 8);
    assert_true(throttled(2).fits);
    assert_false(throttled(3).fits);
    window_charge(&profile.day[METER_PASSED], 60);
    assert_false(throttled(1).fits);
    rules.is_enabled[LADDER_THROTTLE] = false;
    assert_false(throttled(100).is_on);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(ladder_step_name(LADDER_NONE), "none");
    assert_string_equal(ladder_step_name(LADDER_SUSPEND), "suspend");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_thresholds, reset),
        cmocka_unit_test_setup(test_certain, reset),
        cmocka_unit_test_setup(test_enabled, reset),
        cmocka_unit_test_setup(test_would, reset),
        cmocka_unit_test_setup(test_disabled_meanwhile, reset),
        cmocka_unit_test_setup(test_whom, reset),
        cmocka_unit_test_setup(test_exception, reset),
        cmocka_unit_test_setup(test_told_once, reset),
        cmocka_unit_test_setup(test_release, reset),
        cmocka_unit_test_setup(test_throttle, reset),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
