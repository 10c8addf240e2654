/*
 * takeover: what one program hands over arrives in the one that takes its place; whatever is not
 * understood is told and nothing else.
 *
 * Started with "--successor" this program is the other one: it takes what it is offered and ends
 * with 0 when it is what was sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/takeover.h"

#define VARIABLE "EGRESS_MILTER_TAKEOVER"
#define SPEC_0 "unix:/run/x y.sock"
#define SPEC_1 "inet:8891@127.0.0.1"
#define CONTROL "/run/control.sock"

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            dprintf(STDERR_FILENO, "line %d: %s\n", __LINE__, #condition);                         \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static void release(struct takeover *takeover)
{
    sockets_close(&takeover->sockets, false);
    free(takeover->processes);
}

static int check_sockets(const struct sockets *sockets)
{
    MUST(sockets->count == 3);
    MUST(strcmp(sockets->milter[0].spec, SPEC_0) == 0);
    MUST(strcmp(sockets->milter[0].listener.path, &SPEC_0[5]) == 0);
    MUST(sockets->milter[0].listener.device == 7 &&
         sockets->milter[0].listener.inode == 1234567890123);
    MUST(!sockets->milter[0].is_passed);
    MUST(strcmp(sockets->milter[1].spec, SPEC_1) == 0 && sockets->milter[1].listener.path == NULL);
    MUST(sockets->milter[1].is_passed);
    MUST(sockets->milter[2].listener.fd == -1);
    MUST(strcmp(sockets->control.spec, CONTROL) == 0);
    MUST(strcmp(sockets->control.listener.path, CONTROL) == 0);
    MUST(fcntl(sockets->milter[0].listener.fd, F_GETFD) == FD_CLOEXEC);
    MUST(fcntl(sockets->milter[1].listener.fd, F_GETFD) == FD_CLOEXEC);
    MUST(fcntl(sockets->control.listener.fd, F_GETFD) == FD_CLOEXEC);
    return 0;
}

static int check_processes(const struct takeover *takeover)
{
    const struct process *process = takeover->processes;

    MUST(takeover->process_count == 3);
    MUST(process[0].pid == 4000 && process[0].slot == 1 && process[0].row == 12);
    MUST(process[0].state == PROCESS_SERVING && process[0].is_adopted && process[0].tells_life);
    MUST(fcntl(process[0].link_fd, F_GETFD) == FD_CLOEXEC);
    MUST(fcntl(process[0].voice_fd, F_GETFD) == FD_CLOEXEC);
    MUST(process[1].slot == PROCESS_NO_SLOT && process[1].state == PROCESS_RETIRING);
    MUST(process[1].link_fd == -1 && process[1].voice_fd == -1 && !process[1].tells_life);
    MUST(process[2].slot == PROCESS_NO_SLOT); /* there is no such slot */
    return 0;
}

static int succeed(void)
{
    struct takeover takeover;
    struct error error;

    MUST(takeover_is_offered());
    MUST(takeover_take(&takeover, &error));
    MUST(!takeover_is_offered());
    MUST(takeover.started_s == 1772366400);
    MUST(fcntl(takeover.counters_fd, F_GETFD) == FD_CLOEXEC);
    MUST(takeover.last_good_fd == -1);
    MUST(fcntl(takeover.plan_fd, F_GETFD) == FD_CLOEXEC);
    MUST(fcntl(takeover.seat.requests_fd, F_GETFD) == FD_CLOEXEC);
    MUST(fcntl(takeover.seat.door_fd, F_GETFD) == FD_CLOEXEC);
    MUST(takeover.seat.pid == 4003);
    MUST(check_sockets(&takeover.sockets) == 0 && check_processes(&takeover) == 0);
    release(&takeover);
    return 0;
}

