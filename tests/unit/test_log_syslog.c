/*
 * log to syslog: the datagram, a receiver that is absent, stalls or restarts, many threads.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <regex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "log/counter.h"
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

/* Everything that waits arrives, each line at expect(line). */
static void flush_to(void (*expect)(void))
{
    for (bool is_left = true; is_left;) {
        is_left = log_flush();
        while (next_line())
            expect();
    }
}

static void expect_anything(void)
{
}

static int begin(void **state)
{
    (void)state;
    log_set_syslog_path(address.sun_path);
    log_set_level(LOG_LEVEL_DEBUG);
    log_set_backlog_bytes(64 * 1024);
    log_on_backlog(NULL, NULL);
    receiver_start();
    if (!log_open_syslog("egress-test", "mail"))
        return -1;
    flush_to(expect_anything); /* what an earlier case has left untold */
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

/* Nobody is there: the lines wait, and go to whoever comes. */
static void test_absent(void **state)
{
    uint64_t before = log_lost_lines();

    (void)state;
    receiver_stop();
    for (int i = 0; i < 10; i++)
        log_write(LOG_LEVEL_INFO, "nobody");
    assert_true(log_flush());
    assert_int_equal(counter_get(COUNTER_LOG_LINES_QUEUED), 10);
    assert_true(counter_get(COUNTER_LOG_BYTES_QUEUED) > 10 * (int64_t)sizeof("nobody"));
    receiver_start();
    log_write(LOG_LEVEL_INFO, "somebody");
    for (int i = 0; i < 10; i++)
        expect_text("nobody");
    expect_text("somebody");
    assert_false(next_line());
    assert_false(log_flush());
    assert_int_equal(log_lost_lines(), before);
    assert_int_equal(counter_get(COUNTER_LOG_LINES_QUEUED), 0);
    assert_int_equal(counter_get(COUNTER_LOG_BYTES_QUEUED), 0);
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

static unsigned next_number;
static uint64_t told;

static void expect_next_number(void)
{
    char text[32];
    const char *notice = strstr(line, "of the log: ");

    if (notice != NULL) {
        told += strtoul(notice + 12, NULL, 10);
        assert_memory_equal(line, "<20>", 4); /* mail.warning */
        return;
    }
    snprintf(text, sizeof(text), "]: line %u", next_number++);
    assert_non_null(strstr(line, text));
}

/* Until lines are lost. */
static unsigned fill(void)
{
    uint64_t before = log_lost_lines();
    unsigned lines = 0;

    next_number = 0;
    told = 0;
    while (log_lost_lines() == before)
        log_write(LOG_LEVEL_INFO, "line %u", lines++);
    return lines;
}

/* Bound and never read: lines wait in order until the backlog is full, then they are counted and
 * the count is told once. */
static void test_stalled(void **state)
{
    uint64_t before = log_lost_lines();
    unsigned lines;

    (void)state;
    lines = fill();
    for (int i = 0; i < 99; i++)
        log_write(LOG_LEVEL_INFO, "lost");
    assert_int_equal(log_lost_lines() - before, 100);
    flush_to(expect_next_number);
    assert_int_equal(next_number, lines - 1);
    assert_int_equal(told, 100);
    assert_int_equal(log_lost_lines() - before, 100);
    log_write(LOG_LEVEL_INFO, "after");
    expect_text("after");
    assert_false(next_line());
}

/* Where lines of each message were lost, one that needs a person still has room. */
static void test_grave_lines(void **state)
{
    uint64_t before;

    (void)state;
    fill();
    before = log_lost_lines();
    for (int i = 0; i < 10; i++) {
        log_write(LOG_LEVEL_ERR, "line %u", next_number);
        log_write(LOG_LEVEL_WARNING, "line %u", next_number);
    }
    assert_int_equal(log_lost_lines(), before);
    log_write(LOG_LEVEL_NOTICE, "line");
    assert_int_equal(log_lost_lines(), before + 1);
    for (int i = 0; i < 1000; i++)
        log_write(LOG_LEVEL_ERR, "bounded all the same");
    assert_true(log_lost_lines() > before + 1);
}

/* Writers take older lines along, so a receiver that reads gets all of them without a flush. */
static void test_writers_flush(void **state)
{
    unsigned lines;

    (void)state;
    lines = fill();
    while (counter_get(COUNTER_LOG_LINES_QUEUED) > 0) {
        while (next_line())
            expect_next_number();
        log_write(LOG_LEVEL_INFO, "line %u", lines++ - 1);
    }
    while (next_line())
        expect_next_number();
    assert_int_equal(next_number, lines - 1);
    assert_int_equal(told, 1);
}

static void now_text(char out[static 16])
{
    time_t now = time(NULL);
    struct tm local;

    localtime_r(&now, &local);
    assert_int_equal(strftime(out, 16, "%b %e %H:%M:%S", &local), 15);
}

/* A line bears the time it was written at, not that of its arrival. */
static void test_time_of_event(void **state)
{
    char before[16], after[16], now[16];

    (void)state;
    receiver_stop();
    now_text(before);
    log_write(LOG_LEVEL_INFO, "event");
    now_text(after);
    do {
        poll(NULL, 0, 10);
        now_text(now);
    } while (strcmp(now, after) == 0);
    receiver_start();
    assert_false(log_flush());
    assert_true(next_line());
    assert_true(strncmp(line + 4, before, 15) == 0 || strncmp(line + 4, after, 15) == 0);
}

/* Flushing proves that no lock is held; the daemon's only rings its loop. */
static void wake(void *context)
{
    int *wakes = context;

    (*wakes)++;
    log_flush();
}

static void test_wake(void **state)
{
    int wakes = 0;

    (void)state;
    log_on_backlog(wake, &wakes);
    log_write(LOG_LEVEL_INFO, "passes");
    assert_int_equal(wakes, 0);
    receiver_stop();
    for (int i = 0; i < 5; i++)
        log_write(LOG_LEVEL_INFO, "waits");
    assert_int_equal(wakes, 1);
    log_on_backlog(wake, &wakes); /* told late */
    assert_int_equal(wakes, 2);
    receiver_start();
    assert_false(log_flush());
    receiver_stop();
    log_write(LOG_LEVEL_INFO, "waits");
    assert_int_equal(wakes, 3);
    receiver_start();
    log_on_backlog(NULL, NULL);
}

/* What waits in the parent is sent by the parent alone. */
static void test_fork_with_backlog(void **state)
{
    pid_t child;
    int status;

    (void)state;
    receiver_stop();
    log_write(LOG_LEVEL_INFO, "parent");
    child = fork();
    if (child == 0) {
        log_open_syslog(NULL, NULL);
        log_write(LOG_LEVEL_INFO, "child");
        receiver_start();
        _exit(log_flush() || !next_line() || strstr(line, "]: child") == NULL || next_line());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    unlink(address.sun_path);
    receiver_start();
    assert_false(log_flush());
    expect_text("parent");
    assert_false(next_line());
}

static _Atomic bool is_enough;

static void *read_slowly(void *unused)
{
    while (!atomic_load(&is_enough)) {
        while (next_line())
            expect_next_number();
        poll(NULL, 0, 1);
    }
    return unused;
}

static void test_drain(void **state)
{
    unsigned lines;
    pthread_t reader;

    (void)state;
    lines = fill();
    assert_false(log_drain(20));
    assert_true(counter_get(COUNTER_LOG_LINES_QUEUED) > 0);
    atomic_store(&is_enough, false);
    assert_int_equal(pthread_create(&reader, NULL, read_slowly, NULL), 0);
    assert_true(log_drain(20000));
    atomic_store(&is_enough, true);
    pthread_join(reader, NULL);
    while (next_line())
        expect_next_number();
    assert_int_equal(next_number, lines - 1);
    receiver_stop();
    log_write(LOG_LEVEL_INFO, "nobody");
    assert_false(log_drain(20));
    receiver_start();
    assert_true(log_drain(20));
    expect_text("nobody");
}

static void *write_many(void *number)
{
    for (int i = 0; i < 500; i++)
        log_write(LOG_LEVEL_INFO, "thread %d line %d end", *(int *)number, i);
    return NULL;
}

static void *flush_often(void *unused)
{
    while (!atomic_load(&is_enough))
        log_flush();
    return unused;
}

static int next_of_thread[4];

static void expect_next_of_thread(void)
{
    const char *text = strstr(line, "]: thread ");
    int thread, number;

    assert_non_null(text);
    assert_int_equal(sscanf(text, "]: thread %d line %d end", &thread, &number), 2);
    assert_int_equal(number, next_of_thread[thread]++);
}

/* Every line of every thread arrives, whole and in its thread's order. */
static void test_threads(void **state)
{
    static int numbers[4] = { 0, 1, 2, 3 };
    uint64_t before = log_lost_lines();
    pthread_t threads[4], flusher;

    (void)state;
    log_set_backlog_bytes(1024 * 1024);
    atomic_store(&is_enough, false);
    assert_int_equal(pthread_create(&flusher, NULL, flush_often, NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &numbers[i]), 0);
    for (int joined = 0; joined < 4;) {
        if (pthread_tryjoin_np(threads[joined], NULL) == 0)
            joined++;
        while (next_line())
            expect_next_of_thread();
    }
    atomic_store(&is_enough, true);
    pthread_join(flusher, NULL);
    flush_to(expect_next_of_thread);
    for (int i = 0; i < 4; i++)
        assert_int_equal(next_of_thread[i], 500);
    assert_int_equal(log_lost_lines(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_framing),           TEST(test_fork),
        TEST(test_long_line),         TEST(test_absent),
        TEST(test_restarted),         TEST(test_stalled),
        TEST(test_grave_lines),       TEST(test_writers_flush),
        TEST(test_time_of_event),     TEST(test_wake),
        TEST(test_fork_with_backlog), TEST(test_drain),
        TEST(test_threads),
    };

    return cmocka_run_group_tests(tests, make_place, remove_place);
}
