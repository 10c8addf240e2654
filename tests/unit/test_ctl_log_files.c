/*
 * Lines of log files: plain, compressed, from stdin; long ones, the last one, and what cannot be
 * read. Then --since, and the tally's ceiling.
 */
#include "test_ctl_support.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "ctl/log_files.h"
#include "ctl/log_scan.h"
#include "ctl/tally.h"

static const char *const no_usual[] = { NULL };

/* All lines, each with a '|' behind it; lines over 20 octets as their size. */
static enum log_files_answer read_all(struct log_files *files, struct buffer *lines_r,
                                      struct error *error)
{
    enum log_files_answer answer;
    struct span line;

    while ((answer = log_files_next(files, &line, error)) == LOG_FILES_LINE) {
        if (line.size > 20)
            buffer_printf(lines_r, "%zu|", line.size);
        else
            buffer_printf(lines_r, "%.*s|", SPAN_ARG(line));
    }
    return answer;
}

static void check_lines(const char *const *names, size_t count, const char *expected,
                        uint64_t long_lines)
{
    struct error error = { "" };
    struct log_files *files = log_files_open(names, count, no_usual, &error);
    struct buffer lines = BUFFER_EMPTY;

    assert_string_equal(error.text, "");
    assert_non_null(files);
    assert_int_equal(read_all(files, &lines, &error), LOG_FILES_END);
    assert_string_equal(buffer_text(&lines), expected);
    assert_int_equal(log_files_long_lines(files), long_lines);
    buffer_free(&lines);
    log_files_free(&files);
    assert_null(files);
}

struct file_case {
    const char *content;
    const char *lines;
};

static const struct file_case file_cases[] = {
    { "", "" },
    { "\n", "|" },
    { "a\nb\n", "a|b|" },
    { "a\n\nb", "a||b|" },
};

static void test_plain(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
        char path[512];
        const char *name = path;

        snprintf(path, sizeof(path), "%s", stage_path(stage, "log"));
        stage_write(stage, "log", file_cases[i].content, strlen(file_cases[i].content));
        check_lines(&name, 1, file_cases[i].lines, 0);
    }
}

static void test_several(void **state)
{
    struct stage *stage = *state;
    char first[512], second[512];
    const char *const names[] = { first, second, first };

    stage_write(stage, "1", "a\nb", 3);
    stage_write(stage, "2", "c\n", 2);
    snprintf(first, sizeof(first), "%s", stage_path(stage, "1"));
    snprintf(second, sizeof(second), "%s", stage_path(stage, "2"));
    check_lines(names, 3, "a|b|c|a|b|", 0);
}

/* Around the bound and around the room that is read into; a long line does not take others along.
 */
static void test_long(void **state)
{
    static const size_t sizes[] = { 65535, 65536, 65537, 262143, 262144, 262145, 700000 };
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = sizes[i];
        bool is_long = size > LOG_FILES_LINE_MAX;
        char *content = malloc(size + 8), expected[64];
        char path[512];
        const char *name = path;

        assert_non_null(content);
        snprintf(path, sizeof(path), "%s", stage_path(stage, "log"));
        memcpy(content, "a\n", 2);
        memset(content + 2, 'x', size);
        memcpy(content + 2 + size, "\nb\nc", 4);
        stage_write(stage, "log", content, size + 6);
        snprintf(expected, sizeof(expected), is_long ? "a|b|c|" : "a|%zu|b|c|", size);
        check_lines(&name, 1, expected, is_long);
        stage_write(stage, "log", content, size + 2); /* it ends within the long line */
        snprintf(expected, sizeof(expected), is_long ? "a|" : "a|%zu|", size);
        check_lines(&name, 1, expected, is_long);
        free(content);
    }
}

