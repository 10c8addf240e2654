/*
 * maillog_follow: files that grow, are renamed, copied and cut, cut without a copy, packed, while
 * somebody reads them and while nobody does. A log is a row of numbered lines; what matters is
 * which numbers come, in which order.
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
#include <sys/stat.h>
#include <unistd.h>

#include "feedback/maillog_follow.h"
#include "feedback/maillog_line.h"

enum { STEP_BYTES = 1 << 20 };

static char folder[64], path[96];
static struct maillog_follow *follow;
static struct buffer seen;
static int next_number;

/* --- the log --------------------------------------------------------------------------------- */

static void append_text(const char *text)
{
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Lines long enough that two logs differ in their first octets. */
static void append(int count)
{
    for (int i = 0; i < count; i++) {
        char text[128];
        snprintf(
            text, sizeof(text),
            "Nov 28 22:33:00 mx1 postfix/qmgr[7]: %08d: from=<a@example.org>, size=1, nrcpt=1\n",
            next_number++);
        append_text(text);
    }
}

static void name_of(const char *ending, char out[static 128])
{
    snprintf(out, 128, "%s%s", path, ending);
}

/* Somebody wrote to it then; the order of files is that of their times. */
static void written_at(const char *file, time_t time)
{
    struct timespec times[2] = { { .tv_sec = time }, { .tv_sec = time } };
    assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
}

static void move(const char *from, const char *to)
{
    char a[128], b[128];
    name_of(from, a);
    name_of(to, b);
    assert_int_equal(rename(a, b), 0);
}

static void copy(const char *to)
{
    char command[512], b[128];
    name_of(to, b);
    snprintf(command, sizeof(command), "cp %s %s", path, b);
    assert_int_equal(system(command), 0);
}

/* --- reading --------------------------------------------------------------------------------- */

/* "3 4 5": the numbers, or the text of what is no line of append(). */
static void take(void *context, struct span line)
{
    (void)context;
    buffer_add_text(&seen, seen.size > 0 ? " " : "");
    if (line.size > 45 && line.at[0] == 'N') {
        char digits[9] = "";
        memcpy(digits, line.at + 37, 8);
        buffer_printf(&seen, "%d", atoi(digits));
    } else {
        buffer_add_span(&seen, line);
    }
}

static enum maillog_follow_answer step(void)
{
    struct error error = { "" };
    return maillog_follow_step(follow, STEP_BYTES, take, NULL, &error);
}

static void assert_read(const char *numbers)
{
    buffer_clear(&seen);
    assert_int_equal(step(), MAILLOG_FOLLOW_DONE);
    assert_string_equal(buffer_text(&seen), numbers);
}

/* As after a restart, with the place as it is kept. */
static void begin_again(void)
{
    struct maillog_place place;
    struct buffer text = BUFFER_EMPTY;
    assert_true(maillog_follow_place(follow, &place));
    maillog_place_write(&place, &text);
    assert_true(text.size <= MAILLOG_PLACE_MAX);
    memset(&place, 0xff, sizeof(place));
    assert_true(maillog_place_read(buffer_span(&text), &place));
    maillog_follow_free(&follow);
    follow = maillog_follow_new(path, MAILLOG_FROM_END, &place);
    assert_non_null(follow);
    buffer_free(&text);
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/maillog_follow.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/mail.log", folder);
    next_number = 1;
    follow = maillog_follow_new(path, MAILLOG_FROM_BEGINNING, NULL);
    assert_non_null(follow);
    return 0;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    maillog_follow_free(&follow);
    buffer_free(&seen);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static const struct maillog_follow_counts *counts(void)
{
    return maillog_follow_counts(follow);
}

/* --- growing --------------------------------------------------------------------------------- */

static void test_grows(void **state)
{
    (void)state;
    append(2);
    assert_read("1 2");
    assert_read("");
    append(1);
    append_text("half a ");
    assert_read("3");
    assert_read("");
    append_text("line\r\n\nnext\n");
    assert_read("half a line  next");
    begin_again();
    assert_read("");
    append(1);
    begin_again();
    assert_read("4");
    assert_int_equal(counts()->gaps, 0);
}

static void test_empty(void **state)
{
    (void)state;
    append_text("");
    assert_read("");
    assert_read("");
    append(1);
    assert_read("1");
    assert_int_equal(counts()->truncations + counts()->gaps, 0);
}

static void test_begins_at_the_end(void **state)
{
    (void)state;
    append(3);
    append_text("half a ");
    maillog_follow_free(&follow);
    follow = maillog_follow_new(path, MAILLOG_FROM_END, NULL);
    assert_read("");
    append_text("line\n");
    append(1);
    assert_read("4");
    maillog_follow_free(&follow);
    follow = maillog_follow_new(path, MAILLOG_FROM_END, NULL);
    assert_read("");
    append(1);
    assert_read("5");
}

static void test_is_not_there(void **state)
{
    struct error error = { "" };
    struct maillog_place place;
    (void)state;
    assert_int_equal(maillog_follow_step(follow, STEP_BYTES, take, NULL, &error),
                     MAILLOG_FOLLOW_FAILED);
    assert_non_null(strstr(error.text, path));
    assert_false(maillog_follow_place(follow, &place));
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(maillog_follow_step(follow, STEP_BYTES, take, NULL, &error),
                     MAILLOG_FOLLOW_FAILED);
    assert_non_null(strstr(error.text, "no regular file"));
    assert_int_equal(rmdir(path), 0);
    append(1);
    assert_read("1");
}

static void test_long_lines(void **state)
{
    static const size_t sizes[] = { MAILLOG_LINE_MAX, MAILLOG_LINE_MAX + 1, 600 << 10 };
    char *text = malloc((600 << 10) + 1);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < 3; i++) {
        memset(text, 'x', sizes[i]);
        text[sizes[i]] = '\0';
        append_text(text);
        append_text("\n");
        append(1);
    }
    free(text);
    buffer_clear(&seen);
    assert_int_equal(step(), MAILLOG_FOLLOW_DONE);
    assert_int_equal(counts()->lines, 4);
    assert_int_equal(counts()->long_lines, 2);
    assert_string_equal(buffer_text(&seen) + MAILLOG_LINE_MAX, " 1 2 3");
}

static void test_in_parts(void **state)
{
    struct error error;
    int steps = 1;
    (void)state;
    append(9000);
    while (maillog_follow_step(follow, 1 << 17, take, NULL, &error) == MAILLOG_FOLLOW_MORE) {
        steps++;
        if (steps == 3) {
            begin_again();
        }
    }
    assert_in_range(steps, 3, 5);
    assert_non_null(strstr(buffer_text(&seen), " 8999 9000"));
    assert_int_equal(seen.size, 9 + 2 * 90 + 3 * 900 + 4 * 8001 + 8999);
}

static uint64_t behind;

static void note_behind(void *context, struct span line)
{
    take(context, line);
    behind = maillog_follow_behind(follow);
}

static void test_rewinds(void **state)
{
    struct error error;
    (void)state;
    append(3);
    maillog_follow_free(&follow);
    follow = maillog_follow_new(path, MAILLOG_FROM_END, NULL);
    assert_int_equal(maillog_follow_rewind(follow, 100), 0); /* nothing is open */
    assert_int_equal(maillog_follow_step(follow, 0, take, NULL, &error), MAILLOG_FOLLOW_MORE);
    assert_int_equal(maillog_follow_rewind(follow, 100), 3 * 85);
    append(1);
    buffer_clear(&seen);
    assert_int_equal(maillog_follow_step(follow, STEP_BYTES, note_behind, NULL, &error),
                     MAILLOG_FOLLOW_DONE);
    assert_string_equal(buffer_text(&seen), "3 4"); /* 2 is not whole from there */
    assert_int_equal(behind, 4 * 85);
    assert_int_equal(maillog_follow_rewind(follow, 1 << 20), 4 * 85);
    assert_read("1 2 3 4");
}

/* What comes after the bound waits, in a file that is rotated, too. */
static void test_bound(void **state)
{
    (void)state;
    append(2);
    assert_read("1 2");
    append(1);
    maillog_follow_bound(follow);
    append(1);
    append_text("half");
    assert_read("3");
    assert_read("");
    maillog_follow_bound(follow);
    append_text(" a line\n");
    assert_read("4");
    maillog_follow_bound(follow);
    append(1);
    move("", ".1");
    append(1);
    assert_read("half a line");
    maillog_follow_bound(follow);
    assert_read("5 6"); /* nothing bounds the new file yet */
    append(1);
    maillog_follow_bound(follow);
    assert_read("7");
}

/* --- rotation -------------------------------------------------------------------------------- */

static void test_renamed(void **state)
{
    char old[128];
    FILE *file;
    (void)state;
    append(2);
    assert_read("1 2");
    append(1);
    file = fopen(path, "a"); /* as a writer that has not heard of it yet */
    move("", ".1");
    assert_read("3");
    fputs("still the old one\n", file);
    fflush(file);
    assert_read("still the old one");
    append_text(""); /* made, and empty: the old one goes on */
    fputs("again\nand a half", file);
    fclose(file);
    assert_read("again");
    append(2);
    assert_read("and a half 4 5");
    assert_int_equal(counts()->rotations, 1);
    name_of(".1", old);
    append(1);
    begin_again();
    assert_read("6");
    assert_int_equal(counts()->gaps, 0);
}

static void test_renamed_meanwhile(void **state)
{
    (void)state;
    append(3);
    assert_read("1 2 3");
    append(2);
    move("", ".1");
    append(2);
    begin_again();
    assert_read("4 5 6 7");
    assert_int_equal(counts()->gaps, 0);
    move(".1", ".2");
    move("", ".1"); /* nothing is left in it */
    append(1);
    begin_again();
    assert_read("8");
    assert_int_equal(counts()->gaps, 0);
}

static void test_renamed_twice_meanwhile(void **state)
{
    char name[128];
    (void)state;
    append(3);
    assert_read("1 2 3");
    append(1);
    move("", "-20261126");
    name_of("-20261126", name);
    written_at(name, 1000);
    append(2);
    move("", "-20261127");
    name_of("-20261127", name);
    written_at(name, 2000);
    append(1);
    begin_again();
    buffer_clear(&seen);
    assert_int_equal(maillog_follow_step(follow, 80, take, NULL, &(struct error){ "" }),
                     MAILLOG_FOLLOW_MORE);
    begin_again(); /* in the midst of an old file */
    while (step() == MAILLOG_FOLLOW_MORE) {
    }
    assert_string_equal(buffer_text(&seen), "4 5 6 7");
    assert_int_equal(counts()->gaps, 0);
}

static void test_packed_meanwhile(void **state)
{
    char name[128];
    (void)state;
    append(3);
    assert_read("1 2 3");
    append(1);
    move("", ".2.gz"); /* 4 lies in it */
    append(1);
    begin_again();
    assert_read("5");
    assert_int_equal(counts()->gaps, 1);
    append(1);
    move("", ".3");
    name_of(".3", name);
    written_at(name, 1000);
    append(1);
    move("", ".2.gz");
    name_of(".2.gz", name);
    written_at(name, 2000);
    append(1);
    move("", ".1");
    name_of(".1", name);
    written_at(name, 3000);
    append(1);
    begin_again();
    assert_read("6 8 9");
    assert_int_equal(counts()->gaps, 1); /* 7 */
}

static void test_cut(void **state)
{
    (void)state;
    append(3);
    assert_read("1 2 3");
    append(1);
    copy(".1");
    assert_int_equal(truncate(path, 0), 0);
    append(1);
    assert_read("4 5");
    assert_int_equal(counts()->truncations, 1);
    assert_int_equal(counts()->gaps, 0);
    /* and it grew beyond the place before anybody looked */
    append(1);
    copy(".1");
    assert_int_equal(truncate(path, 0), 0);
    append(5);
    assert_read("6 7 8 9 10 11");
    assert_int_equal(counts()->gaps, 0);
    /* while nobody read */
    append(1);
    copy(".1");
    assert_int_equal(truncate(path, 0), 0);
    append(1);
    begin_again();
    assert_read("12 13");
    assert_int_equal(counts()->gaps, 0);
}

static void test_cut_without_a_copy(void **state)
{
    (void)state;
    append(3);
    assert_read("1 2 3");
    append(1);
    assert_int_equal(truncate(path, 0), 0);
    append(2);
    assert_read("5 6");
    assert_int_equal(counts()->truncations, 1);
    assert_int_equal(counts()->gaps, 1);
}

/* Other files that begin with the name are none of this log. */
static void test_others_beside_it(void **state)
{
    char name[128];
    FILE *file;
    (void)state;
    append(2);
    assert_read("1 2");
    name_of(".old", name);
    file = fopen(name, "w");
    fputs("another one, of some length, so that there is enough of it to be compared with\n", file);
    fputs("another one, of some length, so that there is enough of it to be compared with\n", file);
    fputs("another one, of some length, so that there is enough of it to be compared with\n", file);
    fclose(file);
    name_of(".d", name);
    assert_int_equal(mkdir(name, 0700), 0);
    assert_int_equal(truncate(path, 0), 0);
    append(1);
    begin_again();
    assert_read("3");
    assert_int_equal(counts()->gaps, 1);
}

static void test_places(void **state)
{
    static const char *const bad[] = { "",
                                       "1",
                                       "1 2 3 4 5",
                                       "2 1 1 1 1 1",
                                       "1 1 1 x 1 1",
                                       "1 1 1 1 1 1 1",
                                       "1 1 1 1 257 1",
                                       "1 1 1 9223372036854775808 1 1" };
    struct maillog_place place;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(maillog_place_read(span_of(bad[i]), &place));
    }
    assert_true(maillog_place_read(SPAN("1 2 3 4 5 6"), &place));
    assert_int_equal(place.offset, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begins_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rewinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_renamed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_renamed_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_renamed_twice_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_packed_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_without_a_copy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_others_beside_it, setup, teardown),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
