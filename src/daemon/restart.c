/*
 * restart: the parent's way from one program to the next, in two lives: the one asks the program on
 * disk and becomes it, the other starts children beside those it found and retires these, or gives
 * up and lets them serve on.
 */
#include "daemon/supervisor_private.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/notify.h"
#include "log/counter.h"
#include "log/log.h"

#define TAKE_OVER_LONGEST_MS 120000 /* a load reads every key and every table */

/* To those who serve and were asked: somebody may wait there for the outcome. */
static void tell_all(const struct supervisor *supervisor, enum link_word word, const char *text)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        const struct process *process = supervisor->processes[i];
        if (process->state == PROCESS_SERVING && process->link_fd >= 0)
            link_say(process->link_fd, word, text);
    }
}

static void log_lines(const char *prefix, const char *text)
{
    struct span rest = span_of(text), line;

    while (span_cut(&rest, '\n', &line)) {
        if (line.size > 0)
            log_write(LOG_LEVEL_ERR, "%s%.*s", prefix, SPAN_ARG(line));
    }
}

/* It accepts nothing any more and ends when its sessions have. */
static void retire(struct process *process, const char *why)
{
    process->state = PROCESS_RETIRING;
    /* One that cannot be told by word is told by signal, which grants its sessions less. */
    if (process->link_fd < 0 || !link_say(process->link_fd, LINK_RETIRE, why))
        kill(process->pid, SIGUSR2);
}

/* One that serves already may have sessions; one that starts has nothing to lose. */
static void end_attempts(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        struct process *process = supervisor->processes[i];
        if (process->is_adopted || process->state == PROCESS_RETIRING)
            continue;
        if (process->state == PROCESS_SERVING) {
            retire(process, "the restart came to nothing: the process of before serves");
        } else {
            kill(process->pid, SIGKILL);
            process->state = PROCESS_RETIRING;
        }
    }
}

/* Whose child died meanwhile gets one, which like all that replace may fall back on what was in
 * force. */
static void go_back(struct supervisor *supervisor)
{
    const struct supervisor_job *job = supervisor->job;

    if (job->go_back == NULL)
        return;
    for (size_t i = 0; i < supervisor->count; i++) {
        struct process *process = supervisor->processes[i];
        process->slot = process->is_adopted ? process->former_slot : PROCESS_NO_SLOT;
    }
    supervisor_set_slots(supervisor, job->go_back(job->context));
    for (size_t slot = 0; slot < supervisor->slot_count; slot++)
        supervisor->slots[slot].deaths = supervisor_child_of(supervisor, slot, true) == NULL;
}

void restart_fail(struct supervisor *supervisor, const char *why)
{
    counter_add(COUNTER_RESTARTS_FAILED, 1);
    log_lines("restart: ", why);
    log_write(LOG_LEVEL_ERR, "restart: it came to nothing; the processes that ran before serve on");
    if (supervisor->is_taking_over) {
        end_attempts(supervisor);
        go_back(supervisor);
    }
    supervisor->is_taking_over = false;
    tell_all(supervisor, LINK_NOT_RESTARTED, why);
    supervisor_tell_ready(supervisor, "serving; a restart came to nothing");
}

/* --- the first life ------------------------------------------------------------------------- */

static size_t list_processes(const struct supervisor *supervisor,
                             const struct process *processes_r[SUPERVISOR_PROCESSES_MAX])
{
    for (size_t i = 0; i < supervisor->count; i++)
        processes_r[i] = supervisor->processes[i];
    return supervisor->count;
}

/* The program on disk, whether it would start and take over. */
static bool ask_program(struct supervisor *supervisor, struct error *error)
{
    const struct supervisor_job *job = supervisor->job;
    const struct process *processes[SUPERVISOR_PROCESSES_MAX];
    size_t count = list_processes(supervisor, processes);
    int question_fd = job->write_down(job->context, processes, count, error);

    if (question_fd < 0)
        return false;
    if (probe_start(&supervisor->probe, job->probe, question_fd, supervisor_now_ms()))
        return true;
    error_set(error, "cannot run %s: %m", job->probe[0]);
    return false;
}

