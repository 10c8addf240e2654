/*
 * supervisor: poll over a signalfd and what the children say.
 *
 * Should the parent die, the kernel drains the children (PR_SET_PDEATHSIG, see child.c).
 */
#include "daemon/supervisor_private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/notify.h"
#include "daemon/options.h"
#include "log/counter.h"
#include "log/log.h"
#include "util/clock.h"

#define PAUSE_MS 1000
#define SAME_BREATH_MS 500

enum { BEFORE_PROCESSES = 3, PER_PROCESS = 2 };

uint64_t supervisor_now_ms(void)
{
    return clock_mono_ns(&clock_system) / 1000000;
}

const char *supervisor_slot_name(const struct supervisor *supervisor, const struct process *process)
{
    if (process->slot == PROCESS_NO_SLOT)
        return "a former socket";
    return supervisor->job->slot_name(supervisor->job->context, process->slot);
}

void supervisor_tell_ready(const struct supervisor *supervisor, const char *status)
{
    if (!supervisor->is_draining)
        notify_ready(status);
}

void supervisor_set_slots(struct supervisor *supervisor, size_t count)
{
    memset(supervisor->slots, 0, count * sizeof(*supervisor->slots));
    supervisor->slot_count = count;
}

struct process *supervisor_child_of(const struct supervisor *supervisor, size_t slot, bool adopted)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        struct process *process = supervisor->processes[i];
        if (process->slot == slot && process->state != PROCESS_RETIRING &&
            process->is_adopted == adopted)
            return process;
    }
    return NULL;
}

/* --- signals ------------------------------------------------------------------------------- */

/* Told twice means at once; but timeout(1) and the like tell a process and its group in one breath.
 */
static void drain(struct supervisor *supervisor)
{
    if (supervisor->is_draining) {
        if (supervisor_now_ms() - supervisor->drain_ms >= SAME_BREATH_MS)
            children_signal(supervisor, SIGKILL, NULL);
        return;
    }
    supervisor->is_draining = true;
    supervisor->drain_ms = supervisor_now_ms();
    supervisor->kill_ms = supervisor->drain_ms + (uint64_t)supervisor->job->grace_ms;
    notify_stopping();
    if (supervisor->job->on_drain != NULL)
        supervisor->job->on_drain(supervisor->job->context);
    children_signal(supervisor, SIGUSR2, NULL);
}

/* Those that retire have their configuration for the rest of their days. */
static void reload_children(struct supervisor *supervisor, const struct process *except)
{
    notify_reloading();
    for (size_t i = 0; i < supervisor->count; i++) {
        struct process *process = supervisor->processes[i];
        if (process->state == PROCESS_RETIRING)
            continue;
        process->reloads = true;
        if (process != except)
            kill(process->pid, SIGUSR1);
    }
}

