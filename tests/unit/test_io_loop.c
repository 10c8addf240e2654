/*
 * loop: events, deadlines, watches that end and begin inside callbacks, and calls from outside.
 *
 * Deadlines are checked against going off early and for their order; nothing asks how late one may
 * be. A case that hangs is ended by alarm().
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/loop.h"
#include "util/clock.h"

#define WATCHES 64

/* What the callbacks of a case have done, in order. */
struct trace {
    char text[256];
    struct loop_watch *watches[WATCHES];
    int ends[2]; /* of a pipe */
    int calls;
};

static void trace_add(struct trace *trace, char what)
{
    size_t size = strlen(trace->text);

    assert_true(size + 1 < sizeof(trace->text));
    trace->text[size] = what;
}

static int begin(void **state)
{
    struct trace *trace = calloc(1, sizeof(*trace));

    *state = trace;
    alarm(30);
    return trace != NULL ? pipe2(trace->ends, O_CLOEXEC | O_NONBLOCK) : -1;
}

static int end(void **state)
{
    struct trace *trace = *state;

    alarm(0);
    for (int i = 0; i < 2; i++) {
        if (trace->ends[i] >= 0)
            close(trace->ends[i]);
    }
    free(trace);
    return 0;
}

static void stop_on_deadline(struct loop *loop, struct loop_watch *watch, short revents,
                             void *context)
{
    (void)watch;
    trace_add(context, revents == 0 ? 'S' : '?');
    loop_stop(loop);
}

static void read_byte(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    struct trace *trace = context;
    char byte;

    (void)watch;
    if ((revents & POLLIN) != 0 && read(trace->ends[0], &byte, 1) == 1) {
        trace_add(trace, byte);
        if (byte == '.')
            loop_stop(loop);
    } else {
        trace_add(trace, revents == 0 ? 'T' : '?');
    }
}

static void test_events(void **state)
{
    struct trace *trace = *state;
    struct loop *loop = loop_new();

    assert_non_null(loop_watch(loop, trace->ends[0], POLLIN, -1, read_byte, trace));
    assert_int_equal(write(trace->ends[1], "ab.", 3), 3);
    loop_run(loop);
    assert_string_equal(trace->text, "ab.");
    assert_int_equal(write(trace->ends[1], "c.", 2), 2);
    loop_run(loop); /* a stopped loop runs again */
    assert_string_equal(trace->text, "ab.c.");
    loop_free(&loop);
    assert_null(loop);
    loop_free(&loop);
    /* descriptors are the owner's */
    assert_int_equal(fcntl(trace->ends[0], F_GETFD), FD_CLOEXEC);
}

struct timer {
    struct trace *trace;
    char name;
    uint64_t not_before_ns;
};

static void timer_fires(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    const struct timer *timer = context;

    (void)watch;
    assert_int_equal(revents, 0);
    assert_true(clock_mono_ns(&clock_system) >= timer->not_before_ns);
    trace_add(timer->trace, timer->name);
    if (timer->name == '.')
        loop_stop(loop);
}

static void test_deadlines(void **state)
{
    static const struct {
        char name;
        int timeout_ms;
    } cases[] = { { 'c', 40 }, { '.', 80 }, { 'a', 0 }, { 'b', 20 }, { 'x', -1 } };
    struct trace *trace = *state;
    struct loop *loop = loop_new();
    struct timer timers[5];

    for (size_t i = 0; i < 5; i++) {
        timers[i] = (struct timer){ trace, cases[i].name,
                                    clock_mono_ns(&clock_system) +
                                        (uint64_t)(cases[i].timeout_ms + 1) * 1000000 - 1000000 };
        assert_non_null(loop_watch(loop, -1, 0, cases[i].timeout_ms, timer_fires, &timers[i]));
    }
    loop_run(loop);
    assert_string_equal(trace->text, "abc."); /* each once */
    loop_free(&loop);
}

/* Without events a descriptor that is readable, or hung up, is not looked at. */
static void test_only_the_deadline(void **state)
{
    struct trace *trace = *state;
    struct loop *loop = loop_new();

    assert_int_equal(write(trace->ends[1], "a", 1), 1);
    close(trace->ends[1]);
    trace->ends[1] = -1;
    loop_watch(loop, trace->ends[0], 0, 10, stop_on_deadline, trace);
    loop_run(loop);
    assert_string_equal(trace->text, "S");
    loop_free(&loop);
}

static void note_hangup(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    (void)watch;
    trace_add(context, (revents & POLLHUP) != 0 ? 'H' : '?');
    loop_stop(loop);
}

static void test_hangup(void **state)
{
    struct trace *trace = *state;
    struct loop *loop = loop_new();

    close(trace->ends[1]);
    trace->ends[1] = -1;
    loop_watch(loop, trace->ends[0], POLLIN, -1, note_hangup, trace);
    loop_run(loop);
    assert_string_equal(trace->text, "H");
    loop_free(&loop);
}

/* Events do not put the deadline off; loop_arm() does. */
static void rearm(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    struct trace *trace = context;
    char byte;

    if (revents != 0) {
        assert_int_equal(read(trace->ends[0], &byte, 1), 1);
        trace_add(trace, 'e');
        return;
    }
    trace_add(trace, 'd');
    if (++trace->calls < 3)
        loop_arm(loop, watch, POLLIN, 5);
    else
        loop_stop(loop);
}

static void test_rearm(void **state)
{
    struct trace *trace = *state;
    struct loop *loop = loop_new();

    assert_int_equal(write(trace->ends[1], "a", 1), 1);
    loop_watch(loop, trace->ends[0], POLLIN, 5, rearm, trace);
    loop_run(loop);
    assert_string_equal(trace->text, "eddd");
    loop_free(&loop);
}

