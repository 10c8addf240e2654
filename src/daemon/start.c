/*
 * start: the parent. What it holds are the sockets and the plan; what is foreign goes to the
 * children.
 *
 * Everything up to the binding happens in the process that was started, so that its faults appear
 * where somebody reads them. A program that takes the place of another goes its own way
 * (successor.c) until it supervises.
 */
#include "daemon/start_private.h"

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
#include "daemon/runner.h"
#include "daemon/state_directory.h"
#include "daemon/takeover.h"
#include "log/counter.h"
#include "log/log.h"
#include "util/clock.h"

#define GRACE_MS (CHILD_DRAIN_MS + 7000)

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

static bool desk_admits(void *context, int fd)
{
    const struct start *start = context;

    return control_right_of_socket(&start->plan.control_access, fd) != CONTROL_MAY_NOTHING;
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

/* Before a child: from here on there is a plan. */
static bool prepare(void *context, struct error *error)
{
    struct start *start = context;

    if (!successor_prepare(start, error))
        return false;
    state_directory_make(&start->plan);
    return true;
}

/* Keeps nothing of what mail and commands of the administrator come by. */
static int run_runner(void *context)
{
    struct start *start = context;
    struct runner_setup setup = { .plan = &start->plan,
                                  .requests_fd = start->seat.requests_fd,
                                  .foreground = start->options->foreground,
                                  .parent = start->parent };

    if (!start->has_plan) {
        log_write(LOG_LEVEL_ERR, "commands cannot be run while the configuration is not usable");
        return DAEMON_CONFIG;
    }
    close(start->seat.door_fd);
    sockets_shut(&start->sockets, false);
    sockets_shut(&start->former, false);
    if (start->last_good_fd >= 0)
        close(start->last_good_fd);
    if (start->plan_fd >= 0)
        close(start->plan_fd);
    if (start->detach.fd >= 0)
        close(start->detach.fd);
    return runner_run(&setup);
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
        .door_fd = start->seat.door_fd,
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
    if (start->seat.requests_fd >= 0)
        close(start->seat.requests_fd);
    if (start->plan_fd >= 0)
        close(start->plan_fd);
    if (start->detach.fd >= 0)
        close(start->detach.fd);
    return child_run(&setup, link);
}

/* --- the way ------------------------------------------------------------------------------- */

int start_supervise(struct start *start)
{
    struct supervisor_job job = { .slots = start->sockets.count,
                                  .former_slots = start->takeover.sockets.count,
                                  .grace_ms = GRACE_MS,
                                  .hears = !start->options->foreground,
                                  .context = start,
                                  .child = run_child,
                                  .slot_name = slot_name,
                                  .slot_socket = slot_socket,
                                  .desk_socket = desk_socket,
                                  .desk_admits = desk_admits,
                                  .seat = &start->seat,
                                  .runner = run_runner,
                                  .prepare = prepare,
                                  .on_ready = on_ready,
                                  .on_drain = on_drain,
                                  .on_taken_over = successor_taken_over,
                                  .probe = start->probe[0] != NULL ? start->probe : NULL,
                                  .write_down = successor_write_down,
                                  .replace = successor_exec,
                                  .go_back = successor_go_back,
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
    return start_supervise(start);
}

/* Both command lines of the program on disk: for its check, and to become it. */
void start_make_command_lines(struct start *start)
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

void start_open_seat(struct start *start)
{
    if (!runner_seat_open(&start->seat))
        log_write(LOG_LEVEL_ERR, "no commands can be run, so notices are in the log only: %m");
}

bool start_open_log(const struct start *start, struct config_report *report)
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
        !start_open_log(start, report) || !open_sockets(start, report))
        return refuse(start, report);
    start->plan_path = strdup(start->plan.config_path);
    if (start->plan_path == NULL || !counter_share(COUNTER_ROWS_MAX)) {
        fputs("egress-milter: out of memory\n", stderr);
        sockets_close(&start->sockets, true);
        return DAEMON_INTERNAL;
    }
    start->last_good_fd = last_good_open();
    start->plan_fd = last_good_open();
    plan_keep(&start->plan, start->plan_fd);
    start_make_command_lines(start);
    start_open_seat(start);
    descriptors_raise(&start->plan);
    /* A service manager watches the process it started. */
    return start->options->foreground || notify_is_wanted() ? supervise_anew(start)
                                                            : run_in_background(start);
}

int start_run(const struct daemon_options *options)
{
    struct start start = { .options = options,
                           .sockets = SOCKETS_NONE,
                           .former = SOCKETS_NONE,
                           .seat = RUNNER_SEAT_NONE,
                           .detach = { .fd = -1 },
                           .last_good_fd = -1,
                           .plan_fd = -1 };
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
    plan_free(&start.former_plan);
    sockets_close(&start.sockets, false);
    sockets_close(&start.former, false);
    runner_seat_close(&start.seat);
    free(start.takeover.processes);
    free(start.plan_path);
    config_report_free(&report);
    return code;
}
