/*
 * wording: what users and administrators read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "limits/window.h"
#include "limits/wording.h"

static void test_times(void **state)
{
    static const struct {
        uint64_t s;
        const char *text;
    } cases[] = {
        { 0, "0 seconds" },
        { 1, "1 second" },
        { 59, "59 seconds" },
        { 60, "1 minute" },
        { 61, "61 seconds" },
        { 90 * 60, "90 minutes" },
        { 3599, "60 minutes" },
        { 3600, "1 hour" },
        { 3601, "61 minutes" },
        { 7200, "2 hours" },
        { 3 * 3600 - 1, "3 hours" },
        { 3 * 3600, "3 hours" },
        { 3 * 3600 + 1, "4 hours" },
        { 86399, "24 hours" },
        { 86400, "1 day" },
        { 86401, "25 hours" },
        { 3 * 86400 - 1, "72 hours" },
        { 3 * 86400, "3 days" },
        { 7 * 86400, "7 days" },
        { 31 * 86400, "31 days" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[WORDING_TIME_MAX];
        wording_of_time(cases[i].s, text);
        assert_string_equal(text, cases[i].text);
    }
}

static const struct limit hour = { .name = "default",
                                   .count = LIMIT_RECIPIENTS,
                                   .by = LIMIT_BY_PRINCIPAL,
                                   .to = LIMIT_TO_EXTERNAL,
                                   .max = 500,
                                   .per_s = 3600,
                                   .action = ACTION_DEFER };

static void check_excess(const struct charge_line *line, const char *expected)
{
    char seen[WORDING_MAX], advice[WORDING_MAX], got[2 * WORDING_MAX + 2];
    wording_of_excess(line, seen, advice);
    snprintf(got, sizeof(got), "%s; %s", seen, advice);
    assert_string_equal(got, expected);
}

static void test_excess(void **state)
{
    struct charge_line line = {
        .limit = &hour, .amount = 12, .max = 500, .used = 495, .fits_in_ms = 1499001
    };
    (void)state;
    check_excess(&line, "limit default: 495 of 500 external recipients used in 1 hour, this "
                        "message needs 12; it fits again in 25 minutes");
    line.fits_in_ms = 1;
    check_excess(&line, "limit default: 495 of 500 external recipients used in 1 hour, this "
                        "message needs 12; it fits again in 1 second");
    /* The value of an exception, not the row's. */
    line.max = 496;
    check_excess(&line, "limit default: 495 of 496 external recipients used in 1 hour, this "
                        "message needs 12; it fits again in 1 second");
    line.amount = line.needs = 800;
    line.fits_in_ms = CHARGE_NEVER;
    check_excess(&line, "this message needs 800 external recipients, limit default is 496; send "
                        "it in parts of at most 496 external recipients");
}

/* The window has room, the burst has not. */
static void test_burst(void **state)
{
    const struct charge_line line = {
        .limit = &hour, .amount = 12, .max = 500, .burst = 100, .used = 488, .fits_in_ms = 7200
    };
    (void)state;
    check_excess(&line, "limit default: at most 100 external recipients at once, and 500 in 1 "
                        "hour; it fits again in 8 seconds");
}

/* Nothing of the message itself: it waits for what came before. */
static void test_failed(void **state)
{
    const struct limit limit = {
        .name = "wrong", .count = LIMIT_FAILED_RECIPIENTS, .max = 20, .per_s = 86400
    };
    struct charge_line line = { .limit = &limit, .max = 20, .used = 25, .fits_in_ms = 7200000 };
    (void)state;
    check_excess(&line, "limit wrong: the mail server has refused 25 recipients in 1 day, at most "
                        "20 may be wrong; it fits again in 2 hours");
    line.amount = 3;
    check_excess(&line, "limit wrong: the mail server has refused 28 recipients in 1 day, at most "
                        "20 may be wrong; it fits again in 2 hours");
}

static void test_scopes(void **state)
{
    static const char *const names[LIMIT_BY_COUNT] = {
        "limit x",
        "limit x of the plan",
        "limit x of the domain",
        "limit x of the network",
        "limit x to the provider",
        "limit x of the site",
    };
    (void)state;
    for (int by = 0; by < LIMIT_BY_COUNT; by++) {
        const struct limit limit = {
            .name = "x", .count = LIMIT_BYTES, .by = by, .to = LIMIT_TO_ALL, .per_s = 86400
        };
        struct charge_line line = {
            .limit = &limit, .amount = 2, .needs = 2, .max = 9, .used = 8, .fits_in_ms = 60000
        };
        char expected[WORDING_MAX];
        snprintf(expected, sizeof(expected),
                 "%s: 8 of 9 bytes used in 1 day, this message needs 2; it fits again in 1 minute",
                 names[by]);
        check_excess(&line, expected);
        line.fits_in_ms = CHARGE_NEVER;
        snprintf(expected, sizeof(expected),
                 "this message needs 2 bytes, %s is 9; send it in parts of at most 9 bytes",
                 names[by]);
        check_excess(&line, expected);
    }
}

