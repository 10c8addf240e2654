/*
 * error: one line, cut to its space, made of anything.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "util/error.h"

static void test_set(void **state)
{
    struct error error = { "before" };

    (void)state;
    error_set(&error, "cannot %s %d", "do", 7);
    assert_string_equal(error.text, "cannot do 7");
    error_set(&error, "again: %s", error.text); /* its own text as an argument */
    assert_string_equal(error.text, "again: cannot do 7");
    error_set(&error, "%s", "a\nb\tc\x7f\x1b[0m d\xc3\xa4");
    assert_string_equal(error.text, "a b c  [0m d\xc3\xa4");
    error_set(&error, "%s", "");
    assert_string_equal(error.text, "");
}

static void test_prefix(void **state)
{
    struct error error;

    (void)state;
    error_set(&error, "no such key");
    error_prefix(&error, "file %s, line %d", "x.conf", 3);
    assert_string_equal(error.text, "file x.conf, line 3: no such key");
    error_prefix(&error, "%s", error.text);
    assert_string_equal(error.text,
                        "file x.conf, line 3: no such key: file x.conf, line 3: no such key");
}

static void test_cut(void **state)
{
    struct error error;

    (void)state;
    for (int size = 505; size < 520; size++) {
        size_t expected = size < 511 ? (size_t)size : 511;

        error_set(&error, "%0*d", size, 1);
        assert_int_equal(strlen(error.text), expected);
        error_prefix(&error, "p");
        assert_int_equal(strlen(error.text), expected + 3 < 511 ? expected + 3 : 511);
        assert_memory_equal(error.text, "p: 0", 4);
    }
    error_prefix(&error, "%02000d", 1);
    assert_int_equal(strlen(error.text), 511);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