/* The first callback of a round ends all watches, its own too, and begins a new one. */
static void end_all(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    struct trace *trace = context;

    (void)watch;
    (void)revents;
    trace_add(trace, 'x');
    for (int i = 0; i < WATCHES; i++) {
        loop_unwatch(loop, &trace->watches[i]);
        assert_null(trace->watches[i]);
        loop_unwatch(loop, &trace->watches[i]);
    }
    loop_watch(loop, -1, 0, 0, stop_on_deadline, trace);
}

static void test_unwatch_all(void **state)
{
    struct trace *trace = *state;
    struct loop *loop = loop_new();

    assert_int_equal(write(trace->ends[1], "a", 1), 1);
    for (int i = 0; i < WATCHES; i++)
        trace->watches[i] = loop_watch(loop, trace->ends[0], POLLIN, -1, end_all, trace);
    loop_run(loop);
    assert_string_equal(trace->text, "xS"); /* the others were ready too, and not called */
    loop_free(&loop);
}

/* A watch that is told during a round to wait for something else does not see what it waited for.
 */
static void disarm_second(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    struct trace *trace = context;

    (void)revents;
    trace_add(trace, watch == trace->watches[0] ? '0' : '1');
    loop_arm(loop, trace->watches[0], 0, -1);
    loop_arm(loop, trace->watches[1], 0, -1);
}

static void test_disarm(void **state)
{
    struct trace *trace = *state;
    struct loop *loop = loop_new();

    assert_int_equal(write(trace->ends[1], "a", 1), 1);
    trace->watches[0] = loop_watch(loop, trace->ends[0], POLLIN, -1, disarm_second, trace);
    trace->watches[1] = loop_watch(loop, trace->ends[0], POLLIN, -1, disarm_second, trace);
    loop_watch(loop, -1, 0, 20, stop_on_deadline, trace);
    loop_run(loop);
    assert_string_equal(trace->text, "0S");
    loop_free(&loop);
}

/* Watches begun in callbacks, enough to make the lists grow while a round goes over them. */
static void begin_more(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    struct trace *trace = context;

    (void)revents;
    if (++trace->calls == 1000) {
        loop_stop(loop);
        return;
    }
    loop_watch(loop, -1, 0, 0, begin_more, trace);
    loop_watch(loop, -1, 0, 0, begin_more, trace);
    loop_unwatch(loop, &watch);
}

static void test_begin_in_callback(void **state)
{
    struct trace *trace = *state;
    struct loop *loop = loop_new();

    loop_watch(loop, -1, 0, 0, begin_more, trace);
    loop_run(loop);
    assert_int_equal(trace->calls, 1000);
    loop_free(&loop);
}

static struct loop *signalled;

static void on_signal(int number)
{
    if (number == SIGUSR1)
        loop_wake(signalled);
    else
        loop_stop(signalled);
}

static void on_wake(struct loop *loop, void *context)
{
    struct trace *trace = context;

    (void)loop;
    trace_add(trace, 'w');
    raise(trace->calls++ < 2 ? SIGUSR1 : SIGUSR2);
}

static void test_signals(void **state)
{
    struct sigaction action = { .sa_handler = on_signal };
    struct trace *trace = *state;
    struct loop *loop = loop_new();

    signalled = loop;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    loop_on_wake(loop, on_wake, trace);
    raise(SIGUSR1);
    raise(SIGUSR1); /* two wakes before a round are one call */
    loop_run(loop);
    assert_string_equal(trace->text, "www");
    loop_stop(loop); /* a stop that comes first is not forgotten */
    loop_run(loop);
    assert_string_equal(trace->text, "www");
    loop_wake(loop);
    loop_stop(loop);
    loop_free(&loop);
}

struct talk {
    struct loop *loop;
    pthread_mutex_t lock;
    int sent, seen;
};

static void *wake_many(void *context)
{
    struct talk *talk = context;

    for (int i = 0; i < 10000; i++) {
        pthread_mutex_lock(&talk->lock);
        talk->sent++;
        pthread_mutex_unlock(&talk->lock);
        loop_wake(talk->loop);
    }
    return NULL;
}

static void count_sent(struct loop *loop, void *context)
{
    struct talk *talk = context;

    pthread_mutex_lock(&talk->lock);
    talk->seen = talk->sent;
    pthread_mutex_unlock(&talk->lock);
    if (talk->seen == 20000)
        loop_stop(loop);
}

/* The last word of a thread is always heard: else this never ends. */
static void test_wakes_from_threads(void **state)
{
    struct talk talk = { loop_new(), PTHREAD_MUTEX_INITIALIZER, 0, 0 };
    pthread_t threads[2];

    (void)state;
    loop_on_wake(talk.loop, count_sent, &talk);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wake_many, &talk), 0);
    loop_run(talk.loop);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(talk.seen, 20000);
    loop_free(&talk.loop);
}

static void *stop_loop(void *loop)
{
    loop_stop(loop);
    return NULL;
}

static void test_stop_from_thread(void **state)
{
    struct loop *loop = loop_new();
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stop_loop, loop), 0);
    loop_run(loop);
    pthread_join(thread, NULL);
    loop_free(&loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_events),
        TEST(test_deadlines),
        TEST(test_only_the_deadline),
        TEST(test_hangup),
        TEST(test_rearm),
        TEST(test_unwatch_all),
        TEST(test_disarm),
        TEST(test_begin_in_callback),
        TEST(test_signals),
        TEST(test_wakes_from_threads),
        TEST(test_stop_from_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
