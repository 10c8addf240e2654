/*
 * supervisor: poll over a signalfd and one pipe per child.
 *
 * A child that dies is replaced at once; one that died more than DEATHS_MAX times within
 * DEATHS_WINDOW_MS is replaced after a pause, so that a child that cannot live costs no processor.
 * Should the parent die, the kernel drains the children (PR_SET_PDEATHSIG, see child.c).
 */
#include "daemon/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/options.h"
#include "log/counter.h"
#include "log/log.h"
#include "util/clock.h"

#define DEATHS_MAX 5
#define DEATHS_WINDOW_MS 10000
#define PAUSE_MS 1000
#define SAME_BREATH_MS 500

enum child_word { WORD_READY = 'r', WORD_RELOAD_OTHERS = 'l' };

struct slot {
    pid_t pid; /* 0: none */
    int fd;    /* our end of its pipe; -1: none */
    bool was_ready;
    unsigned deaths;
    uint64_t died_ms[DEATHS_MAX]; /* ring: the last deaths */
    uint64_t start_ms;            /* when to start the next, if there is none */
};

struct supervisor {
    const struct supervisor_job *job;
    struct slot *slots;
    struct pollfd *polled; /* the slots, then the signals */
    int signal_fd;
    bool is_ready; /* all children were, once */
    bool is_draining;
    bool is_over;      /* ends with `code` */
    uint64_t drain_ms; /* when it began */
    uint64_t kill_ms;
    int code;
};

static uint64_t now_ms(void)
{
    return clock_mono_ns(&clock_system) / 1000000;
}

/* --- the child's side ------------------------------------------------------------------------ */

static void child_say(const struct child_link *link, enum child_word word)
{
    unsigned char byte = (unsigned char)word;

    while (write(link->fd, &byte, 1) < 0 && errno == EINTR)
        ; /* EPIPE: the parent is gone, and the kernel tells us so by its own way */
}

void child_link_ready(const struct child_link *link)
{
    child_say(link, WORD_READY);
}

void child_link_reload_others(const struct child_link *link)
{
    child_say(link, WORD_RELOAD_OTHERS);
}

/* --- children ------------------------------------------------------------------------------ */

static void slot_close(struct slot *slot)
{
    if (slot->fd >= 0)
        close(slot->fd);
    slot->fd = -1;
}

/* What the parent holds and a child must not: above all the ends of the other children's pipes. */
static void supervisor_abandon(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->job->slots; i++)
        slot_close(&supervisor->slots[i]);
    if (supervisor->signal_fd >= 0)
        close(supervisor->signal_fd);
    free(supervisor->slots);
    free(supervisor->polled);
}

static _Noreturn void child_main(struct supervisor *supervisor, struct child_link link)
{
    const struct supervisor_job *job = supervisor->job;
    sigset_t own;
    int code;

    supervisor_abandon(supervisor);
    sigemptyset(&own);
    sigaddset(&own, SIGCHLD);
    sigprocmask(SIG_UNBLOCK, &own, NULL);
    counter_use_slot(link.slot);
    code = job->child(job->context, &link);
    /* Not exit(): a library's threads may still be at work and need what its handlers take apart.
     */
    fflush(NULL);
    _exit(code);
}

static bool slot_start(struct supervisor *supervisor, size_t index)
{
    struct slot *slot = &supervisor->slots[index];
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child_main(supervisor, (struct child_link){ ends[1], index, slot->deaths });
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return false;
    }
    slot->pid = pid;
    slot->fd = ends[0];
    return true;
}

static void start_missing(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->job->slots && !supervisor->is_over; i++) {
        struct slot *slot = &supervisor->slots[i];
        if (slot->pid != 0 || supervisor->is_draining || slot->start_ms > now_ms())
            continue;
        if (slot_start(supervisor, i))
            continue;
        log_write(LOG_LEVEL_ERR, "cannot start a process for %s: %m",
                  supervisor->job->slot_name(supervisor->job->context, i));
        slot->start_ms = now_ms() + PAUSE_MS;
        if (!supervisor->is_ready) {
            supervisor->is_over = true;
            supervisor->code = DAEMON_INTERNAL;
        }
    }
}

