/*
 * lessons: what outcomes teach, and when a provider is not believed: stories of deliveries, told by
 * hour, with a store in memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "feedback/lessons.h"
#include "feedback/outage.h"
#include "feedback/suppression.h"

#define NOW_S INT64_C(1795478400)
#define HOUR_S INT64_C(3600)

static const struct suppression_settings settings = {
    .after = 2, .apart_s = 86400, .keep_s = 90 * 86400, .max = 1000
};
static struct lessons *lessons;
static struct store *store;

static int setup(void **state)
{
    (void)state;
    store = store_in_memory();
    lessons = lessons_new();
    return store == NULL || lessons == NULL;
}

static int teardown(void **state)
{
    (void)state;
    lessons_free(&lessons);
    store_close(&store);
    return 0;
}

static unsigned serial;

static struct maillog_outcome outcome_of(unsigned class, const char *recipient, int64_t hour)
{
    static char message[32];
    snprintf(message, sizeof(message), "m%u", serial++);
    return (struct maillog_outcome){
        .principal = SPAN("alice"),
        .has_sender = true,
        .sender = SPAN("alice@example.org"),
        .message_id = span_of(message),
        .queue_id = SPAN("3B5D41F7A"),
        .recipient = span_of(recipient),
        .class = class,
        .dsn = class == 2 ? SPAN("2.0.0") : SPAN("5.1.1"),
        .text = SPAN("550 no such user"),
        .found = { .cause = CAUSE_RECIPIENT_UNKNOWN, .is_permanent = true, .is_hard = class == 5 },
        .at_s = NOW_S + hour * HOUR_S
    };
}

static enum lessons_news tell(const struct maillog_outcome *outcome)
{
    const struct lessons_place place = { store, &settings, SPAN("example.org") };
    return lessons_take(lessons, &place, outcome, false);
}

static enum lessons_news bounces(const char *recipient, int64_t hour)
{
    struct maillog_outcome outcome = outcome_of(5, recipient, hour);
    return tell(&outcome);
}

static void arrives(const char *recipient, int64_t hour)
{
    struct maillog_outcome outcome = outcome_of(2, recipient, hour);
    assert_int_equal(tell(&outcome), LESSONS_NOTHING);
}

static bool is_suppressed(const char *recipient, int64_t hour)
{
    struct suppression found;
    return suppression_find(store, span_of(recipient), SPAN("example.org"), NOW_S + hour * HOUR_S,
                            &found);
}

static void test_learns(void **state)
{
    (void)state;
    bounces("b@example.com", 0);
    assert_false(is_suppressed("b@example.com", 1));
    bounces("b@example.com", 25);
    assert_true(is_suppressed("b@example.com", 26));
    assert_int_equal(lessons_counts(lessons)->bounces, 2);
    assert_int_equal(lessons_counts(lessons)->begun, 1);
    arrives("B@Example.com", 30);
    assert_false(is_suppressed("b@example.com", 31));
    assert_int_equal(lessons_counts(lessons)->cleared, 1);
}

/* What says nothing of a mailbox, or is not ours to keep. */
static void test_teaches_nothing(void **state)
{
    struct maillog_outcome outcome;
    (void)state;
    for (int i = 0; i < 5; i++) {
        int64_t hour = i * 25;
        outcome = outcome_of(5, "b@example.com", hour);
        outcome.dsn = SPAN("5.7.1");
        tell(&outcome);
        outcome = outcome_of(5, "b@example.com", hour);
        outcome.found.is_hard = false; /* the text speaks of something else */
        tell(&outcome);
        outcome = outcome_of(4, "b@example.com", hour);
        tell(&outcome);
        outcome = outcome_of(5, "", hour); /* expired: of whom is not told */
        tell(&outcome);
        outcome = outcome_of(5, "b@example.com", hour);
        lessons_take(lessons, &(struct lessons_place){ store, &settings, SPAN("") }, &outcome,
                     false);
        lessons_take(lessons, &(struct lessons_place){ store, &settings, SPAN("example.org") },
                     &outcome, true);
    }
    assert_int_equal(suppression_count(store), 0);
    /* A host of ours took it: whether it arrives, who knows. */
    bounces("b@example.com", 200);
    bounces("b@example.com", 230);
    outcome = outcome_of(2, "b@example.com", 231);
    outcome.is_relayed = true;
    tell(&outcome);
    assert_true(is_suppressed("b@example.com", 232));
}

static void name_of(int i, char out[static 40])
{
    snprintf(out, 40, "user%d@example.com", i);
}

