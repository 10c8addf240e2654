/*
 * What people read: escapes, cuts, colour.
 */
#include "test_ctl_support.h"

#include "ctl/print.h"

struct escape_case {
    struct span text;
    size_t max;
    const char *expected;
};

static const struct escape_case cases[] = {
    { { "", 0 }, 10, "" },
    { { NULL, 0 }, 10, "" },
    { { "plain text", 10 }, 10, "plain text" },
    { { "plain text", 10 }, 5, "plain... (10 octets)" },
    { { "a\0b", 3 }, 10, "a\\x00b" },
    { { "\r\n\t", 3 }, 10, "\\x0d\\x0a\\x09" },
    { { "\033[31m", 5 }, 10, "\\x1b[31m" },
    { { "\xc3\xbc\xff\x7f", 4 }, 10, "\\xc3\\xbc\\xff\\x7f" },
    { { "\\x41", 4 }, 10, "\\x5cx41" },
};

static void test_escaped(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out = BUFFER_EMPTY;

        print_escaped(&out, cases[i].text, cases[i].max);
        assert_string_equal(buffer_text(&out), cases[i].expected);
        buffer_free(&out);
    }
}

static void test_colour(void **state)
{
    struct ctl ctl = { .has_colour = false };
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    print_styled(&ctl, &out, PRINT_BAD, "no");
    assert_string_equal(buffer_text(&out), "no");
    ctl.has_colour = true;
    buffer_clear(&out);
    print_styled(&ctl, &out, PRINT_BAD, "no");
    assert_string_equal(buffer_text(&out), "\033[31mno\033[0m");
    buffer_clear(&out);
    print_styled(&ctl, &out, PRINT_PLAIN, "so");
    assert_string_equal(buffer_text(&out), "so");
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escaped),
        cmocka_unit_test(test_colour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
