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

enum { PER_PROCESS = 2 };

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

/* --- starting children ----------------------------------------------------------------------- */

/* What the parent holds and a child must not: above all the ends of the other children's links. */
static void supervisor_abandon(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        process_close(supervisor->processes[i]);
        free(supervisor->processes[i]);
    }
    if (supervisor->signal_fd >= 0)
        close(supervisor->signal_fd);
    probe_free(&supervisor->probe);
    free(supervisor->slots);
    free(supervisor->polled);
}

static _Noreturn void child_main(struct supervisor *supervisor, struct child_link link, size_t row)
{
    const struct supervisor_job *job = supervisor->job;
    sigset_t own;
    int code;

    link.deaths = supervisor->slots[link.slot].deaths;
    link.is_attended = !supervisor->is_ready;
    supervisor_abandon(supervisor);
    sigemptyset(&own);
    sigaddset(&own, SIGCHLD);
    sigprocmask(SIG_UNBLOCK, &own, NULL);
    counter_use_slot(row);
    code = job->child(job->context, &link);
    /* Not exit(): a library's threads may still be at work and need what its handlers take apart.
     */
    fflush(NULL);
    _exit(code);
}

/* Row 0 is the parent's own. 0: all are taken. */
static size_t free_row(const struct supervisor *supervisor)
{
    for (size_t row = 1; row < counter_slots(); row++) {
        bool is_free = true;
        for (size_t i = 0; i < supervisor->count && is_free; i++)
            is_free = supervisor->processes[i]->row != row;
        if (is_free)
            return row;
    }
    return 0;
}

static bool start_child(struct supervisor *supervisor, size_t slot)
{
    struct process *process = calloc(1, sizeof(*process));
    size_t row = free_row(supervisor);
    struct child_link link;
    pid_t pid = -1;

    if (process == NULL || supervisor->count == SUPERVISOR_PROCESSES_MAX ||
        (row == 0 && counter_slots() > 1)) {
        errno = process == NULL ? ENOMEM : EAGAIN;
    } else {
        pid = process_fork(slot, supervisor->job->hears, process, &link);
    }
    if (pid == 0) {
        free(process);
        child_main(supervisor, link, row);
    }
    if (pid < 0) {
        free(process);
        return false;
    }
    process->row = row;
    supervisor->processes[supervisor->count++] = process;
    return true;
}

static void cannot_start(struct supervisor *supervisor, size_t slot, const char *why)
{
    if (supervisor->is_taking_over) {
        restart_fail(supervisor, why);
        return;
    }
    log_write(LOG_LEVEL_ERR, "cannot start a process for %s: %s",
              supervisor->job->slot_name(supervisor->job->context, slot), why);
    supervisor->slots[slot].start_ms =
        supervisor_now_ms() +
        backoff_died(&supervisor->slots[slot].backoff, supervisor_now_ms(), 0);
    if (!supervisor->is_ready) {
        supervisor->is_over = true;
        supervisor->code = DAEMON_INTERNAL;
    }
}

bool supervisor_lacks_child(const struct supervisor *supervisor, size_t slot)
{
    if (supervisor->slots[slot].is_closed || supervisor_child_of(supervisor, slot, false) != NULL)
        return false;
    return supervisor->is_taking_over || supervisor_child_of(supervisor, slot, true) == NULL;
}

static void start_missing(struct supervisor *supervisor)
{
    const struct supervisor_job *job = supervisor->job;
    struct error error = { "" };

    for (size_t slot = 0; slot < job->slots && !supervisor->is_over && !supervisor->is_draining;
         slot++) {
        if (!supervisor_lacks_child(supervisor, slot) ||
            supervisor->slots[slot].start_ms > supervisor_now_ms())
            continue;
        if (job->prepare != NULL && !job->prepare(job->context, &error))
            cannot_start(supervisor, slot, error.text);
        else if (!start_child(supervisor, slot))
            cannot_start(supervisor, slot, strerror(errno));
    }
}

