/*
 * File tables in Postfix source format: what they hold, and the one line that names what is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test_tables_support.h"

static struct table *open_text(const char *text, struct error *error)
{
    struct scratch_file file;
    scratch_file_make(&file);
    scratch_file_write(&file, text, strlen(text));
    struct table *table = table_open(scratch_file_spec(&file, "file:"), NULL, error);
    scratch_file_remove(&file);
    return table;
}

static const char text[] = "\xef\xbb\xbf# comment\n"
                           "\n"
                           "Alice@Example.org  alice\n"
                           "bob\tbob@example.org,\n"
                           "   group:sales\r\n"
                           "# between\n"
                           "   # a comment too\n"
                           "  \t \r\n"
                           "\tgroup:all  \n"
                           "@example.net carol\n"
                           "\"John Doe\"@example.org john\n"
                           "a\\ b c  d\n"
                           "several  one \t two   three\n"
                           "empty-list ,\n"
                           "last one";

static const struct {
    const char *key, *value;
} rows[] = {
    { "alice@example.org", "alice" },
    { "bob", "bob@example.org, group:sales group:all" },
    { "@example.net", "carol" },
    { "\"john doe\"@example.org", "john" },
    { "a\\ b", "c  d" },
    { "several", "one \t two   three" },
    { "empty-list", "," },
    { "last", "one" },
};

static void lookups(void **state)
{
    (void)state;
    struct error error;
    struct table *table = open_text(text, &error);
    struct arena *arena = arena_new(1 << 20);
    assert_non_null(table);
    assert_false(table_waits(table));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_found(table, arena, rows[i].key, rows[i].value);
    }
    assert_found(table, arena, "ALICE@EXAMPLE.ORG", "alice");
    static const char *const absent[] = { "nobody", "", "bob ", "#", "a" };
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        assert_absent(table, arena, span_of(absent[i]));
    }
    char big[1000];
    memset(big, 'k', sizeof(big));
    assert_absent(table, arena, (struct span){ big, sizeof(big) });
    table_free(&table);
    assert_null(table);
    arena_free(&arena);
}

static void several(void **state)
{
    (void)state;
    struct error error;
    struct table *table = open_text("a 1\nb 2\n", &error);
    struct arena *arena = arena_new(1 << 20);
    struct span keys[] = { SPAN("b"), SPAN("none"), SPAN("A") };
    struct table_answer answers[3];
    table_ask_several(table, keys, 3, answers, arena);
    assert_string_equal(answers[0].value.at, "2");
    assert_int_equal(answers[1].result, TABLE_ABSENT);
    assert_string_equal(answers[2].value.at, "1");
    table_free(&table);
    arena_free(&arena);
}

static void walk(void **state)
{
    (void)state;
    struct error error;
    struct table *table = open_text(text, &error);
    size_t position = 0, count = 0;
    struct span key, value;
    assert_true(table_is_walkable(table));
    while (table_next(table, &position, &key, &value)) {
        assert_true(span_is_equal(key, span_of(rows[count].key)));
        assert_true(span_is_equal(value, span_of(rows[count].value)));
        count++;
    }
    assert_int_equal(count, sizeof(rows) / sizeof(rows[0]));
    assert_int_equal(count, table_count(table));
    table_free(&table);
}

/* No memory for the answer is no answer, and never "there is no such key". */
static void exhausted(void **state)
{
    (void)state;
    struct error error;
    struct table *table = open_text("a 1\n", &error);
    struct arena *arena = arena_new(0);
    struct table_answer answer = table_ask(table, SPAN("a"), arena);
    assert_int_equal(answer.result, TABLE_UNAVAILABLE);
    assert_string_equal(answer.why, "out of memory");
    assert_absent(table, arena, SPAN("b"));
    table_free(&table);
    arena_free(&arena);
}

static void faults(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "alone\n", ":1: \"alone\" has no value; valid: KEY, blanks, VALUE" },
        { "\nalone  \t\n a\n\nb \n", ":5: \"b\" has no value" },
        { "a b\n\nA c\n", ":3: \"A\" stands here a second time; the first is line 1" },
        { "  b c\n", ":1: begins with a blank, but there is no line to go on with" },
        { "x y\n\"a b c\n", ":2: \"\"a b c\" has a quote that does not end" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error;
        assert_null(open_text(cases[i].text, &error));
        assert_non_null(strstr(error.text, cases[i].says));
    }
}

static void binary_faults(void **state)
{
    (void)state;
    struct error error;
    struct scratch_file file;
    char row[600];
    scratch_file_make(&file);
    scratch_file_write(&file, "a b\nc\0 d\n", 9);
    assert_null(table_open(scratch_file_spec(&file, "file:"), NULL, &error));
    assert_non_null(strstr(error.text, ":2: a NUL byte; this is no text file"));
    memset(row, 'k', sizeof(row));
    memcpy(row + 512, " v\n", 3);
    scratch_file_write(&file, row, 515);
    assert_null(table_open(scratch_file_spec(&file, "file:"), NULL, &error));
    assert_non_null(strstr(error.text, "is longer than 511 octets"));
    scratch_file_remove(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookups),   cmocka_unit_test(several), cmocka_unit_test(walk),
        cmocka_unit_test(exhausted), cmocka_unit_test(faults),  cmocka_unit_test(binary_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
