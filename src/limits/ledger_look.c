/*
 * ledger_look: what is in the ledger, for whoever looks; forgetting it when asked; and the account
 * rows that hold nothing any more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits/ledger_private.h"
#include "limits/ledger_sets.h"
#include "limits/record.h"

enum { TIDY_PART = 1000 };

static bool is_own(struct span key)
{
    return key.size > 0 && key.at[0] == LEDGER_OWN_MARK[0];
}

/* --- looking --------------------------------------------------------------------------------- */

struct looker {
    uint64_t now_ms;
    ledger_each *each;
    void *context;
    struct record record;
    struct ledger_use uses[RECORD_METERS_MAX];
};

static bool look_at(struct span key, struct span value, void *context)
{
    struct looker *looker = context;
    struct record *record = &looker->record;
    size_t count = 0;
    if (is_own(key) || !record_read(value, record)) {
        return true;
    }
    record_advance(record, looker->now_ms);
    for (size_t i = 0; i < record->count; i++) {
        uint64_t used = window_sum(&record->meters[i].window);
        if (used > 0) {
            looker->uses[count++] = (struct ledger_use){ record->meters[i].meter, used };
        }
    }
    uint64_t attempts = window_sum(&record->attempts);
    return (count == 0 && attempts == 0) ||
           looker->each(key, looker->uses, count, attempts, looker->context);
}

bool ledger_walk(struct ledger *ledger, struct span prefix, ledger_each *each, void *context)
{
    struct looker *looker = malloc(sizeof(*looker));
    if (looker == NULL) {
        return false;
    }
    looker->now_ms = ledger_now_ms(ledger);
    looker->each = each;
    looker->context = context;
    bool is_done = store_walk(ledger->store, STORE_LIMITS, prefix, look_at, looker);
    free(looker);
    return is_done;
}

uint64_t ledger_accounts(const struct ledger *ledger)
{
    return store_count(ledger->store, STORE_LIMITS);
}

/* --- forgetting ------------------------------------------------------------------------------ */

struct forget {
    const struct limit_meter *meter; /* NULL: all */
    uint64_t now_ms;
    struct record record;
};

static void forget_rows(struct store_row *rows, size_t count, void *context)
{
    struct forget *forget = context;
    (void)count;
    if (!rows->is_found) {
        return;
    }
    if (forget->meter == NULL) {
        rows->edit = STORE_EDIT_UNSET;
        return;
    }
    record_read(buffer_span(&rows->value), &forget->record);
    record_advance(&forget->record, forget->now_ms);
    struct record_meter *at = record_find(&forget->record, *forget->meter);
    if (at != NULL) {
        *at = (struct record_meter){ .meter = *forget->meter };
        record_write(&forget->record, forget->now_ms, &rows->value);
        rows->edit = STORE_EDIT_SET;
    }
}

/* The sets of an account that are about the meter, or all. */
struct set_keys {
    struct span account;
    char keys[LEDGER_SETS_MAX][STORE_KEY_MAX];
    size_t sizes[LEDGER_SETS_MAX];
    size_t count;
};

static bool note_key(struct span key, struct span value, void *context)
{
    struct set_keys *keys = context;
    (void)value;
    memcpy(keys->keys[keys->count], key.at, key.size);
    keys->sizes[keys->count++] = key.size;
    return keys->count < LEDGER_SETS_MAX;
}

static void unset_all(struct store_row *rows, size_t count, void *context)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        rows[i].edit = STORE_EDIT_UNSET;
    }
}

static bool list_set_keys(struct ledger *ledger, struct set_keys *keys,
                          const struct limit_meter *meter)
{
    char prefix[STORE_KEY_MAX];
    const struct limit_meter novelty = { .count = LIMIT_NEW_RECIPIENTS };
    keys->count = 0;
    if (meter != NULL) {
        keys->sizes[0] = ledger_set_key(keys->account, meter, keys->keys[0]);
        keys->count = meter->count == LIMIT_UNIQUE_RECIPIENTS && keys->sizes[0] > 0;
        return true; /* whom somebody wrote to is no count that would be reset */
    }
    int size = snprintf(prefix, sizeof(prefix), LEDGER_UNIQUE_MARK "%.*s%c",
                        SPAN_ARG(keys->account), '\0');
    if (size <= 0 || size >= STORE_KEY_MAX ||
        !store_walk(ledger->store, STORE_LIMITS, (struct span){ prefix, (size_t)size }, note_key,
                    keys)) {
        return false;
    }
    if (keys->count < LEDGER_SETS_MAX) {
        keys->sizes[keys->count] = ledger_set_key(keys->account, &novelty, keys->keys[keys->count]);
        keys->count += keys->sizes[keys->count] > 0;
    }
    return true;
}

