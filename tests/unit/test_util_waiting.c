/*
 * waiting: the bound, and that exactly the first waiter wakes who listens.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>

#include "util/waiting.h"

static int is_woken(const struct waiting *waiting)
{
    struct pollfd look = { .fd = waiting->wake_fd, .events = POLLIN };

    return poll(&look, 1, 0);
}

static void test_bound(void **state)
{
    struct waiting waiting;

    (void)state;
    assert_true(waiting_init(&waiting, 2));
    assert_true(waits_begin(&waiting));
    assert_true(waits_begin(&waiting));
    assert_false(waits_begin(&waiting));
    assert_int_equal(waiting_count(&waiting), 2);
    waits_end(&waiting);
    assert_true(waits_begin(&waiting));
    waits_end(&waiting);
    waits_end(&waiting);
    assert_int_equal(waiting_count(&waiting), 0);
    waiting_destroy(&waiting);
}

static void test_first_wakes(void **state)
{
    struct waiting waiting;

    (void)state;
    assert_true(waiting_init(&waiting, 2));
    assert_false(is_woken(&waiting));
    waits_begin(&waiting);
    assert_true(is_woken(&waiting));
    waiting_settle(&waiting);
    waits_begin(&waiting);
    assert_false(is_woken(&waiting));
    waits_end(&waiting);
    waits_end(&waiting);
    waits_begin(&waiting);
    assert_true(is_woken(&waiting));
    waits_end(&waiting);
    waiting_destroy(&waiting);
}

static void test_line_has_no_bound(void **state)
{
    struct waiting waiting;

    (void)state;
    assert_true(waiting_init(&waiting, 1));
    for (unsigned i = 1; i < WAITING_LONG_LINE; i++)
        waits_queue(&waiting);
    assert_false(is_woken(&waiting)); /* a short line moves by itself */
    waits_queue(&waiting);
    assert_int_equal(waiting_queued(&waiting), WAITING_LONG_LINE);
    assert_true(is_woken(&waiting));
    assert_int_equal(waiting_count(&waiting), 0);
    assert_true(waits_begin(&waiting)); /* who stands in line takes nobody's place */
    waits_end(&waiting);
    for (unsigned i = 0; i < WAITING_LONG_LINE; i++)
        waits_unqueue(&waiting);
    assert_int_equal(waiting_queued(&waiting), 0);
    waiting_destroy(&waiting);
}

static void test_nobody_counts(void **state)
{
    (void)state;
    assert_true(waits_begin(NULL));
    waits_end(NULL);
    waits_queue(NULL);
    waits_unqueue(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_first_wakes),
        cmocka_unit_test(test_line_has_no_bound),
        cmocka_unit_test(test_nobody_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