/* Forty mailboxes that took mail are unknown for hours, and on the next day again. */
static void test_outage(void **state)
{
    char name[40];
    unsigned begun = 0;
    (void)state;
    for (int i = 0; i < 40; i++) {
        name_of(i, name);
        arrives(name, 0);
    }
    bounces("stranger@example.com", 1); /* never took mail */
    for (int day = 0; day < 3; day++) {
        for (int i = 0; i < 40; i++) {
            name_of(i, name);
            begun += bounces(name, 2 + day * 26 + i / 10) == LESSONS_OUTAGE_BEGINS;
        }
        bounces("stranger@example.com", 5 + day * 26);
        for (int i = 0; i < 40; i++) {
            name_of(i, name);
            assert_false(is_suppressed(name, 6 + day * 26));
        }
    }
    assert_false(is_suppressed("stranger@example.com", 80));
    assert_true(begun >= 1);
    assert_true(lessons_counts(lessons)->withdrawn >= OUTAGE_ADDRESSES - 1);
    assert_true(lessons_counts(lessons)->withheld > 110);
    /* It is over: all goes as usual again. */
    for (int i = 0; i < 40; i++) {
        name_of(i, name);
        arrives(name, 100);
    }
    bounces("stranger@example.com", 120);
    bounces("stranger@example.com", 150);
    assert_true(is_suppressed("stranger@example.com", 151));
}

/* A company shuts half of its mailboxes, and somebody writes to them every day. */
static void test_not_for_ever(void **state)
{
    char name[40];
    int last = 0;
    (void)state;
    for (int i = 0; i < 20; i++) {
        name_of(i, name);
        arrives(name, 0);
    }
    for (int day = 1; day < 12; day++) {
        for (int i = 0; i < 20; i++) {
            name_of(i, name);
            if (i % 2 == 0) {
                bounces(name, day * 25);
            } else {
                arrives(name, day * 25);
            }
        }
        last = is_suppressed("user2@example.com", day * 25 + 1) ? last : day;
    }
    assert_in_range(last, 4, 7);
    assert_int_equal(lessons_counts(lessons)->outages, 1);
}

/* Some mailboxes of many that go on are really gone. */
static void test_no_outage(void **state)
{
    char name[40];
    (void)state;
    for (int hour = 0; hour < 2; hour++) {
        for (int i = 0; i < 200; i++) {
            name_of(i, name);
            arrives(name, hour);
        }
    }
    for (int i = 0; i < 15; i++) {
        name_of(i, name);
        assert_int_equal(bounces(name, 2), LESSONS_NOTHING);
    }
    for (int i = 0; i < 15; i++) {
        name_of(i, name);
        assert_int_equal(bounces(name, 30), LESSONS_NOTHING);
        assert_true(is_suppressed(name, 31));
    }
    assert_int_equal(lessons_counts(lessons)->outages, 0);
}

/* What others say stays believed. */
static void test_other_providers(void **state)
{
    char name[40];
    (void)state;
    for (int i = 0; i < 10; i++) {
        name_of(i, name);
        arrives(name, 0);
    }
    for (int i = 0; i < 10; i++) {
        name_of(i, name);
        bounces(name, 1);
    }
    assert_int_equal(lessons_counts(lessons)->outages, 1);
    bounces("b@example.net", 2);
    bounces("b@example.net", 27);
    assert_true(is_suppressed("b@example.net", 28));
}

/* Domains of one provider are one, by the server that answered. */
static void test_provider_of_many_domains(void **state)
{
    char name[LESSONS_PROVIDER_MAX], address[40];
    struct maillog_outcome outcome = outcome_of(2, "b@Example.com", 0);
    unsigned begun = 0;
    (void)state;
    lessons_provider(&outcome, name);
    assert_string_equal(name, "example.com");
    outcome.provider = CAUSE_GOOGLE;
    lessons_provider(&outcome, name);
    assert_string_equal(name, "google");
    for (unsigned class = 2; class <= 5; class += 3) {
        for (int i = 0; i < 10; i++) {
            snprintf(address, sizeof(address), "b@example%d.com", i);
            outcome = outcome_of(class, address, class);
            outcome.provider = CAUSE_GOOGLE;
            begun += tell(&outcome) == LESSONS_OUTAGE_BEGINS;
        }
    }
    assert_int_equal(begun, 1);
    assert_int_equal(suppression_count(store), 0);
}

static void test_full(void **state)
{
    (void)state;
    store_limit(store, 1);
    bounces("b@example.com", 0);
    assert_int_equal(lessons_counts(lessons)->not_noted, 1);
    assert_int_equal(lessons_counts(lessons)->bounces, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_learns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_teaches_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_for_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_outage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_providers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_provider_of_many_domains, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
