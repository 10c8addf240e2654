/*
 * supervisor: children are started, replaced, told to reload and to drain; a start that fails says
 * so; a child that cannot live does not make the parent spin.
 *
 * The supervisor runs in a process of its own; its children and the test look at one piece of
 * shared memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/supervisor.h"
#include "log/log.h"
#include "util/clock.h"

#define SLOTS_MAX 3

struct shared {
    _Atomic int pid[SLOTS_MAX]; /* of the last child */
    _Atomic int starts[SLOTS_MAX], reloads[SLOTS_MAX], drains[SLOTS_MAX];
    _Atomic int ready_calls, drain_calls;
    _Atomic int ready_when_called; /* children that had been ready then */
    _Atomic int ready_children;
    _Atomic int reload_others; /* slot + 1 that is to ask for it at its next reload */
    _Atomic int retirements;   /* LINK_RETIRE heard */
    _Atomic int old_pid[SLOTS_MAX], old_drains;
    _Atomic int die; /* children that wait for it end */
    _Atomic int is_ready[SLOTS_MAX];
    uint64_t started_ns[16]; /* of slot 0 */
};

static struct shared *shared;

static int shared_new(void **state)
{
    (void)state;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED;
}

static int shared_free(void **state)
{
    (void)state;
    return munmap(shared, sizeof(*shared));
}

/* --- what runs in the supervisor's process --------------------------------------------------- */

static const char *slot_name(void *context, size_t slot)
{
    static const char *const names[SLOTS_MAX] = { "zero", "one", "two" };

    (void)context;
    return names[slot];
}

static int listening_fd = -1;

static int slot_socket(void *context, size_t slot)
{
    (void)context;
    (void)slot;
    return listening_fd;
}

static void on_ready(void *context)
{
    (void)context;
    shared->ready_when_called = shared->ready_children;
    shared->ready_calls++;
}

static void on_drain(void *context)
{
    (void)context;
    shared->drain_calls++;
}

/* --- children -------------------------------------------------------------------------------- */

static void child_begins(const struct child_link *link)
{
    int start = shared->starts[link->slot]++;

    if (link->slot == 0 && start < 16)
        shared->started_ns[start] = clock_mono_ns(&clock_system);
    shared->pid[link->slot] = getpid();
}

static void child_is_ready(const struct child_link *link)
{
    shared->ready_children++;
    child_link_ready(link);
}

static int wait_signal(void)
{
    sigset_t wanted;
    int number = 0;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGUSR2);
    sigwait(&wanted, &number);
    return number;
}

/* As a good child does. */
static int child_good(void *context, const struct child_link *link)
{
    (void)context;
    child_begins(link);
    child_is_ready(link);
    for (;;) {
        if (wait_signal() == SIGUSR2) {
            shared->drains[link->slot]++;
            return 0;
        }
        shared->reloads[link->slot]++;
        if (shared->reload_others == (int)link->slot + 1) {
            shared->reload_others = 0;
            child_link_reload_others(link);
        }
    }
}

/* Takes the signal to drain and goes on. */
static int child_deaf(void *context, const struct child_link *link)
{
    (void)context;
    child_begins(link);
    child_is_ready(link);
    while (shared->drains[link->slot] < 1000) {
        if (wait_signal() == SIGUSR2)
            shared->drains[link->slot]++;
    }
    return 1;
}

static int child_config(void *context, const struct child_link *link)
{
    (void)context;
    child_begins(link);
    if (link->slot == 1)
        return 78;
    child_is_ready(link);
    return wait_signal() == SIGUSR2 ? 0 : 1;
}

static int child_crashes(void *context, const struct child_link *link)
{
    (void)context;
    child_begins(link);
    raise(SIGKILL);
    return 0;
}

static int child_leaves(void *context, const struct child_link *link)
{
    (void)context;
    child_begins(link);
    return 0;
}

/* Lives once, then never again. */
static int child_mayfly(void *context, const struct child_link *link)
{
    if (link->deaths == 0)
        return child_good(context, link);
    child_begins(link);
    return 1;
}

/* Serves, and ends when it is told to retire; a signal to drain is counted. In slot 1: never
 * serves, and dies when the test says so. */
static int child_attempt(void *context, const struct child_link *link)
{
    static const struct timespec moment = { .tv_nsec = 10000000 };
    char text[LINK_TEXT_MAX + 1];
    enum link_word word;
    sigset_t drain;

    (void)context;
    child_begins(link);
    sigemptyset(&drain);
    sigaddset(&drain, SIGUSR2);
    if (link->slot == 0)
        child_is_ready(link);
    for (;;) {
        if (sigtimedwait(&drain, NULL, &moment) == SIGUSR2) {
            shared->drains[link->slot]++;
            if (link->deaths > 0)
                return 0;
        }
        if (link->slot == 1 && link->deaths == 0 && shared->die)
            return 1;
        if (link->deaths > 0 && !shared->is_ready[link->slot]) {
            shared->is_ready[link->slot] = 1;
            child_link_ready(link);
        }
        if (link_hear(link->fd, &word, text) == LINK_WORD && word == LINK_RETIRE) {
            shared->retirements++;
            return 0;
        }
    }
}

