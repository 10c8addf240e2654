/*
 * detach: the starter ends when the daemon has told how it went, or has died; and with that code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/detach.h"

enum fate { TELLS_GOOD, TELLS_CONFIG, EXITS_CONFIG, EXITS_GOOD, KILLED };

/* What the daemon leaves behind for the test: a byte once it is done, its session, its directory.
 */
struct trace {
    pid_t pid, session;
    bool in_root, is_quiet;
};

static void run_daemon(struct detach *detach, enum fate fate, int trace_fd)
{
    struct trace trace = { .pid = getpid(), .session = getsid(0) };
    char directory[256], target[256] = "";

    trace.in_root = strcmp(getcwd(directory, sizeof(directory)), "/") == 0;
    if (fate == EXITS_CONFIG || fate == EXITS_GOOD)
        _exit(fate == EXITS_CONFIG ? 78 : 0);
    if (fate == KILLED)
        raise(SIGKILL);
    detach_tell(detach, fate == TELLS_GOOD ? 0 : 78);
    detach_tell(detach, 70); /* told is told */
    if (readlink("/proc/self/fd/2", target, sizeof(target) - 1) > 0)
        trace.is_quiet = strcmp(target, "/dev/null") == 0;
    _exit(write(trace_fd, &trace, sizeof(trace)) == sizeof(trace) ? 0 : 1);
}

/* The starter's code; the daemon's trace where it leaves one. */
static int run_starter(enum fate fate, struct trace *trace_r)
{
    int ends[2], status;
    pid_t pid;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        struct detach detach;
        struct error error;
        int code = 99;
        if (fate == EXITS_GOOD || fate == KILLED) /* the complaint is expected */
            detach_stdio();
        switch (detach_begin(&detach, &code, &error)) {
        case DETACH_STARTER:
            _exit(code);
        case DETACH_DAEMON:
            run_daemon(&detach, fate, ends[1]);
            break;
        case DETACH_FAILED:
            break;
        }
        _exit(98);
    }
    close(ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    memset(trace_r, 0, sizeof(*trace_r));
    if (read(ends[0], trace_r, sizeof(*trace_r)) != sizeof(*trace_r))
        trace_r->pid = 0;
    close(ends[0]);
    return WEXITSTATUS(status);
}

static void test_codes(void **state)
{
    static const struct {
        enum fate fate;
        int code;
    } cases[] = { { TELLS_GOOD, 0 },
                  { TELLS_CONFIG, 78 },
                  { EXITS_CONFIG, 78 },
                  { EXITS_GOOD, 70 }, /* gone without a word is no success */
                  { KILLED, 70 } };
    struct trace trace;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(run_starter(cases[i].fate, &trace), cases[i].code);
}

static void test_surroundings(void **state)
{
    struct trace trace;

    (void)state;
    assert_int_equal(run_starter(TELLS_GOOD, &trace), 0);
    assert_int_not_equal(trace.pid, 0);
    assert_int_equal(trace.session, trace.pid);
    assert_true(trace.in_root);
    assert_true(trace.is_quiet);
    assert_int_equal(run_starter(TELLS_CONFIG, &trace), 78);
    assert_false(trace.is_quiet); /* what it has to say is still heard */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_surroundings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
