/*
 * field: what a line looks like, byte by byte and at its very end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/field.h"
#include "log/log_private.h"

static void test_line(void **state)
{
    struct log_fields fields;

    (void)state;
    log_fields_init(&fields);
    assert_int_equal(log_fields_span(&fields).size, 0);
    log_fields_raw(&fields, "4Xk2vR3m5Wz1q7: ");
    log_fields_add(&fields, "verdict", SPAN("accept"));
    log_fields_add(&fields, "user", SPAN("a b=\"c\\"));
    log_fields_add(&fields, "absent", (struct span){ NULL, 0 });
    log_fields_add(&fields, "empty", SPAN(""));
    log_fields_add_number(&fields, "size", UINT64_MAX);
    log_fields_add_quoted(&fields, "reply", SPAN("550 5.7.1 a=\"b\" \\\n"));
    log_fields_add_quoted(&fields, "none", (struct span){ NULL, 0 });
    log_fields_add_quoted(&fields, "void", SPAN(""));
    assert_string_equal(fields.text,
                        "4Xk2vR3m5Wz1q7: verdict=accept user=a\\x20b\\x3d\\x22c\\x5c empty=- "
                        "size=18446744073709551615 reply=\"550 5.7.1 a=\\x22b\\x22 \\x5c\\x0a\" "
                        "void=\"\"");
    assert_int_equal(log_fields_span(&fields).size, strlen(fields.text));
    log_fields_init(&fields);
    log_fields_add(&fields, "first", SPAN("1")); /* no space in front of a line */
    assert_string_equal(fields.text, "first=1");
}

/* Each of the 256 bytes, bare, quoted and in a whole line. */
static void test_every_byte(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char in = (char)byte, out[8], line[LOG_LINE_MAX + 1], plain[2] = { in, '\0' }, escape[8];
        bool printable = byte > 0x20 && byte < 0x7f;
        bool special = byte == '"' || byte == '\\';

        snprintf(escape, sizeof(escape), "\\x%02x", (unsigned)byte);
        log_escape((struct span){ &in, 1 }, false, out, sizeof(out));
        assert_string_equal(out, printable && !special && byte != '=' ? plain : escape);
        log_escape((struct span){ &in, 1 }, true, out, sizeof(out));
        assert_string_equal(out, (printable && !special) || byte == ' ' ? plain : escape);
        log_escape_line((struct span){ &in, 1 }, line);
        assert_string_equal(line, printable || byte == ' ' ? plain : escape);
    }
}

