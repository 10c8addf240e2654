/*
 * sent and post: what went out is found by its id and by nobody else's, for a week, in bounded
 * room; what reports told is taken once, the oldest first; and no bytes in the tables do any harm.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "feedback/post.h"
#include "feedback/sent.h"
#include "tests/support/empty_store.h"

#define NOW_S INT64_C(1795478400)
enum { MOST = 1000 };

static struct sent a_message(size_t recipients)
{
    struct sent sent = { .at_s = NOW_S,
                         .mail_class = CLASS_SUBMISSION,
                         .principal = "alice@example.org",
                         .domain = "example.org",
                         .recipient_count = recipients };
    for (size_t i = 0; i < recipients && i < SENT_RECIPIENTS_MAX; i++) {
        sent.recipients[i] = 1000 + i;
    }
    return sent;
}

static void test_found(void **state)
{
    struct sent there = a_message(3), found;
    (void)state;
    assert_false(sent_find(store, 7, NOW_S, &found));
    assert_true(sent_note(store, 7, &there, MOST));
    assert_true(sent_find(store, 7, NOW_S + SENT_KEEP_S - 1, &found));
    assert_string_equal(found.principal, "alice@example.org");
    assert_string_equal(found.domain, "example.org");
    assert_int_equal(found.mail_class, CLASS_SUBMISSION);
    assert_int_equal(sent_to(&found, 1002), SENT_TO_HIM);
    assert_int_equal(sent_to(&found, 1003), SENT_NOT_TO_HIM);
    assert_false(sent_find(store, 8, NOW_S, &found));
    assert_false(sent_find(store, 7, NOW_S + SENT_KEEP_S, &found));
}

static void test_many_recipients(void **state)
{
    struct sent there = a_message(SENT_RECIPIENTS_MAX + 1), found;
    (void)state;
    assert_true(sent_note(store, 7, &there, MOST));
    assert_true(sent_find(store, 7, NOW_S, &found));
    assert_int_equal(sent_to(&found, 1000), SENT_TO_UNKNOWN);
    there = a_message(SENT_RECIPIENTS_MAX);
    assert_true(sent_note(store, 7, &there, MOST));
    assert_true(sent_find(store, 7, NOW_S, &found));
    assert_int_equal(sent_to(&found, 1000 + SENT_RECIPIENTS_MAX - 1), SENT_TO_HIM);
}

static void test_bound(void **state)
{
    struct sent there = a_message(1), found;
    unsigned kept = 0;
    (void)state;
    for (uint64_t id = 0; id < 50; id++) {
        assert_true(sent_note(store, id * UINT64_C(0x9e3779b97f4a7c15), &there, 20));
        assert_true(sent_find(store, id * UINT64_C(0x9e3779b97f4a7c15), NOW_S, &found));
    }
    for (uint64_t id = 0; id < 50; id++) {
        kept += sent_find(store, id * UINT64_C(0x9e3779b97f4a7c15), NOW_S, &found);
    }
    assert_int_equal(kept, 20);
}

/* However many are asked for, a quarter of the store is enough. */
static void test_part_of_store(void **state)
{
    struct sent there = a_message(1);
    (void)state;
    store_limit(store, 1 << 20);
    for (uint64_t id = 1; id <= 5000; id++) {
        assert_true(sent_note(store, id, &there, 1000000));
    }
    uint64_t kept = store_count(store, STORE_SENT);
    assert_in_range(kept, 1000, 2500);
    assert_true(store_used(store) < (1 << 20) / 3);
    assert_true(sent_find(store, 5000, NOW_S, &there));
}

