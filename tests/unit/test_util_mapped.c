/*
 * mapped: a file that is cut while it is read through a map.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/mapped.h"

enum { BYTES = 3 * 4096, TOLD = 7 };

static struct sigaction handler; /* cmocka puts its own in its place */
static volatile char *map;

static void add_up(void *context)
{
    unsigned *sum = context;
    for (size_t i = 0; i < BYTES; i++) {
        *sum += (unsigned char)map[i];
    }
}

static void nothing(void *context)
{
    (void)context;
}

static int open_map(void)
{
    char name[] = "/tmp/mapped.XXXXXX", bytes[BYTES];
    int fd = mkstemp(name);
    memset(bytes, 1, sizeof(bytes));
    assert_true(fd >= 0 && write(fd, bytes, sizeof(bytes)) == BYTES);
    unlink(name);
    map = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
    assert_true(map != MAP_FAILED);
    return fd;
}

static void close_map(int fd)
{
    munmap((void *)map, BYTES);
    close(fd);
}

static void test_cut(void **state)
{
    struct sigaction other;
    int fd = open_map();
    unsigned sum = 0;
    (void)state;
    sigaction(SIGBUS, &handler, &other);
    for (int i = 0; i < 3; i++) {
        sum = 0;
        assert_int_equal(ftruncate(fd, BYTES), 0);
        assert_true(mapped_try(add_up, &sum));
        assert_int_equal(sum, i == 0 ? BYTES : 4096);
        assert_int_equal(ftruncate(fd, 4096), 0);
        assert_false(mapped_try(add_up, &sum)); /* and again, and again */
    }
    sigaction(SIGBUS, &other, NULL);
    close_map(fd);
}

static void tell(int number)
{
    (void)number;
    _exit(TOLD);
}

static int status_of(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* A fault elsewhere, and one that somebody sent, are those of the handler before. */
static void test_others(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        pid_t child = fork();
        if (child == 0) {
            unsigned sum = 0;
            int fd = open_map();
            sigaction(SIGBUS, &handler, NULL);
            if (i == 0 && ftruncate(fd, 0) == 0) {
                add_up(&sum);
            }
            raise(SIGBUS);
            _exit(0);
        }
        assert_int_equal(status_of(child), TOLD << 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cut), cmocka_unit_test(test_others) };
    signal(SIGBUS, tell);
    (void)mapped_try(nothing, NULL);
    sigaction(SIGBUS, NULL, &handler);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
