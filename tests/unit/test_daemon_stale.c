/*
 * stale: one load for each change of the disk, and one now and then of what was refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/stale.h"

/* What is seen look by look; after every answer but STALE_NOT a load is tried. */
static void test_answers(void **state)
{
    static const struct {
        uint64_t now_ms;
        bool is_stale;
        uint64_t mark;
        enum stale_answer answer;
    } looks[] = {
        { 0, false, 1, STALE_NOT },
        { 2000, true, 2, STALE_CHANGED },
        { 4000, false, 2, STALE_NOT }, /* it was taken */
        { 6000, true, 3, STALE_CHANGED },
        { 8000, true, 3, STALE_NOT }, /* it was refused */
        { 10000, true, 4, STALE_CHANGED },
        { 12000, true, 4, STALE_NOT },
        { 10000 + STALE_RETRY_MS - 1, true, 4, STALE_NOT },
        { 10000 + STALE_RETRY_MS, true, 4, STALE_AGAIN },
        { 12000 + STALE_RETRY_MS, true, 4, STALE_NOT },
        { 14000 + STALE_RETRY_MS, true, 3, STALE_CHANGED },
        { 16000 + STALE_RETRY_MS, false, 1, STALE_NOT }, /* as it was before all that */
        { 18000 + STALE_RETRY_MS, true, 3, STALE_CHANGED },
    };
    struct stale_watch watch = { .has_tried = false };

    (void)state;
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        enum stale_answer answer =
            stale_ask(&watch, looks[i].is_stale, looks[i].mark, looks[i].now_ms);
        if (answer != looks[i].answer)
            fail_msg("look %zu: %d and not %d", i, answer, looks[i].answer);
        if (answer != STALE_NOT)
            stale_tried(&watch, looks[i].mark, looks[i].now_ms);
    }
}

static void test_pause(void **state)
{
    (void)state;
    assert_int_equal(stale_pause_ms(0, 0), 2000);
    assert_int_equal(stale_pause_ms(10, 0), 2000);
    assert_int_equal(stale_pause_ms(50, 0), 10000);
    assert_int_equal(stale_pause_ms(0, 100), 2000);
    assert_int_equal(stale_pause_ms(10, 1000), 5000);
    assert_int_equal(stale_pause_ms(50, 1000), 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_answers),
                                        cmocka_unit_test(test_pause) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
