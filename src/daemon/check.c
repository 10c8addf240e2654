/*
 * check: the parent's part of a start without binding, then the child's part in a process of its
 * own, since becoming the user is final.
 */
#include "daemon/check.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/plan.h"
#include "daemon/state_directory.h"
#include "daemon/takeover.h"
#include "log/log.h"
#include "site/site.h"

/* Could the sockets be made? One that is in use passes: the daemon may well be running. */
static void check_paths(const struct plan *plan, struct config_report *report)
{
    struct error error;

    for (size_t i = 0; i < plan->sockets->socket.count; i++) {
        struct listen_spec spec;
        if (listen_parse(plan->sockets->socket.at[i], &spec, &error) &&
            spec.family == LISTEN_UNIX && !plan_makes_directory(spec.path) &&
            !listen_path_is_usable(spec.path, &error))
            plan_complain(plan, report, &milter_socket_table, "socket", &error);
    }
    if (!plan_makes_directory(plan->control->socket) &&
        !listen_path_is_usable(plan->control->socket, &error))
        plan_complain(plan, report, &control_table, "socket", &error);
}

/* Choosing a facility sends nothing; what -t has to say goes to stderr as before. */
static void check_facility(const struct plan *plan, struct config_report *report)
{
    struct error error;

    if (!plan_open_syslog(plan, &error))
        plan_complain(plan, report, &site_log_table, "facility", &error);
    log_open_stderr("egress-milter");
}

/* In the forked process: the configuration is read again, now with everything it names. */
static int load_as_user(const struct plan *plan, bool strict)
{
    struct config_report *report = config_report_new();
    struct error error;
    struct site *site;
    int code;

    if (report == NULL || !identity_assume(&plan->identity, &error)) {
        fprintf(stderr, "egress-milter: %s\n", report == NULL ? "out of memory" : error.text);
        return DAEMON_INTERNAL;
    }
    site = site_load(plan->config_path, all_config_tables(), report);
    state_directory_check(plan, report);
    faults_print(report, true, stderr);
    code = site == NULL || faults_are_fatal(report, strict) ? DAEMON_CONFIG : DAEMON_GOOD;
    site_unref(&site);
    config_report_free(&report);
    return code;
}

static int await_code(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return DAEMON_INTERNAL;
    }
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    fprintf(stderr, "egress-milter: the check died of signal %d (%s)\n", WTERMSIG(status),
            strsignal(WTERMSIG(status)));
    return DAEMON_INTERNAL;
}

int check_as_user(const struct plan *plan, bool strict)
{
    pid_t pid;
    int code;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        code = load_as_user(plan, strict);
        fflush(NULL);
        _exit(code);
    }
    if (pid > 0)
        return await_code(pid);
    fprintf(stderr, "egress-milter: fork: %s\n", strerror(errno));
    return DAEMON_INTERNAL;
}

/* The warnings of the first reading come again with the second. */
int check_explain(const struct plan *plan, const struct config_report *report)
{
    bool goes_on = plan->config != NULL && plan->is_identity_known;

    faults_print(report, !goes_on, stderr);
    if (goes_on)
        check_as_user(plan, false);
    return DAEMON_CONFIG;
}

int check_run(const struct daemon_options *options)
{
    struct config_report *report = config_report_new();
    struct error error = { "" };
    struct plan plan;
    int code;

    log_open_stderr("egress-milter");
    if (!takeover_answer(&error)) {
        fprintf(stderr, "egress-milter " PACKAGE_VERSION ": %s\n", error.text);
        config_report_free(&report);
        return DAEMON_INTERNAL;
    }
    if (report == NULL) {
        fputs("egress-milter: out of memory\n", stderr);
        return DAEMON_INTERNAL;
    }
    if (plan_make(options->config_path, &plan, report)) {
        check_paths(&plan, report);
        check_facility(&plan, report);
    }
    if (config_report_count(report, CONFIG_ERROR) == 0)
        code = check_as_user(&plan, options->strict);
    else
        code = check_explain(&plan, report);
    plan_free(&plan);
    config_report_free(&report);
    return code;
}
