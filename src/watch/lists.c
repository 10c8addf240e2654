/*
 * lists: are the DNS lists in order? One process tests them, at its start, each hour, and sooner
 * where a test failed; every process brings what its messages met to the store and takes from there
 * which lists may be believed.
 *
 * A list that goes off or on is one line in the log, by whichever process changed its record.
 */
#include "watch/watch_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "lists/ask.h"
#include "watch/lists_record.h"

#define FOLLOW_MS 2000
#define TEST_LOOK_MS 10000
#define TEST_WAIT_MS 5000

/* A record being changed, and what there is to tell of it. */
struct change {
    struct list_health add; /* counts to add; a state, where is_switched */
    bool is_switched, is_tested;
    int64_t now_s;
    struct list_health before, after;
};

static bool apply(struct buffer *value, bool is_found, void *context)
{
    struct change *change = context;
    if (!is_found || !list_health_read(buffer_span(value), &change->before)) {
        change->before = (struct list_health){ .state = LIST_UNTESTED };
    }
    struct list_health *after = &change->after;
    *after = change->before;
    after->questions += change->add.questions;
    after->hits += change->add.hits;
    after->errors += change->add.errors;
    if (change->is_switched) {
        bool is_other = after->state != change->add.state;
        after->since_s = is_other ? change->now_s : after->since_s;
        after->state = change->add.state;
        after->is_by_message = change->add.is_by_message;
        snprintf(after->why, sizeof(after->why), "%s", change->add.why);
    }
    after->tested_s = change->is_tested ? change->now_s : after->tested_s;
    buffer_clear(value);
    list_health_write(after, value);
    return true;
}

static void tell(struct watch *watch, const struct list_zone *zone, const struct change *change)
{
    enum list_state before = change->before.state, after = change->after.state;
    if (after == LIST_OFF && before != LIST_OFF) {
        watch_log(watch, LOG_LEVEL_WARNING, "lists: %s is switched off: %s", zone->name,
                  change->after.why);
    } else if (after == LIST_ON && before != LIST_ON) {
        watch_log(watch, LOG_LEVEL_NOTICE, "lists: %s is in order and %s", zone->name,
                  before == LIST_OFF ? "on again" : "on");
    }
}

static void put(struct watch *watch, const struct list_zone *zone, struct change *change)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    char room[LISTS_KEY_MAX];
    change->now_s = clock_wall_s(setup->clock);
    if (store_update(setup->store, STORE_WATCH, lists_key(zone, room), STORE_SOON, apply, change)) {
        tell(watch, zone, change);
    }
}

/* --- follow ---------------------------------------------------------------------------------- */

static void *nothing_begin(struct watch *watch)
{
    (void)watch;
    return calloc(1, 1);
}

static void follow(struct watch *watch, const struct list_zone *zone)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct change change = { .is_switched = false };
    struct list_health health;
    if (list_board_take(setup->lists, zone, &change.add, &change.is_switched)) {
        change.add.state = LIST_OFF;
        change.add.is_by_message = true;
        put(watch, zone, &change);
    }
    lists_health_get(setup->store, zone, &health);
    list_board_set(setup->lists, zone, lists_state_at(&health, clock_wall_s(setup->clock)));
}

static unsigned follow_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    (void)state;
    (void)is_hurried;
    if (setup->lists == NULL) {
        return UINT16_MAX;
    }
    struct site *site = site_holder_get(setup->holder);
    for (size_t i = 0; i < site->lists->count; i++) {
        follow(watch, &site->lists->at[i]);
    }
    site_unref(&site);
    return FOLLOW_MS;
}

const struct watch_job watch_lists_job = {
    .name = "lists", .begin = nothing_begin, .end = free, .run = follow_run
};

/* --- tests ----------------------------------------------------------------------------------- */

struct tests {
    bool has_begun; /* the first round of this process is done: the store has its results */
};

static void *tests_begin(struct watch *watch)
{
    (void)watch;
    return calloc(1, sizeof(struct tests));
}

static bool is_due(const struct list_health *health, int64_t now_s)
{
    int64_t every_s = health->state == LIST_OFF && !health->is_by_message ? LISTS_TEST_SOON_S
                                                                          : LISTS_TEST_EVERY_S;
    int64_t last_s = health->is_by_message && health->since_s > health->tested_s ? health->since_s
                                                                                 : health->tested_s;
    /* A clock that was set back delays nothing for longer than usual. */
    return now_s - last_s >= every_s || last_s > now_s;
}

static void take_result(struct watch *watch, const struct list_zone *zone,
                        const struct list_test *test)
{
    struct change change = { .is_switched = true, .is_tested = true };
    change.add.state = test->is_passed ? LIST_ON : LIST_OFF;
    snprintf(change.add.why, sizeof(change.add.why), "%s", test->why);
    put(watch, zone, &change);
}

/* While DNS is out nothing is found out about a list; that is the resolver's to tell. */
static bool says_nothing(struct watch *watch, const struct list_test *test)
{
    struct dns_state dns;
    dns_resolver_state(watch_setup_of(watch)->resolver, &dns);
    return test->is_silent && dns.is_out;
}

static void test_all(struct watch *watch, const struct list_zones *zones, const bool *due,
                     struct dns_questions *questions)
{
    uint64_t end_ns =
        clock_mono_ns(watch_setup_of(watch)->clock) + TEST_WAIT_MS * UINT64_C(1000000);
    struct list_test test;
    for (size_t i = 0; i < zones->count; i++) {
        if (due[i]) {
            (void)lists_test(&zones->at[i], questions, &test); /* all are under way at once */
        }
    }
    for (size_t i = 0; i < zones->count; i++) {
        while (due[i] && !lists_test(&zones->at[i], questions, &test) &&
               dns_questions_wait(questions, end_ns)) {
        }
        if (due[i] && !says_nothing(watch, &test)) {
            take_result(watch, &zones->at[i], &test);
        }
    }
}

static void run_tests(struct watch *watch, const struct list_zones *zones, bool is_every)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    int64_t now_s = clock_wall_s(setup->clock);
    bool *due = calloc(zones->count + 1, sizeof(*due)), is_some = false;
    for (size_t i = 0; due != NULL && i < zones->count; i++) {
        struct list_health health;
        lists_health_get(setup->store, &zones->at[i], &health);
        due[i] = is_every || is_due(&health, now_s);
        is_some |= due[i];
    }
    if (is_some) {
        struct dns_questions *questions =
            dns_questions_new(setup->resolver, (unsigned)(2 * zones->count));
        test_all(watch, zones, due, questions);
        dns_questions_free(&questions);
    }
    free(due);
}

static unsigned tests_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct tests *tests = state;
    if (setup->lists == NULL || setup->resolver == NULL) {
        return UINT16_MAX;
    }
    struct site *site = site_holder_get(setup->holder);
    run_tests(watch, site->lists, is_hurried || !tests->has_begun);
    tests->has_begun = true;
    site_unref(&site);
    return TEST_LOOK_MS;
}

const struct watch_job watch_list_tests_job = {
    .name = "list tests", .begin = tests_begin, .end = free, .run = tests_run, .is_for_leader = true
};
