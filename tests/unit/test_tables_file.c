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
#include <unistd.h>

#include "tables/table.h"

static struct table *open_text(const char *text, struct error *error)
{
    char path[] = "/tmp/egress-table.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    char spec[80];
    snprintf(spec, sizeof(spec), "file:%s", path);
    struct table *table = table_open(spec, error);
    unlink(path);
    return table;
}

static void lookups(void **state)
{
    static const char text[] = "# comment\n"
                               "\n"
                               "Alice@Example.org  alice\n"
                               "bob\tbob@example.org,\n"
                               "   group:sales\r\n"
                               "# between\n"
                               "@example.net carol\n"
                               "last one";
    static const struct {
        const char *key, *value;
    } cases[] = {
        { "alice@example.org", "alice" },
        { "ALICE@EXAMPLE.ORG", "alice" },
        { "bob", "bob@example.org, group:sales" },
        { "@example.net", "carol" },
        { "last", "one" },
        { "nobody", NULL },
        { "", NULL },
    };
    (void)state;
    struct error error;
    struct table *table = open_text(text, &error);
    assert_non_null(table);
    assert_int_equal(table_count(table), 4);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span value = table_get(table, span_of(cases[i].key));
        if (cases[i].value == NULL) {
            assert_null(value.at);
        } else {
            assert_true(span_is_equal(value, span_of(cases[i].value)));
        }
    }
    char big[1000];
    memset(big, 'k', sizeof(big));
    assert_null(table_get(table, (struct span){ big, sizeof(big) }).at);
    table_free(&table);
    assert_null(table);
}

static void faults(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "alone\n", ":1: \"alone\" has no value; valid: KEY, blanks, VALUE" },
        { "a b\nA c\n", ":2: \"a\" stands here a second time" },
        { "  b c\n", ":1: begins with a blank, but there is no line to go on with" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error;
        assert_null(open_text(cases[i].text, &error));
        assert_non_null(strstr(error.text, cases[i].says));
    }
}

static void specs(void **state)
{
    static const struct {
        const char *spec, *says;
    } cases[] = {
        { "lmdb:/etc/x", "this version has no lmdb: tables yet" },
        { "socketmap:inet:127.0.0.1:1:x", "this version has no socketmap: tables yet" },
        { "hash:/etc/x", "not a table; valid: \"file:/path\"" },
        { "file:relative", "not a table" },
        { "file:/nonexistent/table", "/nonexistent" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error;
        assert_null(table_open(cases[i].spec, &error));
        assert_non_null(strstr(error.text, cases[i].says));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lookups), cmocka_unit_test(faults),
                                        cmocka_unit_test(specs) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
