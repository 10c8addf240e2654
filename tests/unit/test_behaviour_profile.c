/*
 * profile: what is measured, what is learnt and what is not, and its octets.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "behaviour/level.h"
#include "behaviour/profile.h"

#define HOUR_MS UINT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define MONDAY_S (INT64_C(20787) * 86400) /* 2026-11-30 */
#define MAX 600

static struct profile profile;
static uint64_t room[MAX];

static uint64_t number(uint64_t i)
{
    i = (i + 1) * 0x9e3779b97f4a7c15;
    i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9;
    return i ^ (i >> 31);
}

/* So long after Monday at 0:00, to recipients first, first + 1, ... */
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
                                     .client = 2,
                                     .helo = 3,
                                     .tls = 4,
                                     .from = 5 };
}

static struct profile_facts send_event(const struct behaviour_event *event, enum profile_mood mood)
{
    struct profile_facts facts;
    profile_advance(&profile, event->at_ms, event->local_s);
    profile_measure(&profile, event, &facts);
    profile_learn(&profile, event, &facts, true, mood);
    return facts;
}

static struct profile_facts send(uint64_t after_ms, unsigned first, unsigned count)
{
    struct behaviour_event event = message(after_ms, first, count);
    return send_event(&event, MOOD_CALM);
}

/* Four weeks of ten messages a working day to forty people. */
static int settled(void **state)
{
    (void)state;
    memset(&profile, 0, sizeof(profile));
    for (unsigned day = 0; day < 28; day++) {
        for (unsigned i = 0; i < 10 && day % 7 < 5; i++) {
            send(day * DAY_MS + (8 + i) * HOUR_MS, (day * 10 + i) % 40, 1);
        }
    }
    return 0;
}

static void test_times(void **state)
{
    static const struct {
        int64_t after_s;
        enum profile_time time;
    } rows[] = { { 0, TIME_NIGHT },
                 { 7 * 3600 - 1, TIME_NIGHT },
                 { 7 * 3600, TIME_WORK },
                 { 19 * 3600, TIME_NIGHT },
                 { 4 * 86400 + 12 * 3600, TIME_WORK },
                 { 5 * 86400 + 12 * 3600, TIME_WEEKEND_DAY },
                 { 6 * 86400 + 20 * 3600, TIME_WEEKEND_NIGHT },
                 { 7 * 86400 + 12 * 3600, TIME_WORK } };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(profile_time(MONDAY_S + rows[i].after_s), rows[i].time);
    }
}

static void test_counts(void **state)
{
    (void)state;
    struct profile_facts facts = send(28 * DAY_MS + 9 * HOUR_MS, 0, 3);
    assert_int_equal(facts.count, 3);
    assert_int_equal(facts.fresh, 0);
    facts = send(28 * DAY_MS + 9 * HOUR_MS + 60000, 1000, 50);
    assert_in_range(facts.fresh, 44, 50); /* a filter errs */
    assert_int_equal(facts.hour, 53);
    assert_int_equal(facts.ten_minutes, 53);
    assert_in_range(facts.different, 45, 61);
    assert_in_range(facts.spread, 50, 70);
    facts = send(28 * DAY_MS + 9 * HOUR_MS + 120000, 1000, 50);
    assert_int_equal(facts.fresh, 0); /* written to by now */
    assert_in_range(facts.different, 45, 61);
    facts = send(28 * DAY_MS + 11 * HOUR_MS, 2000, 1);
    assert_int_equal(facts.hour, 1);
    assert_int_equal(facts.day, 104);
}

/* What is asked again is no more than before. */
static void test_repeats(void **state)
{
    struct profile_facts facts;
    (void)state;
    struct behaviour_event event = message(28 * DAY_MS + 9 * HOUR_MS, 1000, 30);
    for (unsigned i = 0; i < 5; i++) {
        event.is_repeat = i > 0;
        profile_advance(&profile, event.at_ms, event.local_s);
        profile_measure(&profile, &event, &facts);
        profile_learn(&profile, &event, &facts, false, MOOD_HIGH);
        assert_int_equal(facts.hour, 30);
        assert_in_range(facts.fresh, 26, 30); /* he never got any */
    }
}

static void test_baseline(void **state)
{
    (void)state;
    const struct baseline *day = &profile.usual.daily[DAILY_RECIPIENTS][0];
    assert_in_range(level_count(day->mean), 9, 11);
    assert_int_equal(profile.usual.daily[DAILY_RECIPIENTS][1].weight, 0);
    assert_int_equal(profile.usual.hourly[HOURLY_RECIPIENTS][TIME_WEEKEND_DAY].weight, 0);
    assert_in_range(level_count(profile.usual.hourly[HOURLY_RECIPIENTS][TIME_WORK].mean), 1, 1);
}

