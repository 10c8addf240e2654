/*
 * unique: against a list of all charges. The set counts each address that was used in the window,
 * at the resolution of slots, no more and no less; what is given back takes only what nobody else
 * has used; and what is told about when it fits is true.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "limits/unique.h"

#define HOUR_MS UINT64_C(3600000)
#define RUNS 120
#define STEPS 250
#define LIST_MAX 12
#define PEOPLE 60

/* xorshift: the same schedule each time. */
static uint64_t seed;
static uint64_t below(uint64_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % limit;
}

/* Far apart and in no order, as fingerprints are. */
static uint64_t person(uint64_t number)
{
    return (number + 1) * 0x9e3779b97f4a7c15;
}

struct charge {
    uint64_t slot;
    uint64_t fingerprints[LIST_MAX];
    size_t count;
    bool is_given_back;
};

struct model {
    struct charge all[STEPS];
    size_t count;
};

/* How often it is used in the slots of this window, and when last; those given back do not count
 * unless all do. */
static unsigned uses(const struct model *model, uint64_t newest, uint64_t fingerprint,
                     bool with_given_back)
{
    unsigned found = 0;
    for (size_t i = 0; i < model->count; i++) {
        const struct charge *charge = &model->all[i];
        bool is_in =
            newest - charge->slot < WINDOW_SLOTS && (with_given_back || !charge->is_given_back);
        for (size_t k = 0; is_in && k < charge->count; k++) {
            found += charge->fingerprints[k] == fingerprint;
        }
    }
    return found;
}

static size_t people_used(const struct model *model, uint64_t newest, bool with_given_back)
{
    size_t found = 0;
    for (uint64_t i = 0; i < PEOPLE; i++) {
        found += uses(model, newest, person(i), with_given_back) > 0;
    }
    return found;
}

static size_t random_list(uint64_t list_r[static LIST_MAX])
{
    size_t count = below(LIST_MAX + 1);
    uint64_t first = below(PEOPLE), step = 1 + 2 * below(5); /* no number is there twice */
    for (size_t i = 0; i < count; i++) {
        list_r[i] = person((first + i * step) % PEOPLE);
    }
    return count;
}

static size_t model_new(const struct model *model, uint64_t newest, const uint64_t *list,
                        size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += uses(model, newest, list[i], false) == 0;
    }
    return found;
}

static void assert_same(const struct unique *a, const struct unique *b)
{
    assert_int_equal(a->window.newest, b->window.newest);
    assert_memory_equal(a->window.used, b->window.used, sizeof(a->window.used));
    assert_int_equal(a->lost_slot, b->lost_slot);
    if (unique_count(a) > 0) {
        assert_memory_equal(a->all, b->all, unique_count(a) * sizeof(a->all[0]));
    }
}

/* Whatever reads it next finds the same. */
static void through_octets(struct unique *set)
{
    struct buffer out = BUFFER_EMPTY;
    struct unique again = { .all = NULL };
    unique_write(set, &out);
    buffer_add_text(&out, "rest");
    struct span from = buffer_span(&out);
    assert_true(unique_read(&from, &again));
    assert_true(span_is_equal(from, SPAN("rest")));
    assert_same(set, &again);
    unique_free(set);
    *set = again;
    buffer_free(&out);
}

static void assert_wait_is_true(const struct unique *set, const struct model *model,
                                uint64_t now_ms, uint64_t per_ms, uint64_t max,
                                const uint64_t *list, size_t count)
{
    uint64_t newest = set->window.newest, slot_ms = (per_ms + 11) / 12;
    uint64_t wait_ms = unique_fits_in_ms(set, now_ms, per_ms, max, list, count);
    size_t with_these = people_used(model, newest, false) + model_new(model, newest, list, count);
    assert_int_equal(wait_ms == 0, with_these <= max);
    if (wait_ms == WINDOW_NEVER) {
        assert_true(count > max);
    } else if (wait_ms > 0) {
        uint64_t then = (now_ms + wait_ms) / slot_ms, before = (now_ms + wait_ms - 1) / slot_ms;
        assert_true(people_used(model, then, false) + model_new(model, then, list, count) <= max);
        assert_false(people_used(model, before, false) + model_new(model, before, list, count) <=
                     max);
    }
}

static void remember(struct model *model, uint64_t slot, const uint64_t *list, size_t count)
{
    struct charge *charge = &model->all[model->count++];
    *charge = (struct charge){ .slot = slot, .count = count };
    memcpy(charge->fingerprints, list, count * sizeof(list[0]));
}

