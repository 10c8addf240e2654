/*
 * window: against a list of every charge. No stretch of the length of the window ever holds more
 * than the limit; nothing is refused that slots of a twelfth would let through; and what is told
 * about when it fits is true.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "limits/window.h"

#define HOUR_MS UINT64_C(3600000)
#define RUNS 300
#define STEPS 400

/* xorshift: the same schedule each time. */
static uint64_t seed;
static uint64_t below(uint64_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % limit;
}

struct charge {
    uint64_t at_ms, amount;
};

struct model {
    struct charge all[STEPS];
    size_t count;
    uint64_t per_ms, slot_ms;
};

/* What was charged in the window of this length that ends now. */
static uint64_t exact(const struct model *model, uint64_t now_ms)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < model->count; i++) {
        bool is_in = now_ms - model->all[i].at_ms < model->per_ms;
        sum += is_in ? model->all[i].amount : 0;
    }
    return sum;
}

/* The same with each charge as old as the youngest its slot could hold. */
static uint64_t by_slots(const struct model *model, uint64_t now_ms)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < model->count; i++) {
        bool is_in = now_ms / model->slot_ms - model->all[i].at_ms / model->slot_ms < WINDOW_SLOTS;
        sum += is_in ? model->all[i].amount : 0;
    }
    return sum;
}

static uint64_t random_pause(uint64_t per_ms)
{
    switch (below(4)) {
    case 0:
        return 0;
    case 1:
        return below(per_ms / 100 + 1);
    case 2:
        return below(per_ms / 10 + 1);
    default:
        return below(per_ms + per_ms / 2);
    }
}

static void walk(uint64_t per_ms, uint64_t max)
{
    struct model model = { .per_ms = per_ms, .slot_ms = (per_ms + 11) / 12 };
    struct window window = { 0 };
    uint64_t now_ms = below(10 * per_ms);
    for (unsigned step = 0; step < STEPS; step++) {
        now_ms += random_pause(per_ms);
        uint64_t amount = below(max / 4 + 2);
        window_advance(&window, now_ms, per_ms);
        assert_int_equal(window_sum(&window), by_slots(&model, now_ms));
        uint64_t wait_ms = window_fits_in_ms(&window, now_ms, per_ms, max, amount);
        assert_int_equal(wait_ms == 0, by_slots(&model, now_ms) + amount <= max);
        if (wait_ms == WINDOW_NEVER) {
            assert_true(amount > max);
        } else if (wait_ms > 0) {
            assert_true(by_slots(&model, now_ms + wait_ms) + amount <= max);
            assert_false(by_slots(&model, now_ms + wait_ms - 1) + amount <= max);
        } else {
            window_charge(&window, amount);
            model.all[model.count++] = (struct charge){ now_ms, amount };
            assert_true(exact(&model, now_ms) <= max);
        }
    }
}

static void test_never_more_than_the_limit(void **state)
{
    (void)state;
    seed = 0x9e3779b97f4a7c15;
    for (unsigned run = 0; run < RUNS; run++) {
        walk(1000 + below(30 * 24 * HOUR_MS), 1 + below(1000));
    }
}

static void test_one_twelfth_at_most(void **state)
{
    struct window window = { 0 };
    (void)state;
    window_advance(&window, 10 * HOUR_MS + 1, HOUR_MS);
    window_charge(&window, 500);
    assert_int_equal(window_fits_in_ms(&window, 10 * HOUR_MS + 1, HOUR_MS, 500, 1),
                     HOUR_MS + HOUR_MS / 12 - 1);
    window_advance(&window, 11 * HOUR_MS + HOUR_MS / 12 - 1, HOUR_MS);
    assert_int_equal(window_sum(&window), 500);
    window_advance(&window, 11 * HOUR_MS + HOUR_MS / 12, HOUR_MS);
    assert_int_equal(window_sum(&window), 0);
}

