/*
 * reload: a good configuration replaces the snapshot, a broken one leaves it; the last result is
 * kept, tickets tell which reload somebody waits for, and the log says what became of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/settings.h"
#include "daemon/last_good.h"
#include "daemon/reload.h"
#include "log/counter.h"
#include "log/log.h"
#include "tests/support/house.h"
#include "util/file.h"

struct yard {
    char directory[48], path[64], log[64];
    int stderr_fd; /* the real one */
    int last_good_fd;
    struct clock_fixed clock;
    struct config *at_start;
    struct reloader *reloader;
    struct site_holder *holder;
};

static void write_config(const struct yard *yard, const char *text)
{
    struct error error;

    if (!file_write_atomic(yard->path, text, strlen(text), 0644, true, &error))
        fail_msg("%s", error.text);
}

/* stderr goes to a file: that is the log. */
static void catch_log(struct yard *yard)
{
    int fd = open(yard->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

    assert_true(fd >= 0);
    yard->stderr_fd = dup(STDERR_FILENO);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    close(fd);
    log_open_stderr("t");
}

#define GOOD "socket = \"unix:/run/x.sock\";\nmode = \"observe\";\n"
#define ENFORCE "socket = \"unix:/run/x.sock\";\nmode = \"enforce\";\n"
#define BROKEN "socket = \"unix:/run/x.sock\";\nmode = \"loud\";\nnonsense = 1;\n"

static int yard_open(void **state)
{
    struct yard *yard = calloc(1, sizeof(*yard));
    struct config_report *report = config_report_new();
    struct reload_setup setup = { .config_path = yard->path, .tables = all_config_tables() };
    struct site *site;

    strcpy(yard->directory, "/tmp/egress-reload.XXXXXX");
    assert_non_null(mkdtemp(yard->directory));
    snprintf(yard->path, sizeof(yard->path), "%s/t.conf", yard->directory);
    snprintf(yard->log, sizeof(yard->log), "%s/log", yard->directory);
    write_config(yard, GOOD);
    yard->at_start = config_load(yard->path, setup.tables, report);
    assert_non_null(yard->at_start);
    clock_fixed_init(&yard->clock, HOUSE_NOW_S);
    setup.at_start = yard->at_start;
    setup.clock = &yard->clock.clock;
    setup.last_good_fd = yard->last_good_fd = last_good_open();
    setup.writes_last_good = true;
    yard->reloader = reloader_new(&setup);
    site = reloader_first(yard->reloader, report);
    assert_non_null(site);
    yard->holder = site_holder_new(site);
    config_report_free(&report);
    catch_log(yard);
    *state = yard;
    return 0;
}

static int yard_close(void **state)
{
    struct yard *yard = *state;

    dup2(yard->stderr_fd, STDERR_FILENO);
    close(yard->stderr_fd);
    close(yard->last_good_fd);
    log_set_level(LOG_LEVEL_INFO);
    site_holder_free(&yard->holder);
    reloader_free(&yard->reloader);
    config_free(&yard->at_start);
    unlink(yard->log);
    unlink(yard->path);
    rmdir(yard->directory);
    free(yard);
    return 0;
}

static void expect_log(const struct yard *yard, const char *text)
{
    struct buffer log = BUFFER_EMPTY;
    struct error error;

    assert_true(file_read(yard->log, 1 << 20, &log, &error));
    if (strcmp(buffer_text(&log), text) != 0)
        fail_msg("the log is:\n%s\nand not:\n%s", buffer_text(&log), text);
    buffer_free(&log);
}

static void expect_site(const struct yard *yard, uint64_t generation, int mode)
{
    struct site *site = site_holder_get(yard->holder);

    assert_int_equal(site->generation, generation);
    assert_int_equal(site->general->mode, mode);
    site_unref(&site);
}

static void test_first(void **state)
{
    struct yard *yard = *state;
    struct load_result last;

    assert_true(reloader_last(yard->reloader, &last));
    assert_true(last.is_taken);
    assert_int_equal(last.generation, 1);
    assert_int_equal(last.wall_s, HOUSE_NOW_S);
    assert_int_equal(last.faults.size, 0);
    load_result_free(&last);
    assert_int_equal(reloader_reached(yard->reloader), 0);
}

static void test_good(void **state)
{
    struct yard *yard = *state;
    struct load_result last;
    int64_t before = counter_get(COUNTER_RELOADS);

    write_config(yard, ENFORCE);
    yard->clock.now_s += 60;
    assert_true(reloader_run(yard->reloader, yard->holder, false));
    expect_site(yard, 2, MODE_ENFORCE);
    expect_log(yard, "t: info: reload: generation 2 in force\n");
    assert_int_equal(counter_get(COUNTER_RELOADS), before + 1);
    assert_true(reloader_last(yard->reloader, &last));
    assert_true(last.is_taken);
    assert_int_equal(last.generation, 2);
    assert_int_equal(last.wall_s, HOUSE_NOW_S + 60);
    load_result_free(&last);
}

static void test_broken(void **state)
{
    struct yard *yard = *state;
    struct load_result last;
    int64_t before = counter_get(COUNTER_RELOADS_FAILED);
    struct buffer log = BUFFER_EMPTY;
    struct error error;
    const char *end = "t: err: reload: configuration not taken, 2 errors; the running one stays\n";

    write_config(yard, BROKEN);
    assert_false(reloader_run(yard->reloader, yard->holder, false));
    expect_site(yard, 1, MODE_OBSERVE);
    assert_int_equal(counter_get(COUNTER_RELOADS_FAILED), before + 1);
    assert_true(reloader_last(yard->reloader, &last));
    assert_false(last.is_taken);
    assert_int_equal(last.errors, 2);
    assert_int_equal(last.generation, 1);
    assert_non_null(strstr(buffer_text(&last.faults), "t.conf:2: mode: "));
    assert_non_null(strstr(buffer_text(&last.faults), "t.conf:3: nonsense: "));
    load_result_free(&last);
    /* The outcome is the last word: who waits for it finds the faults before it. */
    assert_true(file_read(yard->log, 1 << 20, &log, &error));
    assert_non_null(strstr(buffer_text(&log), "t.conf:3: nonsense: "));
    assert_true(log.size > strlen(end));
    assert_string_equal(log.at + log.size - strlen(end), end);
    /* Tried again by itself: the same faults are not told again, others are. */
    assert_false(reloader_run(yard->reloader, yard->holder, true));
    expect_log(yard, buffer_text(&log));
    assert_int_equal(counter_get(COUNTER_RELOADS_FAILED), before + 1);
    write_config(yard, BROKEN "more = 1;\n");
    assert_false(reloader_run(yard->reloader, yard->holder, true));
    assert_int_equal(counter_get(COUNTER_RELOADS_FAILED), before + 2);
    buffer_free(&log);
    write_config(yard, ENFORCE); /* mended */
    assert_true(reloader_run(yard->reloader, yard->holder, true));
    expect_site(yard, 2, MODE_ENFORCE);
}

/* What only a start changes is said, and everything else is taken. */
static void test_fixed_settings(void **state)
{
    struct yard *yard = *state;

    write_config(yard, "socket = [ \"unix:/run/x.sock\", \"unix:/run/y.sock\" ];\n"
                       "socket_mode = \"0600\"; socket_group = \"g\"; user = \"u\";\n"
                       "control = { socket = \"/run/c\"; read_group = \"g\"; };\n"
                       "mode = \"enforce\";\n");
    assert_true(reloader_run(yard->reloader, yard->holder, false));
    expect_site(yard, 2, MODE_ENFORCE);
#define LATER " has changed: that takes effect at the next start only\n"
    expect_log(yard, "t: warning: socket" LATER "t: warning: socket_mode" LATER
                     "t: warning: socket_group" LATER "t: warning: user" LATER
                     "t: warning: control.socket" LATER "t: warning: control.read_group" LATER
                     "t: info: reload: generation 2 in force\n");
}

static void test_log_level_is_followed(void **state)
{
    struct yard *yard = *state;

    write_config(yard, GOOD "log = { level = \"err\"; };\n");
    assert_true(reloader_run(yard->reloader, yard->holder, false));
    expect_log(yard, ""); /* nothing below err any more, not even the outcome */
    write_config(yard, GOOD);
    assert_true(reloader_run(yard->reloader, yard->holder, false));
    expect_log(yard, "t: info: reload: generation 3 in force\n");
}

static void test_tickets(void **state)
{
    struct yard *yard = *state;

    assert_int_equal(reloader_ask(yard->reloader), 1);
    assert_int_equal(reloader_ask(yard->reloader), 2);
    assert_int_equal(reloader_reached(yard->reloader), 0);
    assert_true(reloader_run(yard->reloader, yard->holder, false)); /* one reload serves both */
    assert_int_equal(reloader_reached(yard->reloader), 2);
    assert_int_equal(reloader_ask(yard->reloader), 3);
    assert_int_equal(reloader_reached(yard->reloader), 2);
    write_config(yard, BROKEN);
    assert_false(
        reloader_run(yard->reloader, yard->holder, false)); /* a failure is an outcome too */
    assert_int_equal(reloader_reached(yard->reloader), 3);
}

/* What is in force is kept for a replacement by one process at a time: the one that serves. */
static void test_last_good(void **state)
{
    struct yard *yard = *state;
    struct buffer kept = BUFFER_EMPTY;

    assert_true(last_good_read(yard->last_good_fd, &kept));
    assert_non_null(strstr(buffer_text(&kept), GOOD));
    last_good_write(yard->last_good_fd, SPAN("another's"));
    reloader_keep_good(yard->reloader, yard->holder);
    buffer_clear(&kept);
    assert_true(last_good_read(yard->last_good_fd, &kept));
    assert_non_null(strstr(buffer_text(&kept), GOOD));
    reloader_leave_good(yard->reloader);
    last_good_write(yard->last_good_fd, SPAN("another's"));
    write_config(yard, ENFORCE);
    assert_true(reloader_run(yard->reloader, yard->holder, false));
    reloader_keep_good(yard->reloader, yard->holder);
    buffer_clear(&kept);
    assert_true(last_good_read(yard->last_good_fd, &kept));
    assert_string_equal(buffer_text(&kept), "another's");
    buffer_free(&kept);
}

#define WITH_YARD(test) cmocka_unit_test_setup_teardown(test, yard_open, yard_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_YARD(test_first),
        WITH_YARD(test_good),
        WITH_YARD(test_broken),
        WITH_YARD(test_fixed_settings),
        WITH_YARD(test_log_level_is_followed),
        WITH_YARD(test_tickets),
        WITH_YARD(test_last_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
