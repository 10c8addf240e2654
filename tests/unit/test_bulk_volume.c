/*
 * volume: what an organization sends in 24 hours is told near and at the threshold, once each; that
 * it was reached is kept for good; what is in the store is read back, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bulk/volume.h"
#include "util/varint.h"

#define HOUR_MS UINT64_C(3600000)
#define BEGIN_MS (1000 * HOUR_MS)
#define WALL_S 1772366400
#define ORG SPAN("example.org")

enum { THRESHOLD = 100, ONE_CLICK = 9 };

static struct volume_entry entry_to(enum bulk_provider provider, uint64_t recipients)
{
    struct volume_entry entry = { .organization = ORG };
    entry.recipients[provider] = recipients;
    return entry;
}

static enum volume_level note(struct store *store, enum bulk_provider provider, uint64_t recipients,
                              uint64_t now_ms)
{
    struct volume_entry entry = entry_to(provider, recipients);
    struct volume_reach reach;
    assert_true(volume_note(store, &entry, THRESHOLD, now_ms, WALL_S, &reach));
    for (int p = 0; p < BULK_PROVIDER_COUNT; p++) {
        assert_true(p == (int)provider || reach.level[p] == VOLUME_CALM);
    }
    return reach.level[provider];
}

static void levels_are_told_once(void **state)
{
    struct store *store = store_in_memory();
    struct daybook daybook;
    (void)state;
    assert_int_equal(note(store, BULK_GOOGLE, 79, BEGIN_MS), VOLUME_CALM);
    assert_int_equal(note(store, BULK_GOOGLE, 1, BEGIN_MS + 1), VOLUME_NEAR);
    assert_int_equal(note(store, BULK_GOOGLE, 1, BEGIN_MS + 2), VOLUME_CALM);
    /* each provider counts for itself */
    assert_int_equal(note(store, BULK_YAHOO, 85, BEGIN_MS + 3), VOLUME_NEAR);
    assert_int_equal(note(store, BULK_MICROSOFT, 100, BEGIN_MS + 4), VOLUME_BULK);
    assert_int_equal(note(store, BULK_GOOGLE, 19, BEGIN_MS + 5), VOLUME_BULK);
    assert_int_equal(note(store, BULK_GOOGLE, 900, BEGIN_MS + 6), VOLUME_CALM);
    assert_true(volume_get(store, ORG, BEGIN_MS + 7, &daybook));
    assert_int_equal(window_sum(&daybook.at[BULK_GOOGLE].recipients), 1000);
    assert_int_equal(daybook.at[BULK_GOOGLE].bulk_since_s, WALL_S);
    assert_int_equal(daybook.at[BULK_YAHOO].bulk_since_s, 0);
    store_close(&store);
}

static void near_is_told_again_the_next_day(void **state)
{
    struct store *store = store_in_memory();
    (void)state;
    assert_int_equal(note(store, BULK_GOOGLE, 90, BEGIN_MS), VOLUME_NEAR);
    assert_int_equal(note(store, BULK_GOOGLE, 1, BEGIN_MS + 23 * HOUR_MS), VOLUME_CALM);
    assert_int_equal(note(store, BULK_GOOGLE, 50, BEGIN_MS + 30 * HOUR_MS), VOLUME_CALM);
    assert_int_equal(note(store, BULK_GOOGLE, 35, BEGIN_MS + 31 * HOUR_MS), VOLUME_NEAR);
    store_close(&store);
}

/* Whatever the day brings, once reached is reached; and it is no news later. */
static void bulk_is_for_good(void **state)
{
    struct store *store = store_in_memory();
    struct daybook daybook;
    uint64_t later_ms = BEGIN_MS + 400 * 24 * HOUR_MS;
    (void)state;
    assert_int_equal(note(store, BULK_GOOGLE, 100, BEGIN_MS), VOLUME_BULK);
    volume_tidy(store, later_ms);
    assert_true(volume_get(store, ORG, later_ms, &daybook));
    assert_int_equal(window_sum(&daybook.at[BULK_GOOGLE].recipients), 0);
    assert_int_equal(daybook.at[BULK_GOOGLE].bulk_since_s, WALL_S);
    assert_int_equal(note(store, BULK_GOOGLE, 100, later_ms), VOLUME_CALM);
    store_close(&store);
}

static void note_many(struct store *store, int from, int to)
{
    for (int i = from; i < to; i++) {
        char name[32];
        struct volume_entry entry = entry_to(BULK_GOOGLE, 60);
        struct volume_reach reach;
        snprintf(name, sizeof(name), "d%d.example", i);
        entry.organization = span_of(name);
        assert_true(volume_note(store, &entry, THRESHOLD, BEGIN_MS, WALL_S, &reach));
        assert_int_equal(reach.level[BULK_GOOGLE], VOLUME_CALM); /* of many, nobody knows whose */
    }
}

static void what_is_over_goes(void **state)
{
    struct store *store = store_in_memory();
    (void)state;
    note_many(store, 0, 200);
    volume_tidy(store, BEGIN_MS + 20 * HOUR_MS);
    assert_int_equal(store_count(store, STORE_BULK), 200);
    for (int i = 0; i < 4; i++) {
        volume_tidy(store, BEGIN_MS + 27 * HOUR_MS);
    }
    assert_int_equal(store_count(store, STORE_BULK), 0);
    store_close(&store);
}