/* --- children of the program before ---------------------------------------------------------- */

static _Noreturn void old_child(size_t slot)
{
    shared->old_pid[slot] = getpid();
    while (wait_signal() != SIGUSR2)
        ;
    shared->old_drains++;
    _exit(0);
}

/* As they are found after exec. */
static void fork_old(struct process *process, size_t slot)
{
    struct child_link link;
    sigset_t blocked;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    if (process_fork(slot, false, process, &link) == 0)
        old_child(slot);
    process->state = PROCESS_SERVING;
    process->is_adopted = true;
    process->ready_ms = 1;
}

/* --- the test's side ------------------------------------------------------------------------- */

typedef int child_function(void *context, const struct child_link *link);

static pid_t supervise(size_t slots, int grace_ms, child_function *child)
{
    struct supervisor_job job = { .slots = slots,
                                  .grace_ms = grace_ms,
                                  .child = child,
                                  .slot_name = slot_name,
                                  .on_ready = on_ready,
                                  .on_drain = on_drain,
                                  .slot_socket = slot_socket };
    pid_t pid = fork();

    if (pid == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(99);
        log_open_stderr("test");
        _exit(supervisor_run(&job));
    }
    assert_true(pid > 0);
    return pid;
}

static size_t go_back(void *context)
{
    (void)context;
    return 3;
}

/* In place of another program, of which two children serve in slots 0 and 2 of 3; what was 0 is 1
 * now, and what was 2 is no more. */
static pid_t supervise_in_place(child_function *child)
{
    struct process old[2];
    struct supervisor_job job = { .slots = 2,
                                  .former_slots = 3,
                                  .go_back = go_back,
                                  .grace_ms = 10000,
                                  .child = child,
                                  .slot_name = slot_name,
                                  .slot_socket = slot_socket,
                                  .is_in_place = true,
                                  .adopted = old,
                                  .adopted_count = 2 };
    pid_t pid = fork();

    if (pid == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(99);
        log_open_stderr("test");
        fork_old(&old[0], 0);
        fork_old(&old[1], 2);
        old[0].slot = 1;
        old[0].former_slot = 0;
        old[1].slot = PROCESS_NO_SLOT;
        old[1].former_slot = 2;
        _exit(supervisor_run(&job));
    }
    assert_true(pid > 0);
    return pid;
}

