/*
 * runner: commands get what was asked for and nothing else; one that hangs is ended with its group,
 * one that fails is told; TERM and the parent's death end it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/runner.h"
#include "daemon/runner_seat.h"
#include "log/log.h"
#include "notice/request.h"
#include "util/clock.h"
#include "util/file.h"

#define PATIENCE_MS 20000

struct yard {
    char directory[48];
    char config[80], script[80], out[80], log[80];
    struct runner_seat seat;
    struct plan plan;
};

static void write_file(const char *path, const char *text, unsigned mode)
{
    struct error error;

    if (!file_write_atomic(path, text, strlen(text), mode, true, &error)) {
        fail_msg("%s", error.text);
    }
}

static int yard_open(void **state)
{
    struct yard *yard = calloc(1, sizeof(*yard));
    struct config_report *report = config_report_new();
    char text[512];

    strcpy(yard->directory, "/tmp/egress-runner.XXXXXX");
    assert_non_null(mkdtemp(yard->directory));
    chmod(yard->directory, 0777); /* the configured user writes here */
    snprintf(yard->config, sizeof(yard->config), "%s/t.conf", yard->directory);
    snprintf(yard->script, sizeof(yard->script), "%s/script", yard->directory);
    snprintf(yard->out, sizeof(yard->out), "%s/out", yard->directory);
    snprintf(yard->log, sizeof(yard->log), "%s/log", yard->directory);
    snprintf(text, sizeof(text),
             "socket = \"unix:%s/x.sock\";\nuser = \"nobody\";\n"
             "control = { socket = \"%s/c.sock\"; };\n"
             "hooks = { held = [ \"%s\", \"%s\" ]; limit-near = [ \"/nonexistent/x\" ]; };\n",
             yard->directory, yard->directory, yard->script, yard->directory);
    write_file(yard->config, text, 0644);
    assert_true(plan_make(yard->config, &yard->plan, report));
    config_report_free(&report);
    assert_true(runner_seat_open(&yard->seat));
    *state = yard;
    return 0;
}

static int yard_close(void **state)
{
    struct yard *yard = *state;

    runner_seat_close(&yard->seat);
    plan_free(&yard->plan);
    unlink(yard->config);
    unlink(yard->script);
    unlink(yard->out);
    unlink(yard->log);
    rmdir(yard->directory);
    free(yard);
    return 0;
}

/* In a process of its own, which logs to a file. */
static void start_runner(struct yard *yard)
{
    pid_t parent = getpid();
    sigset_t blocked;

    if (runner_seat_fork(&yard->seat, 1) == 0) {
        struct runner_setup setup = { &yard->plan, yard->seat.requests_fd, true, parent };
        int log = open(yard->log, O_CREAT | O_WRONLY | O_APPEND, 0644);
        dup2(log, STDERR_FILENO);
        log_open_stderr("runner");
        signal(SIGPIPE, SIG_IGN); /* as in the daemon */
        sigfillset(&blocked);
        sigprocmask(SIG_BLOCK, &blocked, NULL);
        _exit(runner_run(&setup));
    }
    assert_true(yard->seat.pid > 0);
}

static void ask(const struct yard *yard, const char *command, const char *input)
{
    struct buffer request = BUFFER_EMPTY;

    request_begin(&request, command);
    request_fact(&request, "user", SPAN("alice"));
    request_input(&request, span_of(input));
    assert_int_equal(send(yard->seat.door_fd, request.at, request.size, 0), request.size);
    buffer_free(&request);
}

static void end_runner(struct yard *yard)
{
    runner_seat_finish(&yard->seat);
    assert_int_equal(yard->seat.pid, 0);
}

/* Waits until the file has it. */
static void await_in(const char *path, const char *piece)
{
    struct buffer text = BUFFER_EMPTY;
    struct error error;

    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += 10) {
        buffer_clear(&text);
        if (file_read(path, 100000, &text, &error) && strstr(buffer_text(&text), piece) != NULL) {
            buffer_free(&text);
            return;
        }
        poll(NULL, 0, 10);
    }
    fail_msg("\"%s\" never came into %s: %s", piece, path, buffer_text(&text));
}

static void it_gets_what_was_asked(void **state)
{
    struct yard *yard = *state;

    write_file(yard->script,
               "#!/bin/sh\nexec >$1/out.new\necho \"arg=$1 n=$#\"\nenv | sort\n"
               "ls /proc/self/fd | tr '\\n' ' '\necho\ngrep NoNewPrivs /proc/self/status\n"
               "grep SigBlk /proc/self/status\n"
               /* but for the C library's own two, which nobody can set */
               "ignored=$(sed -n 's/^SigIgn:.//p' /proc/self/status)\n"
               "echo \"ignored=$((0x$ignored & ~0x180000000))\"\necho \"cwd=$PWD\"\ncat\n"
               "mv $1/out.new $1/out\n",
               0755);
    ask(yard, "held", "line one\n\nline three\n");
    start_runner(yard);
    await_in(yard->out, "line one\n\nline three\n");
    await_in(yard->out, "n=1\n");
    await_in(yard->out, "EGRESS_USER=alice\n");
    await_in(yard->out, "0 1 2 3 \n"); /* 3 is ls's own */
    await_in(yard->out, "NoNewPrivs:\t0\n");
    await_in(yard->out, "SigBlk:\t0000000000000000\nignored=0\n");
    await_in(yard->out, "cwd=/\n");
    await_in(yard->log, "has run");
    end_runner(yard);
}

