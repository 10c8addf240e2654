/*
 * runner: takes requests off the socket while there is room, and watches the commands: poll over a
 * signalfd, the socket and what the commands say.
 */
#include "daemon/runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/settings.h"
#include "daemon/options.h"
#include "daemon/runner_private.h"
#include "log/log.h"
#include "notice/settings.h"
#include "util/clock.h"

#define LINGER_MS 1000 /* what follows soon finds it here */
#define LIFE_MS 60000  /* then another one reads the configuration anew */
#define LAST_LINES_MS 1000
#define KILLED_LOOK_MS 100 /* for those that were killed and are not gone */

struct runner {
    const struct runner_setup *setup;
    const struct config *config;
    struct runner_command commands[RUNNER_AT_ONCE];
    int signal_fd;
    uint64_t idle_ms; /* since when there is nothing to do */
    uint64_t born_ms;
    uint64_t drain_ms; /* when TERM came; 0: it did not */
    char piece[REQUEST_MAX + 1];
};

static uint64_t now_ms(void)
{
    return clock_mono_ns(&clock_system) / 1000000;
}

/* --- commands -------------------------------------------------------------------------------- */

/* What the configuration has for it; NULL: nothing. */
static const struct config_texts *argv_of(const struct runner *runner, struct span name)
{
    const struct notice_settings *notices = config_settings(runner->config, &notice_settings_table);
    const struct hook_settings *hooks = config_settings(runner->config, &hook_settings_table);
    const struct config_texts *argv = NULL;

    if (span_is_equal(name, SPAN(REQUEST_MAIL))) {
        argv = &notices->command;
    }
    for (size_t i = 0; i < NOTICE_KIND_COUNT && argv == NULL; i++) {
        if (span_is_equal(name, span_of(notice_kinds[i].name))) {
            argv = &hooks->at[i];
        }
    }
    return argv != NULL && argv->count > 0 ? argv : NULL;
}

static struct runner_command *free_place(struct runner *runner)
{
    for (size_t i = 0; i < RUNNER_AT_ONCE; i++) {
        if (runner->commands[i].pid == 0) {
            return &runner->commands[i];
        }
    }
    return NULL;
}

static bool is_idle(const struct runner *runner)
{
    for (size_t i = 0; i < RUNNER_AT_ONCE; i++) {
        if (runner->commands[i].pid != 0) {
            return false;
        }
    }
    return true;
}

static uint64_t time_of_end(const struct runner *runner)
{
    return runner->drain_ms != 0 ? runner->drain_ms + RUNNER_DRAIN_MS : UINT64_MAX;
}

static void start(struct runner *runner, const struct request *request)
{
    const struct config_texts *argv = argv_of(runner, request->command);
    struct runner_command *command = free_place(runner);

    if (argv == NULL) {
        log_write(LOG_LEVEL_WARNING, "nothing is configured any more to be run for %.*s",
                  SPAN_ARG(request->command));
    } else if (!runner_command_start(command, argv, request)) {
        runner_count_failure();
        log_write(LOG_LEVEL_ERR, "command %s cannot be run: %m", argv->at[0]);
    } else {
        command->until_ms = now_ms() + RUNNER_COMMAND_MS;
    }
}

/* False: there is none. */
static bool take_request(struct runner *runner)
{
    struct request request;
    ssize_t size =
        recv(runner->setup->requests_fd, runner->piece, sizeof(runner->piece), MSG_DONTWAIT);

    if (size <= 0) {
        return false;
    }
    if (size <= REQUEST_MAX &&
        request_read((struct span){ runner->piece, (size_t)size }, &request)) {
        start(runner, &request);
    } else {
        log_write(LOG_LEVEL_ERR, "a request for a command cannot be understood and is dropped");
    }
    return true;
}

/* --- signals --------------------------------------------------------------------------------- */

static void reap(struct runner *runner)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < RUNNER_AT_ONCE; i++) {
            if (runner->commands[i].pid == pid) {
                runner_command_ended(&runner->commands[i], status);
            }
        }
    }
    if (is_idle(runner)) {
        runner->idle_ms = now_ms();
    }
}

static void take_signals(struct runner *runner)
{
    struct signalfd_siginfo info;

    while (read(runner->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGCHLD) {
            reap(runner);
        } else if (runner->drain_ms == 0) {
            runner->drain_ms = now_ms();
        }
    }
}

/* --- rounds ---------------------------------------------------------------------------------- */

/* When something is due: a command's time, the end of the drain, or of the linger. */
static uint64_t due_ms(const struct runner *runner)
{
    uint64_t now = now_ms(), due = time_of_end(runner);

    due = due > now ? due : now + KILLED_LOOK_MS;
    for (size_t i = 0; i < RUNNER_AT_ONCE; i++) {
        const struct runner_command *command = &runner->commands[i];
        if (command->pid != 0 && !command->is_killed && command->until_ms < due) {
            due = command->until_ms;
        }
    }
    if (is_idle(runner) && runner->idle_ms + LINGER_MS < due) {
        due = runner->idle_ms + LINGER_MS;
    }
    return due;
}