/* What it ended with; 1000 and more: signals; fails after 20 s. */
static int end_of(pid_t pid)
{
    int status;

    for (int i = 0; i < 2000; i++) {
        pid_t done = waitpid(pid, &status, WNOHANG);
        if (done == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
        poll(NULL, 0, 10);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return -1;
}

static void await(_Atomic int *value, int wanted)
{
    for (int i = 0; i < 2000 && *value < wanted; i++)
        poll(NULL, 0, 10);
    assert_int_equal(*value, wanted);
}

static void test_life(void **state)
{
    pid_t pid = supervise(3, 10000, child_good);

    (void)state;
    await(&shared->ready_calls, 1);
    assert_int_equal(shared->ready_when_called, 3);
    kill(pid, SIGHUP);
    for (int i = 0; i < 3; i++)
        await(&shared->reloads[i], 1);
    shared->reload_others = 2;
    kill(shared->pid[1], SIGUSR1);
    await(&shared->reloads[0], 2);
    await(&shared->reloads[2], 2);
    assert_int_equal(shared->reloads[1], 2); /* the one it was told by hand */
    kill(pid, SIGTERM);
    assert_int_equal(end_of(pid), 0);
    assert_int_equal(shared->drain_calls, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(shared->drains[i], 1);
        assert_int_equal(shared->starts[i], 1);
    }
}

static void test_interrupt_drains(void **state)
{
    pid_t pid = supervise(1, 10000, child_good);

    (void)state;
    await(&shared->ready_calls, 1);
    kill(pid, SIGINT);
    assert_int_equal(end_of(pid), 0);
    assert_int_equal(shared->drains[0], 1);
}

static void test_replaced(void **state)
{
    pid_t pid = supervise(2, 10000, child_good);
    int old;

    (void)state;
    await(&shared->ready_calls, 1);
    old = shared->pid[0];
    kill(old, SIGKILL);
    await(&shared->ready_children, 3);
    assert_int_not_equal(shared->pid[0], old);
    assert_int_equal(shared->starts[1], 1);
    assert_int_equal(shared->ready_calls, 1); /* the start succeeded once */
    kill(pid, SIGTERM);
    assert_int_equal(end_of(pid), 0);
}

/* A child that cannot live is tried again after pauses that grow; meanwhile whoever connects is
 * turned away at once instead of hanging. */
static void test_never_spins(void **state)
{
    struct sockaddr address = { .sa_family = AF_UNIX }; /* autobind: a name of no file */
    struct sockaddr_un bound;
    socklen_t size = sizeof(bound);
    char byte;
    pid_t pid;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    listening_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(listening_fd, &address, sizeof(address.sa_family)), 0);
    assert_int_equal(listen(listening_fd, 5), 0);
    assert_int_equal(getsockname(listening_fd, (struct sockaddr *)&bound, &size), 0);
    pid = supervise(1, 10000, child_mayfly);
    await(&shared->ready_calls, 1);
    kill(shared->pid[0], SIGKILL);
    await(&shared->starts[0], 3);
    assert_int_equal(connect(fd, (struct sockaddr *)&bound, size), 0);
    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
    await(&shared->starts[0], 4);
    kill(pid, SIGTERM);
    assert_int_equal(end_of(pid), 0);
    assert_true(shared->started_ns[2] - shared->started_ns[1] >= 990000000u);
    assert_true(shared->started_ns[3] - shared->started_ns[2] >= 1990000000u);
    close(listening_fd);
    listening_fd = -1;
}

/* Two in one breath are one; one that comes later ends it at once. */
static void test_second_term(void **state)
{
    pid_t pid = supervise(2, 60000, child_deaf);
    uint64_t began_ns = clock_mono_ns(&clock_system);
    int status;

    (void)state;
    await(&shared->ready_calls, 1);
    kill(pid, SIGTERM);
    await(&shared->drains[0], 1);
    await(&shared->drains[1], 1);
    do {
        kill(pid, SIGTERM);
        poll(NULL, 0, 20);
    } while (waitpid(pid, &status, WNOHANG) == 0 &&
             clock_mono_ns(&clock_system) - began_ns < 20000000000u);
    assert_true(clock_mono_ns(&clock_system) - began_ns >= 500000000u);
    assert_int_equal(status, 0);
    assert_int_equal(shared->drains[0], 1); /* told to drain once */
}

static void test_grace(void **state)
{
    pid_t pid = supervise(1, 200, child_deaf);

    (void)state;
    await(&shared->ready_calls, 1);
    kill(pid, SIGTERM);
    assert_int_equal(end_of(pid), 0);
    assert_int_equal(shared->drains[0], 1);
}

/* A start ends with what the first child to fail ended with, and no child is left over. */
static void test_failed_starts(void **state)
{
    static const struct {
        child_function *child;
        size_t slots;
        int code;
    } cases[] = { { child_config, 2, 78 }, { child_crashes, 1, 70 }, { child_leaves, 1, 70 } };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        memset(shared, 0, sizeof(*shared));
        assert_int_equal(end_of(supervise(cases[i].slots, 10000, cases[i].child)), cases[i].code);
        assert_int_equal(shared->ready_calls, 0);
        if (shared->pid[0] != 0) {
            assert_int_equal(kill(shared->pid[0], 0), -1);
            assert_int_equal(errno, ESRCH);
        }
    }
}

/*
 * A restart that comes to nothing: one of the new processes serves already, so it is told to let
 * its sessions end; those of before hear nothing of it. Slots are those of before again: the one
 * that nobody serves gets a process, and so does one whose process dies.
 */
static void test_failed_restart(void **state)
{
    pid_t pid = supervise_in_place(child_attempt);

    (void)state;
    await(&shared->ready_children, 1);
    await(&shared->starts[1], 1);
    shared->die = 1;
    await(&shared->retirements, 1);
    await(&shared->is_ready[1], 1);
    assert_int_equal(shared->drains[0], 0);
    assert_int_equal(shared->old_drains, 0);
    kill(shared->old_pid[2], SIGKILL);
    await(&shared->is_ready[2], 1);
    kill(shared->old_pid[0], SIGKILL);
    await(&shared->is_ready[0], 1);
    assert_int_equal(shared->starts[0], 2);
    assert_int_equal(shared->starts[1], 2);
    assert_int_equal(shared->starts[2], 1);
    kill(pid, SIGTERM);
    assert_int_equal(end_of(pid), 0);
    for (int i = 0; i < SLOTS_MAX; i++)
        assert_int_equal(shared->drains[i], 1);
}

#define WITH_SHARED(test) cmocka_unit_test_setup_teardown(test, shared_new, shared_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SHARED(test_life),          WITH_SHARED(test_interrupt_drains),
        WITH_SHARED(test_replaced),      WITH_SHARED(test_never_spins),
        WITH_SHARED(test_second_term),   WITH_SHARED(test_grace),
        WITH_SHARED(test_failed_starts), WITH_SHARED(test_failed_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