static void test_escape_cuts(void **state)
{
    static const struct {
        const char *in;
        size_t out_size;
        const char *out;
    } cases[] = {
        { "abc", 4, "abc" },     { "abc", 3, "a~" },
        { "abc", 2, "~" },       { "abc", 1, "" },
        { "", 1, "" },           { "a\n", 6, "a\\x0a" },
        { "a\nb", 6, "a~" },     { "a\nb", 7, "a\\x0ab" },
        { "\n", 4, "~" },        { "\n\n", 8, "\\x0a~" },
        { "\n\n", 6, "\\x0a~" }, { "\n\n", 5, "~" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[16] = "????????";
        size_t size = log_escape(span_of(cases[i].in), false, out, cases[i].out_size);

        if (strcmp(out, cases[i].out) != 0 || size != strlen(out))
            fail_msg("case %zu gives %s", i, out);
    }
    assert_int_equal(log_escape(SPAN("a"), false, NULL, 0), 0);
}

/* No line passes its limit, no escape is cut in two, no field stands behind a gap. */
static void check_line(const struct log_fields *fields)
{
    assert_true(fields->size <= LOG_LINE_MAX);
    assert_int_equal(strlen(fields->text), fields->size);
    for (size_t i = 0; i < fields->size; i++) {
        assert_in_range((unsigned char)fields->text[i], 0x20, 0x7e);
        if (fields->text[i] == '\\') {
            assert_int_equal(fields->text[i + 1], 'x');
            assert_true(i + 3 < fields->size);
            assert_int_equal(strspn(fields->text + i + 2, "0123456789abcdef") >= 2, 1);
        }
    }
}

static void test_limit(void **state)
{
    static char filler[LOG_LINE_MAX + 200], bytes[LOG_LINE_MAX + 200];

    (void)state;
    memset(filler, 'x', sizeof(filler));
    memset(bytes, '\n', sizeof(bytes));
    for (size_t size = 1; size < LOG_LINE_MAX + 100; size++) {
        struct log_fields fields;
        const char *cut;

        log_fields_init(&fields);
        log_fields_add(&fields, "a", (struct span){ filler, size });
        check_line(&fields);
        assert_int_equal(fields.size, size + 2 <= LOG_LINE_MAX ? size + 2 : LOG_LINE_MAX);
        assert_int_equal(fields.text[fields.size - 1], size + 2 <= LOG_LINE_MAX ? 'x' : '~');
        log_fields_add_number(&fields, "n", 1234567);
        assert_int_equal(strstr(fields.text, " n=") != NULL, size + 2 + 10 <= LOG_LINE_MAX);
        assert_true(strstr(fields.text, " n=") == NULL ||
                    strstr(fields.text, " n=1234567") != NULL);
        log_fields_add_quoted(&fields, "q", (struct span){ bytes, size });
        check_line(&fields);
        if (strstr(fields.text, " q=") != NULL)
            assert_int_equal(fields.text[fields.size - 1], '"');
        log_fields_add(&fields, "b", (struct span){ bytes, size });
        check_line(&fields);
        cut = strchr(fields.text, '~');
        if (cut != NULL)
            assert_true(cut[1] == '\0' || strcmp(cut, "~\"") == 0);
    }
}

static void test_full_drops_all(void **state)
{
    char text[LOG_LINE_MAX];
    struct log_fields fields;

    (void)state;
    memset(text, 'x', sizeof(text));
    log_fields_init(&fields);
    log_fields_add(&fields, "a", (struct span){ text, LOG_LINE_MAX - 2 - 6 });
    log_fields_add_number(&fields, "number", 12345);
    log_fields_add(&fields, "b", SPAN("1")); /* would have room, but a field before it is missing */
    log_fields_raw(&fields, "!");
    log_fields_add_list(&fields, "l", &SPAN("1"), 1, 100);
    assert_int_equal(fields.size, LOG_LINE_MAX - 6);
    log_fields_init(&fields);
    for (int i = 0; i < 300; i++)
        log_fields_raw(&fields, "raw, ");
    assert_int_equal(fields.size, LOG_LINE_MAX);
}

static void test_list(void **state)
{
    static const struct span items[] = { { "one", 3 }, { "two", 3 }, { "a,b c", 5 }, { "", 0 },
                                         { NULL, 0 },  { "six", 3 }, { "seven", 5 } };
    static const struct {
        size_t count, max_bytes;
        const char *text;
    } cases[] = {
        { 0, 100, "" },
        { 1, 100, "l=one" },
        { 2, 100, "l=one,two" },
        { 2, 7, "l=one,two" },
        { 2, 6, "l=one+1" },
        { 2, 5, "l=one+1" },
        { 2, 4, "l=+2" },
        { 2, 2, "l=+2" },
        { 7, 100, "l=one,two,a\\x2cb\\x20c,-,-,six,seven" },
        { 7, 19, "l=one,two+5" },
        { 7, 21, "l=one,two,a\\x2cb\\x20c+4" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct log_fields fields;

        log_fields_init(&fields);
        log_fields_add_list(&fields, "l", items, cases[i].count, cases[i].max_bytes);
        if (strcmp(fields.text, cases[i].text) != 0)
            fail_msg("case %zu gives %s", i, fields.text);
    }
}

/* Whatever is left of the line, the count is right. */
static void test_list_at_the_end(void **state)
{
    struct span items[120];
    char text[LOG_LINE_MAX];

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < 120; i++)
        items[i] = SPAN("item");
    for (size_t taken = 600; taken < LOG_LINE_MAX - 2; taken++) {
        struct log_fields fields;
        const char *list, *plus;
        size_t shown = 0;

        log_fields_init(&fields);
        log_fields_add(&fields, "a", (struct span){ text, taken });
        log_fields_add_list(&fields, "l", items, 120, 900);
        assert_true(fields.size <= LOG_LINE_MAX);
        list = strstr(fields.text, " l=");
        if (list == NULL) {
            assert_true(taken > LOG_LINE_MAX - 2 - 3 - 4);
            continue;
        }
        for (const char *at = list; (at = strstr(at, "item")) != NULL; at++)
            shown++;
        plus = strchr(list, '+');
        assert_non_null(plus);
        assert_int_equal(shown + strtoul(plus + 1, NULL, 10), 120);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_escape_cuts),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_full_drops_all),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_list_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
