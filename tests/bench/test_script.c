/* The script driver's own rules: words and escapes, reading a message, and what each edit of a
 * filter does to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "script_mail.h"
#include "script_words.h"

static void lines_become_words(void **state)
{
    static const struct {
        const char *line;
        bool is_valid;
        size_t count;
        const char *last;
        size_t last_length;
    } cases[] = {
        { "", true, 0, "", 0 },
        { "  # only a comment", true, 0, "", 0 },
        { "mail <a@b> SIZE=1\n", true, 3, "SIZE=1", 6 },
        { "header X \"a b\" # end", true, 3, "a b", 3 },
        { "body \"a\\r\\n\\t\\0b\\x41\\\\\\\"\"", true, 2, "a\r\n\t\0bA\\\"", 9 },
        { "body \"\"", true, 2, "", 0 },
        { "body \"open", false, 0, "", 0 },
        { "body a\\n", true, 2, "a\\n", 3 }, /* escapes only within quotes */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct words words;
        char line[128];

        strcpy(line, cases[i].line);
        assert_int_equal(words_split(line, &words), cases[i].is_valid);
        if (!cases[i].is_valid)
            continue;
        assert_int_equal(words.count, cases[i].count);
        if (!words.count)
            continue;
        assert_int_equal(words.word[words.count - 1].length, cases[i].last_length);
        assert_memory_equal(words.word[words.count - 1].data, cases[i].last,
                            cases[i].last_length + 1);
    }
}

/* Through a file, as the driver does. */
static char *path_of(const char *text, size_t length)
{
    static char path[] = "/tmp/test-script-XXXXXX";
    int fd;

    memset(path + sizeof path - 7, 'X', 6);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), (ssize_t)length);
    close(fd);
    return path;
}

static void messages_are_read(void **state)
{
    static const struct {
        const char *text;
        bool is_raw;
        size_t fields;
        const char *last_value;
        const char *body;
    } cases[] = {
        { "A: 1\r\nB: 2\r\n 3\r\n\r\nbody\r\n", false, 2, " 2\n 3", "body\r\n" },
        { "A: 1\nB:2\n\t3\n\nbody\n\nx", false, 2, "2\n\t3", "body\r\n\r\nx" },
        { "A: 1\r\n\r\nbare\rcr\r\n", false, 1, " 1", "bare\rcr\r\n" },
        { "A: 1\nB: 2\r\n\r\nlf\nx\r\n", true, 1, " 1\nB: 2", "lf\nx\r\n" },
        { "A: 1\r\nno field\r\n", false, 1, " 1", "no field\r\n" },
        { "A: 1\r\n", false, 1, " 1", "" },
        { "\r\nbody", false, 0, "", "body" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct script_mail mail = { 0 };
        char *path = path_of(cases[i].text, strlen(cases[i].text));

        assert_true(script_mail_read(&mail, path, cases[i].is_raw));
        unlink(path);
        assert_int_equal(mail.fields, cases[i].fields);
        if (mail.fields)
            assert_string_equal(mail.field[mail.fields - 1].value, cases[i].last_value);
        assert_int_equal(mail.body.length, strlen(cases[i].body));
        assert_memory_equal(wire_rest(&mail.body, 0).data, cases[i].body, mail.body.length);
        script_mail_clear(&mail);
    }
}

static struct wire_text text(const char *string)
{
    return (struct wire_text){ string, strlen(string) };
}

static void edits_change_the_message(void **state)
{
    struct edit {
        enum wire_reply reply;
        uint32_t index;
        const char *name;
        const char *value;
    };
    static const struct {
        struct edit edits[3]; /* up to the first without a name */
        bool leading_space;
        const char *result;
    } cases[] = {
        { { { WIRE_INSERT_HEADER, 0, "N", " n" } }, true, "N: n|A: 1|B: 2|A: 3|" },
        { { { WIRE_INSERT_HEADER, 0, "N", "n" } }, false, "N: n|A: 1|B: 2|A: 3|" },
        { { { WIRE_INSERT_HEADER, 1, "N", " n" } }, true, "N: n|A: 1|B: 2|A: 3|" },
        { { { WIRE_INSERT_HEADER, 2, "N", " n" } }, true, "A: 1|N: n|B: 2|A: 3|" },
        { { { WIRE_INSERT_HEADER, 99, "N", " n" } }, true, "A: 1|B: 2|A: 3|N: n|" },
        /* the MTA's own Received, unseen, stands between these two */
        { { { WIRE_INSERT_HEADER, 0, "N", " n" }, { WIRE_INSERT_HEADER, 1, "M", " m" } },
          true,
          "N: n|M: m|A: 1|B: 2|A: 3|" },
        { { { WIRE_INSERT_HEADER, 0, "N", " n" }, { WIRE_INSERT_HEADER, 0, "M", " m" } },
          true,
          "M: m|N: n|A: 1|B: 2|A: 3|" },
        { { { WIRE_ADD_HEADER, 0, "N", " n\n\tm" } }, true, "A: 1|B: 2|A: 3|N: n\r\n\tm|" },
        { { { WIRE_CHANGE_HEADER, 2, "a", " x" } }, true, "A: 1|B: 2|a: x|" },
        { { { WIRE_CHANGE_HEADER, 2, "A", "" }, { WIRE_CHANGE_HEADER, 1, "A", "" } },
          true,
          "B: 2|" },
        { { { WIRE_CHANGE_HEADER, 1, "A", "" }, { WIRE_CHANGE_HEADER, 1, "A", "" } },
          true,
          "B: 2|" },
        { { { WIRE_CHANGE_HEADER, 3, "A", "" } }, true, "A: 1|B: 2|A: 3|" },
        { { { WIRE_CHANGE_HEADER, 1, "C", " c" } }, true, "A: 1|B: 2|A: 3|C: c|" },
        { { { WIRE_QUARANTINE, 0, "N", "why" } }, true, "A: 1|B: 2|A: 3|" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct script_mail mail = { 0 };
        char result[256] = "";
        char bytes[256] = "";
        char *path = path_of("", 0);
        FILE *file;

        script_mail_add_field(&mail, 0, text("A"), text(" 1"));
        script_mail_add_field(&mail, 1, text("B"), text(" 2"));
        script_mail_add_field(&mail, 2, text("A"), text(" 3"));
        for (const struct edit *edit = cases[i].edits; edit < cases[i].edits + 3 && edit->name;
             edit++) {
            struct wire_answer answer = { .reply = edit->reply,
                                          .index = edit->index,
                                          .name = text(edit->name),
                                          .value = text(edit->value) };

            script_mail_edit(&mail, &answer, cases[i].leading_space);
        }
        assert_true(script_mail_write(&mail, path));
        file = fopen(path, "r");
        assert_non_null(file);
        assert_true(fread(bytes, 1, sizeof bytes - 1, file) > 0);
        fclose(file);
        unlink(path);
        /* CRLF that ends a field becomes "|", the empty line goes */
        for (const char *from = bytes; strcmp(from, "\r\n") != 0;) {
            bool is_end = strncmp(from, "\r\n", 2) == 0 && from[2] != '\t';

            result[strlen(result)] = is_end ? '|' : *from;
            from += is_end ? 2 : 1;
        }
        assert_string_equal(result, cases[i].result);
        script_mail_clear(&mail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_words),
        cmocka_unit_test(messages_are_read),
        cmocka_unit_test(edits_change_the_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