static void what_fails_is_told(void **state)
{
    struct yard *yard = *state;

    write_file(yard->script, "#!/bin/sh\necho 'no luck' >&2\nexit 75\n", 0755);
    start_runner(yard);
    ask(yard, "held", "");
    ask(yard, "limit-near", "");
    ask(yard, "limit-reached", ""); /* not configured */
    assert_true(send(yard->seat.door_fd, "rubbish", 7, 0) == 7);
    await_in(yard->log, "for held ended with code 75: no luck");
    await_in(yard->log, "for limit-near ended with code 127: cannot be run: No such file");
    await_in(yard->log, "nothing is configured any more to be run for limit-reached");
    await_in(yard->log, "cannot be understood");
    end_runner(yard);
}

static bool is_alive(pid_t pid)
{
    return kill(pid, 0) == 0;
}

static pid_t pid_in(const char *path)
{
    struct buffer text = BUFFER_EMPTY;
    struct error error;
    pid_t pid;

    await_in(path, "\n");
    assert_true(file_read(path, 1000, &text, &error));
    pid = atoi(buffer_text(&text));
    buffer_free(&text);
    assert_true(pid > 1);
    return pid;
}

static void await_death(pid_t pid)
{
    for (int waited_ms = 0; is_alive(pid) && waited_ms < PATIENCE_MS; waited_ms += 10) {
        poll(NULL, 0, 10);
    }
    assert_false(is_alive(pid));
}

/* It is ended with the process it has started. */
static void term_ends_what_hangs(void **state)
{
    struct yard *yard = *state;
    pid_t pid;

    write_file(yard->script, "#!/bin/sh\nsleep 600 &\necho $! >$1/out\nwait\n", 0755);
    start_runner(yard);
    ask(yard, "held", "");
    pid = pid_in(yard->out);
    end_runner(yard); /* TERM */
    await_death(pid);
    await_in(yard->log, "took too long and was ended");
}

static void kill_ends_the_command(void **state)
{
    struct yard *yard = *state;
    pid_t pid;

    write_file(yard->script, "#!/bin/sh\necho $$ >$1/out\nexec sleep 600\n", 0755);
    start_runner(yard);
    ask(yard, "held", "");
    pid = pid_in(yard->out);
    kill(yard->seat.pid, SIGKILL);
    waitpid(yard->seat.pid, NULL, 0);
    await_death(pid);
}

static void it_ends_with_its_parent(void **state)
{
    struct yard *yard = *state;
    int pipe_ends[2];
    pid_t parent, runner = 0;

    assert_int_equal(pipe(pipe_ends), 0);
    parent = fork();
    if (parent == 0) {
        start_runner(yard);
        if (write(pipe_ends[1], &yard->seat.pid, sizeof(yard->seat.pid)) < 0) {
            _exit(1);
        }
        pause();
    }
    assert_int_equal(read(pipe_ends[0], &runner, sizeof(runner)), sizeof(runner));
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    await_death(runner);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

/* It goes by itself, and nothing that comes in that moment is lost. */
static void idle_it_goes(void **state)
{
    struct yard *yard = *state;
    int status;

    write_file(yard->script, "#!/bin/sh\necho $$ >>$1/out\n", 0755);
    assert_false(runner_seat_is_busy(&yard->seat));
    start_runner(yard);
    assert_int_equal(runner_seat_fd(&yard->seat, 5), -1);
    assert_int_equal(waitpid(yard->seat.pid, &status, 0), yard->seat.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(runner_seat_ended(&yard->seat, yard->seat.pid, status, 2000));
    ask(yard, "held", "");
    assert_true(runner_seat_is_busy(&yard->seat));
    assert_int_equal(runner_seat_fd(&yard->seat, 2000), yard->seat.requests_fd);
    start_runner(yard);
    pid_in(yard->out);
    end_runner(yard);
}

/* One that dies is not started without end. */
static void it_is_started_later_then(void **state)
{
    struct yard *yard = *state;
    uint64_t now_ms = 1000;
    unsigned starts = 0;

    for (; now_ms < 11000; now_ms += 10) {
        if (runner_seat_fd(&yard->seat, now_ms) < 0) {
            continue;
        }
        starts++;
        yard->seat.pid = 12345;
        yard->seat.started_ms = now_ms;
        assert_true(runner_seat_ended(&yard->seat, 12345, 70 << 8, now_ms));
    }
    assert_in_range(starts, 5, 12);
    assert_false(runner_seat_ended(&yard->seat, 12345, 0, now_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_gets_what_was_asked, yard_open, yard_close),
        cmocka_unit_test_setup_teardown(what_fails_is_told, yard_open, yard_close),
        cmocka_unit_test_setup_teardown(term_ends_what_hangs, yard_open, yard_close),
        cmocka_unit_test_setup_teardown(kill_ends_the_command, yard_open, yard_close),
        cmocka_unit_test_setup_teardown(it_ends_with_its_parent, yard_open, yard_close),
        cmocka_unit_test_setup_teardown(idle_it_goes, yard_open, yard_close),
        cmocka_unit_test_setup_teardown(it_is_started_later_then, yard_open, yard_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
