/*
 * score: what gives points and what does not, by family and group, and what is said about it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "behaviour/cohort.h"
#include "behaviour/fingerprint.h"
#include "behaviour/score.h"

#define HOUR_MS UINT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define MONDAY_S (INT64_C(20787) * 86400)
#define MAX 600

static struct profile profile;
static uint64_t room[MAX];
static struct score score;

static uint64_t number(uint64_t i)
{
    i = (i + 1) * 0x9e3779b97f4a7c15;
    i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9;
    return i ^ (i >> 31);
}

static struct behaviour_event message(uint64_t after_ms, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        room[i] = number(first + i);
    }
    return (struct behaviour_event){ .at_ms = 1000 * DAY_MS + after_ms,
                                     .local_s = MONDAY_S + (int64_t)(after_ms / 1000),
                                     .recipients = room,
                                     .count = count,
                                     .digest = number(first * 77),
                                     .network = 1,
                                     .country = fingerprint_country(SPAN("DE")),
                                     .client = 3,
                                     .helo = 4,
                                     .tls = 5,
                                     .from = 6 };
}

static void judge(const struct behaviour_event *event)
{
    struct profile_facts facts;
    profile_advance(&profile, event->at_ms, event->local_s);
    profile_measure(&profile, event, &facts);
    score_message(&profile, event, &facts, &cohort_shipped, &score);
    profile_learn(&profile, event, &facts, true, score_mood(&score));
}

static void answers(uint64_t after_ms, enum behaviour_outcome outcome, uint32_t count)
{
    struct behaviour_answer answer = { .at_ms = 1000 * DAY_MS + after_ms,
                                       .local_s = MONDAY_S + (int64_t)(after_ms / 1000),
                                       .outcome = outcome,
                                       .count = count };
    profile_answer(&profile, &answer);
}

/* Four weeks of ten messages a working day to forty people; then it is Monday at nine. */
#define NOW_MS (28 * DAY_MS + 9 * HOUR_MS)
static int settled(void **state)
{
    (void)state;
    memset(&profile, 0, sizeof(profile));
    for (unsigned day = 0; day < 28; day++) {
        for (unsigned i = 0; i < 10 && day % 7 < 5; i++) {
            struct behaviour_event event =
                message(day * DAY_MS + (8 + i) * HOUR_MS, (day * 10 + i) % 40, 1);
            judge(&event);
        }
    }
    assert_true(score.total < 10);
    return 0;
}

static struct behaviour_event thief(uint64_t after_ms, unsigned first, unsigned count)
{
    struct behaviour_event event = message(after_ms, first, count);
    event.network = 101;
    event.country = fingerprint_country(SPAN("BR"));
    event.client = 103;
    event.helo = 104;
    return event;
}

static void test_shares(void **state)
{
    static const struct {
        uint32_t part, all, least, most; /* 1/1000 */
    } rows[] = { { 10, 19, 0, 0 },     { 0, 1000, 0, 0 },     { 1, 20, 12, 18 },
                 { 5, 20, 140, 160 },  { 10, 20, 355, 375 },  { 20, 20, 915, 935 },
                 { 25, 1000, 18, 22 }, { 100, 1000, 87, 90 }, { 30, 20, 915, 935 } };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_in_range(
            score_share_at_least(rows[i].part * PROFILE_PART, rows[i].all * PROFILE_PART),
            rows[i].least, rows[i].most);
    }
}

/* The owner, to twelve strangers at once: nothing that anybody would look at. */
static void test_calm(void **state)
{
    (void)state;
    struct behaviour_event event = message(NOW_MS, 1000, 12);
    judge(&event);
    assert_true(score.total < 30);
    assert_int_equal(score_mood(&score), MOOD_CALM);
}

/* The owner, one text to a hundred strangers: what, and nothing else. */
static void test_what_alone(void **state)
{
    (void)state;
    struct behaviour_event event = message(NOW_MS, 1000, 100);
    judge(&event);
    assert_int_equal(score.of[FAMILY_AUDIENCE], 45);
    assert_true(score.of[FAMILY_VOLUME] > 15 && score.of[FAMILY_CONTENT] > 15);
    assert_int_equal(score.group[GROUP_WHO], 0);
    assert_int_equal(score.groups, 1);
    assert_int_equal(score_mood(&score), MOOD_HIGH);
    assert_int_equal(score.reasons[0].family, FAMILY_AUDIENCE);
    assert_string_equal(score.reasons[2].text, "100 recipients in 10 min, usual 1 an hour");
    assert_non_null(strstr(score.reasons[0].text, "in an hour who were never written to, usual 0"));
}

