/*
 * novelty: what was written to is known for four to eight weeks; what was not is new, but for as
 * few as the heading of novelty.h says; and an empty one takes little room.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "limits/novelty.h"

#define DAY_MS (UINT64_C(24) * 3600 * 1000)
#define START_MS (1000 * DAY_MS)

/* splitmix: in place of a keyed hash. */
static uint64_t person(uint64_t number)
{
    uint64_t z = (number + 1) * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 32)) * 0xd6e8feb86659fd93;
    return z ^ (z >> 32);
}

static void add(struct novelty *novelty, uint64_t now_ms, uint64_t first, uint64_t count)
{
    novelty_advance(novelty, now_ms);
    for (uint64_t i = 0; i < count; i++) {
        novelty_add(novelty, now_ms, person(first + i));
    }
}

static uint64_t count_new(const struct novelty *novelty, uint64_t first, uint64_t count)
{
    uint64_t found = 0;
    for (uint64_t i = 0; i < count; i++) {
        found += novelty_is_new(novelty, person(first + i));
    }
    return found;
}

static size_t octets(const struct novelty *novelty)
{
    struct buffer out = BUFFER_EMPTY;
    novelty_write(novelty, &out);
    size_t size = out.size;
    buffer_free(&out);
    return size;
}

#define STRANGERS 200000
#define STRANGERS_FROM 1000000

/* In thousandths. */
static double error_of(const struct novelty *novelty)
{
    return 1000.0 * (double)(STRANGERS - count_new(novelty, STRANGERS_FROM, STRANGERS)) / STRANGERS;
}

static const struct {
    uint64_t addresses;
    size_t octets_max;
    double error_max;
} sizes[] = {
    { 0, 14, 0.0 },
    { 1, 142, 0.1 },
    { 64, 142, 0.8 },
    { 65, 398, 0.8 },
    { 500, 14 + 128 + 256 + 512 + 1024, 2.5 },
    { NOVELTY_ROOM, 14 + NOVELTY_OCTETS, 3.2 },
    { 2 * NOVELTY_ROOM, 14 + 2 * NOVELTY_OCTETS, 6.3 },
    { 10 * NOVELTY_ROOM, 14 + 2 * NOVELTY_OCTETS, 6.3 },
};

static void test_size_and_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct novelty novelty = { .begun_ms = 0 };
        add(&novelty, START_MS, 0, sizes[i].addresses);
        assert_true(octets(&novelty) <= sizes[i].octets_max);
        assert_true(error_of(&novelty) <= sizes[i].error_max);
        uint64_t kept = sizes[i].addresses < NOVELTY_ROOM ? sizes[i].addresses : NOVELTY_ROOM;
        assert_int_equal(count_new(&novelty, sizes[i].addresses - kept, kept), 0);
    }
}

/* The first is not asked for again, the second each week. */
static void test_four_to_eight_weeks(void **state)
{
    (void)state;
    for (uint64_t begin = 0; begin < 28; begin++) {
        struct novelty novelty = { .begun_ms = 0 };
        add(&novelty, START_MS, 100, 1); /* begins a generation */
        add(&novelty, START_MS + begin * DAY_MS, 0, 2);
        for (uint64_t day = begin; day < begin + 70; day++) {
            novelty_advance(&novelty, START_MS + day * DAY_MS);
            uint64_t age = day - begin;
            assert_true(age >= 28 || count_new(&novelty, 0, 1) == 0);
            assert_true(age < 56 || count_new(&novelty, 0, 1) == 1);
            assert_int_equal(count_new(&novelty, 1, 1), 0);
            if (day % 7 == 0) {
                add(&novelty, START_MS + day * DAY_MS, 1, 1);
            }
        }
    }
}

static void test_long_silence(void **state)
{
    struct novelty novelty = { .begun_ms = 0 };
    (void)state;
    add(&novelty, START_MS, 0, 10);
    novelty_advance(&novelty, START_MS + 55 * DAY_MS);
    assert_int_equal(count_new(&novelty, 0, 10), 0);
    novelty_advance(&novelty, START_MS + 56 * DAY_MS);
    assert_int_equal(count_new(&novelty, 0, 10), 10);
    assert_int_equal(octets(&novelty), 14);
}

static void test_time_that_goes_back(void **state)
{
    struct novelty novelty = { .begun_ms = 0 };
    (void)state;
    add(&novelty, START_MS, 0, 10);
    novelty_advance(&novelty, 0);
    assert_int_equal(count_new(&novelty, 0, 10), 0);
    assert_int_equal(novelty.begun_ms, START_MS);
}

static void test_octets(void **state)
{
    struct novelty novelty = { .begun_ms = 0 }, again;
    (void)state;
    for (uint64_t step = 0; step < 60; step++) {
        struct buffer out = BUFFER_EMPTY;
        add(&novelty, START_MS + step * DAY_MS, step * 30, 40);
        novelty_write(&novelty, &out);
        buffer_add_text(&out, "rest");
        struct span from = buffer_span(&out);
        assert_true(novelty_read(&from, &again));
        assert_true(span_is_equal(from, SPAN("rest")));
        assert_memory_equal(&novelty, &again, sizeof(novelty));
        for (size_t size = 0; size < out.size - 4; size += 1 + size / 50) {
            from = span_first(buffer_span(&out), size);
            assert_false(novelty_read(&from, &again));
            assert_int_equal(octets(&again), 14);
        }
        buffer_free(&out);
    }
}

static void test_octets_of_none(void **state)
{
    char many[5000] = "12345678\x06";     /* more filters than there are */
    char full[5000] = "12345678\x01\x41"; /* more in it than fit */
    char none[5000] = "12345678\0\x01";   /* more than nothing in none */
    char *const bad[] = { many, full, none };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct span from = { bad[i], sizeof(many) };
        struct novelty novelty;
        assert_false(novelty_read(&from, &novelty));
        assert_int_equal(novelty.begun_ms, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_and_error), cmocka_unit_test(test_four_to_eight_weeks),
        cmocka_unit_test(test_long_silence),   cmocka_unit_test(test_time_that_goes_back),
        cmocka_unit_test(test_octets),         cmocka_unit_test(test_octets_of_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
