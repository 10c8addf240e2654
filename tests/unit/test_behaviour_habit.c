/*
 * habit, known: what is familiar, how it becomes so, and their octets.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "behaviour/habit.h"
#include "behaviour/known.h"

#define HOUR_MS UINT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

/* An hour gives trust once. */
static void test_trust_takes_hours(void **state)
{
    struct habit habit = { 0 };
    (void)state;
    assert_int_equal(habit_trust(&habit, 7, DAY_MS), 0);
    for (unsigned i = 0; i < 100; i++) {
        habit_use(&habit, 7, HABIT_ROOM, 4, DAY_MS + i);
    }
    assert_int_equal(habit_trust(&habit, 7, DAY_MS), 4);
    habit_use(&habit, 7, HABIT_ROOM, -3, DAY_MS);
    assert_int_equal(habit_trust(&habit, 7, DAY_MS), 1);
    for (unsigned hour = 1; hour < 10; hour++) {
        habit_use(&habit, 7, HABIT_ROOM, 4, DAY_MS + hour * HOUR_MS);
    }
    habit_use(&habit, 7, HABIT_ROOM, -3, 2 * DAY_MS); /* full: no doubt any more */
    assert_int_equal(habit_trust(&habit, 7, DAY_MS), HABIT_TRUST_MAX);
    assert_int_equal(habit_trust(&habit, 0, DAY_MS), HABIT_TRUST_MAX);
}

/* Who comes from everywhere pushes out himself, not the owner's places. */
static void test_room_is_not_taken(void **state)
{
    struct habit habit = { 0 };
    (void)state;
    for (unsigned hour = 0; hour < 9; hour++) {
        habit_use(&habit, 1, 4, 4, hour * HOUR_MS);
        habit_use(&habit, 2, 4, 4, hour * HOUR_MS);
    }
    for (uint32_t value = 100; value < 1000; value++) {
        habit_use(&habit, value, 4, 0, DAY_MS + value * 1000);
    }
    assert_int_equal(habit.count, 4);
    assert_int_equal(habit_trust(&habit, 1, DAY_MS), HABIT_TRUST_MAX);
    assert_int_equal(habit_trust(&habit, 2, DAY_MS), HABIT_TRUST_MAX);
    assert_int_equal(habit_trust(&habit, 1, 100 * DAY_MS), 0);
}

static void test_habit_octets(void **state)
{
    struct habit habit = { 0 }, again;
    struct buffer out = BUFFER_EMPTY;
    (void)state;
    for (uint32_t value = 1; value < 20; value++) {
        habit_use(&habit, value * 0x1234567, /* the upper octet is not kept */ HABIT_ROOM,
                  (int)value % 5, value * DAY_MS);
    }
    habit_write(&habit, 20 * 24, &out);
    assert_true(out.size <= HABIT_OCTETS_MAX);
    struct span from = buffer_span(&out);
    assert_true(habit_read(&from, 20 * 24, &again));
    assert_int_equal(from.size, 0);
    assert_memory_equal(&again, &habit, sizeof(habit));
    for (size_t size = 0; size < out.size; size++) {
        from = span_first(buffer_span(&out), size);
        assert_false(habit_read(&from, 20 * 24, &again));
        assert_int_equal(again.count, 0);
    }
    buffer_free(&out);
}

static uint64_t number(uint64_t i)
{
    i *= 0x9e3779b97f4a7c15;
    i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9;
    i = (i ^ (i >> 27)) * 0x94d049bb133111eb;
    return i ^ (i >> 31);
}

static unsigned wrong_of(const struct known *known, uint64_t tries)
{
    unsigned wrong = 0;
    for (uint64_t i = 0; i < tries; i++) {
        wrong += known_has(known, number(1000000 + i));
    }
    return wrong;
}

