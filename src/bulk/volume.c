/*
 * volume: rows "o/ORGANIZATION"; "others" is shared.
 */
#include "bulk/volume.h"

#include <stdio.h>
#include <string.h>

#include "util/domain.h"

enum { NEAR_PERCENT = 80, TIDIED_MAX = 64 };

#define PREFIX "o/"
#define SHARED_KEY SPAN("others")

static struct span key_of(struct span organization, char out[static STORE_KEY_MAX])
{
    int size =
        snprintf(out, STORE_KEY_MAX, PREFIX "%.*s", SPAN_ARG(span_first(organization, DOMAIN_MAX)));
    return (struct span){ out, (size_t)size };
}

/* --- a message ------------------------------------------------------------------------------- */

struct noting {
    const struct volume_entry *entry;
    uint64_t threshold, now_ms;
    int64_t wall_s;
    bool is_shared;
    struct volume_reach *reach;
};

static void note_rules(struct daybook *daybook, const struct volume_entry *entry)
{
    window_charge(&daybook->messages, 1);
    window_charge(&daybook->lists, entry->is_list ? 1 : 0);
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        const struct bulk_rule *rule = &bulk_rules[i];
        if (!rule->is_counted || (rule->is_of_lists && !entry->is_list)) {
            continue;
        }
        window_charge(&daybook->failed[i], entry->answers[i] == BULK_NO ? 1 : 0);
        window_charge(&daybook->unknown[i], entry->answers[i] == BULK_UNKNOWN ? 1 : 0);
    }
}

/* Whoever is a bulk sender already is told nothing more; of many who share a daybook nobody knows
 * who is one. */
static void note_recipients(struct daybook *daybook, const struct noting *noting, size_t p)
{
    uint64_t more = noting->entry->recipients[p];
    window_charge(&daybook->at[p].recipients, more);
    uint64_t sum = window_sum(&daybook->at[p].recipients), threshold = noting->threshold;
    noting->reach->recipients[p] = sum;
    if (more == 0 || noting->is_shared || daybook->at[p].bulk_since_s != 0) {
        return;
    }
    if (sum >= threshold) {
        daybook->at[p].bulk_since_s = noting->wall_s > 0 ? noting->wall_s : 1;
        noting->reach->level[p] = VOLUME_BULK;
    } else if (sum >= threshold - threshold * (100 - NEAR_PERCENT) / 100 &&
               daybook->at[p].told_until_ms <= noting->now_ms) {
        daybook->at[p].told_until_ms = noting->now_ms + DAYBOOK_PER_MS;
        noting->reach->level[p] = VOLUME_NEAR;
    }
}

/* What cannot be read begins anew. */
static bool note(struct buffer *value_io, bool is_found, void *context)
{
    const struct noting *noting = context;
    struct daybook daybook = { 0 };
    if (is_found) {
        daybook_read(buffer_span(value_io), &daybook);
    }
    daybook_advance(&daybook, noting->now_ms);
    note_rules(&daybook, noting->entry);
    for (size_t p = 0; p < BULK_PROVIDER_COUNT; p++) {
        note_recipients(&daybook, noting, p);
    }
    daybook_write(&daybook, noting->now_ms, value_io);
    return !buffer_has_failed(value_io);
}

static bool is_known(struct store *store, struct span key)
{
    struct buffer value = BUFFER_EMPTY;
    enum store_result result = store_get(store, STORE_BULK, key, &value);
    buffer_free(&value);
    return result != STORE_ABSENT;
}

bool volume_note(struct store *store, const struct volume_entry *entry, uint64_t threshold,
                 uint64_t now_ms, int64_t wall_s, struct volume_reach *reach_r)
{
    char room[STORE_KEY_MAX];
    struct span key = key_of(entry->organization, room);
    struct noting noting = { entry, threshold, now_ms, wall_s, false, reach_r };
    *reach_r = (struct volume_reach){ .level = { VOLUME_CALM } };
    if (store_is_full(store) && !is_known(store, key)) {
        noting.is_shared = true;
        key = SHARED_KEY;
    }
    return store_update(store, STORE_BULK, key, STORE_SOON, note, &noting);
}

bool volume_get(struct store *store, struct span organization, uint64_t now_ms,
                struct daybook *daybook_r)
{
    char room[STORE_KEY_MAX];
    struct buffer value = BUFFER_EMPTY;
    enum store_result result = store_get(store, STORE_BULK, key_of(organization, room), &value);
    bool is_good = result != STORE_FAILED && daybook_read(buffer_span(&value), daybook_r);
    if (result == STORE_ABSENT) {
        *daybook_r = (struct daybook){ 0 };
        is_good = true;
    }
    daybook_advance(daybook_r, now_ms);
    buffer_free(&value);
    return is_good;
}

/* --- what holds nothing any more ------------------------------------------------------------- */

struct sweep {
    uint64_t now_ms;
    char keys[TIDIED_MAX][STORE_KEY_MAX];
    size_t sizes[TIDIED_MAX];
    size_t count;
};

static bool holds_nothing(struct span value, uint64_t now_ms)
{
    struct daybook daybook;
    if (!daybook_read(value, &daybook)) {
        return false; /* a newer program's, perhaps */
    }
    daybook_advance(&daybook, now_ms);
    return daybook_is_empty(&daybook, now_ms);
}

static bool sweep_over(struct span key, struct span value, void *context)
{
    struct sweep *sweep = context;
    if (holds_nothing(value, sweep->now_ms)) {
        memcpy(sweep->keys[sweep->count], key.at, key.size);
        sweep->sizes[sweep->count++] = key.size;
    }
    return sweep->count < TIDIED_MAX;
}

/* It was empty a moment ago; a message may have come since. */
static void drop_empty(struct store_row *rows, size_t count, void *context)
{
    const struct sweep *sweep = context;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].is_found && holds_nothing(buffer_span(&rows[i].value), sweep->now_ms)) {
            rows[i].edit = STORE_EDIT_UNSET;
        }
    }
}

void volume_tidy(struct store *store, uint64_t now_ms)
{
    struct store_row rows[TIDIED_MAX];
    struct sweep sweep = { .now_ms = now_ms };
    store_walk(store, STORE_BULK, SPAN(PREFIX), sweep_over, &sweep);
    for (size_t i = 0; i < sweep.count; i++) {
        rows[i] =
            (struct store_row){ .table = STORE_BULK, .key = { sweep.keys[i], sweep.sizes[i] } };
    }
    if (sweep.count > 0) {
        store_update_rows(store, rows, sweep.count, STORE_SOON, drop_empty, &sweep);
    }
}