/* A new telephone abroad, to those he knows: who, and nothing else; and it may be learnt. */
static void test_who_alone(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct behaviour_event event = thief(NOW_MS + i * HOUR_MS, i, 1);
        judge(&event);
        assert_int_equal(score.group[GROUP_WHAT], 0);
        assert_int_equal(score_mood(&score), MOOD_CALM);
        assert_true(score.total < 50);
    }
    assert_int_equal(score.group[GROUP_WHO], 0); /* known by now */
}

/* A thief's burst: two groups before thirty have it. */
static void test_burst(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        struct behaviour_event event = thief(NOW_MS + i * 1000, 1000 + i, 1);
        event.digest = 5;
        judge(&event);
    }
    assert_int_equal(score.groups, 2);
    assert_true(score.total >= 70);
    assert_non_null(strstr(score.reasons[0].text,
                           "recipients written to with country BR, network not seen before"));
}

static void guess(uint32_t network, uint32_t count)
{
    struct behaviour_event event = message(NOW_MS, 0, 1);
    profile_guessed(&profile, event.at_ms, event.local_s, network, count);
}

static uint32_t who_of_thief(void)
{
    struct behaviour_event event = thief(NOW_MS, 1000, 10);
    event.country = 0;
    event.helo = 3; /* as the owner's */
    judge(&event);
    return score.group[GROUP_WHO];
}

/* Passwords were tried for him before: a stranger is stranger, and is told so. */
static void test_guessed(void **state)
{
    (void)state;
    guess(101, 9); /* a forgotten password, no more */
    uint32_t before = who_of_thief();
    assert_true(before > 0);
    assert_null(strstr(score.reasons[0].text, "failed logins"));
    settled(NULL);
    guess(101, 30);
    assert_true(who_of_thief() > before);
    assert_int_equal(score.reasons[0].family, FAMILY_ORIGIN);
    assert_non_null(
        strstr(score.reasons[0].text, "not seen before, after 30 failed logins from 1"));
}

/* However much is guessed, he suffers nothing for it: at his desk, and from a new place. */
static void test_guessed_owner(void **state)
{
    (void)state;
    guess(101, 1000);
    struct behaviour_event event = message(NOW_MS, 0, 5);
    judge(&event);
    assert_int_equal(score.total, 0);
    event = message(NOW_MS, 0, 5);
    event.network = 55;
    judge(&event);
    assert_int_equal(score.total, 0);
}

/* Three families of what are stronger than who, and who is told all the same. */
static void test_reasons(void **state)
{
    (void)state;
    struct behaviour_event event = thief(NOW_MS, 1000, 200);
    event.country = 2;
    event.client = 3;
    event.from = 77;
    judge(&event);
    assert_int_equal(score.reason_count, 3);
    assert_int_equal(score.reasons[0].family, FAMILY_AUDIENCE);
    assert_int_equal(score.reasons[1].family, FAMILY_VOLUME);
    assert_true(score.of[FAMILY_CONTENT] > score.of[FAMILY_ORIGIN]);
    assert_int_equal(score.reasons[2].family, FAMILY_ORIGIN);
}

/* The same as one message is judged before it goes. */
static void test_one_message(void **state)
{
    (void)state;
    struct behaviour_event event = thief(NOW_MS, 1000, 200);
    judge(&event);
    assert_int_equal(score.groups, 2);
    assert_true(score.total >= 130);
}