static void test_expire(void **state)
{
    struct buffer place = BUFFER_EMPTY;
    unsigned gone = 0;
    (void)state;
    for (uint64_t id = 1; id <= 10; id++) {
        struct sent there = a_message(1);
        there.at_s = NOW_S - (id % 2 == 0 ? SENT_KEEP_S : 0);
        assert_true(sent_note(store, id, &there, MOST));
    }
    for (int i = 0; i < 4; i++) {
        gone += sent_expire(store, NOW_S, 3, &place);
    }
    assert_int_equal(gone, 5);
    assert_int_equal(store_count(store, STORE_SENT), 5);
    buffer_free(&place);
}

static void test_foreign_bytes(void **state)
{
    static const struct span values[] = {
        SPAN(""),
        SPAN("\1"),
        SPAN("\2\1\0\0a\0b\0"),
        SPAN("\1\1\77\0a\0b\0"),
        SPAN("\1\1\0\1a\0b\0"),
        SPAN("\1\1\0\0a\0b"),
    };
    struct sent found;
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_true(store_put(store, STORE_SENT, SPAN("\7\0\0\0\0\0\0\0"), values[i], STORE_SOON));
        assert_false(sent_find(store, 7, 1, &found));
    }
    assert_true(
        store_put(store, STORE_SENT, SPAN("\7\0\0\0\0\0\0\0"), SPAN("\1\1\0\0a\0b\0"), STORE_SOON));
    assert_true(sent_find(store, 7, 1, &found));
}

/* --- post ------------------------------------------------------------------------------------ */

struct taken {
    char text[2000];
};

static void take(void *context, const struct maillog_outcome *outcome, bool is_complaint)
{
    struct taken *taken = context;
    size_t size = strlen(taken->text);
    snprintf(taken->text + size, sizeof(taken->text) - size, "%.*s/%.*s to %.*s %u %.*s %s%s|",
             SPAN_ARG(outcome->mail_class), SPAN_ARG(outcome->principal),
             SPAN_ARG(outcome->recipient), outcome->class, SPAN_ARG(outcome->dsn),
             outcome->found.is_hard ? "hard" : "soft", is_complaint ? " complaint" : "");
}

static struct maillog_outcome an_outcome(const char *recipient, int64_t at_s)
{
    return (struct maillog_outcome){ .principal = SPAN("alice@example.org"),
                                     .mail_class = SPAN("submission"),
                                     .sender = SPAN("example.org"),
                                     .message_id = SPAN("1@example.org"),
                                     .recipient = span_of(recipient),
                                     .class = 5,
                                     .dsn = SPAN("5.1.1"),
                                     .text = SPAN("no such user here"),
                                     .at_s = at_s };
}

static void test_post(void **state)
{
    struct taken taken = { "" };
    struct maillog_outcome later = an_outcome("b@away.example", NOW_S + 1),
                           first = an_outcome("a@away.example", NOW_S);
    (void)state;
    assert_true(post_add(store, &later, false));
    assert_true(post_add(store, &first, true));
    assert_true(post_add(store, &first, true)); /* the same again is one */
    assert_int_equal(post_each(store, 1, take, &taken), 1);
    assert_int_equal(post_each(store, 10, take, &taken), 1);
    assert_int_equal(post_each(store, 10, take, &taken), 0);
    assert_string_equal(taken.text, "submission/alice@example.org to a@away.example 5 5.1.1 hard "
                                    "complaint|submission/alice@example.org to b@away.example 5 "
                                    "5.1.1 hard|");
}

static void test_post_foreign(void **state)
{
    struct taken taken = { "" };
    (void)state;
    assert_true(store_put(store, STORE_POST, SPAN("a"), SPAN("2\0x"), STORE_SOON));
    assert_true(store_put(store, STORE_POST, SPAN("b"),
                          SPAN("1\0"
                               "5 0 1"),
                          STORE_SOON));
    assert_int_equal(post_each(store, 10, take, &taken), 2);
    assert_string_equal(taken.text, "");
    assert_int_equal(store_count(store, STORE_POST), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_many_recipients, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_bound, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_part_of_store, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_expire, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_foreign_bytes, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_post, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_post_foreign, store_make, store_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
