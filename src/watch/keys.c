/*
 * keys: the watch over the records of our keys: when each is looked at.
 *
 * A key that is well is looked at once in an interval, at a time of its own; one that is new each
 * minute at first; one that is not well when the next look decides. A few dozen are asked for at
 * once, so ten thousand take a minute when somebody is in a hurry.
 */
#include "watch/keys_private.h"

#include <stdlib.h>
#include <string.h>

#define NEW_EVERY_S 60
#define BUSY_MS 100   /* between two rounds while more keys are due */
#define ROUND_MS 1000 /* else what becomes due in so long is asked for together */
#define LOOK_AGAIN_MS 2000

/* --- when ------------------------------------------------------------------------------------ */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Keys that began together part over the whole interval, and then stay apart. */
static int64_t spread_ms(struct watch *watch, struct key_look *look, int64_t every_s)
{
    uint16_t random;
    const struct clock *clock = watch_setup_of(watch)->clock;
    clock->random(clock, &random, sizeof(random));
    bool is_first = !look->is_apart;
    look->is_apart = true;
    return is_first ? every_s * 1000 * (random + 1) / (UINT16_MAX + 1)
                    : every_s * 950 + every_s * 100 * random / UINT16_MAX;
}

/* Milliseconds until the next look; -1: there is none. */
static int64_t pause_of(struct watch *watch, const struct keys *keys, struct key_look *look,
                        const struct key_record *record, bool is_answered)
{
    int64_t now_s = clock_wall_s(watch_setup_of(watch)->clock);
    int64_t lost_after_s = keys->rules.lost_after_s;
    look->misses = is_answered ? 0 : look->misses + (look->misses < 6);
    look->waits = record->state == KEY_NEW ? look->waits + 1 : 0;
    if (record->state == KEY_REVOKED) {
        return -1;
    }
    if (!is_answered) {
        return least(keys->every_s, (int64_t)NEW_EVERY_S << look->misses >> 1) * 1000;
    }
    if (record->state == KEY_NEW) {
        return least(keys->every_s, NEW_EVERY_S * (int64_t)(1 + look->waits / 5)) * 1000;
    }
    if (record->state == KEY_PUBLISHED) { /* at once; later, where the zone does not answer */
        int64_t age_s = now_s - record->since_s;
        return age_s == 0 ? 0 : least(lost_after_s, age_s) * 1000;
    }
    if (record->is_lost) {
        return least(keys->every_s, lost_after_s) * 1000;
    }
    if (record->bad_since_s != 0) {
        int64_t left_s = record->bad_since_s + lost_after_s - now_s;
        return (left_s > 0 ? left_s : 1) * 1000;
    }
    int64_t pause_ms = spread_ms(watch, look, keys->every_s);
    if (record->state == KEY_RETIRING && record->retire_s != 0) {
        int64_t left_s = record->retire_s - now_s;
        pause_ms = least(pause_ms, (left_s > 0 ? left_s : 1) * 1000);
    }
    return pause_ms;
}

/* Up to KEYS_AT_ONCE that are due, the urgent ones first. */
static size_t find_due(struct keys *keys, uint64_t now_ns, struct key_look **due_r)
{
    size_t found = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < keys->count && found < KEYS_AT_ONCE; i++) {
            struct key_look *look = keys->all[(keys->next + i) % keys->count];
            if (look->due_ns <= now_ns && look->is_urgent == (pass == 0)) {
                due_r[found++] = look;
            }
        }
    }
    keys->next = keys->count > 0 ? (keys->next + KEYS_AT_ONCE) % keys->count : 0;
    return found;
}

static unsigned next_pause_ms(const struct keys *keys, uint64_t now_ns)
{
    uint64_t pause_ms = LOOK_AGAIN_MS; /* for names that are met, and what commands write */
    for (size_t i = 0; i < keys->count; i++) {
        uint64_t due_ns = keys->all[i]->due_ns;
        if (due_ns <= now_ns) {
            return BUSY_MS;
        }
        uint64_t left_ms = (due_ns - now_ns) / 1000000;
        pause_ms = left_ms < pause_ms ? left_ms : pause_ms;
    }
    return pause_ms > ROUND_MS ? (unsigned)pause_ms : ROUND_MS;
}

static void hurry(struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->all[i]->due_ns != UINT64_MAX) {
            keys->all[i]->due_ns = 0;
            keys->all[i]->is_apart = false;
        }
    }
}

static void plan_next(struct watch *watch, const struct keys *keys, struct key_look *look,
                      const struct key_record *record, const struct key_view *view)
{
    bool is_answered = view->published.seen != KEY_SEEN_CANNOT;
    int64_t pause_ms = pause_of(watch, keys, look, record, is_answered);
    look->is_urgent = record->state < KEY_ACTIVE || record->bad_since_s != 0;
    look->due_ns = pause_ms < 0
                       ? UINT64_MAX
                       : clock_mono_ns(watch_setup_of(watch)->clock) + (uint64_t)pause_ms * 1000000;
}

/* One round of looks. True: something happened that must not be forgotten. */
static bool look_round(struct watch *watch, struct keys *keys)
{
    struct key_look *due[KEYS_AT_ONCE];
    struct key_view views[KEYS_AT_ONCE];
    struct key_record record;
    bool has_changed = false;
    size_t count = find_due(keys, clock_mono_ns(watch_setup_of(watch)->clock), due);
    if (count == 0) {
        return false;
    }
    keys_look(watch, due, count, views);
    for (size_t i = 0; i < count && !watch_is_stopping(watch); i++) {
        has_changed = keys_take_view(watch, keys, due[i], &views[i], &record) || has_changed;
        plan_next(watch, keys, due[i], &record, &views[i]);
    }
    return has_changed;
}

static void *keys_begin(struct watch *watch)
{
    (void)watch;
    return keys_new();
}

static void keys_end(void *state)
{
    keys_free(state);
}

static unsigned keys_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct keys *keys = state;
    keys_list(watch, keys);
    if (is_hurried) {
        hurry(keys);
    }
    bool has_changed = setup->resolver != NULL && look_round(watch, keys);
    uint64_t now_ns = clock_mono_ns(setup->clock);
    if (has_changed || (keys->version != store_version(setup->store) &&
                        now_ns - keys->handed_ns >= LOOK_AGAIN_MS * UINT64_C(1000000))) {
        keys->version = store_version(setup->store);
        keys->handed_ns = now_ns;
        has_changed = keys_hand_over(watch, keys) || has_changed;
    }
    keys_end_orphans(watch, keys);
    if (has_changed) {
        store_sync(setup->store);
    }
    return setup->resolver != NULL ? next_pause_ms(keys, clock_mono_ns(setup->clock))
                                   : LOOK_AGAIN_MS;
}

const struct watch_job watch_keys_job = {
    .name = "keys", .begin = keys_begin, .end = keys_end, .run = keys_run, .is_for_leader = true
};
