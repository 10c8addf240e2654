/*
 * log to stderr, and what is common to both ways: levels, sanitising, the limit of a line.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log/field.h"
#include "log/log.h"

static int reader, saved_stderr;
static int another_fd = -1; /* of one who writes to stderr just when somebody has looked */

/* In place of the library's. */
int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    char lines[4096];
    struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
    int ready = ppoll(fds, count, timeout_ms < 0 ? NULL : &timeout, NULL);

    memset(lines, '\n', sizeof(lines));
    while (another_fd >= 0 && write(another_fd, lines, sizeof(lines)) > 0)
        ;
    return ready;
}

/* What poll() may be called where the compiler fortifies. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t room);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t room)
{
    (void)room;
    return poll(fds, count, timeout_ms);
}

/* stderr becomes a pipe that nobody reads until taken() does. */
static int redirect(void **state)
{
    int ends[2];

    (void)state;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    saved_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    reader = ends[0];
    fcntl(reader, F_SETFL, O_NONBLOCK);
    log_open_stderr("egress-test");
    log_set_level(LOG_LEVEL_INFO);
    return 0;
}

static int restore(void **state)
{
    (void)state;
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    if (reader >= 0)
        close(reader);
    return 0;
}

/* What was written since the last call. */
static const char *taken(void)
{
    static char text[200000];
    size_t size = 0;
    ssize_t got;

    while ((got = read(reader, text + size, sizeof(text) - 1 - size)) > 0)
        size += (size_t)got;
    text[size] = '\0';
    return text;
}

static void test_lines(void **state)
{
    (void)state;
    log_write(LOG_LEVEL_ERR, "key %s: %d", "x", 7);
    assert_string_equal(taken(), "egress-test: err: key x: 7\n");
    log_write_line(LOG_LEVEL_NOTICE, SPAN("as it is"));
    assert_string_equal(taken(), "egress-test: notice: as it is\n");
    log_process_sink()->write(log_process_sink(), LOG_LEVEL_INFO, SPAN("by the sink"));
    assert_string_equal(taken(), "egress-test: info: by the sink\n");
    log_write_line(LOG_LEVEL_INFO, (struct span){ NULL, 0 });
    assert_string_equal(taken(), "egress-test: info: \n");
    log_open_stderr(NULL); /* the name stays */
    log_write(LOG_LEVEL_WARNING, "100%%");
    assert_string_equal(taken(), "egress-test: warning: 100%\n");
}

static void test_levels(void **state)
{
    static const char *const names[] = { "err", "warning", "notice", "info", "debug" };
    static const char *const unknown[] = { "", "error", "Info", "infos", "inf" };
    enum log_level level;

    (void)state;
    for (int highest = LOG_LEVEL_ERR; highest <= LOG_LEVEL_DEBUG; highest++) {
        log_set_level((enum log_level)highest);
        for (int i = LOG_LEVEL_ERR; i <= LOG_LEVEL_DEBUG; i++) {
            log_write((enum log_level)i, "x");
            assert_int_equal(*taken() != '\0', i <= highest);
            log_write_line((enum log_level)i, SPAN("x"));
            assert_int_equal(*taken() != '\0', i <= highest);
        }
        assert_string_equal(log_level_name((enum log_level)highest), names[highest]);
        assert_true(log_level_parse(span_of(names[highest]), &level));
        assert_int_equal(level, highest);
    }
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_false(log_level_parse(span_of(unknown[i]), &level));
}

/* Whatever byte an argument holds, the result is one line of ASCII. */
static void test_no_forged_line(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char expected[64];

        log_write(LOG_LEVEL_INFO, "a%cb", byte);
        if (byte >= 0x20 && byte < 0x7f)
            snprintf(expected, sizeof(expected), "egress-test: info: a%cb\n", byte);
        else
            snprintf(expected, sizeof(expected), "egress-test: info: a\\x%02xb\n", byte);
        assert_string_equal(taken(), expected);
    }
}