/* A day that was not calm teaches nothing. */
static void test_frozen(void **state)
{
    struct profile_usual before = profile.usual;
    (void)state;
    send(28 * DAY_MS, 0, 0);
    before = profile.usual;
    for (unsigned i = 0; i < 10; i++) {
        struct behaviour_event event = message(28 * DAY_MS + (8 + i) * HOUR_MS, 1000 + 50 * i, 50);
        event.network = 99;
        send_event(&event, MOOD_HIGH);
    }
    send(29 * DAY_MS + 8 * HOUR_MS, 0, 1);
    assert_memory_equal(&before, &profile.usual, sizeof(before));
    assert_int_equal(habit_trust(&profile.habits[HABIT_NETWORK], 99, profile.last_ms), 0);
}

/* A new telephone is somebody's after four hours in which he wrote to those he knows. */
static void test_new_client(void **state)
{
    struct profile_facts facts = { 0 };
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct behaviour_event event = message(28 * DAY_MS + (8 + i) * HOUR_MS, i, 1);
        event.client = 200;
        event.network = 201;
        facts = send_event(&event, MOOD_CALM);
        if (i == 0) {
            assert_int_equal(facts.origin, 80);
            assert_int_equal(facts.identity, 45);
            assert_true(facts.is_strange);
            assert_int_equal(facts.strange, 1 << HABIT_NETWORK | 1 << HABIT_CLIENT);
        }
    }
    assert_int_equal(facts.origin, 0);
    assert_int_equal(facts.identity, 0);
}

/* A thief who writes to strangers gains nothing by doing it for days. */
static void test_slow_thief(void **state)
{
    struct profile_facts facts = { 0 };
    (void)state;
    for (unsigned day = 0; day < 7; day++) {
        for (unsigned hour = 0; hour < 5; hour++) {
            struct behaviour_event event =
                message((28 + day) * DAY_MS + hour * HOUR_MS, 5000 + day * 100 + hour, 1);
            event.client = 200;
            event.network = 300 + day;
            event.country = 7;
            facts = send_event(&event, MOOD_CALM);
        }
    }
    assert_true(facts.origin >= 60 && facts.identity >= 40);
    assert_in_range(facts.origin_count, 10, 35);
}

/* A new database names a country for everybody at once, and that is strange of nobody; it is once
 * he has one. */
static void test_new_countries(void **state)
{
    (void)state;
    struct behaviour_event event = message(28 * DAY_MS + 8 * HOUR_MS, 0, 1);
    event.network = 201;
    event.country = 7;
    assert_int_equal(send_event(&event, MOOD_CALM).origin, 40); /* 80: he has his own program */
    for (unsigned i = 1; i < 6; i++) {
        event = message(28 * DAY_MS + (8 + i) * HOUR_MS, i, 1);
        event.country = 7;
        assert_int_equal(send_event(&event, MOOD_CALM).strange, 0);
    }
    event = message(28 * DAY_MS + 14 * HOUR_MS, 2, 1);
    event.network = 202;
    event.country = 8;
    struct profile_facts facts = send_event(&event, MOOD_CALM);
    assert_int_equal(facts.strange, 1 << HABIT_NETWORK | 1 << HABIT_COUNTRY);
    assert_int_equal(facts.country, 8);
}

/* His office is where it was, whatever a newer database says. */
static void test_moved_country(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct behaviour_event event = message(28 * DAY_MS + (8 + i) * HOUR_MS, i, 1);
        event.country = 7;
        send_event(&event, MOOD_CALM);
    }
    struct behaviour_event event = message(28 * DAY_MS + 14 * HOUR_MS, 1000, 3);
    event.country = 8;
    assert_int_equal(send_event(&event, MOOD_CALM).strange, 0);
}

static void test_newsletter(void **state)
{
    (void)state;
    struct behaviour_event event = message(28 * DAY_MS + 9 * HOUR_MS, 1000, 150);
    event.has_list_id = event.has_one_click = true;
    assert_true(send_event(&event, MOOD_CALM).is_newsletter);
    struct behaviour_event other = message(28 * DAY_MS + 9 * HOUR_MS + 1, 3, 1);
    assert_int_equal(send_event(&other, MOOD_CALM).hour, 1);
    event = message(28 * DAY_MS + 9 * HOUR_MS, 1000, 150);
    event.has_list_id = event.has_one_click = true;
    assert_false(send_event(&event, MOOD_CALM).is_newsletter); /* more than he has earned */
    struct behaviour_answer answer = {
        .at_ms = event.at_ms, .local_s = event.local_s, .outcome = OUTCOME_DELIVERED, .count = 400
    };
    profile_answer(&profile, &answer);
    assert_true(send_event(&event, MOOD_CALM).is_newsletter);
    answer.outcome = OUTCOME_DEAD;
    answer.count = 100;
    profile_answer(&profile, &answer);
    assert_false(send_event(&event, MOOD_CALM).is_newsletter); /* to a bought list */
    event.network = 77;
    event.client = 78;
    assert_false(send_event(&event, MOOD_CALM).is_newsletter); /* anybody can add such fields */
    event.is_bulk = true;
    assert_true(send_event(&event, MOOD_CALM).is_newsletter);
}

