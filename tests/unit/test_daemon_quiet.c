/*
 * Quiet: threads that sleep, that work for a while before they answer, that never stop, that end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "daemon/quiet.h"

enum { WORK_MS = 400, LONG_MS = 20000, SHORT_MS = 100 };

struct worker {
    pthread_t thread;
    int work_ms;      /* before it answers; -1: until it may end */
    bool sleeps_then; /* else it ends */
    int fds[2];       /* the answer is written here; it sleeps until the other end is closed */
    atomic_bool may_end;
    atomic_bool has_answered;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *work(void *context)
{
    struct worker *worker = context;
    int64_t began_ms = now_ms();
    char byte;
    while (worker->work_ms < 0 ? !atomic_load(&worker->may_end)
                               : now_ms() - began_ms < worker->work_ms) {
    }
    atomic_store(&worker->has_answered, true);
    if (worker->sleeps_then) {
        (void)!read(worker->fds[0], &byte, 1);
    }
    return NULL;
}

static void start(struct worker *worker)
{
    assert_int_equal(pipe(worker->fds), 0);
    assert_int_equal(pthread_create(&worker->thread, NULL, work, worker), 0);
}

static void stop(struct worker *worker)
{
    atomic_store(&worker->may_end, true);
    close(worker->fds[1]);
    assert_int_equal(pthread_join(worker->thread, NULL), 0);
    close(worker->fds[0]);
}

static void nobody_else(void **state)
{
    (void)state;
    assert_true(quiet_await(LONG_MS));
}

static void whoever_works_has_answered(void **state)
{
    (void)state;
    for (int sleeps_then = 0; sleeps_then <= 1; sleeps_then++) {
        struct worker workers[6] = { 0 };
        for (size_t i = 0; i < 6; i++) {
            workers[i].work_ms = WORK_MS / 6 * (int)i;
            workers[i].sleeps_then = sleeps_then;
            start(&workers[i]);
        }
        assert_true(quiet_await(LONG_MS));
        for (size_t i = 0; i < 6; i++) {
            assert_true(atomic_load(&workers[i].has_answered));
            stop(&workers[i]);
        }
    }
}

static void not_for_ever(void **state)
{
    struct worker worker = { .work_ms = -1 };
    (void)state;
    start(&worker);
    int64_t began_ms = now_ms();
    assert_false(quiet_await(SHORT_MS));
    assert_true(now_ms() - began_ms >= SHORT_MS);
    stop(&worker);
    assert_true(quiet_await(LONG_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_else),
        cmocka_unit_test(whoever_works_has_answered),
        cmocka_unit_test(not_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
