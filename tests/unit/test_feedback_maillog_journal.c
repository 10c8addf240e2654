/*
 * maillog_journal: entries of the journal as lines, in order, none twice and none lost while files
 * come, are renamed, cut and removed. The files are those of systemd-journal-remote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "feedback/maillog_journal_private.h"
#include "tests/unit/test_journal_support.h"
#include "util/clock.h"
#include "util/mapped.h"

enum { STEP_BYTES = 1 << 20, LINE_USUAL = 160, NOBODY = 65534 };

static char folder[64], name[96];
static struct maillog_source *source;
static struct buffer entries, seen;
static int next_number;
static bool is_missing;
static const char *cut_file;     /* while a line is handed out */
static struct sigaction handler; /* of util/mapped.h, which cmocka's is put in place of */

static void put(int count)
{
    while (count-- > 0) {
        char text[64];
        snprintf(text, sizeof(text), "%d", next_number);
        journal_entry(&entries, JOURNAL_START_S * 1000000 + next_number++, "postfix/smtp",
                      span_of(text));
    }
}

static void append(const char *file, int count)
{
    put(count);
    journal_write(folder, file, &entries);
}

static void path_of(const char *file, char out[static 128])
{
    snprintf(out, 128, "%s/%s.journal", folder, file);
}

static void drop(const char *file)
{
    char path[128];
    path_of(file, path);
    assert_int_equal(unlink(path), 0);
}

/* --- reading --------------------------------------------------------------------------------- */

/* "(3) 4": the texts; 3 lies before the place. */
static void take(void *context, struct span line)
{
    char place[MAILLOG_SOURCE_PLACE_MAX];
    bool is_before = maillog_source_is_before(source);
    struct span text = line;
    (void)context;
    assert_false(is_before && maillog_source_place(source, place));
    for (int i = 0; i < 3; i++) {
        text = span_from(text, (size_t)(span_find(text, ' ') + 1));
    }
    buffer_printf(&seen, is_before ? "%s(%.*s)" : "%s%.*s", seen.size > 0 ? " " : "",
                  SPAN_ARG(text));
    if (cut_file != NULL) {
        assert_int_equal(truncate(cut_file, 4096), 0);
        cut_file = NULL;
    }
}

static void take_whole(void *context, struct span line)
{
    (void)context;
    buffer_add_span(&seen, line);
    buffer_add_char(&seen, '\n');
}

static enum maillog_follow_answer step_bytes(size_t most_bytes, struct error *error)
{
    return maillog_source_step(source, most_bytes, take, NULL, error);
}

static void assert_read(const char *numbers)
{
    enum maillog_follow_answer answer;
    struct error error = { "" };
    buffer_clear(&seen);
    do {
        answer = step_bytes(STEP_BYTES, &error);
    } while (answer == MAILLOG_FOLLOW_MORE);
    assert_string_equal(error.text, "");
    assert_int_equal(answer, MAILLOG_FOLLOW_DONE);
    assert_string_equal(buffer_text(&seen), numbers);
}

static void assert_fails(const char *words)
{
    struct error error = { "" };
    assert_int_equal(step_bytes(STEP_BYTES, &error), MAILLOG_FOLLOW_FAILED);
    if (strstr(error.text, words) == NULL) {
        fail_msg("not \"%s\": %s", words, error.text);
    }
}

static void begin_at(const char *place, int again)
{
    maillog_source_free(&source);
    source = maillog_source_new(name, place, (uint64_t)again * LINE_USUAL);
    assert_non_null(source);
}

static void begin_again(int again)
{
    char place[MAILLOG_SOURCE_PLACE_MAX];
    assert_true(maillog_source_place(source, place));
    begin_at(place, again);
}