static void test_limit(void **state)
{
    static const char head[] = "egress-test: info: ";
    static char line[LOG_LINE_MAX * 2];

    (void)state;
    for (int size = LOG_LINE_MAX - 5; size < LOG_LINE_MAX + 20; size++) {
        const char *text;
        size_t length;

        log_write(LOG_LEVEL_INFO, "%0*d", size, 1);
        text = taken();
        length = strlen(text) - (sizeof(head) - 1) - 1;
        assert_int_equal(length, size <= LOG_LINE_MAX ? size : LOG_LINE_MAX);
        assert_int_equal(text[strlen(text) - 2], size <= LOG_LINE_MAX ? '1' : '~');
    }
    memset(line, '\n', sizeof(line) - 1);
    log_write(LOG_LEVEL_INFO, "%s", line); /* four bytes for one */
    assert_true(strlen(taken()) <= sizeof(head) - 1 + LOG_LINE_MAX + 1);
    memset(line, 'x', sizeof(line));
    log_write_line(LOG_LEVEL_INFO, (struct span){ line, sizeof(line) });
    assert_int_equal(strlen(taken()), sizeof(head) - 1 + LOG_LINE_MAX + 1);
}

/* A pipe nobody reads: lines wait in their order, and nobody waits for them. */
static void test_stalled(void **state)
{
    uint64_t lost_before = log_lost_lines();
    unsigned next = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        log_write(LOG_LEVEL_INFO, "%0200d", i);
    for (bool is_left = true; is_left;) {
        is_left = log_flush();
        for (const char *text = taken(); *text != '\0'; text = strchr(text, '\n') + 1) {
            assert_memory_equal(text, "egress-test: info: 0", 20);
            assert_int_equal(strtoul(text + 19, NULL, 10), next++);
        }
    }
    assert_int_equal(next, 1000);
    assert_int_equal(log_lost_lines(), lost_before);
}

/* What can never be written is counted and does not wait for ever. */
static void test_closed(void **state)
{
    uint64_t lost_before = log_lost_lines();

    (void)state;
    log_write(LOG_LEVEL_INFO, "heard");
    assert_string_equal(taken(), "egress-test: info: heard\n");
    close(reader);
    log_write(LOG_LEVEL_INFO, "unheard");
    assert_false(log_flush());
    assert_int_equal(log_lost_lines() - lost_before, 1);
    reader = -1;
}

/* Several processes share a pipe: between the look whether it takes a line and the line come the
 * lines of another, and then, too, nobody waits. */
static void test_stalled_between(void **state)
{
    (void)state;
    another_fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(another_fd >= 0);
    alarm(20); /* whoever waits, waits for ever */
    log_write(LOG_LEVEL_INFO, "late");
    alarm(0);
    assert_true(log_flush()); /* it is kept */
    close(another_fd);
    another_fd = -1;
    assert_null(strstr(taken(), "late"));
    assert_false(log_flush());
    assert_string_equal(taken(), "egress-test: info: late\n");
    /* Others have the pipe too, and nothing changes for them. */
    assert_int_equal(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
}

/* As a service manager has it. */
static void test_socket(void **state)
{
    uint64_t lost_before = log_lost_lines();
    int ends[2];
    char text[64];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    log_open_stderr("egress-test");
    log_write(LOG_LEVEL_INFO, "by a socket");
    assert_int_equal(read(ends[0], text, sizeof(text)), 31);
    assert_memory_equal(text, "egress-test: info: by a socket\n", 31);
    for (int i = 0; i < 1000; i++)
        log_write(LOG_LEVEL_INFO, "%0900d", i);
    close(ends[0]);
    log_write(LOG_LEVEL_INFO, "unheard");
    log_flush();
    assert_true(log_lost_lines() > lost_before);
}

static void test_errno_stays(void **state)
{
    (void)state;
    errno = ENOENT;
    log_write(LOG_LEVEL_ERR, "open: %m");
    assert_int_equal(errno, ENOENT);
    assert_string_equal(taken(), "egress-test: err: open: No such file or directory\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, redirect, restore)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines),       TEST(test_levels),          TEST(test_no_forged_line),
        TEST(test_limit),       TEST(test_stalled),         TEST(test_closed),
        TEST(test_errno_stays), TEST(test_stalled_between), TEST(test_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