static int null_fd(void)
{
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static void fill(struct takeover *takeover, struct bound bounds[3], struct process processes[3])
{
    bounds[0] = (struct bound){ .spec = (char *)(uintptr_t)SPEC_0,
                                .listener = { .fd = null_fd(),
                                              .path = (char *)(uintptr_t)(&SPEC_0[5]),
                                              .device = 7,
                                              .inode = 1234567890123 } };
    bounds[1] = (struct bound){ .spec = (char *)(uintptr_t)SPEC_1,
                                .listener = { .fd = null_fd() },
                                .is_passed = true };
    bounds[2] = (struct bound){ .spec = (char *)(uintptr_t)SPEC_1, .listener = { .fd = -1 } };
    processes[0] = (struct process){ .pid = 4000,
                                     .slot = 1,
                                     .row = 12,
                                     .state = PROCESS_SERVING,
                                     .link_fd = null_fd(),
                                     .voice_fd = null_fd(),
                                     .tells_life = true };
    processes[1] = (struct process){ .pid = 4001,
                                     .slot = PROCESS_NO_SLOT,
                                     .state = PROCESS_RETIRING,
                                     .link_fd = -1,
                                     .voice_fd = -1 };
    processes[2] = (struct process){ .pid = 4002, .slot = 3, .link_fd = -1, .voice_fd = -1 };
    *takeover = (struct takeover){
        .started_s = 1772366400,
        .counters_fd = null_fd(),
        .last_good_fd = -1,
        .plan_fd = null_fd(),
        .seat = { .requests_fd = null_fd(), .door_fd = null_fd(), .pid = 4003 },
        .sockets = { bounds,
                     3,
                     { .spec = (char *)(uintptr_t)CONTROL,
                       .listener = { .fd = null_fd(), .path = (char *)(uintptr_t)CONTROL } } },
        .processes = processes,
        .process_count = 3
    };
}

static void test_successor(void **state)
{
    const char *const argv[] = { "/proc/self/exe", "--successor", NULL };
    int status;
    pid_t pid;

    (void)state;
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        struct takeover takeover;
        struct bound bounds[3];
        struct process processes[3];
        struct error error;
        fill(&takeover, bounds, processes);
        takeover_exec(&takeover, argv, &error);
        _exit(99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* A program that cannot be run leaves everything as it was. */
static void test_no_successor(void **state)
{
    const char *const argv[] = { "/nowhere/egress-milter", NULL };
    struct takeover takeover;
    struct bound bounds[3];
    struct process processes[3];
    struct error error = { "" };

    (void)state;
    fill(&takeover, bounds, processes);
    takeover_exec(&takeover, argv, &error);
    assert_non_null(strstr(error.text, "/nowhere/egress-milter"));
    assert_false(takeover_is_offered());
    assert_int_equal(fcntl(takeover.counters_fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(bounds[0].listener.fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(processes[0].link_fd, F_GETFD), FD_CLOEXEC);
    close(takeover.counters_fd);
    close(takeover.plan_fd);
    runner_seat_close(&takeover.seat);
    close(takeover.sockets.control.listener.fd);
    close(bounds[0].listener.fd);
    close(bounds[1].listener.fd);
    close(processes[0].link_fd);
    close(processes[0].voice_fd);
}

static bool take(const char *text, size_t size, struct takeover *takeover, struct error *error)
{
    char number[16];
    int fd = memfd_create("test", MFD_CLOEXEC);

    assert_int_equal(write(fd, text, size), (ssize_t)size);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    snprintf(number, sizeof(number), "%d", fd);
    setenv(VARIABLE, number, 1);
    error->text[0] = '\0';
    if (takeover_take(takeover, error))
        return true;
    close(fd);
    return false;
}

#define FIRST "egress-milter takeover 1\n"

static void test_texts(void **state)
{
    static const struct {
        const char *text, *says; /* says NULL: it is taken */
    } cases[] = {
        { FIRST "end\n", NULL },
        { FIRST "end", NULL },
        { FIRST "weather fine\nsocket-options 7\n\nend\nsocket nonsense\n", NULL },
        { FIRST "started 5\ncounters -1\nend\n", NULL },
        { FIRST "socket -1 0 0 0 0 unix:/x 9 9\nend\n", NULL },
        { FIRST "process 2 -1 0 2 -1 -1 0 what a later version adds\nend\n", NULL },
        { "", "another version: \"\"" },
        { "garbage", "another version: \"garbage\"" },
        { "egress-milter takeover 2\nend\n", "another version: \"egress-milter takeover 2\"" },
        { FIRST, "incomplete" },
        { FIRST "started 5\nsocket -1 0 0 0 0 x\n", "incomplete" },
        { FIRST "started soon\nend\n", "\"started soon\"" },
        { FIRST "counters x\nend\n", "\"counters x\"" },
        { FIRST "plan x\nend\n", "\"plan x\"" },
        { FIRST "socket 3 1 2 1 0\nend\n", "\"socket 3 1 2 1 0\"" },
        { FIRST "socket -2 1 2 1 0 x\nend\n", "\"socket -2 1 2 1 0 x\"" },
        { FIRST "control -1 0 0 0 0 x\ncontrol -1 0 0 0 0 x\nend\n", "\"control -1" },
        { FIRST "process 1 0 0 1 -1 -1 0\nend\n", "\"process 1" },
        { FIRST "process 10 0 0 3 -1 -1 0\nend\n", "\"process 10" },
        { FIRST "process 10 0 0 -1 -1 -1 0\nend\n", "\"process 10" },
        { FIRST "process 10 0 0 1 -1\nend\n", "\"process 10" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct takeover takeover;
        struct error error;
        bool is_good = take(cases[i].text, strlen(cases[i].text), &takeover, &error);
        if (is_good != (cases[i].says == NULL) ||
            (!is_good && strstr(error.text, cases[i].says) == NULL))
            fail_msg("%s: %s", cases[i].text, error.text);
        assert_false(takeover_is_offered());
        release(&takeover);
    }
}

/* Cut anywhere but behind its last line it is incomplete, or its last line is not readable. */
static void test_truncated(void **state)
{
    static const char text[] = FIRST "started 1772366400\ncounters -1\n"
                                     "socket -1 7 99 1 0 unix:/x\ncontrol -1 7 98 1 0 /c\n"
                                     "process 4000 0 1 1 -1 -1 1\nend";
    struct takeover takeover;
    struct error error;

    (void)state;
    for (size_t size = 0; size < sizeof(text) - 1; size++) {
        assert_false(take(text, size, &takeover, &error));
        assert_true(error.text[0] != '\0');
        release(&takeover);
    }
    assert_true(take(text, sizeof(text) - 1, &takeover, &error));
    assert_int_equal(takeover.process_count, 1);
    assert_int_equal(takeover.processes[0].slot, 0);
    release(&takeover);
}

/* Whatever a variable may name. */
static void test_no_text(void **state)
{
    static const char *const names[] = { "-1", "9999", "x" };
    struct takeover takeover;
    struct error error;
    int null = open("/dev/null", O_RDONLY), in = dup(STDIN_FILENO);

    (void)state;
    dup2(null, STDIN_FILENO); /* "x" is read as 0 */
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        setenv(VARIABLE, names[i], 1);
        assert_false(takeover_take(&takeover, &error));
        release(&takeover);
    }
    dup2(in, STDIN_FILENO);
    close(in);
    close(null);
}

static int written(const char *text)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static bool ask(int fd, struct error *error)
{
    char number[16];
    int asked = dup(fd); /* it is closed with the answer */

    snprintf(number, sizeof(number), "%d", asked);
    setenv(TAKEOVER_QUESTION, number, 1);
    error->text[0] = '\0';
    return takeover_answer(error);
}

/* What can be taken is answered, what cannot is not; nothing of it is touched. */
static void test_answers(void **state)
{
    static const struct {
        const char *text, *says; /* says NULL: it is understood */
    } cases[] = {
        { FIRST "socket 0 7 99 1 0 unix:/x\ncontrol 1 7 98 1 0 /c\nprocess 4000 0 1 1 2 2 1\nend\n",
          NULL },
        { FIRST "of later versions\nend\n", NULL },
        { "egress-milter takeover 2\nend\n", "another version" },
        { FIRST "process 10 0 0 1 -1\nend\n", "\"process 10" },
        { FIRST, "incomplete" },
    };
    struct error error;

    (void)state;
    assert_true(takeover_answer(&error)); /* nobody asks */
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int fd = written(cases[i].text);
        assert_false(takeover_is_answered(fd));
        lseek(fd, 0, SEEK_SET);
        assert_int_equal(ask(fd, &error), cases[i].says == NULL);
        assert_int_equal(takeover_is_answered(fd), cases[i].says == NULL);
        if (cases[i].says != NULL)
            assert_non_null(strstr(error.text, cases[i].says));
        assert_null(getenv(TAKEOVER_QUESTION));
        close(fd);
    }
    for (int fd = 0; fd < 3; fd++)
        assert_true(fcntl(fd, F_GETFD) >= 0);
}

static void test_what_is_written(void **state)
{
    struct takeover takeover;
    struct bound bounds[3];
    struct process processes[3];
    struct error error;
    int fd;

    (void)state;
    fill(&takeover, bounds, processes);
    fd = takeover_write(&takeover, &error);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_false(takeover_is_answered(fd));
    lseek(fd, 0, SEEK_SET);
    assert_true(ask(fd, &error));
    assert_true(takeover_is_answered(fd));
    close(fd);
    close(takeover.counters_fd);
    close(takeover.plan_fd);
    runner_seat_close(&takeover.seat);
    close(takeover.sockets.control.listener.fd);
    close(bounds[0].listener.fd);
    close(bounds[1].listener.fd);
    close(processes[0].link_fd);
    close(processes[0].voice_fd);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_successor),       cmocka_unit_test(test_no_successor),
        cmocka_unit_test(test_texts),           cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_no_text),         cmocka_unit_test(test_answers),
        cmocka_unit_test(test_what_is_written),
    };

    if (argc == 2 && strcmp(argv[1], "--successor") == 0)
        return succeed();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
