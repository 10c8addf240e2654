/*
 * children: how the parent starts its children, and what follows when one ends.
 */
#include "daemon/supervisor_private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/options.h"
#include "log/counter.h"
#include "log/log.h"
#include "util/clock.h"

/* --- starting children ----------------------------------------------------------------------- */

/* What the parent holds and a child must not: above all the ends of the other children's links. */
void children_abandon(struct supervisor *supervisor)
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
    children_abandon(supervisor);
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
    if (supervisor_child_of(supervisor, slot, false) != NULL)
        return false;
    return supervisor->is_taking_over || supervisor_child_of(supervisor, slot, true) == NULL;
}

void children_start_missing(struct supervisor *supervisor)
{
    const struct supervisor_job *job = supervisor->job;
    struct error error = { "" };

    /* A start that fails may change the slots. */
    for (size_t slot = 0;
         slot < supervisor->slot_count && !supervisor->is_over && !supervisor->is_draining;
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

void children_start_runner(struct supervisor *supervisor)
{
    const struct supervisor_job *job = supervisor->job;
    pid_t pid = runner_seat_fork(job->seat, supervisor_now_ms());
    int code;

    if (pid == 0) {
        children_abandon(supervisor);
        code = job->runner(job->context);
        fflush(NULL);
        _exit(code);
    }
    if (pid < 0)
        log_write(LOG_LEVEL_ERR, "cannot start the process that runs commands: %m");
}

void children_signal(const struct supervisor *supervisor, int number, const struct process *except)
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
    counter_set(COUNTER_LAST_DEATH_S, clock_wall_s(&clock_system));
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

void children_ended(struct supervisor *supervisor, struct process *process, int status)
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