/* Fields of lists help the owner's newsletter, and no thief. */
static void test_newsletter(void **state)
{
    (void)state;
    struct behaviour_event event = message(NOW_MS, 1000, 150);
    event.has_list_id = event.has_one_click = true;
    judge(&event);
    assert_int_equal(score.total, 0);
    answers(NOW_MS + 60000, OUTCOME_DELIVERED, 250);
    answers(NOW_MS + 60000, OUTCOME_DEAD, 26);
    event.count = 20;
    score_now(&profile, &score);
    uint32_t once = score.of[FAMILY_FEEDBACK];
    assert_in_range(once, 3, 10);
    event.at_ms += 120000;
    judge(&event);
    assert_int_equal(score.of[FAMILY_FEEDBACK], 2 * once); /* they have to be clean */
    struct behaviour_event other = thief(NOW_MS + HOUR_MS * 3, 2000, 200);
    other.has_list_id = other.has_one_click = true;
    judge(&other);
    assert_true(score.group[GROUP_WHAT] > 50);
}

static void test_answers(void **state)
{
    static const struct {
        uint32_t delivered, dead, policy, complaints, least, most; /* points */
    } rows[] = {
        { 200, 4, 1, 0, 0, 0 },  /* an office */
        { 10, 9, 0, 0, 0, 0 },   /* too few to say */
        { 16, 8, 0, 0, 35, 50 }, /* a bought list */
        { 40, 0, 3, 0, 5, 15 },  /* one of fourteen: the share alone */
        { 8, 0, 2, 0, 16, 16 },  /* few, and refused as spam */
        { 95, 0, 0, 2, 24, 24 }, /* two who complained */
        { 9000, 0, 0, 2, 0, 0 }, /* of many */
        { 5, 20, 20, 5, 60, 60 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(&profile, 0, sizeof(profile));
        answers(NOW_MS, OUTCOME_DELIVERED, rows[i].delivered);
        answers(NOW_MS, OUTCOME_DEAD, rows[i].dead);
        answers(NOW_MS, OUTCOME_POLICY, rows[i].policy);
        answers(NOW_MS, OUTCOME_COMPLAINT, rows[i].complaints);
        score_now(&profile, &score);
        assert_in_range(score.of[FAMILY_FEEDBACK], rows[i].least, rows[i].most);
        assert_int_equal(score.total, score.of[FAMILY_FEEDBACK]);
    }
}

/* Half of it after half an hour. */
static void test_half_life(void **state)
{
    (void)state;
    struct behaviour_event event = message(NOW_MS, 1000, 100);
    judge(&event);
    uint32_t at_first = score.total;
    profile_advance(&profile, event.at_ms + HOUR_MS / 2, event.local_s + 1800);
    score_now(&profile, &score);
    assert_in_range(score.total, at_first / 2 - 4, at_first / 2);
    assert_string_equal(score.reasons[0].text, "audience of earlier messages");
    profile_advance(&profile, event.at_ms + 5 * HOUR_MS, event.local_s + 18000);
    score_now(&profile, &score);
    assert_int_equal(score.total, 0);
}

static void test_certain(void **state)
{
    (void)state;
    struct behaviour_event event = message(NOW_MS, 0, 1);
    event.is_certain = true;
    judge(&event);
    assert_true(score.is_certain);
    event.is_certain = false;
    event.at_ms += 600000;
    judge(&event);
    assert_false(score.is_certain); /* that was the other message */
}

/* Whoever takes twenty a day as usual is measured by that. */
static void test_own_baseline(void **state)
{
    (void)state;
    for (unsigned day = 28; day < 56; day++) {
        for (unsigned i = 0; i < 10 && day % 7 < 5; i++) {
            struct behaviour_event event =
                message(day * DAY_MS + (8 + i) * HOUR_MS, 5000 + day * 200 + i * 12, 12);
            judge(&event);
            assert_true(score.total < 63);
        }
    }
    assert_true(score.total < 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test_setup(test_calm, settled),
        cmocka_unit_test_setup(test_what_alone, settled),
        cmocka_unit_test_setup(test_who_alone, settled),
        cmocka_unit_test_setup(test_burst, settled),
        cmocka_unit_test_setup(test_reasons, settled),
        cmocka_unit_test_setup(test_guessed, settled),
        cmocka_unit_test_setup(test_guessed_owner, settled),
        cmocka_unit_test_setup(test_one_message, settled),
        cmocka_unit_test_setup(test_newsletter, settled),
        cmocka_unit_test(test_answers),
        cmocka_unit_test_setup(test_half_life, settled),
        cmocka_unit_test_setup(test_certain, settled),
        cmocka_unit_test_setup(test_own_baseline, settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
