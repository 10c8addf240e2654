/*
 * The order of faults, and that a fault is always one printable line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "config/config.h"

static void expect_lines(const struct config_report *report, const char *const *lines, size_t count)
{
    assert_int_equal(config_report_size(report), count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(config_report_fault(report, i)->text, lines[i]);
    }
    assert_null(config_report_fault(report, count));
}

static void test_order(void **state)
{
    (void)state;
    static const struct config_place a1 = { "a", 1 }, a9 = { "a", 9 }, b2 = { "b", 2 };
    static const struct config_place none = { NULL, 0 };
    static const char *const lines[] = {
        "b:2: x: first",  "b:2: x: third", "a:1: y: fifth",
        "a:9: y: second", "z: fourth",     "only a text",
    };
    struct config_report *report = config_report_new();
    assert_int_equal(config_report_size(report), 0);
    config_complain(report, CONFIG_ERROR, &b2, "x", "%s", "first");
    config_complain(report, CONFIG_WARNING, &a9, "y", "%s", "second");
    config_complain(report, CONFIG_ERROR, &b2, "x", "%s", "third");
    config_complain(report, CONFIG_WARNING, &none, "z", "%s", "fourth");
    config_complain(report, CONFIG_WARNING, &a1, "y", "%s", "fifth");
    config_complain(report, CONFIG_ERROR, NULL, NULL, "only %s text", "a");
    expect_lines(report, lines, 6);
    assert_int_equal(config_report_count(report, CONFIG_ERROR), 3);
    assert_int_equal(config_report_count(report, CONFIG_WARNING), 3);
    assert_int_equal(config_report_fault(report, 0)->severity, CONFIG_ERROR);
    assert_int_equal(config_report_fault(report, 2)->severity, CONFIG_WARNING);
    config_report_free(&report);
    assert_null(report);
    config_report_free(&report);
}

static void test_printable(void **state)
{
    (void)state;
    static const struct config_place place = { "f\ng", 3 };
    static const char *const lines[] = { "f\\x0Ag:3: a\\x7F: \\x1B[2J\\x0D\\x0A m\xC3\xBC \\xFC "
                                         "\\xED\\xA0\\x80 \\xC2\\x9B" };
    struct config_report *report = config_report_new();
    config_complain(report, CONFIG_ERROR, &place, "a\x7F", "%s",
                    "\x1B[2J\r\n m\xC3\xBC \xFC \xED\xA0\x80 \xC2\x9B");
    expect_lines(report, lines, 1);
    config_report_free(&report);
}

/* More than a screen, each where it belongs. */
static void test_many(void **state)
{
    (void)state;
    struct config_report *report = config_report_new();
    for (unsigned i = 0; i < 1000; i++) {
        struct config_place place = { "f", 1 + (i * 7) % 1000 };
        config_complain(report, CONFIG_ERROR, &place, NULL, "%u", place.line);
    }
    assert_int_equal(config_report_count(report, CONFIG_ERROR), 1000);
    for (unsigned i = 0; i < 1000; i++) {
        char line[32];
        snprintf(line, sizeof(line), "f:%u: %u", i + 1, i + 1);
        assert_string_equal(config_report_fault(report, i)->text, line);
    }
    config_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_printable),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