static void test_units(void **state)
{
    static const char *const units[LIMIT_COUNT_COUNT][LIMIT_TO_COUNT] = {
        { "messages to outside", "messages to inside", "messages" },
        { "external recipients", "internal recipients", "recipients" },
        { "bytes to outside", "bytes to inside", "bytes" },
        { "different external recipients", "different internal recipients",
          "different recipients" },
        { "new external recipients", "new internal recipients", "new recipients" },
        { "failed recipients", "failed recipients", "failed recipients" },
    };
    (void)state;
    for (int count = 0; count < LIMIT_COUNT_COUNT; count++) {
        for (int to = 0; to < LIMIT_TO_COUNT; to++) {
            const struct limit limit = { .count = count, .to = to };
            assert_string_equal(limit_unit(&limit), units[count][to]);
        }
    }
}

static void check_reach(const struct charge_line *line, const char *account, const char *expected)
{
    char text[WORDING_MAX];
    wording_of_reach(line, span_of(account), text);
    assert_string_equal(text, expected);
}

static void test_reach(void **state)
{
    struct charge_line line = {
        .limit = &hour, .amount = 5, .max = 500, .used = 396, .is_strict = true
    };
    struct limit site = hour, provider = hour;
    site.by = LIMIT_BY_SITE;
    provider.by = LIMIT_BY_PROVIDER;
    (void)state;
    line.reached = CHARGE_NEAR;
    check_reach(&line, "principal/submission/alice@example.org",
                "alice@example.org (submission) is near limit default: 401 of 500 external "
                "recipients in 1 hour");
    line.reached = CHARGE_FULL;
    line.used = 495;
    check_reach(&line, "principal/relay/printers",
                "printers (relay) has reached limit default: 500 of 500 external recipients in 1 "
                "hour");
    /* One that was stopped is not in the number, one that went beyond is. */
    line.used = 496;
    line.fits_in_ms = 1000;
    check_reach(&line, "principal/local/local",
                "local (local) has reached limit default: 496 of 500 external recipients in 1 "
                "hour");
    line.is_strict = false;
    check_reach(&line, "principal/local/local",
                "local (local) has reached limit default: 501 of 500 external recipients in 1 "
                "hour");
    line.limit = &provider;
    check_reach(&line, "provider/google",
                "provider google has reached limit default: 501 of 500 external recipients in 1 "
                "hour");
    line.limit = &site;
    check_reach(&line, "site/",
                "site has reached limit default: 501 of 500 external recipients in 1 hour");
}

/* The longest of everything is cut, and ends in its NUL. */
static void test_longest(void **state)
{
    char name[300], account[400], seen[WORDING_MAX], advice[WORDING_MAX];
    struct limit limit = hour;
    struct charge_line line = { .limit = &limit,
                                .amount = WINDOW_AMOUNT_MAX,
                                .max = WINDOW_AMOUNT_MAX,
                                .used = WINDOW_AMOUNT_MAX,
                                .fits_in_ms = CHARGE_NEVER - 1,
                                .reached = CHARGE_FULL };
    (void)state;
    memset(name, 'n', sizeof(name));
    name[60] = '\0';
    limit.name = name;
    limit.per_s = INT64_MAX;
    wording_of_excess(&line, seen, advice);
    assert_non_null(strstr(seen, "used in"));
    assert_true(strlen(advice) < WORDING_MAX);
    memset(account, 'a', sizeof(account));
    memcpy(account, "principal/submission/", 21);
    wording_of_reach(&line, (struct span){ account, 300 }, seen);
    assert_memory_equal(seen, account + 21, 150);
    assert_memory_equal(seen + 150, " (submission) has reached limit nnn", 35);
    wording_of_time(UINT64_MAX, advice);
    assert_true(strlen(advice) < WORDING_TIME_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times), cmocka_unit_test(test_excess),  cmocka_unit_test(test_failed),
        cmocka_unit_test(test_burst), cmocka_unit_test(test_scopes),  cmocka_unit_test(test_units),
        cmocka_unit_test(test_reach), cmocka_unit_test(test_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