/* Never wrong about those in it; about others in n of 65536. */
static void test_known(void **state)
{
    static struct known known;
    (void)state;
    memset(&known, 0, sizeof(known));
    for (unsigned i = 0; i < KNOWN_MAX; i++) {
        assert_int_equal(wrong_of(&known, 1000) > 10, 0);
        known_add(&known, number(i));
        assert_true(known_has(&known, number(i)));
    }
    unsigned lost = 0;
    for (unsigned i = 0; i < KNOWN_MAX; i++) {
        lost += !known_has(&known, number(i));
    }
    assert_int_equal(lost, 0);
    assert_in_range(wrong_of(&known, 100000), 400, 800); /* 400 / 65536 */
}

/* Who writes to more keeps those he wrote to last. */
static void test_known_full(void **state)
{
    static struct known known;
    (void)state;
    memset(&known, 0, sizeof(known));
    known_advance(&known, 1000 * DAY_MS);
    for (unsigned i = 0; i < 300; i++) {
        known_add(&known, number(i));
    }
    known_advance(&known, 1030 * DAY_MS);
    for (unsigned i = 300; i < 600; i++) {
        known_add(&known, number(i));
    }
    unsigned old = 0;
    for (unsigned i = 0; i < 300; i++) {
        old += known_has(&known, number(i));
        assert_true(known_has(&known, number(300 + i)));
    }
    assert_in_range(old, 95, 110);
    for (unsigned i = 600; i < 5000; i++) {
        known_add(&known, number(i));
        assert_true(known.count <= KNOWN_MAX && known_has(&known, number(i)));
    }
}

static void test_known_time(void **state)
{
    static struct known known;
    (void)state;
    memset(&known, 0, sizeof(known));
    known_advance(&known, 1000 * DAY_MS);
    known_add(&known, number(1));
    known_advance(&known, 1044 * DAY_MS);
    known_add(&known, number(2));
    known_advance(&known, 1065 * DAY_MS);
    assert_true(known_has(&known, number(1)) && known_has(&known, number(2)));
    known_advance(&known, 1091 * DAY_MS);
    assert_false(known_has(&known, number(1)));
    assert_true(known_has(&known, number(2)));
    known_advance(&known, 1000 * DAY_MS); /* it does not go back */
    assert_true(known_has(&known, number(2)));
    known_advance(&known, 5000 * DAY_MS);
    assert_int_equal(known.count, 0);
}

static void test_known_octets(void **state)
{
    static struct known known, again;
    struct buffer out = BUFFER_EMPTY;
    (void)state;
    memset(&known, 0, sizeof(known));
    for (unsigned i = 0; i < 800; i++) {
        buffer_clear(&out);
        known_write(&known, &out);
        assert_true(out.size <= KNOWN_OCTETS_MAX);
        assert_true(out.size <= 16 + known.count * 14U / 8);
        struct span from = buffer_span(&out);
        assert_true(known_read(&from, &again));
        assert_int_equal(from.size, 0);
        assert_memory_equal(&again, &known, sizeof(known));
        from = span_first(buffer_span(&out), out.size - 1);
        assert_false(known_read(&from, &again));
        known_advance(&known, i * DAY_MS);
        known_add(&known, number(i));
    }
    /* All that are there at the very end of what they may be. */
    memset(&known, 0, sizeof(known));
    for (unsigned i = 0; i < KNOWN_MAX; i++) {
        known.all[i] = (struct known_entry){ .print = (uint16_t)(65536 - KNOWN_MAX + i), .age = 3 };
    }
    known.count = KNOWN_MAX;
    buffer_clear(&out);
    known_write(&known, &out);
    assert_true(out.size <= KNOWN_OCTETS_MAX);
    struct span from = buffer_span(&out);
    assert_true(known_read(&from, &again));
    assert_memory_equal(&again, &known, sizeof(known));
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trust_takes_hours), cmocka_unit_test(test_room_is_not_taken),
        cmocka_unit_test(test_habit_octets),      cmocka_unit_test(test_known),
        cmocka_unit_test(test_known_full),        cmocka_unit_test(test_known_time),
        cmocka_unit_test(test_known_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