static bool forget_sets(struct ledger *ledger, struct span account, const struct limit_meter *meter)
{
    struct store_row rows[LEDGER_SETS_MAX];
    struct set_keys *keys = calloc(1, sizeof(*keys));
    if (keys == NULL) {
        return false;
    }
    keys->account = account;
    bool is_done = list_set_keys(ledger, keys, meter);
    for (size_t i = 0; i < keys->count; i++) {
        rows[i] =
            (struct store_row){ .table = STORE_LIMITS, .key = { keys->keys[i], keys->sizes[i] } };
    }
    is_done = is_done && (keys->count == 0 || store_update_rows(ledger->store, rows, keys->count,
                                                                STORE_DURABLE, unset_all, NULL));
    free(keys);
    return is_done;
}

bool ledger_reset(struct ledger *ledger, struct span account, const struct limit_meter *meter)
{
    struct forget *forget = malloc(sizeof(*forget));
    struct store_row row = { .table = STORE_LIMITS, .key = account };
    if (forget == NULL) {
        return false;
    }
    forget->meter = meter;
    forget->now_ms = ledger_now_ms(ledger);
    bool is_done = forget_sets(ledger, account, meter) &&
                   store_update_rows(ledger->store, &row, 1, STORE_DURABLE, forget_rows, forget);
    free(forget);
    return is_done;
}

/* --- tidying --------------------------------------------------------------------------------- */

struct sweep {
    uint64_t now_ms;
    size_t seen;
    char last[STORE_KEY_MAX];
    size_t last_size;
    struct record record;
    char keys[STORE_ROWS_MAX][STORE_KEY_MAX];
    size_t sizes[STORE_ROWS_MAX];
    size_t count; /* of those that are empty */
};

static bool holds_nothing(struct sweep *sweep, struct span key, struct span value)
{
    if (is_own(key)) {
        return ledger_set_is_empty(key, value, sweep->now_ms);
    }
    if (!record_read(value, &sweep->record)) {
        return false; /* a newer program's, perhaps */
    }
    record_advance(&sweep->record, sweep->now_ms);
    return record_is_empty(&sweep->record);
}

static bool sweep_over(struct span key, struct span value, void *context)
{
    struct sweep *sweep = context;
    memcpy(sweep->last, key.at, key.size);
    sweep->last_size = key.size;
    sweep->seen++;
    if (holds_nothing(sweep, key, value)) {
        memcpy(sweep->keys[sweep->count], key.at, key.size);
        sweep->sizes[sweep->count++] = key.size;
    }
    return sweep->seen < TIDY_PART && sweep->count < STORE_ROWS_MAX;
}

/* They were empty a moment ago; a charge may have come since. */
static void drop_empty(struct store_row *rows, size_t count, void *context)
{
    struct sweep *sweep = context;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].is_found && holds_nothing(sweep, rows[i].key, buffer_span(&rows[i].value))) {
            rows[i].edit = STORE_EDIT_UNSET;
        }
    }
}

static void sweep_part(struct ledger *ledger, struct sweep *sweep)
{
    struct store_row rows[STORE_ROWS_MAX];
    struct span from = { ledger->tidied, ledger->tidied_size };
    sweep->now_ms = ledger_now_ms(ledger);
    if (!store_walk_after(ledger->store, STORE_LIMITS, from, sweep_over, sweep)) {
        return;
    }
    bool is_end = sweep->seen < TIDY_PART && sweep->count < STORE_ROWS_MAX;
    ledger->tidied_size = is_end ? 0 : sweep->last_size;
    memcpy(ledger->tidied, sweep->last, ledger->tidied_size);
    for (size_t i = 0; i < sweep->count; i++) {
        rows[i] =
            (struct store_row){ .table = STORE_LIMITS, .key = { sweep->keys[i], sweep->sizes[i] } };
    }
    if (sweep->count > 0) {
        store_update_rows(ledger->store, rows, sweep->count, STORE_SOON, drop_empty, sweep);
    }
}

void ledger_tidy(struct ledger *ledger)
{
    struct sweep *sweep = calloc(1, sizeof(*sweep));
    if (sweep != NULL) {
        sweep_part(ledger, sweep);
        free(sweep);
    }
    ledger_ids_tidy(ledger);
}