void restart_begin(struct supervisor *supervisor, struct process *asks)
{
    struct error error = { "" };
    const char *why = NULL;

    if (supervisor->job->probe == NULL)
        why = "restarts are not possible here";
    else if (!supervisor->is_ready)
        why = "the daemon is still starting";
    else if (supervisor->is_draining)
        why = "the daemon is about to end";
    else if (supervisor->is_taking_over || supervisor->probe.pid != 0)
        why = "a restart is under way already";
    if (why != NULL) {
        link_say(asks->link_fd, LINK_NOT_RESTARTED, why);
        return;
    }
    log_write(LOG_LEVEL_INFO, "restart: checking %s", supervisor->job->probe[0]);
    notify_reloading();
    if (!ask_program(supervisor, &error))
        restart_fail(supervisor, error.text);
}

void restart_probed(struct supervisor *supervisor, int status)
{
    const struct process *processes[SUPERVISOR_PROCESSES_MAX];
    struct error error = { "" };
    const char *why;

    if (!probe_ended(&supervisor->probe, status, &why)) {
        restart_fail(supervisor, why);
    } else if (!supervisor->is_draining) {
        size_t count = list_processes(supervisor, processes);
        supervisor->job->replace(supervisor->job->context, processes, count, &error);
        restart_fail(supervisor, error.text); /* it does not return when it works */
    }
    probe_free(&supervisor->probe);
}

/* --- the second ------------------------------------------------------------------------------ */

static void taken_over(struct supervisor *supervisor)
{
    size_t retired = 0;

    supervisor->is_taking_over = false;
    for (size_t i = 0; i < supervisor->count; i++) {
        struct process *process = supervisor->processes[i];
        if (process->is_adopted && process->state != PROCESS_RETIRING) {
            retire(process, "egress-milter " PACKAGE_VERSION " serves");
            retired++;
        }
    }
    counter_add(COUNTER_RESTARTS, 1);
    log_write(LOG_LEVEL_INFO,
              "restart: egress-milter %s serves; %zu processes of before let their sessions end",
              PACKAGE_VERSION, retired);
    supervisor_tell_ready(supervisor, "serving");
    if (supervisor->job->on_taken_over != NULL)
        supervisor->job->on_taken_over(supervisor->job->context);
}

void restart_look(struct supervisor *supervisor)
{
    for (size_t slot = 0; slot < supervisor->slot_count; slot++) {
        const struct process *ours = supervisor_child_of(supervisor, slot, false);
        if (ours == NULL || ours->state != PROCESS_SERVING)
            return;
    }
    taken_over(supervisor);
}

uint64_t restart_due_ms(const struct supervisor *supervisor)
{
    if (supervisor->probe.pid != 0)
        return supervisor->probe.until_ms;
    return supervisor->is_taking_over ? supervisor->taken_over_by_ms : UINT64_MAX;
}

void restart_due(struct supervisor *supervisor)
{
    uint64_t now_ms = supervisor_now_ms();

    if (supervisor->probe.pid != 0 && now_ms >= supervisor->probe.until_ms) {
        buffer_add_text(&supervisor->probe.said, "its check took too long and was ended; ");
        kill(supervisor->probe.pid, SIGKILL); /* its end is reported like any other */
        supervisor->probe.until_ms = UINT64_MAX;
    }
    if (supervisor->is_taking_over && supervisor->taken_over_by_ms == 0)
        supervisor->taken_over_by_ms = now_ms + TAKE_OVER_LONGEST_MS;
    else if (supervisor->is_taking_over && now_ms >= supervisor->taken_over_by_ms)
        restart_fail(supervisor, "the new processes took too long to start");
}
