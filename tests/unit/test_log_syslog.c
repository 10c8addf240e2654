/*
 * log to syslog: the datagram, a receiver that is absent, stalls or restarts, many threads.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/field.h"
#include "log/log.h"
#include "log/log_private.h"

static char directory[] = "/tmp/test_log_syslog.XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int receiver = -1;
static char line[4096];

static void receiver_start(void)
{
    receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(receiver, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void receiver_stop(void)
{
    close(receiver);
    receiver = -1;
    unlink(address.sun_path);
}

/* The next datagram goes to `line`; false when none waits. */
static bool next_line(void)
{
    ssize_t got = recv(receiver, line, sizeof(line) - 1, MSG_DONTWAIT);

    if (got < 0)
        return false;
    line[got] = '\0';
    return true;
}

static void expect_line(const char *pattern)
{
    regex_t regex;

    assert_true(next_line());
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&regex, line, 0, NULL, 0) != 0)
        fail_msg("\"%s\" is no %s", line, pattern);
    regfree(&regex);
}

static void expect_text(const char *text)
{
    const char *found;

    assert_true(next_line());
    found = strstr(line, "]: ");
    assert_non_null(found);
    assert_string_equal(found + 3, text);
}

static void expect_notice(uint64_t lost)
{
    char text[128];

    snprintf(text, sizeof(text),
             "lines lost before this one, not taken by the receiver of the log: %lu",
             (unsigned long)lost);
    expect_text(text);
    assert_memory_equal(line, "<20>", 4); /* mail.warning */
}

static int make_place(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/log", directory);
    return 0;
}

static int remove_place(void **state)
{
    (void)state;
    return rmdir(directory);
}

static int begin(void **state)
{
    (void)state;
    log_set_syslog_path(address.sun_path);
    log_set_level(LOG_LEVEL_DEBUG);
    receiver_start();
    if (!log_open_syslog("egress-test", "mail"))
        return -1;
    log_write(LOG_LEVEL_DEBUG, "begin"); /* tells what an earlier case has left untold */
    while (next_line())
        ;
    return 0;
}

static int end(void **state)
{
    (void)state;
    receiver_stop();
    return 0;
}

static void test_framing(void **state)
{
    static const struct {
        const char *facility;
        enum log_level level;
        unsigned priority;
    } cases[] = {
        { "mail", LOG_LEVEL_ERR, 19 },      { "mail", LOG_LEVEL_INFO, 22 },
        { NULL, LOG_LEVEL_NOTICE, 21 },     { "local3", LOG_LEVEL_WARNING, 156 },
        { NULL, LOG_LEVEL_DEBUG, 159 },     { "user", LOG_LEVEL_ERR, 11 },
        { "authpriv", LOG_LEVEL_ERR, 83 },  { "local7", LOG_LEVEL_ERR, 187 },
        { "daemon", LOG_LEVEL_NOTICE, 29 },
    };
    char pattern[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(log_open_syslog("egress-test", cases[i].facility));
        log_write(cases[i].level, "text %s", "here");
        snprintf(pattern, sizeof(pattern),
                 "^<%u>(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([ 1-2][0-9]|3[01]) "
                 "[0-2][0-9]:[0-5][0-9]:[0-6][0-9] egress-test\\[%ld\\]: text here$",
                 cases[i].priority, (long)getpid());
        expect_line(pattern);
    }
    assert_false(log_open_syslog("other", "nonsense"));
    assert_false(log_open_syslog("other", ""));
    assert_false(log_open_syslog("other", "MAIL"));
    log_write(LOG_LEVEL_ERR, "unchanged");
    expect_line("^<27>.* egress-test\\[");
}

/* After fork the child speaks under its own number, by its own socket. */
static void test_fork(void **state)
{
    char pattern[64];
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        log_open_syslog(NULL, NULL);
        log_write(LOG_LEVEL_INFO, "child");
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    snprintf(pattern, sizeof(pattern), " egress-test\\[%ld\\]: child$", (long)child);
    expect_line(pattern);
}

