/*
 * held: records come back as they were put, the caps hold exactly however many come at once, and
 * counts follow whatever comes and goes. Queue ids are what mail servers make, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "hold/hold_private.h"
#include "tests/support/empty_store.h"

#define NOW_S 1772366400

static const struct hold_settings caps = { .per_principal = 3, .total = 5 };

static struct held some(const char *id, const char *principal)
{
    return (struct held){ .queue_id = span_of(id),
                          .held_s = NOW_S,
                          .seen_s = NOW_S,
                          .recipients = 3,
                          .size_bytes = 10234,
                          .mail_class = SPAN("submission"),
                          .principal = span_of(principal),
                          .finding = SPAN("from-not-owned"),
                          .reason = SPAN("from-not-owned: a may not be b"),
                          .sender = SPAN("a@example.org"),
                          .message_id = SPAN("<1@example.org>") };
}

static enum held_answer add(const char *id, const char *principal)
{
    struct held held = some(id, principal);
    return held_add(store, &caps, &held);
}

static uint64_t of(const char *principal)
{
    return held_count_of(store, SPAN("submission"), span_of(principal));
}

static void comes_back(void **state)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct held held = some("4Xk2vR3m5Wz1q7", "alice"), found;
    char charge[] = { 0, 1, '\n', 0x7f, '\n' };

    (void)state;
    held.sender = SPAN("a\nb@example.org");
    assert_int_equal(held_add(store, &caps, &held), HELD_DONE);
    assert_true(held_set_charge(store, held.queue_id, (struct span){ charge, sizeof(charge) }));
    assert_false(held_set_charge(store, SPAN("absent"), SPAN("x")));
    assert_int_equal(held_get(store, held.queue_id, &bytes, &found), STORE_FOUND);
    assert_int_equal(found.held_s, NOW_S);
    assert_int_equal(found.recipients, 3);
    assert_int_equal(found.size_bytes, 10234);
    assert_true(span_is_equal(found.principal, held.principal));
    assert_true(span_is_equal(found.reason, held.reason));
    assert_true(span_is_equal(found.sender, SPAN("a b@example.org")));
    assert_true(span_is_equal(found.message_id, held.message_id));
    assert_true(span_is_equal(found.charge, (struct span){ charge, sizeof(charge) }));
    buffer_free(&bytes);
}

static void caps_hold(void **state)
{
    (void)state;
    assert_int_equal(add("AAAAA1", "alice"), HELD_DONE);
    assert_int_equal(add("AAAAA2", "alice"), HELD_DONE);
    assert_int_equal(add("AAAAA3", "alice"), HELD_DONE);
    assert_int_equal(add("AAAAA4", "alice"), HELD_PRINCIPAL_FULL);
    assert_int_equal(add("AAAAA3", "alice"), HELD_DONE); /* the same again is no other */
    assert_int_equal(add("BBBBB1", "bob"), HELD_DONE);
    assert_int_equal(add("BBBBB2", "bob"), HELD_DONE);
    assert_int_equal(add("BBBBB3", "bob"), HELD_TOTAL_FULL);
    assert_int_equal(held_count(store), 5);
    assert_int_equal(of("alice"), 3);
    assert_true(held_remove(store, SPAN("AAAAA1")));
    assert_true(held_remove(store, SPAN("AAAAA1")));
    assert_int_equal(held_count(store), 4);
    assert_int_equal(of("alice"), 2);
    assert_int_equal(add("BBBBB3", "bob"), HELD_DONE);
    assert_int_equal(of("bob"), 3);
}

/* Queue ids come again after some time. */
static void an_id_of_another(void **state)
{
    (void)state;
    assert_int_equal(add("AAAAA1", "alice"), HELD_DONE);
    assert_int_equal(add("AAAAA1", "bob"), HELD_DONE);
    assert_int_equal(of("alice"), 0);
    assert_int_equal(of("bob"), 1);
    assert_int_equal(held_count(store), 1);
}

static void classes_apart(void **state)
{
    struct held held = some("AAAAA1", "bounce");

    (void)state;
    assert_int_equal(held_add(store, &caps, &held), HELD_DONE);
    held.queue_id = SPAN("AAAAA2");
    held.mail_class = SPAN("bounce");
    assert_int_equal(held_add(store, &caps, &held), HELD_DONE);
    assert_int_equal(of("bounce"), 1);
    assert_int_equal(held_count_of(store, SPAN("bounce"), SPAN("bounce")), 1);
}

