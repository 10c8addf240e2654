/*
 * backoff: deaths as they come, and the pauses that follow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/backoff.h"

#define DEATHS_MAX 14

/* Each death: how long after the one before, and how long the child had served. */
static const struct {
    const char *name;
    struct {
        unsigned after_ms, lived_ms, pause_ms;
    } deaths[DEATHS_MAX]; /* ended by three zeros */
} cases[] = {
    { "a single one is replaced at once", { { 5000, 4000, 0 } } },
    { "so are five in a row, and then no more",
      { { 5000, 100, 0 },
        { 100, 100, 0 },
        { 100, 100, 0 },
        { 100, 100, 0 },
        { 100, 100, 0 },
        { 100, 100, 1000 },
        { 1100, 100, 2000 } } },
    { "five in ten seconds are no row of ten seconds and more",
      { { 5000, 2500, 0 },
        { 2500, 2500, 0 },
        { 2500, 2500, 0 },
        { 2500, 2500, 0 },
        { 2500, 2500, 0 },
        { 2500, 2500, 0 },
        { 2500, 2500, 0 },
        { 2500, 2400, 0 },
        { 100, 100, 0 },
        { 100, 100, 1000 } } },
    { "one that never served is tried again once",
      { { 5000, 0, 0 },
        { 10, 0, 1000 },
        { 1010, 0, 2000 },
        { 2010, 0, 4000 },
        { 4010, 0, 8000 },
        { 8010, 0, 16000 },
        { 16010, 0, 30000 },
        { 30010, 0, 30000 },
        { 30010, 0, 30000 } } },
    { "once there was a pause, a short life does not end the row",
      { { 5000, 0, 0 }, { 10, 0, 1000 }, { 60000, 59999, 2000 }, { 60000, 1, 4000 } } },
    { "a long life does",
      { { 5000, 0, 0 },
        { 10, 0, 1000 },
        { 61000, BACKOFF_CALM_MS, 0 },
        { 10, 10, 0 },
        { 10, 10, 0 },
        { 10, 10, 0 },
        { 10, 10, 0 },
        { 10, 10, 1000 } } },
};

static void test_pauses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct backoff backoff = { .deaths = 0 };
        uint64_t now_ms = 1000000;
        for (size_t d = 0; d < DEATHS_MAX && cases[i].deaths[d].after_ms != 0; d++) {
            unsigned pause_ms;
            now_ms += cases[i].deaths[d].after_ms;
            pause_ms = backoff_died(&backoff, now_ms, cases[i].deaths[d].lived_ms);
            if (pause_ms != cases[i].deaths[d].pause_ms)
                fail_msg("%s: death %zu: %u ms and not %u", cases[i].name, d, pause_ms,
                         cases[i].deaths[d].pause_ms);
        }
    }
}

/* A clock that has just begun is no row of deaths at its zero. */
static void test_early(void **state)
{
    struct backoff backoff = { .deaths = 0 };

    (void)state;
    for (unsigned i = 0; i < BACKOFF_BURST; i++)
        assert_int_equal(backoff_died(&backoff, i, 1), 0);
    assert_int_equal(backoff.deaths, BACKOFF_BURST);
    assert_int_equal(backoff_died(&backoff, BACKOFF_WINDOW_MS, 1), 0);
    assert_int_equal(backoff_died(&backoff, BACKOFF_WINDOW_MS, 1), BACKOFF_FIRST_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
