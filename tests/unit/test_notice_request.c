/*
 * request: what is written is read back, and what is no request is taken for none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notice/request.h"

static void goes_and_comes(void **state)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct request request;

    (void)state;
    request_begin(&bytes, "limit-near");
    request_fact(&bytes, "queue-id", SPAN("4Xk2"));
    request_fact(&bytes, "user", SPAN("a\nEGRESS_X=1\xff b"));
    request_input(&bytes, SPAN("one\n\ntwo\n"));
    assert_true(request_read(buffer_span(&bytes), &request));
    assert_true(span_is_equal(request.command, SPAN("limit-near")));
    assert_int_equal(request.fact_count, 2);
    assert_true(span_is_equal(request.facts[0], SPAN("EGRESS_QUEUE_ID=4Xk2")));
    assert_true(span_is_equal(request.facts[1], SPAN("EGRESS_USER=a\\x0aEGRESS_X=1\\xff b")));
    assert_true(span_is_equal(request.input, SPAN("one\n\ntwo\n")));
    buffer_free(&bytes);
}

static void a_long_value_is_cut(void **state)
{
    struct buffer bytes = BUFFER_EMPTY, value = BUFFER_EMPTY;
    struct request request;

    (void)state;
    for (size_t i = 0; i < 3000; i++) {
        buffer_add_char(&value, 'x');
    }
    request_begin(&bytes, "held");
    request_fact(&bytes, "text", buffer_span(&value));
    request_input(&bytes, SPAN(""));
    assert_true(request_read(buffer_span(&bytes), &request));
    assert_int_equal(request.facts[0].size, sizeof("EGRESS_TEXT=") - 1 + REQUEST_VALUE_MAX);
    buffer_free(&bytes);
    buffer_free(&value);
}

static void what_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        "egress-run 1",
        "egress-run 1\n",
        "egress-run 2\nmail\n\n",
        "egress-run 1\n/bin/sh\n\n",
        "egress-run 1\n\n\n",
        "egress-run 1\nmail\n",                  /* the empty line is missing */
        "egress-run 1\nmail\nLD_PRELOAD=/x\n\n", /* not ours to set */
        "egress-run 1\nmail\nEGRESS_=x\n\n",
        "egress-run 1\nmail\nEGRESS_a=x\n\n",
        "egress-run 1\nmail\nEGRESS_A=\x01\n\n",
        "egress-run 1\nmail\nEGRESS_A\n\n",
    };
    struct request request;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (request_read(span_of(texts[i]), &request)) {
            fail_msg("taken for a request: %s", texts[i]);
        }
    }
    assert_true(request_read(SPAN("egress-run 1\nmail\n\n"), &request));
    assert_int_equal(request.input.size, 0);
}

static void too_many_facts(void **state)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct request request;

    (void)state;
    request_begin(&bytes, "held");
    for (size_t i = 0; i <= REQUEST_FACTS_MAX; i++) {
        request_fact(&bytes, "a", SPAN("b"));
    }
    request_input(&bytes, SPAN(""));
    assert_false(request_read(buffer_span(&bytes), &request));
    buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_and_comes),
        cmocka_unit_test(a_long_value_is_cut),
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(too_many_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