static void signal_children(const struct supervisor *supervisor, int number,
                            const struct process *except)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        if (supervisor->processes[i] != except)
            kill(supervisor->processes[i]->pid, number);
    }
}

/* --- the end of a child ---------------------------------------------------------------------- */

static void log_end(const struct process *process, const char *name, const char *how,
                    const char *then)
{
    log_write(LOG_LEVEL_ERR, "process %ld of %s %s%s", (long)process->pid, name, how, then);
}

/* One line, however often: what happened, to whom, what comes next. */
static void replace_later(struct supervisor *supervisor, struct process *process, const char *how)
{
    struct slot *slot = &supervisor->slots[process->slot];
    uint64_t now = supervisor_now_ms();
    unsigned wait_ms =
        backoff_died(&slot->backoff, now, process->ready_ms != 0 ? now - process->ready_ms + 1 : 0);
    char then[160] = "; it is replaced at once";

    slot->deaths++;
    slot->start_ms = now + wait_ms;
    counter_add(COUNTER_CHILD_DEATHS, 1);
    if (wait_ms > 0)
        snprintf(then, sizeof(then),
                 "; death %u in a row: the next starts in %u s, until then connections are closed "
                 "at once",
                 slot->backoff.deaths, wait_ms / 1000);
    log_end(process, supervisor_slot_name(supervisor, process), how, then);
}

static void start_failed(struct supervisor *supervisor, const struct process *process, int status,
                         const char *how)
{
    /* It has said why; a signal has not. */
    if (WIFSIGNALED(status))
        log_end(process, supervisor_slot_name(supervisor, process), how, "");
    supervisor->is_over = true;
    supervisor->code =
        WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : DAEMON_INTERNAL;
}

static void attempt_failed(struct supervisor *supervisor, const struct process *process,
                           const char *how)
{
    char text[PROCESS_WORDS_MAX + 400];

    if (process->words_size > 0)
        snprintf(text, sizeof(text), "%s", process->words);
    else
        snprintf(text, sizeof(text), "a new process of %s %s",
                 supervisor_slot_name(supervisor, process), how);
    restart_fail(supervisor, text);
}

static void child_ended(struct supervisor *supervisor, struct process *process, int status)
{
    const char *name = supervisor_slot_name(supervisor, process);
    bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    char how[900];

    if (process->voice_fd >= 0)
        process_hear_voice(process);
    process_describe_end(process, status, how, sizeof(how));
    if (supervisor->is_draining || process->state == PROCESS_RETIRING) {
        if (!is_good)
            log_end(process, name, how, "");
    } else if (!supervisor->is_ready) {
        start_failed(supervisor, process, status, how);
    } else if (supervisor->is_taking_over && !process->is_adopted) {
        attempt_failed(supervisor, process, how);
    } else if (process->slot == PROCESS_NO_SLOT) {
        log_end(process, name, how, "");
    } else {
        replace_later(supervisor, process, how);
    }
}

/* --- signals ------------------------------------------------------------------------------- */

/* Told twice means at once; but timeout(1) and the like tell a process and its group in one breath.
 */