static int gaps(void)
{
    return (int)maillog_source_counts(source)->gaps;
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/maillog_journal.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(name, sizeof(name), "journal:%s", folder);
    next_number = 1;
    cut_file = NULL;
    begin_at(NULL, 0);
    if (!is_missing) {
        assert_read(""); /* nothing is there yet: all that comes is new */
    }
    return 0;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    maillog_source_free(&source);
    buffer_free(&seen);
    buffer_free(&entries);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

#define NEEDS_JOURNALS                                                                             \
    do {                                                                                           \
        if (is_missing) {                                                                          \
            skip();                                                                                \
        }                                                                                          \
    } while (false)

/* --- growing --------------------------------------------------------------------------------- */

static void test_grows(void **state)
{
    (void)state;
    NEEDS_JOURNALS;
    append("mail", 2);
    assert_read("1 2");
    assert_read("");
    append("mail", 1);
    assert_read("3");
    begin_again(0);
    assert_read("");
    append("mail", 2);
    begin_again(0);
    assert_read("4 5");
    assert_int_equal(maillog_source_counts(source)->lines, 2);
    assert_int_equal(gaps(), 0);
}

static void test_begins_at_the_end(void **state)
{
    (void)state;
    NEEDS_JOURNALS;
    append("mail", 3);
    begin_at(NULL, 0);
    assert_read("");
    append("mail", 1);
    assert_read("4");
    begin_at(NULL, 2);
    assert_read("(2) (3) (4)");
    append("mail", 1);
    assert_read("5");
    begin_at("a place of a later version", 0);
    assert_read("");
    append("mail", 1);
    assert_read("6");
}

/* Nothing of the mail server was there, and it was kept that nothing was. */
static void test_begins_before_all(void **state)
{
    char place[MAILLOG_SOURCE_PLACE_MAX];
    (void)state;
    NEEDS_JOURNALS;
    assert_true(maillog_source_place(source, place));
    append("mail", 2);
    begin_at(place, 100);
    assert_read("1 2");
    assert_int_equal(gaps(), 0);
}

static void test_again(void **state)
{
    struct error error = { "" };
    (void)state;
    NEEDS_JOURNALS;
    append("mail", 5);
    assert_read("1 2 3 4 5");
    begin_again(2);
    append("mail", 2);
    assert_read("(3) (4) (5) 6 7");
    begin_again(100);
    buffer_clear(&seen);
    while (step_bytes(1, &error) == MAILLOG_FOLLOW_MORE) {
    }
    assert_string_equal(buffer_text(&seen), "(1) (2) (3) (4) (5) (6) (7)");
    append("mail", 1);
    assert_read("8");
    assert_int_equal(gaps(), 0);
}

/* Left in the midst, with the place as it was then. */
static void test_in_parts(void **state)
{
    struct error error = { "" };
    struct buffer wanted = BUFFER_EMPTY;
    int steps = 0;
    (void)state;
    NEEDS_JOURNALS;
    append("mail", 500);
    buffer_clear(&seen);
    while (step_bytes(5000, &error) == MAILLOG_FOLLOW_MORE) {
        if (++steps % 3 == 0) {
            begin_again(0);
        }
    }
    assert_in_range(steps, 8, 20);
    for (int i = 1; i <= 500; i++) {
        buffer_printf(&wanted, "%s%d", i > 1 ? " " : "", i);
    }
    assert_string_equal(buffer_text(&seen), buffer_text(&wanted));
    buffer_free(&wanted);
    assert_int_equal(gaps(), 0);
}

/* A file is of one host. */
static void put_at(int64_t time_us, const char *text, const char *file)
{
    journal_boot = (unsigned char)file[0];
    journal_entry(&entries, time_us, "postfix/smtp", span_of(text));
    journal_write(folder, file, &entries);
}

/* What came in later than an entry of another host with a later time, and one with a clock that is
 * an hour ahead. */
static void test_many_hosts(void **state)
{
    int64_t now_us = clock_wall_s(&clock_system) * 1000000;
    (void)state;
    NEEDS_JOURNALS;
    put_at(now_us - 60000000, "old", "a");
    assert_read("old");
    put_at(now_us, "later", "a");
    put_at(now_us + INT64_C(3600000000), "ahead", "b");
    assert_read("");
    put_at(now_us - 1000000, "sooner", "c");
    put_at(now_us - 100000000, "too late", "d");
    begin_again(0);
    buffer_clear(&seen);
    for (int i = 0; i < 1000 && strstr(buffer_text(&seen), "later") == NULL; i++) {
        struct error error = { "" };
        assert_int_equal(step_bytes(STEP_BYTES, &error), MAILLOG_FOLLOW_DONE);
        usleep(20000);
    }
    assert_string_equal(buffer_text(&seen), "sooner later");
    assert_int_equal(gaps(), 0);
}

/* It begins where all has come in. */
static void test_begins_in_many_hosts(void **state)
{
    int64_t now_us = clock_wall_s(&clock_system) * 1000000;
    (void)state;
    NEEDS_JOURNALS;
    put_at(now_us - 60000000, "old", "a");
    put_at(now_us + INT64_C(3600000000), "ahead", "b");
    begin_at(NULL, 0);
    assert_read("");
    put_at(now_us - 50000000, "next", "c");
    assert_read("next");
}

/* What comes after the bound waits. */
static void test_bound(void **state)
{
    (void)state;
    NEEDS_JOURNALS;
    maillog_source_bound(source); /* nothing is there */
    append("mail", 1);
    assert_read("");
    maillog_source_bound(source);
    append("mail", 1);
    assert_read("1");
    assert_read("");
    append("next", 1);
    maillog_source_bound(source);
    append("next", 1);
    assert_read("2 3"); /* in two files */
    maillog_source_bound(source);
    maillog_source_bound(source);
    assert_read("4");
    begin_again(2);
    maillog_source_bound(source); /* it is not open */
    append("next", 1);
    assert_read("(2) (3) (4) 5");
    assert_int_equal(gaps(), 0);
}

/* --- files come and go ----------------------------------------------------------------------- */

static void test_rotated(void **state)
{
    char from[128], to[128];
    (void)state;
    NEEDS_JOURNALS;
    append("mail", 2);
    assert_read("1 2");
    append("mail", 1);
    path_of("mail", from);
    path_of("mail@1", to);
    assert_int_equal(rename(from, to), 0);
    append("mail", 1);
    assert_read("3 4");
    append("mail", 1);
    path_of("mail@2", to);
    assert_int_equal(rename(from, to), 0);
    append("mail", 1);
    begin_again(2);
    assert_read("(2) (3) (4) 5 6");
    assert_int_equal(gaps(), 0);
}

static void test_removed(void **state)
{
    (void)state;
    NEEDS_JOURNALS;
    append("a", 2);
    assert_read("1 2");
    append("b", 2);
    drop("a"); /* all of it had been read */
    assert_read("3 4");
    assert_int_equal(gaps(), 0);
    append("c", 1);
    drop("b");
    begin_again(10); /* who knows what was in it */
    assert_read("5");
    assert_int_equal(gaps(), 1);
    append("c", 1);
    assert_read("6");
    drop("c");
    begin_again(10);
    assert_read(""); /* nothing is there, and nothing is known to be missing */
    append("d", 1);
    assert_read("7");
    assert_int_equal(gaps(), 1);
}

/* In the midst of a file that is taken away. */
static void test_removed_meanwhile(void **state)
{
    struct error error = { "" };
    (void)state;
    NEEDS_JOURNALS;
    append("a", 9);
    buffer_clear(&seen);
    assert_int_equal(step_bytes(1, &error), MAILLOG_FOLLOW_MORE);
    assert_string_equal(buffer_text(&seen), "1");
    append("b", 1);
    drop("a");
    assert_read("10");
    assert_int_equal(gaps(), 1);
}

/* The directory, and all that was in it. */
static void test_removed_whole(void **state)
{
    char command[128];
    (void)state;
    NEEDS_JOURNALS;
    append("a", 1);
    assert_read("1");
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    assert_fails("No such file or directory");
    assert_fails(folder);
    assert_int_equal(mkdir(folder, 0755), 0);
    append("a", 1);
    assert_read("2");
}

/* --- what cannot be read --------------------------------------------------------------------- */

static void test_is_not_there(void **state)
{
    char place[MAILLOG_SOURCE_PLACE_MAX];
    (void)state;
    NEEDS_JOURNALS;
    snprintf(name, sizeof(name), "journal:%s/deeper", folder);
    begin_at(NULL, 0);
    assert_fails("deeper: No such file or directory");
    assert_false(maillog_source_place(source, place));
    snprintf(name, sizeof(name), "%s/deeper", folder);
    assert_int_equal(mkdir(name, 0755), 0);
    snprintf(name, sizeof(name), "journal:%s", folder);
    append("deeper/a", 1); /* as under the id of a machine */
    assert_read("");
    append("deeper/a", 1);
    assert_read("2");
}

static void test_no_journal(void **state)
{
    char path[128];
    FILE *file;
    (void)state;
    NEEDS_JOURNALS;
    path_of("a", path);
    file = fopen(path, "w");
    fputs("this is no journal", file);
    fclose(file);
    assert_fails("it is no journal");
    assert_fails(path);
    append("b", 1);
    assert_read("1");
}

static void read_as_nobody(void)
{
    struct error error = { "" };
    if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0) {
        _exit(2);
    }
    maillog_source_free(&source);
    source = maillog_source_new(name, NULL, 0);
    if (step_bytes(STEP_BYTES, &error) != MAILLOG_FOLLOW_FAILED) {
        _exit(3);
    }
    fprintf(stderr, "%s\n", error.text);
    _exit(strstr(error.text, "permission denied; add the user of the daemon to group mail") !=
                      NULL &&
                  strstr(error.text, "usermod -aG mail NAME") != NULL
              ? 0
              : 4);
}

