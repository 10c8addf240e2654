/*
 * reply_memory: counts each pair by itself, for an hour, in any case; never grows; many threads.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "policy/reply_memory.h"

#define MINUTE_NS UINT64_C(60000000000)
#define ALICE SPAN("alice@example.org")
#define BOB SPAN("bob@away.example")

static void test_counts(void **state)
{
    struct reply_memory *memory = reply_memory_new();
    (void)state;
    assert_int_equal(reply_memory_note(memory, ALICE, BOB, MINUTE_NS), 1);
    assert_int_equal(reply_memory_note(memory, SPAN("Alice@example.org"), SPAN("BOB@away.example"),
                                       2 * MINUTE_NS),
                     2);
    assert_int_equal(reply_memory_note(memory, BOB, ALICE, 2 * MINUTE_NS), 1);
    assert_int_equal(reply_memory_note(memory, ALICE, SPAN("eve@away.example"), MINUTE_NS), 1);
    assert_int_equal(reply_memory_note(memory, ALICE, BOB, 60 * MINUTE_NS), 3);
    assert_int_equal(reply_memory_note(memory, ALICE, BOB, 61 * MINUTE_NS), 1);
    reply_memory_free(&memory);
    assert_null(memory);
}

/* Who comes often is remembered beside any number of others that come once. */
static void test_many(void **state)
{
    struct reply_memory *memory = reply_memory_new();
    unsigned count = 0;
    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        char name[32];
        snprintf(name, sizeof(name), "u%u@away.example", i);
        assert_int_equal(reply_memory_note(memory, ALICE, span_of(name), MINUTE_NS + i), 1);
        if (i % 100 == 0) {
            count = reply_memory_note(memory, ALICE, BOB, MINUTE_NS + i);
        }
    }
    assert_true(count >= 1 && count <= 1000); /* it may have been forgotten, and begun anew */
    reply_memory_free(&memory);
}

static void *note_often(void *context)
{
    for (unsigned i = 0; i < 1000; i++) {
        reply_memory_note(context, ALICE, BOB, MINUTE_NS);
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct reply_memory *memory = reply_memory_new();
    pthread_t threads[4];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, note_often, memory), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(reply_memory_note(memory, ALICE, BOB, MINUTE_NS), 4001);
    reply_memory_free(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_counts), cmocka_unit_test(test_many),
                                        cmocka_unit_test(test_threads) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