static void walk(uint64_t per_ms, uint64_t max)
{
    struct model model = { .count = 0 };
    struct unique set = { .all = NULL };
    uint64_t now_ms = below(20) * per_ms / 3, list[LIST_MAX];
    for (unsigned step = 0; step < STEPS; step++) {
        now_ms += below(3) == 0 ? below(per_ms / 3) : below(per_ms / 40 + 1);
        unique_advance(&set, now_ms, per_ms);
        uint64_t newest = set.window.newest;
        size_t count = random_list(list);
        assert_int_equal(unique_count(&set), people_used(&model, newest, false));
        assert_int_equal(unique_new(&set, list, count), model_new(&model, newest, list, count));
        assert_wait_is_true(&set, &model, now_ms, per_ms, max, list, count);
        if (unique_fits_in_ms(&set, now_ms, per_ms, max, list, count) == 0) {
            assert_true(unique_charge(&set, list, count, max));
            assert_true(unique_count(&set) <= max);
            remember(&model, newest, list, count);
        }
        assert_false(unique_is_saturated(&set));
        through_octets(&set);
    }
    unique_free(&set);
}

static void test_counts_each_address_once(void **state)
{
    (void)state;
    seed = 0x9e3779b97f4a7c15;
    for (unsigned run = 0; run < RUNS; run++) {
        walk(1000 + below(30 * 24 * HOUR_MS), 5 + below(PEOPLE));
    }
}

/* Never fewer than were used and stand; never more than were used at all. */
static void test_given_back_at_random(void **state)
{
    (void)state;
    seed = 0x2545f4914f6cdd1d;
    for (unsigned run = 0; run < RUNS; run++) {
        struct model model = { .count = 0 };
        struct unique set = { .all = NULL };
        uint64_t now_ms = 0, list[LIST_MAX];
        for (unsigned step = 0; step < STEPS; step++) {
            now_ms += below(HOUR_MS / 20);
            unique_advance(&set, now_ms, HOUR_MS);
            uint64_t newest = set.window.newest;
            struct charge *charge = model.count > 0 ? &model.all[below(model.count)] : NULL;
            if (below(3) == 0 && charge != NULL && !charge->is_given_back) {
                assert_true(
                    unique_give_back(&set, charge->slot, charge->fingerprints, charge->count));
                charge->is_given_back = true;
            } else {
                size_t count = random_list(list);
                assert_true(unique_charge(&set, list, count, UNIQUE_CEILING));
                remember(&model, newest, list, count);
            }
            assert_true(unique_count(&set) >= people_used(&model, newest, false));
            assert_true(unique_count(&set) <= people_used(&model, newest, true));
            through_octets(&set);
        }
        unique_free(&set);
    }
}

static void test_given_back_is_as_never_been(void **state)
{
    struct unique set = { .all = NULL };
    uint64_t one[] = { person(1), person(2) }, two[] = { person(2), person(3) };
    (void)state;
    unique_advance(&set, 10 * HOUR_MS, HOUR_MS);
    uint64_t slot = set.window.newest;
    assert_true(unique_charge(&set, one, 2, 10));
    assert_true(unique_give_back(&set, slot, one, 2));
    assert_int_equal(unique_count(&set), 0);

    assert_true(unique_charge(&set, one, 2, 10));
    unique_advance(&set, 10 * HOUR_MS + HOUR_MS / 2, HOUR_MS);
    assert_true(unique_charge(&set, two, 2, 10));
    assert_true(unique_give_back(&set, slot, one, 2)); /* 2 was used again */
    assert_int_equal(unique_count(&set), 2);
    assert_int_equal(unique_new(&set, one, 2), 1);
    assert_true(unique_give_back(&set, slot + 1, two, 2)); /* that was not when */
    assert_int_equal(unique_count(&set), 2);
    assert_true(unique_give_back(&set, slot, NULL, 0));
    unique_free(&set);
}

/* What comes late takes nothing of what came in between. */
static void test_given_back_too_late(void **state)
{
    struct unique set = { .all = NULL };
    uint64_t one[] = { person(1) };
    (void)state;
    uint64_t slot = set.window.newest;
    assert_true(unique_charge(&set, one, 1, 10));
    unique_advance(&set, 3 * HOUR_MS, HOUR_MS);
    assert_int_equal(unique_count(&set), 0);
    assert_true(unique_charge(&set, one, 1, 10));
    assert_true(unique_give_back(&set, slot, one, 1));
    assert_int_equal(unique_count(&set), 1);
    unique_free(&set);
}