static void kill_late(struct runner *runner)
{
    uint64_t now = now_ms();
    bool is_over = now >= time_of_end(runner);

    for (size_t i = 0; i < RUNNER_AT_ONCE; i++) {
        struct runner_command *command = &runner->commands[i];
        if (command->pid != 0 && !command->is_killed && (is_over || now >= command->until_ms)) {
            runner_command_kill(command);
        }
    }
}

static void round_once(struct runner *runner)
{
    struct pollfd polled[2 + RUNNER_AT_ONCE] = { { runner->signal_fd, POLLIN, 0 } };
    uint64_t now = now_ms(), due = due_ms(runner);
    bool takes =
        free_place(runner) != NULL && now < time_of_end(runner) && now - runner->born_ms < LIFE_MS;

    polled[1] = (struct pollfd){ takes ? runner->setup->requests_fd : -1, POLLIN, 0 };
    for (size_t i = 0; i < RUNNER_AT_ONCE; i++) {
        polled[2 + i] = (struct pollfd){ runner->commands[i].output_fd, POLLIN, 0 };
    }
    if (poll(polled, 2 + RUNNER_AT_ONCE,
             due > now ? (int)(due - now < 60000 ? due - now : 60000) : 0) < 0 &&
        errno != EINTR) {
        poll(NULL, 0, 100); /* it may pass, and must not spin */
        return;
    }
    for (size_t i = 0; i < RUNNER_AT_ONCE; i++) {
        if (polled[2 + i].revents != 0) {
            runner_command_hear(&runner->commands[i]);
        }
    }
    if (polled[1].revents != 0) {
        take_request(runner);
    }
    take_signals(runner);
    kill_late(runner);
}

/* Once nothing is under way: is there nothing more to come? The parent looks at the socket again
 * when this process has ended, so nothing is ever left there. */
static bool is_done(const struct runner *runner)
{
    uint64_t now = now_ms();
    struct pollfd waiting = { runner->setup->requests_fd, POLLIN, 0 };

    if (!is_idle(runner)) {
        return false;
    }
    if (now - runner->born_ms >= LIFE_MS || now >= time_of_end(runner)) {
        return true;
    }
    return (runner->drain_ms != 0 || now >= runner->idle_ms + LINGER_MS) &&
           poll(&waiting, 1, 0) == 0;
}

/* --- the process ----------------------------------------------------------------------------- */

static bool open_signals(struct runner *runner)
{
    sigset_t ours;

    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGCHLD);
    runner->signal_fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    return runner->signal_fd >= 0;
}

static bool become(const struct runner_setup *setup, struct error *error)
{
    prctl(PR_SET_NAME, "egress-runner", 0, 0, 0);
    setpgid(0, 0);
    if (!identity_become(&setup->plan->identity, error)) {
        return false;
    }
    /* Changing the user clears it, so it comes after. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0 || getppid() != setup->parent) {
        error_set(error, "the parent process is gone");
        return false;
    }
    return true;
}

/* As the user, and as it is now: a reload may have brought other commands. */
static struct config *read_config(const struct plan *plan)
{
    struct config_report *report = config_report_new();
    struct config *config =
        report != NULL ? config_load(plan->config_path, all_config_tables(), report) : NULL;

    if (config == NULL) {
        log_write(LOG_LEVEL_WARNING, "%s cannot be used: commands are run as it said at the start",
                  plan->config_path);
    }
    config_report_free(&report);
    return config;
}

int runner_run(const struct runner_setup *setup)
{
    struct runner runner = { .setup = setup, .born_ms = now_ms(), .signal_fd = -1 };
    struct config *config;
    struct error error;

    if (!setup->foreground) {
        log_open_syslog("egress-milter", setup->plan->log->facility);
    }
    if (!become(setup, &error)) {
        log_write(LOG_LEVEL_ERR, "commands cannot be run: %s", error.text);
        return DAEMON_INTERNAL;
    }
    for (size_t i = 0; i < RUNNER_AT_ONCE; i++) {
        runner.commands[i].output_fd = -1;
    }
    config = read_config(setup->plan);
    runner.config = config != NULL ? config : setup->plan->config;
    runner.idle_ms = now_ms();
    if (!open_signals(&runner)) {
        log_write(LOG_LEVEL_ERR, "commands cannot be run: %m");
        return DAEMON_INTERNAL;
    }
    while (!is_done(&runner)) {
        round_once(&runner);
    }
    close(runner.signal_fd);
    config_free(&config);
    log_drain(LAST_LINES_MS);
    return DAEMON_GOOD;
}
