/*
 * counter: every row has a name of its own, neither threads nor processes lose counts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
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

/* --- a restart in place ---------------------------------------------------------------------- */

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            dprintf(STDOUT_FILENO, "line %d: %s\n", __LINE__, #condition);                         \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

/* Shared memory as another version lays it out (counter.c): so many counters, 10 x column in slot 0
 * and 1 x column in slot 1. */
static int foreign(uint32_t magic, uint32_t columns, uint32_t slots, size_t surplus)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    uint32_t head[4] = { magic, columns, slots, slots };

    if (write(fd, head, sizeof(head)) != sizeof(head))
        return -1;
    for (int64_t slot = 0; slot < slots && slots < 1000 && columns < 1000; slot++) {
        for (int64_t column = 0; column < columns; column++) {
            int64_t cell = slot == 0 ? 10 * column : column;
            if (write(fd, &cell, sizeof(cell)) != sizeof(cell))
                return -1;
        }
    }
    if (surplus > 0 && write(fd, "surplus", surplus) != (ssize_t)surplus)
        return -1;
    return fd;
}

#define MAGIC 0x65636e31u

static int adopt_same(void)
{
    int fd = foreign(MAGIC, COUNTER_COUNT, 2, 0);

    counter_add(COUNTER_ACCEPTED, 5);
    counter_add(COUNTER_LOG_LINES_QUEUED, 2);
    MUST(counter_adopt(fd) && counter_descriptor() == fd && counter_slots() == 2);
    MUST(counter_get(COUNTER_ACCEPTED) == 11 * COUNTER_ACCEPTED + 5); /* nothing is forgotten */
    counter_add(COUNTER_ACCEPTED, 1000);
    MUST(counter_get(COUNTER_ACCEPTED) == 11 * COUNTER_ACCEPTED + 1005);
    /* Slot 0 is this process's: what lay open or waited there went with the one before. */
    MUST(counter_get(COUNTER_CONNECTIONS_OPEN) == COUNTER_CONNECTIONS_OPEN);
    MUST(counter_get(COUNTER_LOG_LINES_QUEUED) == COUNTER_LOG_LINES_QUEUED + 2);
    MUST(counter_get(COUNTER_LOG_LINES_LOST) ==
         11 * COUNTER_LOG_LINES_LOST + 10 * COUNTER_LOG_LINES_QUEUED);
    counter_close_slot(1);
    MUST(counter_get(COUNTER_CONNECTIONS_OPEN) == 0);
    return 0;
}

/* Of a version with fewer or more counters: what both have goes on, nothing is open there. */
static int adopt_other(void)
{
    static const uint32_t columns[] = { COUNTER_SIGNED + 1, COUNTER_COUNT + 5 };

    for (int i = 0; i < 2; i++) {
        int fd = foreign(MAGIC, columns[i], 3, 0);
        int64_t accepted = counter_get(COUNTER_ACCEPTED),
                deaths = counter_get(COUNTER_CHILD_DEATHS);
        int64_t open = counter_get(COUNTER_CONNECTIONS_OPEN),
                lost = counter_get(COUNTER_LOG_LINES_LOST);
        MUST(fd >= 0 && counter_adopt(fd) && counter_slots() == 3);
        MUST(fcntl(fd, F_GETFD) < 0 || counter_descriptor() == fd);
        MUST(counter_get(COUNTER_ACCEPTED) == accepted + 12 * COUNTER_ACCEPTED);
        MUST(counter_get(COUNTER_CHILD_DEATHS) ==
             deaths + (i == 0 ? 0 : 12 * COUNTER_CHILD_DEATHS));
        MUST(counter_get(COUNTER_CONNECTIONS_OPEN) == open);
        MUST(counter_get(COUNTER_LOG_LINES_LOST) ==
             lost + (i == 0 ? 0 : 12 * COUNTER_LOG_LINES_LOST + 10 * COUNTER_LOG_LINES_QUEUED));
    }
    return 0;
}

/* Nothing changes, and what was shared before still counts. */
static int adopt_nonsense(void)
{
    const int fds[] = {
        foreign(0, COUNTER_COUNT, 2, 0),     foreign(MAGIC, 0, 2, 0),
        foreign(MAGIC, COUNTER_COUNT, 0, 0), foreign(MAGIC, COUNTER_COUNT, 2, 3),
        foreign(MAGIC, 5000, 1, 0),          foreign(MAGIC, COUNTER_COUNT, 0xffffffff, 0),
        open("/dev/null", O_RDWR),           -1
    };

    counter_add(COUNTER_MESSAGES, 7);
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        MUST(!counter_adopt(fds[i]));
        MUST(counter_get(COUNTER_MESSAGES) == 7 && counter_descriptor() == -1);
    }
    MUST(counter_share(2) && counter_get(COUNTER_MESSAGES) == 7 && counter_descriptor() >= 0);
    return 0;
}

/* Sharing is for the rest of a process's life: each in one of its own, before any other. */
static void run(int (*test)(void))
{
    int status;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0)
        _exit(test());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_adopt(void **state)
{
    (void)state;
    run(adopt_same);
    run(adopt_other);
    run(adopt_nonsense);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_adopt),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_processes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
