/*
 * maillog_source: what a log may be called, and which lines of a file are told to lie before the
 * place. How files are followed is test_feedback_maillog_follow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feedback/maillog_journal_private.h"

enum { STEP_BYTES = 1 << 20, LINE_BYTES = 80 };

static char folder[64], path[96];
static struct maillog_source *source;
static struct buffer seen;
static int next_number;

/* Lines of LINE_BYTES, with their ends. */
static void append(int count)
{
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    while (count-- > 0) {
        fprintf(file, "%*d\n", LINE_BYTES - 1, next_number++);
    }
    fclose(file);
}

/* "(3) 4": 3 lies before the place. */
static void take(void *context, struct span line)
{
    char place[MAILLOG_SOURCE_PLACE_MAX];
    bool is_before = maillog_source_is_before(source);
    (void)context;
    assert_false(is_before && maillog_source_place(source, place)); /* it lies ahead */
    line = span_trim(line);
    buffer_printf(&seen, is_before ? "%s(%.*s)" : "%s%.*s", seen.size > 0 ? " " : "",
                  SPAN_ARG(line));
}

static void assert_read(const char *numbers)
{
    struct error error = { "" };
    buffer_clear(&seen);
    assert_int_equal(maillog_source_step(source, STEP_BYTES, take, NULL, &error),
                     MAILLOG_FOLLOW_DONE);
    assert_string_equal(buffer_text(&seen), numbers);
}

static void begin_at(const char *place, int again)
{
    maillog_source_free(&source);
    source = maillog_source_new(path, place, (uint64_t)again * LINE_BYTES);
    assert_non_null(source);
}

static void begin_again(int again)
{
    char place[MAILLOG_SOURCE_PLACE_MAX];
    assert_true(maillog_source_place(source, place));
    begin_at(place, again);
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/maillog_source.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/mail.log", folder);
    next_number = 1;
    begin_at(NULL, 0);
    return 0;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    maillog_source_free(&source);
    buffer_free(&seen);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static void test_names(void **state)
{
    static const char *const journals[] = { "journal", "journal:/var/log/journal/remote",
                                            "journal:", "journal:/", "journal:remote" };
    char long_name[MAILLOG_SOURCE_NAME_MAX + 2];
    struct error error = { "" };
    (void)state;
    assert_true(maillog_source_accepts("/var/log/mail.log", &error));
    assert_false(maillog_source_accepts("", &error));
    assert_false(maillog_source_accepts("/", &error));
    assert_false(maillog_source_accepts("mail.log", &error));
    assert_non_null(strstr(error.text, "valid: a file \"/var/log/mail.log\""));
    for (size_t i = 0; i < sizeof(journals) / sizeof(journals[0]); i++) {
        bool is_good = i < 2;
        assert_true(maillog_source_is_journal(journals[i]));
        assert_int_equal(maillog_source_accepts(journals[i], &error),
                         is_good && maillog_journal_is_built());
        assert_true(!is_good || maillog_journal_is_built() ||
                    strstr(error.text, "this build has no libsystemd") != NULL);
    }
    assert_false(maillog_source_is_journal("/journal"));
    assert_false(maillog_source_accepts("journald", &error));
    memset(long_name, 'x', sizeof(long_name));
    long_name[0] = '/';
    long_name[MAILLOG_SOURCE_NAME_MAX] = '\0';
    assert_true(maillog_source_accepts(long_name, &error));
    long_name[MAILLOG_SOURCE_NAME_MAX] = 'x';
    long_name[MAILLOG_SOURCE_NAME_MAX + 1] = '\0';
    assert_false(maillog_source_accepts(long_name, &error));
}

static void test_again(void **state)
{
    char place[MAILLOG_SOURCE_PLACE_MAX];
    struct error error = { "" };
    (void)state;
    assert_int_equal(maillog_source_step(source, STEP_BYTES, take, NULL, &error),
                     MAILLOG_FOLLOW_FAILED);
    assert_non_null(strstr(error.text, path));
    assert_false(maillog_source_place(source, place));
    append(5);
    begin_at(NULL, 2);
    assert_read("(4) (5)"); /* all there is was there before */
    append(1);
    assert_read("6");
    append(1);
    begin_again(3);
    assert_read("(4) (5) (6) 7");
    begin_again(100);
    append(1);
    assert_read("(1) (2) (3) (4) (5) (6) (7) 8");
    assert_int_equal(maillog_source_counts(source)->lines, 8);
    begin_again(0);
    append(1);
    assert_read("9");
    assert_int_equal(maillog_source_counts(source)->gaps, 0);
}

/* What lay before the place is in the file that was rotated away. */
static void test_rotated(void **state)
{
    char old[128];
    (void)state;
    append(3);
    assert_read("");
    append(1);
    snprintf(old, sizeof(old), "%s.1", path);
    assert_int_equal(rename(path, old), 0);
    append(2);
    begin_again(2);
    assert_read("(2) (3) 4 5 6");
}

static void test_bad_place(void **state)
{
    (void)state;
    append(2);
    begin_at("a place of a later version", 1);
    assert_read("(2)");
    append(1);
    assert_read("3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rotated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_place, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