static void take_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;

    while (read(supervisor->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGHUP:
            reload_children(supervisor, NULL);
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

/* --- what children say ----------------------------------------------------------------------- */

static void child_ready(struct supervisor *supervisor, struct process *process)
{
    if (process->state != PROCESS_STARTING)
        return;
    process->state = PROCESS_SERVING;
    process->ready_ms = supervisor_now_ms();
    alive_tell(supervisor);
    if (supervisor->is_taking_over) {
        restart_look(supervisor);
        return;
    }
    for (size_t slot = 0; slot < supervisor->slot_count && !supervisor->is_ready; slot++) {
        const struct process *child = supervisor_child_of(supervisor, slot, false);
        if (child == NULL || child->state != PROCESS_SERVING)
            return;
    }
    if (supervisor->is_ready)
        return;
    supervisor->is_ready = true;
    supervisor_tell_ready(supervisor, "serving");
    if (supervisor->job->on_ready != NULL)
        supervisor->job->on_ready(supervisor->job->context);
}

/* It told the end of its reload, or is dead. */
static void child_reloaded(struct supervisor *supervisor, struct process *process)
{
    bool is_last = process->reloads;

    process->reloads = false;
    for (size_t i = 0; i < supervisor->count && is_last; i++)
        is_last = !supervisor->processes[i]->reloads;
    if (is_last)
        supervisor_tell_ready(supervisor, "serving");
}

static void take_word(struct supervisor *supervisor, struct process *process, enum link_word word,
                      const char *text)
{
    switch (word) {
    case LINK_READY:
        child_ready(supervisor, process);
        break;
    case LINK_ALIVE:
        process->tells_life = true;
        process->silent = 0;
        break;
    case LINK_RELOADS:
        reload_children(supervisor, process);
        break;
    case LINK_RELOADED:
        child_reloaded(supervisor, process);
        break;
    case LINK_RESTART:
        restart_begin(supervisor, process);
        break;
    case LINK_FAULT:
        process_note_words(process, text, strlen(text));
        break;
    case LINK_RETIRE:
    case LINK_NOT_RESTARTED:
        break; /* ours to say */
    }
}

static void take_words(struct supervisor *supervisor, struct process *process)
{
    char text[LINK_TEXT_MAX + 1];
    enum link_word word;
    enum link_heard heard;

    while (process->link_fd >= 0) {
        heard = link_hear(process->link_fd, &word, text);
        if (heard == LINK_NOTHING)
            return;
        if (heard == LINK_ENDED) { /* its death will be reported */
            close(process->link_fd);
            process->link_fd = -1;
        } else {
            take_word(supervisor, process, word, text);
        }
    }
}

static void reap_one(struct supervisor *supervisor, pid_t pid, int status)
{
    if (pid == supervisor->probe.pid) {
        restart_probed(supervisor, status);
        return;
    }
    if (supervisor->job->seat != NULL &&
        runner_seat_ended(supervisor->job->seat, pid, status, supervisor_now_ms()))
        return;
    for (size_t i = 0; i < supervisor->count; i++) {
        struct process *process = supervisor->processes[i];
        if (process->pid != pid)
            continue;
        take_words(supervisor, process); /* it may have said why */
        supervisor->processes[i] = supervisor->processes[--supervisor->count];
        counter_close_slot(process->row);
        children_ended(supervisor, process, status);
        child_reloaded(supervisor, process);
        process_close(process);
        free(process);
        return;
    }
}

static void reap(struct supervisor *supervisor)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        reap_one(supervisor, pid, status);
}

/* --- rounds -------------------------------------------------------------------------------- */

static void earlier(uint64_t *due, uint64_t other)
{
    if (other < *due)
        *due = other;
}

/* Milliseconds until something is due. */
static int wait_ms(const struct supervisor *supervisor)
{
    uint64_t now = supervisor_now_ms(), due = supervisor->look_ms;

    earlier(&due, restart_due_ms(supervisor));
    if (supervisor->watchdog_ms > 0)
        earlier(&due, supervisor->ping_ms);
    if (supervisor->job->seat != NULL)
        earlier(&due, runner_seat_due_ms(supervisor->job->seat, now));
    if (supervisor->is_draining)
        earlier(&due, supervisor->kill_ms);
    for (size_t slot = 0; slot < supervisor->slot_count && !supervisor->is_draining; slot++) {
        if (supervisor_lacks_child(supervisor, slot))
            earlier(&due, supervisor->slots[slot].start_ms);
    }
    return due > now ? (int)(due - now) : 0;
}

static int seat_fd(const struct supervisor *supervisor)
{
    const struct runner_seat *seat = supervisor->job->seat;

    return seat != NULL ? runner_seat_fd(seat, supervisor_now_ms()) : -1;
}

/* The descriptors in a fixed order: signals, the probe, requests for commands, two for each
 * process, the slots, the desk. */
static size_t fill_poll(struct supervisor *supervisor)
{
    const struct supervisor_job *job = supervisor->job;
    struct pollfd *next = supervisor->polled;

    *next++ = (struct pollfd){ supervisor->signal_fd, POLLIN, 0 };
    *next++ = (struct pollfd){ supervisor->probe.pid != 0 ? supervisor->probe.fd : -1, POLLIN, 0 };
    *next++ = (struct pollfd){ seat_fd(supervisor), POLLIN, 0 };
    for (size_t i = 0; i < supervisor->count; i++) {
        *next++ = (struct pollfd){ supervisor->processes[i]->link_fd, POLLIN, 0 };
        *next++ = (struct pollfd){ supervisor->processes[i]->voice_fd, POLLIN, 0 };
    }
    for (size_t slot = 0; slot < supervisor->slot_count; slot++) {
        bool pauses = job->slot_socket != NULL && supervisor_is_pausing(supervisor, slot);
        int fd = pauses ? job->slot_socket(job->context, slot) : -1;
        *next++ = (struct pollfd){ fd, POLLIN, 0 };
    }
    *next++ = (struct pollfd){ job->desk_socket != NULL && supervisor_is_pausing(supervisor, 0)
                                   ? job->desk_socket(job->context)
                                   : -1,
                               POLLIN, 0 };
    return (size_t)(next - supervisor->polled);
}

/* Words may not add or remove processes, only reap() and children_start_missing() do: indices hold.
 */
static void serve_poll(struct supervisor *supervisor)
{
    const struct pollfd *polled = supervisor->polled + BEFORE_PROCESSES;
    size_t count = supervisor->count;

    if (supervisor->polled[1].revents != 0)
        probe_hear(&supervisor->probe);
    if (supervisor->polled[2].revents != 0)
        children_start_runner(supervisor);
    for (size_t i = 0; i < count; i++) {
        if (polled[PER_PROCESS * i].revents != 0)
            take_words(supervisor, supervisor->processes[i]);
        if (polled[PER_PROCESS * i + 1].revents != 0)
            process_hear_voice(supervisor->processes[i]);
    }
    for (size_t slot = 0; slot < supervisor->slot_count; slot++) {
        if (polled[PER_PROCESS * count + slot].revents != 0)
            pause_turn_away(supervisor, slot);
    }
    if (polled[PER_PROCESS * count + supervisor->slot_count].revents != 0)
        pause_answer(supervisor);
}

static void round_once(struct supervisor *supervisor)
{
    size_t count = fill_poll(supervisor);

    if (poll(supervisor->polled, count, wait_ms(supervisor)) < 0) {
        if (errno == EINTR)
            return;
        log_write(LOG_LEVEL_ERR, "poll: %m");
        poll(NULL, 0, 100); /* it may pass, and must not spin */
        return;
    }
    serve_poll(supervisor);
    take_signals(supervisor);
    reap(supervisor);
    restart_due(supervisor);
    alive_look(supervisor);
    alive_tell(supervisor);
    if (supervisor->is_draining && supervisor_now_ms() >= supervisor->kill_ms) {
        log_write(LOG_LEVEL_WARNING, "a process did not end in time and is killed");
        children_signal(supervisor, SIGKILL, NULL);
        supervisor->kill_ms = supervisor_now_ms() + PAUSE_MS;
    }
}

/* --- beginning and end ----------------------------------------------------------------------- */

/* A start that failed takes the children along that had already begun. */
static void end_children(struct supervisor *supervisor)
{
    children_signal(supervisor, SIGKILL, NULL);
    for (size_t i = 0; i < supervisor->count; i++) {
        while (waitpid(supervisor->processes[i]->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
}

/* What the children wanted last is run as well. */
static void end_runner(struct supervisor *supervisor)
{
    struct runner_seat *seat = supervisor->job->seat;

    if (seat == NULL)
        return;
    if (seat->pid == 0 && runner_seat_is_busy(seat))
        children_start_runner(supervisor);
    runner_seat_finish(seat);
}

static bool adopt(struct supervisor *supervisor)
{
    const struct supervisor_job *job = supervisor->job;

    for (size_t i = 0; i < job->adopted_count && i < SUPERVISOR_PROCESSES_MAX; i++) {
        struct process *process = malloc(sizeof(*process));
        if (process == NULL)
            return false;
        *process = job->adopted[i];
        supervisor->processes[supervisor->count++] = process;
    }
    supervisor->is_ready = supervisor->is_taking_over = job->is_in_place;
    return true;
}

static bool supervisor_init(struct supervisor *supervisor, const struct supervisor_job *job)
{
    size_t slots = job->former_slots > job->slots ? job->former_slots : job->slots;
    size_t polled = BEFORE_PROCESSES + PER_PROCESS * SUPERVISOR_PROCESSES_MAX + slots + 1;
    sigset_t passed_on, ours;

    *supervisor = (struct supervisor){ .job = job,
                                       .signal_fd = -1,
                                       .probe = PROBE_NONE,
                                       .look_ms = supervisor_now_ms() + ALIVE_LOOK_MS,
                                       .watchdog_ms = notify_watchdog_ms() };
    supervisor->slots = calloc(slots, sizeof(*supervisor->slots));
    supervisor->slot_count = job->slots;
    supervisor->polled = calloc(polled, sizeof(*supervisor->polled));
    if (supervisor->slots == NULL || supervisor->polled == NULL || !adopt(supervisor))
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
    while (!supervisor.is_over && !(supervisor.is_draining && supervisor.count == 0)) {
        children_start_missing(&supervisor);
        if (!supervisor.is_over)
            round_once(&supervisor);
    }
    end_children(&supervisor);
    end_runner(&supervisor);
    children_abandon(&supervisor);
    return supervisor.code;
}