static void signal_children(const struct supervisor *supervisor, int number, size_t except)
{
    for (size_t i = 0; i < supervisor->job->slots; i++) {
        if (supervisor->slots[i].pid != 0 && i != except)
            kill(supervisor->slots[i].pid, number);
    }
}

static void log_death(const struct supervisor *supervisor, size_t index, pid_t pid, int status)
{
    const char *name = supervisor->job->slot_name(supervisor->job->context, index);
    long number = (long)pid;

    if (WIFSIGNALED(status))
        log_write(LOG_LEVEL_ERR, "process %ld of %s died of signal %d (%s)", number, name,
                  WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (!supervisor->is_draining || WEXITSTATUS(status) != 0)
        log_write(LOG_LEVEL_ERR, "process %ld of %s ended with code %d", number, name,
                  WEXITSTATUS(status));
}

/* At once, unless this slot has seen too many deaths lately. */
static void plan_restart(struct slot *slot)
{
    uint64_t now = now_ms();
    uint64_t oldest = slot->died_ms[slot->deaths % DEATHS_MAX];
    bool too_many = slot->deaths >= DEATHS_MAX && now - oldest < DEATHS_WINDOW_MS;

    slot->died_ms[slot->deaths++ % DEATHS_MAX] = now;
    slot->start_ms = too_many ? now + PAUSE_MS : now;
}

static void slot_died(struct supervisor *supervisor, size_t index, int status)
{
    struct slot *slot = &supervisor->slots[index];
    pid_t pid = slot->pid;

    slot->pid = 0;
    slot_close(slot);
    if (supervisor->job->on_death != NULL)
        supervisor->job->on_death(supervisor->job->context, index);
    if (!supervisor->is_draining && !supervisor->is_ready) {
        /* It has said why; a signal has not. */
        if (WIFSIGNALED(status))
            log_death(supervisor, index, pid, status);
        supervisor->is_over = true;
        supervisor->code =
            WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : DAEMON_INTERNAL;
        return;
    }
    log_death(supervisor, index, pid, status);
    if (!supervisor->is_draining) {
        counter_add(COUNTER_CHILD_DEATHS, 1);
        plan_restart(slot);
    }
}

static void reap(struct supervisor *supervisor)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < supervisor->job->slots; i++) {
            if (supervisor->slots[i].pid == pid)
                slot_died(supervisor, i, status);
        }
    }
}

/* --- events -------------------------------------------------------------------------------- */

/* Told twice means at once; but timeout(1) and the like tell a process and its group in one breath.
 */
static void drain(struct supervisor *supervisor)
{
    if (supervisor->is_draining) {
        if (now_ms() - supervisor->drain_ms >= SAME_BREATH_MS)
            signal_children(supervisor, SIGKILL, SIZE_MAX);
        return;
    }
    supervisor->is_draining = true;
    supervisor->drain_ms = now_ms();
    supervisor->kill_ms = now_ms() + (uint64_t)supervisor->job->grace_ms;
    if (supervisor->job->on_drain != NULL)
        supervisor->job->on_drain(supervisor->job->context);
    signal_children(supervisor, SIGUSR2, SIZE_MAX);
}

static void take_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;

    while (read(supervisor->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGHUP:
            signal_children(supervisor, SIGUSR1, SIZE_MAX);
            break;
        case SIGTERM:
        case SIGINT:
            drain(supervisor);
            break;
        default:
            break; /* SIGCHLD: reap() looks every round */
        }
    }
}

static void slot_ready(struct supervisor *supervisor, size_t index)
{
    size_t ready = 0;

    supervisor->slots[index].was_ready = true;
    for (size_t i = 0; i < supervisor->job->slots; i++)
        ready += supervisor->slots[i].was_ready;
    if (supervisor->is_ready || ready < supervisor->job->slots)
        return;
    supervisor->is_ready = true;
    if (supervisor->job->on_ready != NULL)
        supervisor->job->on_ready(supervisor->job->context);
}

static void take_words(struct supervisor *supervisor, size_t index)
{
    struct slot *slot = &supervisor->slots[index];
    unsigned char word;
    ssize_t size;

    while ((size = read(slot->fd, &word, 1)) == 1) {
        if (word == WORD_READY)
            slot_ready(supervisor, index);
        else if (word == WORD_RELOAD_OTHERS)
            signal_children(supervisor, SIGUSR1, index);
    }
    if (size == 0 || (errno != EAGAIN && errno != EINTR))
        slot_close(slot); /* closed on its side; its death will be reported */
}

