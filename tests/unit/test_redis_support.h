/* What the tests of src/state/redis share: a node with its loop's thread and
 * the lines of its log, and waiting for what must come. Included after cmocka.h. */
#ifndef TESTS_UNIT_TEST_REDIS_SUPPORT_H
#define TESTS_UNIT_TEST_REDIS_SUPPORT_H

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/redis_private.h"
#include "tests/support/redis_server.h"

#define AWAIT_MS 20000
#define SLACK_MS 900 /* beyond a deadline, on a machine that has other things to do */

struct node {
    struct log_sink sink; /* first */
    pthread_mutex_t lock;
    struct buffer lines;
    struct loop *loop;
    pthread_t thread;
    struct redis *redis;
};

static inline uint64_t test_now_ms(void)
{
    return clock_mono_ns(&clock_system) / 1000000;
}

static inline void node_write(struct log_sink *sink, enum log_level level, struct span line)
{
    struct node *node = (struct node *)sink;
    (void)level;
    pthread_mutex_lock(&node->lock);
    buffer_add_span(&node->lines, line);
    buffer_add_char(&node->lines, '\n');
    pthread_mutex_unlock(&node->lock);
}

/* How often the log has this. */
static inline unsigned node_log_count(struct node *node, const char *text)
{
    unsigned count = 0;
    pthread_mutex_lock(&node->lock);
    for (const char *at = buffer_text(&node->lines); (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    pthread_mutex_unlock(&node->lock);
    return count;
}

/* Waits for so many: the state is told before the line is written. */
static inline void assert_log(struct node *node, const char *text, unsigned count)
{
    uint64_t until_ms = test_now_ms() + AWAIT_MS;
    while (node_log_count(node, text) < count && test_now_ms() < until_ms) {
        poll(NULL, 0, 2);
    }
    if (node_log_count(node, text) != count) {
        fail_msg("not %u times \"%s\" in the log:\n%s", count, text, buffer_text(&node->lines));
    }
}

static inline void *node_run(void *context)
{
    loop_run(context);
    return NULL;
}

static inline void node_begin(struct node *node, const struct redis_settings *settings)
{
    struct error error;
    *node = (struct node){ .sink = { node_write } };
    pthread_mutex_init(&node->lock, NULL);
    node->loop = loop_new();
    node->redis = redis_new(settings, node->loop, &clock_system, &node->sink,
                            "each node counts for itself", &error);
    if (node->redis == NULL) {
        fail_msg("%s", error.text);
    }
    node->redis->health.pause_longest_ns = 400000000; /* tests wait for the end of it */
    assert_int_equal(pthread_create(&node->thread, NULL, node_run, node->loop), 0);
}

static inline void node_end(struct node *node)
{
    loop_stop(node->loop);
    pthread_join(node->thread, NULL);
    redis_free(&node->redis);
    loop_free(&node->loop);
    buffer_free(&node->lines);
    pthread_mutex_destroy(&node->lock);
}

/* With a longer deadline than what is shipped: machines that test have other things to do. */
static inline struct redis_settings node_settings(const char *const *addresses, size_t count)
{
    return (struct redis_settings){ .addresses = { addresses, count },
                                    .fleet = "test",
                                    .node = "n1",
                                    .share = "25%",
                                    .deadline_ms = 200 };
}

static inline void node_begin_at(struct node *node, const struct redis_server *server)
{
    const char *address = server->address;
    struct redis_settings settings = node_settings(&address, 1);
    node_begin(node, &settings);
}

/* Until the condition is true; the test fails when that takes too long. */
#define AWAIT(condition)                                                                           \
    do {                                                                                           \
        uint64_t await_until_ms = test_now_ms() + AWAIT_MS;                                        \
        while (!(condition)) {                                                                     \
            if (test_now_ms() > await_until_ms) {                                                  \
                fail_msg("waited too long for %s", #condition);                                    \
            }                                                                                      \
            poll(NULL, 0, 2);                                                                      \
        }                                                                                          \
    } while (0)

static inline bool node_is_out(struct node *node)
{
    struct redis_state state;
    redis_look(node->redis, &state);
    return state.is_out;
}

static inline enum redis_reason node_reason(struct node *node)
{
    struct redis_state state;
    redis_look(node->redis, &state);
    return state.reason;
}

#endif