static void test_long_line(void **state)
{
    (void)state;
    log_write(LOG_LEVEL_INFO, "%05000d", 1);
    assert_true(next_line());
    assert_int_equal(strlen(strstr(line, "]: ") + 3), LOG_LINE_MAX);
    assert_int_equal(line[strlen(line) - 1], '~');
    log_write(LOG_LEVEL_INFO, "a\nb");
    expect_text("a\\x0ab");
}

static void test_absent(void **state)
{
    uint64_t before = log_lost_lines();

    (void)state;
    receiver_stop();
    for (int i = 0; i < 10; i++)
        log_write(LOG_LEVEL_INFO, "nobody");
    assert_int_equal(log_lost_lines() - before, 10);
    receiver_start();
    log_write(LOG_LEVEL_INFO, "somebody");
    expect_text("somebody");
    expect_notice(10);
    log_write(LOG_LEVEL_INFO, "told");
    expect_text("told");
    assert_false(next_line());
    assert_int_equal(log_lost_lines() - before, 10);
}

/* A receiver that has come back before the next line costs none. */
static void test_restarted(void **state)
{
    uint64_t before = log_lost_lines();

    (void)state;
    for (int i = 0; i < 3; i++) {
        log_write(LOG_LEVEL_INFO, "before");
        expect_text("before");
        receiver_stop();
        receiver_start();
        log_write(LOG_LEVEL_INFO, "after");
        expect_text("after");
        assert_false(next_line());
    }
    assert_int_equal(log_lost_lines(), before);
}

/* Bound and never read: the queue fills, lines are counted, nobody waits. */
static void test_stalled(void **state)
{
    uint64_t before = log_lost_lines(), lost;
    uint64_t passed = 0;
    char text[32];

    (void)state;
    for (int i = 0; i < 5000; i++)
        log_write(LOG_LEVEL_INFO, "line %d", i);
    lost = log_lost_lines() - before;
    assert_true(lost > 0 && lost < 5000);
    for (; passed < 5000 - lost; passed++) {
        snprintf(text, sizeof(text), "line %lu", (unsigned long)passed);
        expect_text(text); /* what passed is the beginning, in order */
    }
    assert_false(next_line());
    log_write(LOG_LEVEL_INFO, "after");
    expect_text("after");
    expect_notice(lost);
    assert_int_equal(log_lost_lines() - before, lost);
}

/* Room for one datagram only: the line takes it, and the count waits for the next. */
static void test_count_waits(void **state)
{
    uint64_t before = log_lost_lines();

    (void)state;
    while (log_lost_lines() == before)
        log_write(LOG_LEVEL_INFO, "fill");
    assert_true(next_line());
    log_write(LOG_LEVEL_INFO, "last");
    assert_int_equal(log_lost_lines() - before, 1);
    do
        assert_true(next_line());
    while (strstr(line, "]: last") == NULL);
    assert_false(next_line());
    log_write(LOG_LEVEL_INFO, "more");
    expect_text("more");
    expect_notice(1);
}

static void *write_many(void *number)
{
    for (int i = 0; i < 500; i++)
        log_write(LOG_LEVEL_INFO, "thread %d line %d end", *(int *)number, i);
    return NULL;
}

/* Every line arrives whole or is counted. */
static void test_threads(void **state)
{
    static int numbers[4] = { 0, 1, 2, 3 };
    uint64_t before = log_lost_lines(), passed = 0, told = 0, lost;
    pthread_t threads[4];
    bool more = true;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &numbers[i]), 0);
    for (int joined = 0; joined < 4;) {
        if (pthread_tryjoin_np(threads[joined], NULL) == 0)
            joined++;
        while (next_line()) {
            const char *notice = strstr(line, "of the log: ");

            if (notice != NULL)
                told += strtoul(notice + 12, NULL, 10);
            else if (strstr(line, "]: thread ") != NULL && strstr(line, " end") != NULL)
                passed++;
        }
    }
    while ((more = next_line())) {
        if (strstr(line, "]: thread ") != NULL)
            passed++;
    }
    lost = log_lost_lines() - before;
    assert_int_equal(passed + lost, 2000);
    assert_true(told <= lost);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_framing),   TEST(test_fork),    TEST(test_long_line),   TEST(test_absent),
        TEST(test_restarted), TEST(test_stalled), TEST(test_count_waits), TEST(test_threads),
    };

    return cmocka_run_group_tests(tests, make_place, remove_place);
}