/* Milliseconds until something is due; -1: nothing is. */
static int wait_ms(const struct supervisor *supervisor)
{
    uint64_t now = now_ms(), due = UINT64_MAX;

    if (supervisor->is_draining)
        due = supervisor->kill_ms;
    for (size_t i = 0; i < supervisor->job->slots && !supervisor->is_draining; i++) {
        const struct slot *slot = &supervisor->slots[i];
        if (slot->pid == 0 && slot->start_ms < due)
            due = slot->start_ms;
    }
    if (due == UINT64_MAX)
        return -1;
    return due > now ? (int)(due - now) : 0;
}

static bool has_children(const struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->job->slots; i++) {
        if (supervisor->slots[i].pid != 0)
            return true;
    }
    return false;
}

static void round_once(struct supervisor *supervisor)
{
    size_t slots = supervisor->job->slots;

    for (size_t i = 0; i < slots; i++)
        supervisor->polled[i] = (struct pollfd){ supervisor->slots[i].fd, POLLIN, 0 };
    supervisor->polled[slots] = (struct pollfd){ supervisor->signal_fd, POLLIN, 0 };
    if (poll(supervisor->polled, slots + 1, wait_ms(supervisor)) < 0 && errno != EINTR) {
        log_write(LOG_LEVEL_ERR, "poll: %m");
        poll(NULL, 0, 100); /* it may pass, and must not spin */
    }
    for (size_t i = 0; i < slots; i++) {
        if (supervisor->polled[i].revents != 0 && supervisor->slots[i].fd >= 0)
            take_words(supervisor, i);
    }
    take_signals(supervisor);
    reap(supervisor);
    if (supervisor->is_draining && now_ms() >= supervisor->kill_ms) {
        log_write(LOG_LEVEL_WARNING, "a process did not end in time and is killed");
        signal_children(supervisor, SIGKILL, SIZE_MAX);
        supervisor->kill_ms = now_ms() + PAUSE_MS;
    }
}

/* A start that failed takes the children along that had already begun. */
static void end_children(struct supervisor *supervisor)
{
    signal_children(supervisor, SIGKILL, SIZE_MAX);
    for (size_t i = 0; i < supervisor->job->slots; i++) {
        pid_t pid = supervisor->slots[i].pid;
        while (pid != 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
}

static bool supervisor_init(struct supervisor *supervisor, const struct supervisor_job *job)
{
    sigset_t passed_on, ours;

    *supervisor = (struct supervisor){ .job = job, .signal_fd = -1 };
    supervisor->slots = calloc(job->slots, sizeof(*supervisor->slots));
    for (size_t i = 0; supervisor->slots != NULL && i < job->slots; i++)
        supervisor->slots[i].fd = -1;
    supervisor->polled = calloc(job->slots + 1, sizeof(*supervisor->polled));
    if (supervisor->slots == NULL || supervisor->polled == NULL)
        return false;
    sigemptyset(&ours);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGCHLD);
    passed_on = ours; /* blocked already when a child is forked: none can be killed by them early */
    sigaddset(&passed_on, SIGUSR1);
    sigaddset(&passed_on, SIGUSR2);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &passed_on, NULL) < 0)
        return false;
    supervisor->signal_fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    return supervisor->signal_fd >= 0;
}

int supervisor_run(const struct supervisor_job *job)
{
    struct supervisor supervisor;

    if (!supervisor_init(&supervisor, job)) {
        log_write(LOG_LEVEL_ERR, "cannot watch over processes: %m");
        supervisor.is_over = true;
        supervisor.code = DAEMON_INTERNAL;
    }
    while (!supervisor.is_over && !(supervisor.is_draining && !has_children(&supervisor))) {
        start_missing(&supervisor);
        if (!supervisor.is_over)
            round_once(&supervisor);
    }
    if (supervisor.slots != NULL) {
        end_children(&supervisor);
        supervisor_abandon(&supervisor);
    }
    return supervisor.code;
}
