/*
 * Durations and sizes: read, and printed in the shortest form that reads the same.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/units.h"

struct unit_case {
    const char *text;
    int64_t value;       /* -1: refused */
    const char *printed; /* NULL: as text */
};

static const struct unit_case durations[] = {
    { "90s", 90, NULL },
    { "15m", 900, NULL },
    { "12h", 43200, NULL },
    { "7d", 604800, NULL },
    { "0s", 0, NULL },
    { "0d", 0, "0s" },
    { "60s", 60, "1m" },
    { "24h", 86400, "1d" },
    { "25h", 90000, NULL },
    { "500ms", 1, "1s" },
    { "1000ms", 1, "1s" },
    { "1001ms", 2, "2s" },
    { "0ms", 0, "0s" },
    { "007m", 420, "7m" },
    { "9223372036854775807s", INT64_MAX, NULL },
    { "9223372036854775807ms", INT64_C(9223372036854776), "9223372036854776s" },
    { "9223372036854775808s", -1, NULL },
    { "9223372036854775807m", -1, NULL },
    { "", -1, NULL },
    { "90", -1, NULL },
    { "s", -1, NULL },
    { "-5s", -1, NULL },
    { "+5s", -1, NULL },
    { "1.5h", -1, NULL },
    { "5 s", -1, NULL },
    { " 5s", -1, NULL },
    { "5s ", -1, NULL },
    { "5S", -1, NULL },
    { "5w", -1, NULL },
    { "1h30m", -1, NULL },
};

static const struct unit_case milliseconds[] = {
    { "500ms", 500, NULL },
    { "2s", 2000, NULL },
    { "2000ms", 2000, "2s" },
    { "1001ms", 1001, NULL },
    { "60s", 60000, "1m" },
    { "0ms", 0, "0s" },
    { "9223372036854775807ms", INT64_MAX, NULL },
    { "9223372036854775s", INT64_C(9223372036854775000), NULL },
    { "9223372036854776s", -1, NULL },
    { "9223372036854775808ms", -1, NULL },
    { "", -1, NULL },
    { "500", -1, NULL },
    { "ms", -1, NULL },
    { "5 ms", -1, NULL },
    { "1.5s", -1, NULL },
    { "-1ms", -1, NULL },
    { "5MS", -1, NULL },
};

static const struct unit_case sizes[] = {
    { "0", 0, NULL },
    { "1", 1, NULL },
    { "64K", 65536, NULL },
    { "10M", 10485760, NULL },
    { "1G", 1073741824, NULL },
    { "0G", 0, "0" },
    { "1024", 1024, "1K" },
    { "1025", 1025, NULL },
    { "2048M", INT64_C(2147483648), "2G" },
    { "9223372036854775807", INT64_MAX, NULL },
    { "9223372036854775808", -1, NULL },
    { "9007199254740992K", -1, NULL },
    { "9223372036854775807G", -1, NULL },
    { "", -1, NULL },
    { "K", -1, NULL },
    { "10k", -1, NULL },
    { "10MB", -1, NULL },
    { "10 M", -1, NULL },
    { "1.5M", -1, NULL },
    { "-1", -1, NULL },
    { "1T", -1, NULL },
};

static void run_cases(const struct unit_case *cases, size_t count,
                      bool (*parse)(struct span, int64_t *),
                      void (*print)(int64_t, char[static UNITS_TEXT_MAX]))
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = -1;
        char printed[UNITS_TEXT_MAX];
        bool is_good = parse(span_of(cases[i].text), &value);
        if (is_good != (cases[i].value >= 0) || (is_good && value != cases[i].value)) {
            fail_msg("\"%s\" read as %" PRId64, cases[i].text, value);
        }
        if (is_good) {
            print(value, printed);
            assert_string_equal(printed,
                                cases[i].printed != NULL ? cases[i].printed : cases[i].text);
        }
    }
}

static void test_durations(void **state)
{
    (void)state;
    run_cases(durations, sizeof(durations) / sizeof(durations[0]), units_parse_duration,
              units_print_duration);
}

static void test_milliseconds(void **state)
{
    (void)state;
    run_cases(milliseconds, sizeof(milliseconds) / sizeof(milliseconds[0]),
              units_parse_milliseconds, units_print_milliseconds);
}

static void test_sizes(void **state)
{
    (void)state;
    run_cases(sizes, sizeof(sizes) / sizeof(sizes[0]), units_parse_size, units_print_size);
}

/* A span ends where it ends, whatever lies behind it. */
static void test_span_end(void **state)
{
    (void)state;
    int64_t value;
    assert_true(units_parse_duration(span_first(SPAN("15m0"), 3), &value));
    assert_int_equal(value, 900);
    assert_true(units_parse_size(span_first(SPAN("15999"), 2), &value));
    assert_int_equal(value, 15);
    assert_false(units_parse_size((struct span){ NULL, 0 }, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_milliseconds),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_span_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