static void test_clock_that_goes_back(void **state)
{
    struct window window = { 0 };
    (void)state;
    window_advance(&window, 10 * HOUR_MS, HOUR_MS);
    window_charge(&window, 7);
    window_advance(&window, 2 * HOUR_MS, HOUR_MS);
    window_charge(&window, 1);
    assert_int_equal(window_sum(&window), 8);
    assert_int_equal(window_fits_in_ms(&window, 2 * HOUR_MS, HOUR_MS, 8, 1),
                     9 * HOUR_MS + HOUR_MS / 12);
}

static void test_given_back(void **state)
{
    struct window window = { 0 };
    (void)state;
    window_advance(&window, 10 * HOUR_MS, HOUR_MS);
    uint64_t slot = window_charge(&window, 7);
    window_advance(&window, 10 * HOUR_MS + HOUR_MS / 2, HOUR_MS);
    window_charge(&window, 5);
    window_give_back(&window, slot, 7);
    assert_int_equal(window_sum(&window), 5);
    window_give_back(&window, slot, 7); /* more than is there */
    assert_int_equal(window_sum(&window), 5);
    window_advance(&window, 11 * HOUR_MS + HOUR_MS / 12, HOUR_MS);
    window_give_back(&window, slot, 1); /* its place is another slot's by now */
    assert_int_equal(window_sum(&window), 5);
    window_give_back(&window, slot + 100, 1);
    assert_int_equal(window_sum(&window), 5);
}

static void test_sums_stay_at_their_limit(void **state)
{
    struct window window = { 0 };
    (void)state;
    window_charge(&window, UINT64_MAX);
    window_charge(&window, WINDOW_AMOUNT_MAX);
    assert_int_equal(window_sum(&window), WINDOW_AMOUNT_MAX);
    assert_int_equal(window_fits_in_ms(&window, 0, HOUR_MS, 500, 501), WINDOW_NEVER);
}

static void assert_same(const struct window *a, const struct window *b)
{
    assert_int_equal(a->newest, b->newest);
    assert_memory_equal(a->used, b->used, sizeof(a->used));
}

static void test_octets(void **state)
{
    (void)state;
    seed = 0x2545f4914f6cdd1d;
    for (unsigned run = 0; run < 2000; run++) {
        struct window window = { 0 }, again;
        struct buffer out = BUFFER_EMPTY;
        uint64_t now_ms = below(2) == 0 ? below(20 * HOUR_MS) : below(UINT64_C(1) << 50);
        for (uint64_t i = below(20); i > 0; i--) {
            window_advance(&window, now_ms += below(HOUR_MS / 4), HOUR_MS);
            window_charge(&window, below(3) == 0 ? below(WINDOW_AMOUNT_MAX) : below(100));
        }
        window_write(&window, &out);
        buffer_add_text(&out, "rest");
        struct span from = buffer_span(&out);
        assert_true(window_read(&from, &again));
        assert_true(span_is_equal(from, span_of("rest")));
        assert_same(&window, &again);
        for (size_t size = 0; size < buffer_span(&out).size - 4; size++) {
            from = span_first(buffer_span(&out), size);
            assert_false(window_read(&from, &again));
            assert_int_equal(window_sum(&again), 0);
        }
        buffer_free(&out);
    }
}

static void test_octets_of_no_window(void **state)
{
    static const char *const bad[] = {
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", /* more than 64 bits */
        "\x05\x0e\1\1\1\1\1\1\1\1\1\1\1\1\1\1",     /* more slots than there are */
        "\x01\x03\1\1\1",                           /* from before time 0 */
        "\x05\x01\xff\xff\xff\xff\xff\xff\x7f",     /* an amount beyond the limit */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct span from = span_of(bad[i]);
        struct window window;
        assert_false(window_read(&from, &window));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_more_than_the_limit),
        cmocka_unit_test(test_one_twelfth_at_most),
        cmocka_unit_test(test_clock_that_goes_back),
        cmocka_unit_test(test_given_back),
        cmocka_unit_test(test_sums_stay_at_their_limit),
        cmocka_unit_test(test_octets),
        cmocka_unit_test(test_octets_of_no_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