static void test_no_permission(void **state)
{
    const struct group *mail = getgrnam("mail");
    char path[128];
    int status = 1;
    pid_t child;
    (void)state;
    NEEDS_JOURNALS;
    if (geteuid() != 0 || mail == NULL) {
        print_message("skipped: only root can become somebody else; or there is no group mail\n");
        skip();
    }
    append("a", 1);
    path_of("a", path);
    assert_int_equal(chown(path, 0, mail->gr_gid), 0);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    child = fork();
    if (child == 0) {
        read_as_nobody();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Cut while it is mapped, where the next look at it ends a process. */
static void test_cut(void **state)
{
    struct sigaction handler_of_cmocka;
    struct error error = { "" };
    char path[128];
    (void)state;
    NEEDS_JOURNALS;
    append("a", 50);
    path_of("a", path);
    cut_file = path;
    buffer_clear(&seen);
    sigaction(SIGBUS, &handler, &handler_of_cmocka);
    for (int i = 0; i < 3; i++) {
        (void)step_bytes(STEP_BYTES, &error);
    }
    sigaction(SIGBUS, &handler_of_cmocka, NULL);
    assert_true(seen.size > 0 && strstr(buffer_text(&seen), " 50") == NULL);
    drop("a");
    append("b", 1);
    assert_read("51");
    assert_int_equal(gaps(), 1);
}

/* Octets changed at random: lines may be missing, and nothing else happens. */
static void test_damaged(void **state)
{
    char path[128];
    struct error error = { "" };
    (void)state;
    NEEDS_JOURNALS;
    append("a", 200);
    path_of("a", path);
    srandom(1);
    for (int round = 0; round < 60; round++) {
        int fd = open(path, O_WRONLY | O_CLOEXEC), steps = 0;
        assert_true(fd >= 0);
        for (int i = 0; i < 20; i++) {
            char octet = (char)random();
            /* objects lie behind the header, and behind the tables of hashes */
            off_t at = i % 5 == 0 ? 272 + random() % 5000 : (4 << 20) - 60000 + random() % 120000;
            assert_int_equal(pwrite(fd, &octet, 1, at), 1);
        }
        close(fd);
        begin_at("-", round % 2 == 0 ? 0 : 100);
        buffer_clear(&seen);
        while (step_bytes(STEP_BYTES, &error) == MAILLOG_FOLLOW_MORE) {
            assert_true(steps++ < 100);
        }
    }
    drop("a");
    append("b", 1);
    assert_read("201");
}

/* --- lines ----------------------------------------------------------------------------------- */

static void with_facility(int facility, const char *program, const char *text)
{
    journal_begin(&entries, JOURNAL_START_S * 1000000 + 123456);
    buffer_printf(&entries,
                  "_HOSTNAME=mx1\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=%s\n_PID=9\nMESSAGE=%s\n",
                  facility, program, text);
    journal_end(&entries);
}

static void test_lines(void **state)
{
    struct error error = { "" };
    struct buffer huge = BUFFER_EMPTY;
    (void)state;
    NEEDS_JOURNALS;
    with_facility(2, "postfix-out/smtp", "of the mail server");
    with_facility(3, "cron", "of somebody");
    with_facility(18, "egress-milter", "of us");
    with_facility(10, "sshd", "of somebody else");
    journal_begin(&entries, 1);
    buffer_printf(&entries, "SYSLOG_FACILITY=2\n_SOURCE_REALTIME_TIMESTAMP=1764369180000007\n");
    buffer_printf(&entries, "SYSLOG_IDENTIFIER=sendmail\nSYSLOG_PID=4\n_PID=5\n");
    journal_field(&entries, "MESSAGE", SPAN("two\nlines\0and \xff"));
    journal_end(&entries);
    journal_begin(&entries, 2);
    buffer_printf(&entries, "SYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=postfix/smtp\n"); /* no text */
    journal_end(&entries);
    for (size_t size = MAILLOG_LINE_MAX - 100; size < 1 << 20; size += size - 100) {
        buffer_clear(&huge);
        for (size_t i = 0; i < size; i++) {
            buffer_add_char(&huge, (char)('a' + i % 26)); /* it is packed */
        }
        journal_entry(&entries, 3, "postfix/smtp", buffer_span(&huge));
    }
    journal_begin(&entries, 4);
    buffer_printf(&entries, "SYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=systemd-journald\n_PID=3\n"
                            "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e\n"
                            "MESSAGE=Suppressed 12 messages from postfix.service\n");
    journal_end(&entries);
    journal_write(folder, "mail", &entries);
    buffer_clear(&seen);
    assert_int_equal(maillog_source_step(source, STEP_BYTES, take_whole, NULL, &error),
                     MAILLOG_FOLLOW_DONE);
    assert_int_equal(maillog_source_counts(source)->left_out, 7);
    buffer_clear(&huge);
    buffer_add_text(&huge, "2025-11-28T22:33:00.123456+00:00 mx1 postfix-out/smtp[9]: of the mail "
                           "server\n2025-11-28T22:33:00.123456+00:00 mx1 egress-milter[9]: of us\n"
                           "2025-11-28T22:33:00.000007+00:00 - sendmail[4]: two lines");
    assert_memory_equal(seen.at, huge.at, huge.size);
    assert_memory_equal(seen.at + huge.size, "\0and \xff\n", 7);
    assert_non_null(strstr(seen.at + huge.size + 7, "postfix/smtp[7]: abcdef"));
    assert_non_null(strstr(seen.at + huge.size + 7,
                           "- systemd-journald[3]: Suppressed 12 messages from postfix.service\n"));
    buffer_free(&huge);
}

static void assert_line(const struct maillog_journal_entry *entry, const char *wanted)
{
    char room[MAILLOG_LINE_MAX];
    struct span line;
    assert_true(maillog_journal_line(entry, room, &line));
    assert_int_equal(line.size, strlen(wanted));
    assert_memory_equal(line.at, wanted, line.size);
}

/* No part of an entry reaches into the next one. */
static void test_line(void **state)
{
    struct maillog_journal_entry entry = { .time_us = UINT64_MAX, .message = SPAN("") };
    char room[MAILLOG_LINE_MAX];
    struct span line;
    (void)state;
    assert_line(&entry, "9999-12-31T23:59:59.551615+00:00 - -: ");
    entry = (struct maillog_journal_entry){ .host = SPAN("a b:"),
                                            .program = SPAN("x[1]: \n<y"),
                                            .process = SPAN("1]"),
                                            .message = SPAN("a\r\nb") };
    assert_line(&entry, "1970-01-01T00:00:00.000000+00:00 a_b_ x_1_____y: a  b");
    entry.process = SPAN("12");
    assert_line(&entry, "1970-01-01T00:00:00.000000+00:00 a_b_ x_1_____y[12]: a  b");
    entry.message = (struct span){ NULL, 0 };
    assert_false(maillog_journal_line(&entry, room, &line));
}

static void nothing(void *context)
{
    (void)context;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test_setup_teardown(test_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begins_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begins_before_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_hosts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begins_in_many_hosts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rotated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removed_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removed_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_journal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_permission, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
    };
    is_missing = journal_is_missing();
    (void)mapped_try(nothing, NULL);
    sigaction(SIGBUS, NULL, &handler);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
