/*
 * start: the parent. What it holds are the sockets and the plan; what is foreign goes to the
 * children.
 *
 * Everything up to the binding happens in the process that was started, so that its faults appear
 * where somebody reads them. A program that takes the place of another (see supervisor.h) comes
 * here too: it must never leave the children it found without a parent, so there every fault is
 * told and the supervisor goes on with what there is.
 */
#include "daemon/start.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/check.h"
#include "daemon/child.h"
#include "daemon/descriptors.h"
#include "daemon/detach.h"
#include "daemon/last_good.h"
#include "daemon/sockets.h"
#include "daemon/notify.h"
#include "daemon/takeover.h"
#include "log/counter.h"
#include "log/log.h"
#include "util/clock.h"

#define GRACE_MS (CHILD_DRAIN_MS + 7000)
#define COUNTER_ROWS_MAX (SUPERVISOR_PROCESSES_MAX + 1)

struct start {
    const struct daemon_options *options;
    struct plan plan;
    char *plan_path; /* absolute */
    bool is_in_place;
    bool has_plan; /* false: the program was taken over with a configuration that is not usable */
    struct sockets sockets;
    struct sockets former; /* of the program before, and wanted no more */
    struct error
        refusal; /* why the sockets wanted cannot be had after a restart; empty: they can */
    struct takeover takeover;
    struct detach detach;
    int last_good_fd; /* last_good.h */
    int64_t started_s;
    pid_t parent;                      /* the supervisor */
    const char *probe[7], *replace[6]; /* command lines, ended by NULL */
};

/* --- what the supervisor calls -----------------------------------------------------------------
 */

static const char *slot_name(void *context, size_t slot)
{
    const struct start *start = context;

    return start->sockets.milter[slot].spec;
}

static int slot_socket(void *context, size_t slot)
{
    const struct start *start = context;

    return start->sockets.milter[slot].listener.fd;
}

static int desk_socket(void *context)
{
    const struct start *start = context;

    return start->sockets.control.listener.fd;
}

static void on_ready(void *context)
{
    struct start *start = context;

    if (start->options->foreground) {
        puts("ready");
        fflush(stdout);
    }
    detach_tell(&start->detach, DAEMON_GOOD);
}

/* Gone from the parent and from the file system; the children close theirs as they drain. */
static void on_drain(void *context)
{
    struct start *start = context;

    sockets_shut(&start->sockets, true);
    sockets_shut(&start->former, true);
}

static void on_taken_over(void *context)
{
    struct start *start = context;

    sockets_close(&start->former, true);
}

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
static bool prepare(void *context, struct error *error)
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

/* Those of before, too, which children of before may still serve. */
static bool list_sockets(const struct start *start, struct sockets *all)
{
    *all = SOCKETS_NONE;
    all->milter = calloc(start->sockets.count + start->former.count + 1, sizeof(*all->milter));
    if (all->milter == NULL)
        return false;
    for (size_t i = 0; i < start->sockets.count; i++)
        all->milter[all->count++] = start->sockets.milter[i];
    for (size_t i = 0; i < start->former.count; i++) {
        if (start->former.milter[i].listener.fd >= 0)
            all->milter[all->count++] = start->former.milter[i];
    }
    all->control =
        start->sockets.control.listener.fd >= 0 ? start->sockets.control : start->former.control;
    return true;
}