static void *add_many(void *context)
{
    const char *prefix = context;
    char id[32];
    size_t done = 0;

    for (unsigned i = 0; i < 50; i++) {
        snprintf(id, sizeof(id), "%s%02u", prefix, i);
        done += add(id, "alice") == HELD_DONE;
    }
    return (void *)(uintptr_t)done;
}

static void at_once(void **state)
{
    static char prefixes[4][8] = { "AAAAA", "BBBBB", "CCCCC", "DDDDD" };
    pthread_t threads[4];
    size_t done = 0;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, prefixes[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        done += (uintptr_t)result;
    }
    assert_int_equal(done, 3);
    assert_int_equal(held_count(store), 3);
}

static bool note_charge(struct span queue_id, struct span charge, void *context)
{
    snprintf(context, 64, "%.*s=%.*s", SPAN_ARG(queue_id), SPAN_ARG(charge));
    return true;
}

static void deleted_is_given_back(void **state)
{
    char seen[64] = "";

    (void)state;
    add("AAAAA1", "alice");
    add("AAAAA2", "alice");
    held_set_charge(store, SPAN("AAAAA1"), SPAN("500"));
    assert_true(held_delete(store, SPAN("AAAAA1")));
    assert_true(held_delete(store, SPAN("AAAAA2"))); /* was not charged */
    assert_int_equal(held_count(store), 0);
    assert_true(held_walk_charges(store, note_charge, seen));
    assert_string_equal(seen, "AAAAA1=500");
    seen[0] = '\0';
    assert_true(held_given_back(store, SPAN("AAAAA1")));
    assert_true(held_walk_charges(store, note_charge, seen));
    assert_string_equal(seen, "");
}

static void records_end(void **state)
{
    (void)state;
    add("AAAAA1", "alice");
    add("AAAAA2", "alice");
    assert_int_equal(held_expire(store, NOW_S + HELD_LIFE_S, 100), 0);
    assert_true(held_seen(store, SPAN("AAAAA2"), NOW_S + 1000));
    assert_false(held_seen(store, SPAN("AAAAA3"), NOW_S + 1000));
    assert_int_equal(held_expire(store, NOW_S + HELD_LIFE_S + 1, 100), 1);
    assert_int_equal(held_count(store), 1);
    assert_int_equal(held_expire(store, NOW_S - HELD_LIFE_S, 100), 1); /* the clock went back */
    assert_int_equal(of("alice"), 0);
}

static void what_is_no_record(void **state)
{
    static const char *const texts[] = {
        "",
        "1",
        "1 1 1 1 1",
        "2 1 1 1 1\na\nb\nc\nd\ne\nf\n",
        "1 1 1 1\na\nb\nc\nd\ne\nf\n",
        "1 1 1 1 1 \na\nb\nc\nd\ne\nf\n",
        "1 1 1 1 1\na\nb\nc\nd\ne\n",
        "1 1 1 1 1\na\nb\nc\nd\ne\nf",
    };
    struct held held;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (held_read(span_of(texts[i]), &held)) {
            fail_msg("taken for a record: %s", texts[i]);
        }
    }
    assert_true(held_read(SPAN("1 1 1 1 1\na\nb\nc\nd\ne\nf\n"), &held));
    assert_true(held_read(SPAN("1 1 1 1 1\na\nb\nc\nd\ne\nf\ncharge"), &held));
}

static void queue_ids(void **state)
{
    static const struct {
        const char *id;
        bool is_good;
    } cases[] = {
        { "4Xk2vR3m5Wz1q7", true }, /* Postfix, long */
        { "0A1B2C3D4E", true },     /* short */
        { "6AT8Q1Zc012345", true }, /* Sendmail */
        { "ALL", false },           /* all of them, to postsuper */
        { "", false },
        { "-d", false },
        { "-d12345", false },
        { "../../etc", false },
        { "AAAAA 1", false },
        { "AAAAA\n1", false },
        { "AAAAA1AAAAA1AAAAA1AAAAA1AAAAA1AA", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (queue_id_is_good(span_of(cases[i].id)) != cases[i].is_good) {
            fail_msg("%s", cases[i].id);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_back, store_make, store_drop),
        cmocka_unit_test_setup_teardown(caps_hold, store_make, store_drop),
        cmocka_unit_test_setup_teardown(an_id_of_another, store_make, store_drop),
        cmocka_unit_test_setup_teardown(classes_apart, store_make, store_drop),
        cmocka_unit_test_setup_teardown(at_once, store_make, store_drop),
        cmocka_unit_test_setup_teardown(deleted_is_given_back, store_make, store_drop),
        cmocka_unit_test_setup_teardown(records_end, store_make, store_drop),
        cmocka_unit_test(what_is_no_record),
        cmocka_unit_test(queue_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