static void test_time_that_goes_back(void **state)
{
    uint64_t last_ms = profile.last_ms;
    (void)state;
    send(2 * DAY_MS, 0, 5);
    assert_int_equal(profile.last_ms, last_ms);
}

static void test_octets(void **state)
{
    static struct profile again;
    struct buffer out = BUFFER_EMPTY, second = BUFFER_EMPTY;
    (void)state;
    for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        struct behaviour_answer answer = { .at_ms = profile.last_ms,
                                           .local_s = MONDAY_S,
                                           .outcome = (enum behaviour_outcome)outcome,
                                           .count = 3 };
        profile_answer(&profile, &answer);
    }
    profile.ladder = (struct profile_ladder){ .step = 3, .told = 4, .since_ms = 5 };
    profile_guessed(&profile, profile.last_ms, MONDAY_S, 33, 7);
    profile_write(&profile, &out);
    assert_true(out.size < 700);
    assert_true(profile_read(buffer_span(&out), &again));
    profile_write(&again, &second);
    assert_true(span_is_equal(buffer_span(&out), buffer_span(&second)));
    assert_int_equal(again.ladder.told, 4);
    assert_int_equal(again.guesses.networks, 2);
    assert_int_equal(again.begun_ms, profile.begun_ms);
    assert_int_equal(again.learnt, PROFILE_RIPE_HOURS);
    out.at[0] = PROFILE_LAYOUT + 1;
    assert_false(profile_read(buffer_span(&out), &again));
    assert_int_equal(again.last_ms, 0);
    buffer_free(&out);
    buffer_free(&second);
}

/* Guesses fade over days, and the networks with the last of them. */
static void test_guesses(void **state)
{
    uint64_t at_ms = profile.last_ms;
    uint32_t count, networks;
    (void)state;
    profile_guesses(&profile, &count, &networks);
    assert_int_equal(count + networks, 0);
    for (unsigned i = 0; i < 40; i++) {
        profile_guessed(&profile, at_ms, MONDAY_S, (uint32_t)number(i % 4), 1);
    }
    profile_guessed(&profile, at_ms, MONDAY_S, 0, 10); /* a network nobody knows */
    profile_guesses(&profile, &count, &networks);
    assert_int_equal(count, 50);
    assert_in_range(networks, 3, 5);
    send(34 * DAY_MS, 0, 1);
    profile_guesses(&profile, &count, &networks);
    assert_in_range(count, 5, 25);
    send(70 * DAY_MS, 0, 1);
    profile_guesses(&profile, &count, &networks);
    assert_int_equal(count + networks, 0);
}

/* However often it is written and read, it is as old as it was. */
static void test_age(void **state)
{
    static struct profile again;
    struct buffer out = BUFFER_EMPTY;
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        send(28 * DAY_MS + i * 1000000, 0, 1);
        profile_write(&profile, &out);
        assert_true(profile_read(buffer_span(&out), &again));
        profile = again;
    }
    assert_int_equal(profile.begun_ms, 1000 * DAY_MS + 8 * HOUR_MS);
    buffer_free(&out);
}

/* Somebody who does everything there is. */
static void test_size(void **state)
{
    struct buffer out = BUFFER_EMPTY;
    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        struct behaviour_event event = message(28 * DAY_MS + i * HOUR_MS, i * 7, 1 + i % 40);
        event.network = event.country = event.helo = event.client = event.tls = event.from = i + 1;
        send_event(&event, (enum profile_mood)(i % 3));
        profile_write(&profile, &out);
        assert_true(out.size <= PROFILE_OCTETS_MAX);
    }
    print_message("at its fullest %zu octets\n", out.size);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test_setup(test_counts, settled),
        cmocka_unit_test_setup(test_repeats, settled),
        cmocka_unit_test_setup(test_baseline, settled),
        cmocka_unit_test_setup(test_frozen, settled),
        cmocka_unit_test_setup(test_new_client, settled),
        cmocka_unit_test_setup(test_slow_thief, settled),
        cmocka_unit_test_setup(test_new_countries, settled),
        cmocka_unit_test_setup(test_moved_country, settled),
        cmocka_unit_test_setup(test_newsletter, settled),
        cmocka_unit_test_setup(test_time_that_goes_back, settled),
        cmocka_unit_test_setup(test_octets, settled),
        cmocka_unit_test_setup(test_guesses, settled),
        cmocka_unit_test_setup(test_age, settled),
        cmocka_unit_test_setup(test_size, settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
