/*
 * start: the parent. What it holds are the sockets and the plan; what is foreign goes to the
 * children.
 *
 * Everything up to the binding happens in the process that was started, so that its faults appear
 * where somebody reads them.
 */
#include "daemon/start.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/check.h"
#include "daemon/child.h"
#include "daemon/detach.h"
#include "log/counter.h"
#include "log/log.h"
#include "util/clock.h"

#define GRACE_MS (CHILD_DRAIN_MS + 7000) /* libmilter takes up to 5 s to stop */

struct start {
    const struct daemon_options *options;
    struct plan plan;
    struct listener *listeners; /* one per socket */
    size_t listener_count;
    struct listener control;
    struct detach detach;
    int64_t started_s;
    pid_t parent; /* the supervisor */
};

/* --- sockets --------------------------------------------------------------------------------- */

static void close_sockets(struct start *start, bool remove)
{
    for (size_t i = 0; i < start->listener_count; i++)
        listener_close(&start->listeners[i], remove);
    listener_close(&start->control, remove);
}

/* Anything that goes wrong here is found when the socket is made. */
static void make_run_directory(const struct plan *plan, const char *path)
{
    if (plan_makes_directory(path) && mkdir(EM_RUN_DIR, 0755) == 0 && plan->identity.changes &&
        lchown(EM_RUN_DIR, plan->identity.uid, plan->identity.gid) < 0)
        rmdir(EM_RUN_DIR);
}

static void open_control(struct start *start, struct config_report *report)
{
    struct listen_spec spec = { .family = LISTEN_UNIX, .path = start->plan.control->socket };
    struct error error;

    make_run_directory(&start->plan, spec.path);
    if (!listener_open(&spec, &start->plan.control_socket_access, &start->control, &error))
        plan_complain(&start->plan, report, &control_table, "socket", &error);
}

static bool open_sockets(struct start *start, struct config_report *report)
{
    const struct config_texts *specs = &start->plan.sockets->socket;
    struct error error;

    start->listeners = calloc(specs->count, sizeof(*start->listeners));
    if (start->listeners == NULL) {
        config_complain(report, CONFIG_ERROR, NULL, NULL, "out of memory");
        return false;
    }
    start->listener_count = specs->count;
    for (size_t i = 0; i < specs->count; i++)
        start->listeners[i].fd = -1;
    for (size_t i = 0; i < specs->count; i++) {
        struct listen_spec spec;
        if (!listen_parse(specs->at[i], &spec, &error))
            continue; /* the row accepted it */
        if (spec.family == LISTEN_UNIX)
            make_run_directory(&start->plan, spec.path);
        if (!listener_open(&spec, &start->plan.milter_access, &start->listeners[i], &error))
            plan_complain(&start->plan, report, &milter_socket_table, "socket", &error);
    }
    open_control(start, report);
    if (config_report_count(report, CONFIG_ERROR) == 0)
        return true;
    close_sockets(start, true);
    return false;
}

/* --- what the supervisor calls -----------------------------------------------------------------
 */

static const char *slot_name(void *context, size_t slot)
{
    const struct start *start = context;

    return start->plan.sockets->socket.at[slot];
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
    close_sockets(context, true);
}

static void on_death(void *context, size_t slot)
{
    (void)context;
    counter_close_slot(slot);
}

/* The first child has the control socket too; what belongs to others is closed. */
static int run_child(void *context, const struct child_link *link)
{
    struct start *start = context;
    struct child_setup setup = {
        .plan = &start->plan,
        .fd = start->listeners[link->slot].fd,
        .spec = slot_name(start, link->slot),
        .control_fd = link->slot == 0 ? start->control.fd : -1,
        .foreground = start->options->foreground,
        .strict = start->options->strict,
        .started_s = start->started_s,
        .parent = start->parent,
    };

    for (size_t i = 0; i < start->listener_count; i++) {
        if (i != link->slot)
            listener_close(&start->listeners[i], false);
    }
    if (link->slot != 0)
        listener_close(&start->control, false);
    if (start->detach.fd >= 0)
        close(start->detach.fd);
    return child_run(&setup, link);
}

/* --- the way ------------------------------------------------------------------------------- */

static int supervise(struct start *start)
{
    struct supervisor_job job = { .slots = start->listener_count,
                                  .grace_ms = GRACE_MS,
                                  .context = start,
                                  .child = run_child,
                                  .slot_name = slot_name,
                                  .on_ready = on_ready,
                                  .on_drain = on_drain,
                                  .on_death = on_death };
    int code;

    start->started_s = clock_wall_s(&clock_system);
    start->parent = getpid();
    log_write(LOG_LEVEL_INFO, "egress-milter %s starts with %s", PACKAGE_VERSION,
              start->plan.config_path);
    code = supervisor_run(&job);
    if (code == DAEMON_GOOD)
        log_write(LOG_LEVEL_INFO, "egress-milter %s ends", PACKAGE_VERSION);
    close_sockets(start, true);
    detach_tell(&start->detach, code);
    return code;
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
        close_sockets(start, false);
        return code;
    case DETACH_DAEMON:
        log_open_syslog("egress-milter", NULL); /* the pid is another one */
        return supervise(start);
    case DETACH_FAILED:
        break;
    }
    fprintf(stderr, "egress-milter: %s\n", error.text);
    close_sockets(start, true);
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

static int start_with(struct start *start, struct config_report *report)
{
    if (!plan_make(start->options->config_path, &start->plan, report) ||
        (start->options->strict && config_report_count(report, CONFIG_WARNING) > 0) ||
        !open_log(start, report) || !open_sockets(start, report))
        return refuse(start, report);
    if (!counter_share(start->listener_count)) {
        fputs("egress-milter: out of memory\n", stderr);
        close_sockets(start, true);
        return DAEMON_INTERNAL;
    }
    return start->options->foreground ? supervise(start) : run_in_background(start);
}

int start_run(const struct daemon_options *options)
{
    struct start start = { .options = options, .control = { .fd = -1 }, .detach = { .fd = -1 } };
    struct config_report *report = config_report_new();
    int code = DAEMON_INTERNAL;

    signal(SIGPIPE, SIG_IGN);
    log_open_stderr("egress-milter");
    if (report != NULL)
        code = start_with(&start, report);
    else
        fputs("egress-milter: out of memory\n", stderr);
    plan_free(&start.plan);
    free(start.listeners);
    config_report_free(&report);
    return code;
}