/* True when the program is there; the file NAME.ENDING takes the place of NAME. */
static bool pack(const struct stage *stage, const char *program, const char *name)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        execlp(program, program, "-q", "-f", stage_path(stage, name), (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_compressed(void **state)
{
    static const char *const kinds[][2] = {
        { "gzip", "log.gz" }, { "xz", "log.xz" }, { "zstd", "log.zst" }, { "bzip2", "log.bz2" }
    };
    struct stage *stage = *state;
    size_t tried = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *name;

        stage_write(stage, "log", "a\nb\n", 4);
        if (!pack(stage, kinds[i][0], "log")) {
            print_message("%s is not here\n", kinds[i][0]);
            continue;
        }
        name = stage_path(stage, kinds[i][1]);
        check_lines(&name, 1, "a|b|", 0);
        tried++;
    }
    assert_true(tried > 0);
}

/* Half a log is a failure, not a shorter log; so is what is no archive. */
static void test_broken_archive(void **state)
{
    struct stage *stage = *state;
    char path[512];
    const char *name = path;
    struct error error = { "" };
    struct buffer lines = BUFFER_EMPTY;
    struct log_files *files;

    snprintf(path, sizeof(path), "%s", stage_path(stage, "log.gz"));
    stage_write(stage, "log.gz", "no archive", 10);
    files = log_files_open(&name, 1, no_usual, &error);
    assert_non_null(files);
    assert_int_equal(read_all(files, &lines, &error), LOG_FILES_FAILED);
    assert_has(error.text, "log.gz: gzip -dc ended with status 1");
    log_files_free(&files);
    buffer_free(&lines);
}

/* Given up in the middle: the child that unpacks ends too. */
static void test_given_up(void **state)
{
    struct stage *stage = *state;
    size_t size = (size_t)4 << 20;
    char *content = malloc(size);
    const char *name;
    struct error error = { "" };
    struct log_files *files;
    struct span line;

    assert_non_null(content);
    for (size_t i = 0; i < size; i++)
        content[i] = i % 16 == 15 ? '\n' : (char)('a' + i * 7 % 26);
    stage_write(stage, "log", content, size);
    free(content);
    assert_true(pack(stage, "gzip", "log"));
    name = stage_path(stage, "log.gz");
    files = log_files_open(&name, 1, no_usual, &error);
    assert_non_null(files);
    assert_int_equal(log_files_next(files, &line, &error), LOG_FILES_LINE);
    assert_int_equal(line.size, 15);
    log_files_free(&files);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

static void test_stdin(void **state)
{
    struct stage *stage = *state;
    const char *const names[] = { "-" };
    int kept = dup(STDIN_FILENO), fd;

    stage_write(stage, "log", "a\nb\n", 4);
    fd = open(stage_path(stage, "log"), O_RDONLY);
    assert_true(kept >= 0 && fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    close(fd);
    check_lines(names, 1, "a|b|", 0);
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    close(kept);
}

static void check_refused(const char *const *names, size_t count, const char *const *usual,
                          const char *says)
{
    struct error error = { "" };

    assert_null(log_files_open(names, count, usual, &error));
    assert_has(error.text, says);
}

static void test_refused(void **state)
{
    struct stage *stage = *state;
    char good[512], gone[512], directory[512];
    const char *const names[] = { good, gone };
    const char *const directories[] = { good, directory };

    stage_write(stage, "log", "a\n", 2);
    snprintf(good, sizeof(good), "%s", stage_path(stage, "log"));
    snprintf(gone, sizeof(gone), "%s", stage_path(stage, "gone"));
    snprintf(directory, sizeof(directory), "%s", stage->directory);
    check_refused(names, 2, no_usual, gone); /* before the first is read */
    check_refused(directories, 2, no_usual, "is a directory");
}

static void test_usual(void **state)
{
    struct stage *stage = *state;
    char first[512], second[512];
    const char *const usual[] = { first, second, NULL };
    struct error error = { "" };
    struct buffer lines = BUFFER_EMPTY;
    struct log_files *files;

    snprintf(first, sizeof(first), "%s", stage_path(stage, "mail.log"));
    snprintf(second, sizeof(second), "%s", stage_path(stage, "maillog"));
    check_refused(NULL, 0, usual, "journalctl -t egress-milter -o short-iso | egressctl");
    check_refused(NULL, 0, usual, first);
    check_refused(NULL, 0, usual, second);
    stage_write(stage, "maillog", "b\n", 2);
    for (size_t i = 0; i < 2; i++) {
        files = log_files_open(NULL, 0, usual, &error);
        assert_non_null(files);
        assert_int_equal(read_all(files, &lines, &error), LOG_FILES_END);
        log_files_free(&files);
        stage_write(stage, "mail.log", "a\n", 2);
    }
    assert_string_equal(buffer_text(&lines), "b|a|");
    buffer_free(&lines);
}

struct since_case {
    const char *text;
    int64_t since_s; /* -1: refused */
};

static void test_since(void **state)
{
    static const struct since_case cases[] = {
        { "90s", NOW_S - 90 },
        { "15m", NOW_S - 900 },
        { "12h", NOW_S - 43200 },
        { "7d", NOW_S - 7 * 86400 },
        { "100000d", 0 },
        { "2026-11-01", 1793491200 },
        { "2026-11-01T22:00", 1793570400 },
        { "2026-11-01T22:00:05", 1793570405 },
        { "2026-11-31", -1 },
        { "2026-11-01T22", -1 },
        { "2026-11-01 22:00", -1 },
        { "7", -1 },
        { "7w", -1 },
        { "yesterday", -1 },
        { "-1d", -1 },
        { "", -1 },
    };
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = { "" };
        int64_t since_s = -1;

        print_message("%s\n", cases[i].text);
        assert_int_equal(
            log_scan_since(&stage->clock.clock, span_of(cases[i].text), &since_s, &error),
            cases[i].since_s >= 0);
        assert_int_equal(since_s, cases[i].since_s);
        assert_int_equal(error.text[0] != '\0', cases[i].since_s < 0);
    }
}

static int compare_rows(const void *a, const void *b)
{
    const struct tally_row *left = *(struct tally_row *const *)a;
    const struct tally_row *right = *(struct tally_row *const *)b;
    int order = tally_compare_text(left->first, right->first);

    return order != 0 ? order : tally_compare_text(left->second, right->second);
}

/* Pairs are told apart wherever the border lies; when it is full, what is there goes on. */
static void test_tally(void **state)
{
    struct tally *tally = tally_new(4);
    struct tally_row **rows;
    size_t count;

    (void)state;
    assert_non_null(tally);
    assert_null(tally_rows(tally, compare_rows, &count));
    assert_int_equal(count, 0);
    tally_row(tally, SPAN("ab"), SPAN("c"))->messages++;
    tally_row(tally, SPAN("a"), SPAN("bc"))->messages += 2;
    tally_row(tally, SPAN(""), SPAN("abc"))->messages += 3;
    tally_row(tally, (struct span){ NULL, 0 }, SPAN("abc"))->messages += 3;
    tally_row(tally, SPAN("a\0b"), SPAN("c"))->messages += 4;
    assert_null(tally_row(tally, SPAN("d"), SPAN("e")));
    assert_null(tally_row(tally, SPAN("d"), SPAN("e")));
    assert_int_equal(tally_left_out(tally), 2);
    tally_row(tally, SPAN("ab"), SPAN("c"))->messages++;
    rows = tally_rows(tally, compare_rows, &count);
    assert_int_equal(count, 4);
    assert_int_equal(rows[0]->messages, 6);
    assert_true(span_is_equal(rows[0]->second, SPAN("abc")));
    assert_int_equal(rows[1]->messages, 2);
    assert_true(span_is_equal(rows[1]->first, SPAN("a")));
    assert_int_equal(rows[2]->messages, 4);
    assert_true(span_is_equal(rows[2]->first, SPAN("a\0b")));
    assert_int_equal(rows[3]->messages, 2);
    free(rows);
    tally_free(&tally);
    assert_null(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_several, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_long, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_compressed, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_broken_archive, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_given_up, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_stdin, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_refused, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_usual, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_since, stage_setup, stage_teardown),
        cmocka_unit_test(test_tally),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
