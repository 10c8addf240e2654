/*
 * counter: every row has a name of its own, neither threads nor processes lose counts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/counter.h"

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < COUNTER_COUNT; i++) {
        const char *name = counter_name((enum counter_id)i);

        assert_non_null(name);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
        assert_int_equal(counter_get((enum counter_id)i), 0);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(name, counter_name((enum counter_id)j));
    }
    assert_string_equal(counter_name(COUNTER_MESSAGES), "messages");
}

static void *add_many(void *unused)
{
    for (int i = 0; i < 100000; i++) {
        counter_add(COUNTER_MESSAGES, 1);
        counter_add(COUNTER_CONNECTIONS_OPEN, i % 2 == 0 ? 1 : -1);
    }
    return unused;
}

static void test_threads(void **state)
{
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counter_get(COUNTER_MESSAGES), 400000);
    assert_int_equal(counter_get(COUNTER_CONNECTIONS_OPEN), 0);
    counter_add(COUNTER_CONNECTIONS_OPEN, -5);
    assert_int_equal(counter_get(COUNTER_CONNECTIONS_OPEN), -5);
}

static void count_in_child(size_t slot, int64_t messages)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        counter_use_slot(slot);
        counter_add(COUNTER_MESSAGES, messages);
        counter_add(COUNTER_MESSAGES_OPEN, 2);
        counter_add(COUNTER_LOG_LINES_QUEUED, 3);
        counter_add(COUNTER_LOG_BYTES_QUEUED, 300);
        _exit(counter_get(COUNTER_MESSAGES) >= messages ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* After the others: sharing is for the rest of the process's life. */
static void test_processes(void **state)
{
    int64_t before = counter_get(COUNTER_MESSAGES), open = counter_get(COUNTER_MESSAGES_OPEN);

    (void)state;
    assert_true(counter_share(3));
    assert_int_equal(counter_get(COUNTER_MESSAGES), before);
    count_in_child(1, 10);
    count_in_child(2, 100);
    counter_add(COUNTER_MESSAGES, 1000);
    assert_int_equal(counter_get(COUNTER_MESSAGES) - before, 1110);
    assert_int_equal(counter_get(COUNTER_MESSAGES_OPEN) - open, 4);
    assert_int_equal(counter_get(COUNTER_LOG_LINES_QUEUED), 6);
    assert_int_equal(counter_get(COUNTER_LOG_LINES_LOST), 0);
    counter_close_slot(1); /* its child is gone: what it had open is not, what it counted stays */
    assert_int_equal(counter_get(COUNTER_LOG_LINES_QUEUED), 3);
    assert_int_equal(counter_get(COUNTER_LOG_BYTES_QUEUED), 300);
    assert_int_equal(counter_get(COUNTER_LOG_LINES_LOST), 3); /* they went with it */
    assert_int_equal(counter_get(COUNTER_MESSAGES) - before, 1110);
    assert_int_equal(counter_get(COUNTER_MESSAGES_OPEN) - open, 2);
    count_in_child(1, 1); /* a slot is used again */
    assert_int_equal(counter_get(COUNTER_MESSAGES) - before, 1111);
    assert_int_equal(counter_get(COUNTER_MESSAGES_OPEN) - open, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_processes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
