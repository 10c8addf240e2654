/*
 * successor: how one program hands over to the next, and how that begins in its place (see
 * supervisor.h).
 *
 * It must never leave the children it found without a parent: every fault is told, and the
 * supervisor goes on with what there was. For that the parent's part of the configuration in force
 * (the plan) is handed over too: the files on disk are those that were refused.
 */
#include "daemon/start_private.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/descriptors.h"
#include "daemon/last_good.h"
#include "log/counter.h"
#include "log/log.h"

#define LAST_LINES_MS 300

/* --- the first life: what is handed over ----------------------------------------------------- */

static bool take_stock(const struct start *start, const struct process *const *processes,
                       size_t count, struct takeover *takeover, struct error *error)
{
    *takeover = (struct takeover){ .started_s = start->started_s,
                                   .counters_fd = counter_descriptor(),
                                   .last_good_fd = start->last_good_fd,
                                   .plan_fd = start->plan_fd,
                                   .seat = start->seat,
                                   .sockets = start->sockets,
                                   .processes = calloc(count + 1, sizeof(*takeover->processes)),
                                   .process_count = count };
    if (takeover->processes == NULL) {
        error_set(error, "out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++)
        takeover->processes[i] = *processes[i];
    return true;
}

int successor_write_down(void *context, const struct process *const *processes, size_t count,
                         struct error *error)
{
    struct takeover takeover;
    int fd;

    if (!take_stock(context, processes, count, &takeover, error))
        return -1;
    fd = takeover_write(&takeover, error);
    free(takeover.processes);
    return fd;
}

void successor_exec(void *context, const struct process *const *processes, size_t count,
                    struct error *error)
{
    struct start *start = context;
    struct takeover takeover;

    if (!take_stock(start, processes, count, &takeover, error))
        return;
    log_drain(LAST_LINES_MS); /* what is left then is counted as lost by the successor */
    takeover_exec(&takeover, start->replace, error);
    free(takeover.processes);
}

/* --- the second: what the supervisor calls --------------------------------------------------- */

static void first_fault(const struct config_report *report, struct error *error)
{
    error_set(error, "the configuration is not usable");
    for (size_t i = 0; i < config_report_size(report); i++) {
        const struct config_fault *fault = config_report_fault(report, i);
        if (fault->severity == CONFIG_ERROR) {
            error_set(error, "%s", fault->text);
            return;
        }
    }
}

/* Only after a restart can the plan be missing. */
bool successor_prepare(void *context, struct error *error)
{
    struct start *start = context;
    struct config_report *report;

    if (start->refusal.text[0] != '\0') { /* told once, which ends the restart */
        *error = start->refusal;
        start->refusal.text[0] = '\0';
        return false;
    }
    if (start->has_plan)
        return true;
    report = config_report_new();
    if (report == NULL) {
        error_set(error, "out of memory");
        return false;
    }
    plan_free(&start->plan);
    start->has_plan = plan_make(start->plan_path, &start->plan, report);
    if (!start->has_plan)
        first_fault(report, error);
    config_report_free(&report);
    return start->has_plan;
}

void successor_taken_over(void *context)
{
    struct start *start = context;

    sockets_close(&start->former, true);
    plan_free(&start->former_plan);
    start->has_former_plan = false;
    plan_keep(&start->plan, start->plan_fd);
}

/* The facility was accepted when this plan came into force. */
static void follow_plan_log(const struct start *start)
{
    struct error error;

    log_set_level((enum log_level)start->plan.log->level);
    if (!start->options->foreground)
        plan_open_syslog(&start->plan, &error);
}

/* All is as the program before left it. Where that could not hand its plan over, one is made when a
 * child is needed. */
size_t successor_go_back(void *context)
{
    struct start *start = context;

    if (start->former.milter != NULL) { /* not refused from the beginning */
        sockets_go_back(&start->sockets, &start->former);
        start->sockets = start->former;
        start->former = SOCKETS_NONE;
    }
    plan_free(&start->plan);
    start->plan = start->former_plan;
    start->has_plan = start->has_former_plan;
    start->former_plan = (struct plan){ .config = NULL };
    start->has_former_plan = false;
    if (start->has_plan) {
        sockets_give_access(&start->sockets, &start->plan);
        follow_plan_log(start);
    }
    return start->sockets.count;
}

/* --- its beginning --------------------------------------------------------------------------- */

static size_t find_slot(const struct sockets *sockets, size_t former)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (!sockets->milter[i].is_new && sockets->milter[i].former == former)
            return i;
    }
    return PROCESS_NO_SLOT;
}

/* Which of the new sockets the children of before serve. */
static void find_slots(struct start *start)
{
    for (size_t i = 0; i < start->takeover.process_count; i++) {
        struct process *process = &start->takeover.processes[i];
        process->former_slot = process->slot;
        process->slot = find_slot(&start->sockets, process->slot);
    }
}

/* Without sockets of its own it starts with those of before, and goes back at once. */
static void refuse_in_place(struct start *start, const struct config_report *report)
{
    first_fault(report, &start->refusal);
    start->sockets = start->former;
    start->former = SOCKETS_NONE;
    for (size_t i = 0; i < start->sockets.count; i++)
        start->sockets.milter[i].former = i;
}

/* A new configuration may want other sockets. */
static void take_over_sockets(struct start *start, struct config_report *report)
{
    start->former = start->takeover.sockets;
    if (!start->has_plan ||
        !sockets_open(&start->plan, NULL, &start->former, &start->sockets, report))
        refuse_in_place(start, report);
    find_slots(start);
}

static void take_over_plan(struct start *start)
{
    struct config_report *old = config_report_new(); /* what was wrong with it was told then */

    start->plan_fd = start->takeover.plan_fd;
    if (old != NULL)
        start->has_former_plan = plan_make_kept(start->plan_fd, &start->former_plan, old);
    config_report_free(&old);
    if (start->plan_fd < 0)
        start->plan_fd = last_good_open();
}

int start_in_place(struct start *start, struct config_report *report)
{
    struct error error;

    if (!takeover_take(&start->takeover, &error)) {
        log_open_syslog("egress-milter", NULL);
        log_write(LOG_LEVEL_ERR, "restart: %s; the daemon ends", error.text);
        return DAEMON_INTERNAL; /* the children end by themselves, without a parent */
    }
    start->is_in_place = true;
    if (start->takeover.counters_fd < 0 || !counter_adopt(start->takeover.counters_fd))
        counter_share(COUNTER_ROWS_MAX);
    start->started_s = start->takeover.started_s;
    start->last_good_fd =
        start->takeover.last_good_fd >= 0 ? start->takeover.last_good_fd : last_good_open();
    start->plan_path = strdup(start->options->config_path);
    start->seat = start->takeover.seat;
    if (start->seat.requests_fd < 0)
        start_open_seat(start);
    take_over_plan(start);
    start->has_plan = plan_make(start->options->config_path, &start->plan, report);
    if (!start->options->foreground)
        log_open_syslog("egress-milter", NULL);
    if (start->has_plan)
        start_open_log(start, report);
    take_over_sockets(start, report);
    faults_log(report);
    start_make_command_lines(start);
    if (start->has_plan)
        descriptors_raise(&start->plan);
    return start_supervise(start);
}