static void rules_are_counted(void **state)
{
    struct store *store = store_in_memory();
    struct bulk_counts counts[BULK_RULE_COUNT];
    struct volume_reach reach;
    struct daybook daybook;
    (void)state;
    for (int i = 0; i < 10; i++) {
        struct volume_entry entry = entry_to(BULK_GOOGLE, 0);
        entry.is_list = i < 6;
        for (size_t rule = 0; rule < BULK_RULE_COUNT; rule++) {
            entry.answers[rule] = BULK_YES;
        }
        entry.answers[0] = i < 3 ? BULK_UNKNOWN : BULK_YES;
        entry.answers[ONE_CLICK] = i % 2 == 0 ? BULK_NO : BULK_YES;
        assert_true(volume_note(store, &entry, THRESHOLD, BEGIN_MS, WALL_S, &reach));
    }
    assert_true(volume_get(store, ORG, BEGIN_MS, &daybook));
    daybook_counts(&daybook, counts);
    assert_int_equal(counts[0].judged, 10);
    assert_int_equal(counts[0].unknown, 3);
    assert_int_equal(counts[0].failed, 0);
    assert_int_equal(counts[ONE_CLICK].judged, 6); /* of lists alone */
    assert_int_equal(counts[ONE_CLICK].failed, 3);
    assert_int_equal(counts[4].judged, 0); /* no rule about messages */
    store_close(&store);
}

static void full_store_has_one_for_all(void **state)
{
    struct store *store = store_in_memory();
    struct daybook daybook;
    (void)state;
    note_many(store, 0, 200);
    assert_int_equal(note(store, BULK_GOOGLE, 10, BEGIN_MS), VOLUME_CALM);
    store_limit(store, store_used(store));
    assert_true(store_is_full(store));
    assert_int_equal(note(store, BULK_GOOGLE, 75, BEGIN_MS), VOLUME_NEAR); /* goes on */
    note_many(store, 200, 210);
    assert_int_equal(store_count(store, STORE_BULK), 202);
    assert_true(volume_get(store, SPAN("d205.example"), BEGIN_MS, &daybook));
    assert_int_equal(window_sum(&daybook.messages), 0);
    store_close(&store);
}

static void fill(struct daybook *daybook)
{
    memset(daybook, 0, sizeof(*daybook));
    daybook_advance(daybook, BEGIN_MS);
    window_charge(&daybook->messages, 12);
    window_charge(&daybook->lists, 7);
    window_charge(&daybook->failed[19], 3);
    window_charge(&daybook->unknown[0], 1);
    window_charge(&daybook->at[BULK_MICROSOFT].recipients, 4711);
    daybook->at[BULK_MICROSOFT].bulk_since_s = WALL_S;
    daybook->at[BULK_GOOGLE].told_until_ms = BEGIN_MS + HOUR_MS;
}

static void octets_are_read_back(void **state)
{
    struct daybook daybook, other;
    struct buffer octets = BUFFER_EMPTY, again = BUFFER_EMPTY;
    (void)state;
    fill(&daybook);
    daybook_write(&daybook, BEGIN_MS, &octets);
    assert_true(octets.size < 80); /* what is empty takes no room */
    assert_true(daybook_read(buffer_span(&octets), &other));
    daybook_write(&other, BEGIN_MS, &again);
    assert_true(span_is_equal(buffer_span(&octets), buffer_span(&again)));
    assert_int_equal(window_sum(&other.failed[19]), 3);
    /* a beginning is one only where a tag ends */
    for (size_t size = 0; size < octets.size; size++) {
        struct span part = { octets.at, size };
        if (daybook_read(part, &other)) {
            assert_true(window_sum(&other.messages) <= 12);
        } else {
            assert_true(daybook_is_empty(&other, BEGIN_MS));
        }
    }
    buffer_free(&octets);
    buffer_free(&again);
}

static void fill_window(struct window *window, uint64_t now_ms)
{
    for (int i = 0; i < WINDOW_SLOTS; i++) {
        window_advance(window, now_ms - (uint64_t)(WINDOW_SLOTS - 1 - i) * DAYBOOK_PER_MS / 12,
                       DAYBOOK_PER_MS);
        window_charge(window, WINDOW_AMOUNT_MAX);
    }
}

/* No daybook takes more than is foreseen, with all that is counted as large as can be. */
static void the_largest_is_foreseen(void **state)
{
    struct daybook daybook = { 0 };
    struct buffer octets = BUFFER_EMPTY;
    uint64_t now_ms = UINT64_C(1) << 62;
    (void)state;
    fill_window(&daybook.messages, now_ms);
    fill_window(&daybook.lists, now_ms);
    for (size_t p = 0; p < BULK_PROVIDER_COUNT; p++) {
        fill_window(&daybook.at[p].recipients, now_ms);
        daybook.at[p].told_until_ms = daybook.at[p].bulk_since_s = INT64_MAX;
    }
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        if (bulk_rules[i].is_counted) {
            fill_window(&daybook.failed[i], now_ms);
            fill_window(&daybook.unknown[i], now_ms);
        }
    }
    daybook_write(&daybook, now_ms, &octets);
    assert_in_range(octets.size, daybook_octets_max() * 3 / 4, daybook_octets_max());
    buffer_free(&octets);
}

static void other_octets_are_refused(void **state)
{
    static const char *const bad[] = { "", "\x02", "\x01\xff", "\x01\xe0\x01", "\x01\x03\x01\x01" };
    struct daybook daybook;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(daybook_read(span_of(bad[i]), &daybook));
        assert_true(daybook_is_empty(&daybook, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_told_once),
        cmocka_unit_test(near_is_told_again_the_next_day),
        cmocka_unit_test(bulk_is_for_good),
        cmocka_unit_test(what_is_over_goes),
        cmocka_unit_test(rules_are_counted),
        cmocka_unit_test(full_store_has_one_for_all),
        cmocka_unit_test(the_largest_is_foreseen),
        cmocka_unit_test(octets_are_read_back),
        cmocka_unit_test(other_octets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