static void test_ceiling(void **state)
{
    struct unique set = { .all = NULL };
    uint64_t list[100];
    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        list[i] = person(i);
    }
    unique_advance(&set, 10 * HOUR_MS, HOUR_MS);
    assert_true(unique_charge(&set, list, 50, 50));
    assert_false(unique_is_saturated(&set));
    assert_true(unique_charge(&set, list, 50, 50)); /* nothing new */
    assert_false(unique_is_saturated(&set));
    assert_true(unique_charge(&set, list, 100, 50));
    assert_true(unique_is_saturated(&set));
    assert_int_equal(unique_count(&set), 50);
    through_octets(&set);
    assert_true(unique_charge(&set, list, 100, 0)); /* less than are there already */
    assert_int_equal(unique_count(&set), 50);
    unique_advance(&set, 11 * HOUR_MS, HOUR_MS);
    assert_true(unique_is_saturated(&set));
    through_octets(&set);
    unique_advance(&set, 11 * HOUR_MS + HOUR_MS / 12, HOUR_MS);
    assert_false(unique_is_saturated(&set));
    assert_int_equal(unique_count(&set), 0);
    through_octets(&set);
    unique_free(&set);
}

static void test_many(void **state)
{
    struct unique set = { .all = NULL };
    uint64_t *list = calloc(UNIQUE_MAX + 1, sizeof(list[0]));
    (void)state;
    assert_non_null(list);
    for (uint64_t i = 0; i <= UNIQUE_MAX; i++) {
        list[i] = person(i);
    }
    assert_true(unique_charge(&set, list, UNIQUE_MAX / 2, SIZE_MAX));
    unique_advance(&set, HOUR_MS, HOUR_MS);
    assert_true(unique_charge(&set, list, UNIQUE_MAX, SIZE_MAX)); /* half of them move */
    assert_int_equal(unique_count(&set), UNIQUE_MAX);
    assert_false(unique_is_saturated(&set));
    through_octets(&set);
    assert_true(unique_charge(&set, list + UNIQUE_MAX, 1, SIZE_MAX));
    assert_true(unique_is_saturated(&set));
    assert_true(unique_give_back(&set, set.window.newest, list, UNIQUE_MAX));
    assert_int_equal(unique_count(&set), UNIQUE_MAX / 2);
    unique_free(&set);
    free(list);
}

/* Each octet less, and what no set has written. */
static void test_octets_of_no_set(void **state)
{
    static const struct span bad[] = {
        SPAN("\x05\x01\x02\0\x02\0\0\0\0\0\0\0\x00\0\0\0\0\0\0\0"), /* not in order */
        SPAN("\x05\x01\x01\x0e\x02\0\0\0\0\0\0\0"),                 /* lost before the window */
        SPAN("\x02\x01\x01\x04\x02\0\0\0\0\0\0\0"),                 /* lost before time 0 */
        SPAN("\x05\x01\xff\xff\xff\xff\x0f\0\x02\0\0\0\0\0\0\0"),   /* more than there can be */
        SPAN("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0"),       /* a slot nobody comes to */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct span from = bad[i];
        struct unique set = { .all = NULL };
        assert_false(unique_read(&from, &set));
        assert_int_equal(unique_count(&set), 0);
        unique_free(&set);
    }
}

static void test_octets_cut(void **state)
{
    struct unique set = { .all = NULL }, again = { .all = NULL };
    struct buffer out = BUFFER_EMPTY;
    uint64_t list[LIST_MAX];
    (void)state;
    for (unsigned step = 0; step < 10; step++) {
        unique_advance(&set, 50 * HOUR_MS + step * HOUR_MS / 12, HOUR_MS);
        assert_true(unique_charge(&set, list, random_list(list), 1000));
    }
    unique_write(&set, &out);
    for (size_t size = 0; size < out.size; size++) {
        struct span from = span_first(buffer_span(&out), size);
        assert_false(unique_read(&from, &again));
        assert_int_equal(unique_count(&again), 0);
    }
    unique_free(&set);
    unique_free(&again);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_each_address_once),
        cmocka_unit_test(test_given_back_at_random),
        cmocka_unit_test(test_given_back_is_as_never_been),
        cmocka_unit_test(test_given_back_too_late),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_octets_of_no_set),
        cmocka_unit_test(test_octets_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
