/*
 * The line of a message: the order of fields, escaping, the limit, and that what is written can be
 * read again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "finding/logline.h"

static struct arena *arena;
static struct finding_list findings;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(1024 * 1024);
    finding_list_init(&findings, arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* The line of the user contract, less the fields whose rooms are not built. */
static void the_line_of_the_contract(void **state)
{
    (void)state;
    finding_add(&findings, FINDING_DATE_MISSING, NULL, "x")->action = ACTION_REPAIR;
    finding_add(&findings, FINDING_LINE_TOO_LONG, NULL, "x")->action = ACTION_OFF;
    const struct span signatures[] = { SPAN("example.org/s2026a"), SPAN("example.org/e2026a") };
    const struct span to[] = { SPAN("gmail.com:2") };
    struct logline line = {
        .queue_id = SPAN("4Xk2vR3m5Wz1q7"),
        .verdict = "accept",
        .mail_class = "submission",
        .user = SPAN("alice@example.org"),
        .ticket = "valid",
        .findings = &findings,
        .signatures = signatures,
        .signature_count = 2,
        .recipients = 3,
        .external = 2,
        .to = to,
        .to_count = 1,
        .size_bytes = 10234,
        .client = SPAN("192.0.2.25"),
        .daemon = SPAN("SUBMISSION"),
        .tls = SPAN("TLSv1.3"),
        .spent_us = 1400,
        .helo = SPAN("laptop"),
        .from = SPAN("alice@example.org"),
        .header_from = SPAN("alice@example.org"),
        .message_id = SPAN("<a1@example.org>"),
    };
    struct log_fields out;
    logline_write(&line, &out);
    out.text[out.size] = '\0';
    assert_string_equal(
        out.text,
        "4Xk2vR3m5Wz1q7: verdict=accept class=submission user=alice@example.org ticket=valid "
        "rules=date-missing:repair signed=example.org/s2026a,example.org/e2026a rcpts=3 external=2 "
        "to=gmail.com:2 size=10234 client=192.0.2.25 daemon=SUBMISSION tls=TLSv1.3 by=- t_ms=1.4 "
        "helo=laptop from=<alice@example.org> hfrom=alice@example.org msgid=<a1@example.org>");
}

static void hostile_values_stay_values(void **state)
{
    (void)state;
    static const char hostile[] = "a\" verdict=accept\r\n\\x\xff=";
    struct span value = { hostile, sizeof(hostile) - 1 };
    struct logline line = {
        .verdict = "reject",
        .would = "reject",
        .mail_class = "submission",
        .user = value,
        .findings = &findings,
        .unsigned_reason = "no-from",
        .by = "from-missing",
        .reply = "550 5.7.1 from-missing: a \"quoted\" word",
        .helo = value,
        .from = SPAN(""),
        .message_id = value,
    };
    struct log_fields out;
    logline_write(&line, &out);
    struct span rest = log_fields_span(&out), key, raw;
    unsigned fields = 0, hostile_seen = 0, verdicts = 0;
    while (logline_next(&rest, &key, &raw)) {
        char text[LOG_LINE_MAX + 1];
        ptrdiff_t size = logline_unescape(raw, text, sizeof(text));
        assert_true(size >= 0);
        fields++;
        verdicts += span_is_equal(key, SPAN("verdict"));
        hostile_seen += (size_t)size == value.size && memcmp(text, hostile, value.size) == 0;
        if (span_is_equal(key, SPAN("id"))) {
            assert_string_equal(text, "NOQUEUE");
        } else if (span_is_equal(key, SPAN("reply"))) {
            assert_string_equal(text, "550 5.7.1 from-missing: a \"quoted\" word");
        } else if (span_is_equal(key, SPAN("from"))) {
            assert_string_equal(text, "<>");
        }
    }
    assert_int_equal(verdicts, 1);
    assert_int_equal(hostile_seen, 3);
    assert_int_equal(rest.size, 0);
    assert_true(fields > 10);
}

static void the_longest_line_fits(void **state)
{
    (void)state;
    char big[2000];
    memset(big, 'x', sizeof(big));
    struct span value = { big, sizeof(big) };
    struct span many[200];
    for (size_t i = 0; i < 200; i++) {
        many[i] = SPAN("a-rather-long-domain-name.example:1");
        finding_add(&findings, FINDING_LINE_TOO_LONG, NULL, "x")->action = ACTION_OBSERVE;
    }
    struct logline line = { .queue_id = value,
                            .verdict = "accept",
                            .mail_class = "submission",
                            .user = SPAN("alice@example.org"),
                            .findings = &findings,
                            .signatures = many,
                            .signature_count = 16,
                            .to = many,
                            .to_count = 200,
                            .helo = value,
                            .from = value,
                            .message_id = value };
    struct log_fields out;
    logline_write(&line, &out);
    assert_true(out.size <= LOG_LINE_MAX);
    out.text[out.size] = '\0';
    assert_non_null(strstr(out.text, "to=a-rather-long-domain-name.example:1,"));
    assert_non_null(strstr(out.text, "+1"));
    assert_non_null(strstr(out.text, " by=- t_ms="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_line_of_the_contract, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_values_stay_values, setup, teardown),
        cmocka_unit_test_setup_teardown(the_longest_line_fits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
