/*
 * Connections to a server: all in use, one given back, a fresh one in place of the oldest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "io/pool.h"
#include "tests/support/map_server.h"
#include "util/clock.h"

#define PATIENT_MS 20000

static bool say_nothing(void *context, unsigned number, struct span request, struct buffer *reply)
{
    (void)context;
    (void)number;
    (void)request;
    (void)reply;
    return true;
}

static uint64_t now_ms(void)
{
    return clock_mono_ns(&clock_system) / 1000000;
}

struct waiter {
    pthread_t thread;
    struct pool *pool;
    enum pool_result result;
    int fd;
};

static void *take_one(void *argument)
{
    struct waiter *waiter = argument;
    struct error error;
    uint64_t deadline_ns = clock_mono_ns(&clock_system) + (uint64_t)PATIENT_MS * 1000000;
    waiter->result = pool_take(waiter->pool, false, deadline_ns, &waiter->fd, &error);
    return NULL;
}

/* Who finds none waits for one until his deadline, and gets the one that is given back. */
static void none_left(void **state)
{
    (void)state;
    struct map_server server;
    struct endpoint endpoint;
    struct error error;
    struct waiter taken[POOL_CONNECTIONS_MAX + 2];
    map_server_start(&server, "egress-pool", say_nothing, NULL);
    endpoint_open_unix(&endpoint, span_of(server.path));
    struct pool *pool = pool_new(&endpoint);
    for (unsigned i = 0; i < POOL_CONNECTIONS_MAX; i++) {
        taken[i].pool = pool;
        take_one(&taken[i]);
        assert_int_equal(taken[i].result, POOL_FRESH);
    }
    int fd;
    uint64_t begin_ms = now_ms();
    uint64_t deadline_ns = clock_mono_ns(&clock_system) + 100000000;
    assert_int_equal(pool_take(pool, false, deadline_ns, &fd, &error), POOL_BUSY);
    assert_in_range(now_ms() - begin_ms, 100, 3000);
    struct waiter *waiter = &taken[POOL_CONNECTIONS_MAX];
    waiter->pool = pool;
    assert_int_equal(pthread_create(&waiter->thread, NULL, take_one, waiter), 0);
    pool_give(pool, taken[3].fd, true);
    pthread_join(waiter->thread, NULL);
    assert_int_equal(waiter->result, POOL_KEPT);
    assert_int_equal(waiter->fd, taken[3].fd);
    for (unsigned i = 0; i < POOL_CONNECTIONS_MAX; i++) {
        pool_give(pool, taken[i].fd, true);
    }
    /* All are kept: a fresh one takes the place of the oldest. */
    assert_int_equal(pool_take(pool, true, deadline_ns + 1000000000, &fd, &error), POOL_FRESH);
    while (server.connections < POOL_CONNECTIONS_MAX + 1 || server.open > POOL_CONNECTIONS_MAX) {
        usleep(1000); /* until the server has seen both */
    }
    pool_give(pool, fd, true);
    pool_free(&pool);
    map_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(none_left) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