static void drain(struct supervisor *supervisor)
{
    if (supervisor->is_draining) {
        if (supervisor_now_ms() - supervisor->drain_ms >= SAME_BREATH_MS)
            signal_children(supervisor, SIGKILL, NULL);
        return;
    }
    supervisor->is_draining = true;
    supervisor->drain_ms = supervisor_now_ms();
    supervisor->kill_ms = supervisor->drain_ms + (uint64_t)supervisor->job->grace_ms;
    notify_stopping();
    if (supervisor->job->on_drain != NULL)
        supervisor->job->on_drain(supervisor->job->context);
    signal_children(supervisor, SIGUSR2, NULL);
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
    if (supervisor->is_taking_over) {
        restart_look(supervisor);
        return;
    }
    for (size_t slot = 0; slot < supervisor->job->slots && !supervisor->is_ready; slot++) {
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
    for (size_t i = 0; i < supervisor->count; i++) {
        struct process *process = supervisor->processes[i];
        if (process->pid != pid)
            continue;
        take_words(supervisor, process); /* it may have said why */
        supervisor->processes[i] = supervisor->processes[--supervisor->count];
        counter_close_slot(process->row);
        child_ended(supervisor, process, status);
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
    if (supervisor->is_draining)
        earlier(&due, supervisor->kill_ms);
    for (size_t slot = 0; slot < supervisor->job->slots && !supervisor->is_draining; slot++) {
        if (supervisor_lacks_child(supervisor, slot))
            earlier(&due, supervisor->slots[slot].start_ms);
    }
    return due > now ? (int)(due - now) : 0;
}

/* The descriptors in a fixed order: signals, the probe, two for each process, the slots, the desk.
 */
static size_t fill_poll(struct supervisor *supervisor)
{
    const struct supervisor_job *job = supervisor->job;
    struct pollfd *next = supervisor->polled;

    *next++ = (struct pollfd){ supervisor->signal_fd, POLLIN, 0 };
    *next++ = (struct pollfd){ supervisor->probe.pid != 0 ? supervisor->probe.fd : -1, POLLIN, 0 };
    for (size_t i = 0; i < supervisor->count; i++) {
        *next++ = (struct pollfd){ supervisor->processes[i]->link_fd, POLLIN, 0 };
        *next++ = (struct pollfd){ supervisor->processes[i]->voice_fd, POLLIN, 0 };
    }
    for (size_t slot = 0; slot < job->slots; slot++) {
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

/* Words may not add or remove processes, only reap() and start_missing() do: indices hold. */
static void serve_poll(struct supervisor *supervisor)
{
    const struct pollfd *polled = supervisor->polled + 2;
    size_t count = supervisor->count;

    if (supervisor->polled[1].revents != 0)
        probe_hear(&supervisor->probe);
    for (size_t i = 0; i < count; i++) {
        if (polled[PER_PROCESS * i].revents != 0)
            take_words(supervisor, supervisor->processes[i]);
        if (polled[PER_PROCESS * i + 1].revents != 0)
            process_hear_voice(supervisor->processes[i]);
    }
    for (size_t slot = 0; slot < supervisor->job->slots; slot++) {
        if (polled[PER_PROCESS * count + slot].revents != 0)
            pause_turn_away(supervisor, slot);
    }
    if (polled[PER_PROCESS * count + supervisor->job->slots].revents != 0)
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
    if (supervisor->is_draining && supervisor_now_ms() >= supervisor->kill_ms) {
        log_write(LOG_LEVEL_WARNING, "a process did not end in time and is killed");
        signal_children(supervisor, SIGKILL, NULL);
        supervisor->kill_ms = supervisor_now_ms() + PAUSE_MS;
    }
}

/* --- beginning and end ----------------------------------------------------------------------- */

/* A start that failed takes the children along that had already begun. */
static void end_children(struct supervisor *supervisor)
{
    signal_children(supervisor, SIGKILL, NULL);
    for (size_t i = 0; i < supervisor->count; i++) {
        while (waitpid(supervisor->processes[i]->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
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
    size_t polled = 2 + PER_PROCESS * SUPERVISOR_PROCESSES_MAX + job->slots + 1;
    sigset_t passed_on, ours;

    *supervisor = (struct supervisor){ .job = job,
                                       .signal_fd = -1,
                                       .probe = { .fd = -1, .said = BUFFER_EMPTY },
                                       .look_ms = supervisor_now_ms() + ALIVE_LOOK_MS,
                                       .watchdog_ms = notify_watchdog_ms() };
    supervisor->slots = calloc(job->slots, sizeof(*supervisor->slots));
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
        start_missing(&supervisor);
        if (!supervisor.is_over)
            round_once(&supervisor);
    }
    end_children(&supervisor);
    supervisor_abandon(&supervisor);
    return supervisor.code;
}