static bool take_stock(const struct start *start, const struct process *const *processes,
                       size_t count, struct takeover *takeover, struct error *error)
{
    *takeover = (struct takeover){ .started_s = start->started_s,
                                   .counters_fd = counter_descriptor(),
                                   .last_good_fd = start->last_good_fd,
                                   .processes = calloc(count + 1, sizeof(*takeover->processes)),
                                   .process_count = count };
    if (takeover->processes == NULL || !list_sockets(start, &takeover->sockets)) {
        free(takeover->processes);
        error_set(error, "out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++)
        takeover->processes[i] = *processes[i];
    return true;
}

/* What it lists is not its own. */
static void forget_stock(struct takeover *takeover)
{
    free(takeover->sockets.milter);
    free(takeover->processes);
}

static int write_down(void *context, const struct process *const *processes, size_t count,
                      struct error *error)
{
    struct takeover takeover;
    int fd;

    if (!take_stock(context, processes, count, &takeover, error))
        return -1;
    fd = takeover_write(&takeover, error);
    forget_stock(&takeover);
    return fd;
}

static void replace(void *context, const struct process *const *processes, size_t count,
                    struct error *error)
{
    struct start *start = context;
    struct takeover takeover;

    if (!take_stock(start, processes, count, &takeover, error))
        return;
    takeover_exec(&takeover, start->replace, error);
    forget_stock(&takeover);
}

/* What was opened for a restart that came to nothing: no MTA is to wait there for an answer. */
static bool give_up(void *context, size_t slot)
{
    struct start *start = context;
    struct bound *bound = &start->sockets.milter[slot];

    if (start->sockets.control.is_new)
        bound_shut(&start->sockets.control, true);
    if (bound->is_new)
        bound_shut(bound, true);
    return bound->is_new;
}

/* The first child has the control socket too; what belongs to others is closed. */
static int run_child(void *context, const struct child_link *link)
{
    struct start *start = context;
    struct child_setup setup = {
        .plan = &start->plan,
        .fd = slot_socket(start, link->slot),
        .spec = slot_name(start, link->slot),
        .control_fd = link->slot == 0 ? start->sockets.control.listener.fd : -1,
        .last_good_fd = start->last_good_fd,
        .foreground = start->options->foreground,
        .strict = start->options->strict,
        .started_s = start->started_s,
        .parent = start->parent,
    };

    for (size_t i = 0; i < start->sockets.count; i++) {
        if (i != link->slot)
            listener_close(&start->sockets.milter[i].listener, false);
    }
    if (link->slot != 0)
        listener_close(&start->sockets.control.listener, false);
    sockets_shut(&start->former, false);
    if (start->detach.fd >= 0)
        close(start->detach.fd);
    return child_run(&setup, link);
}

/* --- the way ------------------------------------------------------------------------------- */

static int supervise(struct start *start)
{
    struct supervisor_job job = { .slots = start->sockets.count,
                                  .grace_ms = GRACE_MS,
                                  .hears = !start->options->foreground,
                                  .context = start,
                                  .child = run_child,
                                  .slot_name = slot_name,
                                  .slot_socket = slot_socket,
                                  .desk_socket = desk_socket,
                                  .prepare = prepare,
                                  .on_ready = on_ready,
                                  .on_drain = on_drain,
                                  .on_taken_over = on_taken_over,
                                  .probe = start->probe[0] != NULL ? start->probe : NULL,
                                  .write_down = write_down,
                                  .replace = replace,
                                  .give_up = give_up,
                                  .is_in_place = start->is_in_place,
                                  .adopted = start->takeover.processes,
                                  .adopted_count = start->takeover.process_count };
    int code;

    start->parent = getpid();
    code = supervisor_run(&job);
    if (code == DAEMON_GOOD)
        log_write(LOG_LEVEL_INFO, "egress-milter %s ends", PACKAGE_VERSION);
    sockets_shut(&start->sockets, true);
    detach_tell(&start->detach, code);
    return code;
}

static int supervise_anew(struct start *start)
{
    start->started_s = clock_wall_s(&clock_system);
    log_write(LOG_LEVEL_INFO, "egress-milter %s starts with %s", PACKAGE_VERSION,
              start->plan.config_path);
    return supervise(start);
}

/* Both command lines of the program on disk: for its check, and to become it. */
static void make_command_lines(struct start *start)
{
    const struct daemon_options *options = start->options;
    size_t p = 0, r = 0;

    if (options->program == NULL)
        return; /* nothing tells where the program lies: no restarts */
    start->probe[p++] = start->replace[r++] = options->program;
    start->probe[p++] = "-t";
    start->probe[p++] = start->replace[r++] = "-c";
    start->probe[p++] = start->replace[r++] = start->plan_path;
    if (options->foreground)
        start->probe[p++] = start->replace[r++] = "-f";
    if (options->strict)
        start->probe[p++] = start->replace[r++] = "--strict";
}

static bool open_log(const struct start *start, struct config_report *report)
{
    struct error error;

    log_set_level((enum log_level)start->plan.log->level);
    if (plan_open_syslog(&start->plan, &error)) {
        if (start->options->foreground)
            log_open_stderr("egress-milter");
        return true;
    }
    plan_complain(&start->plan, report, &site_log_table, "facility", &error);
    return false;
}

static int run_in_background(struct start *start)
{
    struct error error;
    int code = DAEMON_INTERNAL;

    switch (detach_begin(&start->detach, &code, &error)) {
    case DETACH_STARTER:
        sockets_close(&start->sockets, false);
        return code;
    case DETACH_DAEMON:
        log_open_syslog("egress-milter", NULL); /* the pid is another one */
        return supervise_anew(start);
    case DETACH_FAILED:
        break;
    }
    fprintf(stderr, "egress-milter: %s\n", error.text);
    sockets_close(&start->sockets, true);
    detach_tell(&start->detach, code);
    return code;
}

/* Every fault at once, where somebody stands and in the log. */
static int refuse(const struct start *start, const struct config_report *report)
{
    if (!start->options->foreground) {
        log_open_syslog("egress-milter", NULL);
        faults_log(report);
    }
    return check_explain(&start->plan, report);
}

static bool open_sockets(struct start *start, struct config_report *report)
{
    struct passed passed;
    struct error error;

    if (!passed_take(&passed, &error)) {
        plan_complain(&start->plan, report, &milter_socket_table, "socket", &error);
        return false;
    }
    return sockets_open(&start->plan, &passed, NULL, &start->sockets, report);
}

static int start_with(struct start *start, struct config_report *report)
{
    start->has_plan = plan_make(start->options->config_path, &start->plan, report);
    if (!start->has_plan ||
        (start->options->strict && config_report_count(report, CONFIG_WARNING) > 0) ||
        !open_log(start, report) || !open_sockets(start, report))
        return refuse(start, report);
    start->plan_path = strdup(start->plan.config_path);
    if (start->plan_path == NULL || !counter_share(COUNTER_ROWS_MAX)) {
        fputs("egress-milter: out of memory\n", stderr);
        sockets_close(&start->sockets, true);
        return DAEMON_INTERNAL;
    }
    start->last_good_fd = last_good_open();
    make_command_lines(start);
    descriptors_raise(&start->plan);
    /* A service manager watches the process it started. */
    return start->options->foreground || notify_is_wanted() ? supervise_anew(start)
                                                            : run_in_background(start);
}

/* --- in place of another program ----------------------------------------------------------- */

/* Which of the new sockets the children of before serve. */
static void find_slots(struct start *start, const struct sockets *was)
{
    for (size_t i = 0; i < start->takeover.process_count; i++) {
        struct process *process = &start->takeover.processes[i];
        process->slot = process->slot < was->count
                            ? sockets_find(&start->sockets, was->milter[process->slot].spec)
                            : PROCESS_NO_SLOT;
    }
}

/* The specifications stay readable in `names` when the sockets themselves move. */
static bool copy_names(const struct sockets *sockets, struct sockets *names)
{
    *names = SOCKETS_NONE;
    names->milter = calloc(sockets->count + 1, sizeof(*names->milter));
    if (names->milter == NULL)
        return false;
    names->count = sockets->count;
    for (size_t i = 0; i < sockets->count; i++)
        names->milter[i] =
            (struct bound){ .spec = strdup(sockets->milter[i].spec), .listener = { .fd = -1 } };
    return true;
}

/* A new configuration may want other sockets. Without a usable one the old sockets are served. */
static void take_over_sockets(struct start *start, struct config_report *report)
{
    struct sockets names;

    if (start->has_plan && copy_names(&start->takeover.sockets, &names)) {
        start->has_plan =
            sockets_open(&start->plan, NULL, &start->takeover.sockets, &start->sockets, report);
        if (start->has_plan) {
            start->former = start->takeover.sockets;
            find_slots(start, &names);
        } else {
            first_fault(report, &start->refusal);
        }
        sockets_close(&names, false);
    }
    if (!start->has_plan)
        start->sockets = start->takeover.sockets;
}

static int start_in_place(struct start *start, struct config_report *report)
{
    struct error error;

    if (!takeover_take(&start->takeover, &error)) {
        log_open_syslog("egress-milter", NULL);
        log_write(LOG_LEVEL_ERR, "restart: %s; the daemon ends", error.text);
        return DAEMON_INTERNAL; /* the children end by themselves, without a parent */
    }
    start->is_in_place = true;
    start->started_s = start->takeover.started_s;
    start->last_good_fd =
        start->takeover.last_good_fd >= 0 ? start->takeover.last_good_fd : last_good_open();
    start->plan_path = strdup(start->options->config_path);
    start->has_plan = plan_make(start->options->config_path, &start->plan, report);
    if (!start->options->foreground)
        log_open_syslog("egress-milter", NULL);
    if (start->has_plan)
        open_log(start, report);
    take_over_sockets(start, report);
    if (start->takeover.counters_fd < 0 || !counter_adopt(start->takeover.counters_fd))
        counter_share(COUNTER_ROWS_MAX);
    faults_log(report);
    make_command_lines(start);
    if (start->has_plan)
        descriptors_raise(&start->plan);
    return supervise(start);
}

int start_run(const struct daemon_options *options)
{
    struct start start = { .options = options,
                           .sockets = SOCKETS_NONE,
                           .former = SOCKETS_NONE,
                           .detach = { .fd = -1 },
                           .last_good_fd = -1 };
    struct config_report *report = config_report_new();
    int code = DAEMON_INTERNAL;

    signal(SIGPIPE, SIG_IGN);
    log_open_stderr("egress-milter");
    if (report == NULL)
        fputs("egress-milter: out of memory\n", stderr);
    else if (takeover_is_offered())
        code = start_in_place(&start, report);
    else
        code = start_with(&start, report);
    plan_free(&start.plan);
    sockets_close(&start.sockets, false);
    sockets_close(&start.former, false);
    free(start.takeover.processes);
    free(start.plan_path);
    config_report_free(&report);
    return code;
}
