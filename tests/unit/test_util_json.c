/*
 * json: structure, escapes, and bytes that are no UTF-8.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "util/json.h"

static void test_structure(void **state)
{
    struct buffer out = BUFFER_EMPTY;
    struct json json = json_new(&out);

    (void)state;
    json_open(&json, NULL, '{');
    json_text(&json, "name", SPAN("x"));
    json_number(&json, "low", INT64_MIN);
    json_number(&json, "high", INT64_MAX);
    json_open(&json, "list", '[');
    json_number(&json, NULL, 1);
    json_open(&json, NULL, '{');
    json_close(&json, '}');
    json_open(&json, NULL, '[');
    json_close(&json, '[');
    json_bool(&json, NULL, true);
    json_close(&json, ']');
    json_bool(&json, "last", false);
    json_close(&json, '{');
    assert_string_equal(buffer_text(&out),
                        "{\"name\":\"x\",\"low\":-9223372036854775808,"
                        "\"high\":9223372036854775807,\"list\":[1,{},[],true],\"last\":false}");
    buffer_free(&out);
}

#define FFFD "\xef\xbf\xbd"

static void test_text(void **state)
{
    static const struct {
        const char *in;
        size_t size;
        const char *out;
    } cases[] = {
        { NULL, 0, "\"\"" },
        { "a/b", 3, "\"a/b\"" },
        { "\"\\", 2, "\"\\\"\\\\\"" },
        { "\0\n\r\t\x1f\x7f", 6, "\"\\u0000\\u000a\\u000d\\u0009\\u001f\\u007f\"" },
        { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
        { "a\xff"
          "b",
          3, "\"a" FFFD "b\"" },
        { "\xc3", 1, "\"" FFFD "\"" }, /* cut off */
        { "\xe2\x82", 2, "\"" FFFD FFFD "\"" },
        { "\xc3(", 2, "\"" FFFD "(\"" },
        { "\xc0\xaf", 2, "\"" FFFD FFFD "\"" }, /* not the shortest form */
        { "\xe0\x80\xaf", 3, "\"" FFFD FFFD FFFD "\"" },
        { "\xed\xa0\x80", 3, "\"" FFFD FFFD FFFD "\"" },          /* a surrogate */
        { "\xf4\x90\x80\x80", 4, "\"" FFFD FFFD FFFD FFFD "\"" }, /* above U+10FFFF */
        { "\xf5\x80\x80\x80", 4, "\"" FFFD FFFD FFFD FFFD "\"" },
        { "\x80", 1, "\"" FFFD "\"" },
        { "\xf4\x8f\xbf\xbf\xef\xbf\xbf\xdf\xbf", 9, "\"\xf4\x8f\xbf\xbf\xef\xbf\xbf\xdf\xbf\"" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out = BUFFER_EMPTY;
        struct json json = json_new(&out);

        json_text(&json, NULL, (struct span){ cases[i].in, cases[i].size });
        if (strcmp(buffer_text(&out), cases[i].out) != 0)
            fail_msg("case %zu gives %s", i, buffer_text(&out));
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
