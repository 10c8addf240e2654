/*
 * ledger_ids: which messages were charged lately. A mail server whose client lost the answer, or
 * whose queue was full, hands the same message over again: that is charged once.
 *
 * Rows are kept by age: of messages of a stretch of four hours together, so that old ones go
 * without looking for them. One that comes again and again is no retry, and pays.
 */
#include <string.h>

#include "limits/ledger_private.h"
#include "util/varint.h"

#define FREE_MS UINT64_C(14400000) /* four hours */
enum {
    FREE_TIMES = 10,
    IDS_MAX = 1000000, /* beyond it nothing is remembered, so a retry pays again */
    IDS_SHARE = 4,     /* the same beyond such a part of the store: the rest is for accounts */
    VALUE_MAX = VARINT_OCTETS_MAX + 1,
    TIDY_PART = 2000
};

static void put_key(char *key, uint64_t stretch, const uint8_t *id)
{
    for (int i = 0; i < 8; i++) {
        key[i] = (char)(stretch >> (56 - 8 * i));
    }
    memcpy(key + 8, id, CHARGE_ID_BYTES);
}

bool ledger_has_id(const struct charge *charge)
{
    static const uint8_t none[CHARGE_ID_BYTES];
    return memcmp(charge->id, none, sizeof(none)) != 0;
}

void ledger_ids_rows(struct ledger_ids *ids, const struct charge *charge, struct store_row *rows)
{
    uint64_t stretch = charge->now_ms / FREE_MS;
    for (uint64_t back = 0; back < LEDGER_ID_ROWS; back++) {
        uint64_t before = stretch - back; /* before time 0: a row that is never there */
        put_key(ids->keys[back], before, charge->id);
        rows[back] = (struct store_row){ .table = STORE_CHARGES,
                                         .key = { ids->keys[back], LEDGER_ID_KEY_OCTETS } };
    }
}

static void write_value(struct store_row *row, uint64_t charged_ms, uint64_t times)
{
    buffer_clear(&row->value);
    varint_put(&row->value, charged_ms);
    varint_put(&row->value, times);
    row->edit = STORE_EDIT_SET;
}

bool ledger_ids_find(struct store_row *rows, const struct charge *charge, bool is_trial)
{
    for (size_t i = 0; i < LEDGER_ID_ROWS; i++) {
        struct span value = buffer_span(&rows[i].value);
        uint64_t charged_ms, times;
        if (rows[i].is_found && varint_take(&value, &charged_ms) && varint_take(&value, &times) &&
            charge->now_ms < charged_ms + FREE_MS && times < FREE_TIMES) {
            if (!is_trial) {
                write_value(&rows[i], charged_ms, times + 1);
            }
            return true;
        }
    }
    return false;
}

void ledger_ids_note(struct store_row *rows, const struct charge *charge)
{
    write_value(&rows[0], charge->now_ms, 0);
    rows[1].edit = rows[1].is_found ? STORE_EDIT_UNSET : STORE_EDIT_KEEP;
}

void ledger_ids_forget(struct store_row *rows)
{
    for (size_t i = 0; i < LEDGER_ID_ROWS; i++) {
        rows[i].edit = rows[i].is_found ? STORE_EDIT_UNSET : STORE_EDIT_KEEP;
    }
}

uint64_t ledger_ids_bytes(uint64_t ceiling_bytes)
{
    uint64_t all = store_bytes_for(IDS_MAX, LEDGER_ID_KEY_OCTETS, VALUE_MAX);
    return all < ceiling_bytes / IDS_SHARE ? all : ceiling_bytes / IDS_SHARE;
}

/* In a store that is full a row more would be one too many for the whole charge. */
bool ledger_ids_have_room(struct ledger *ledger)
{
    uint64_t later = store_count(ledger->store, STORE_CHARGES) + 1;
    return store_bytes_for(later, LEDGER_ID_KEY_OCTETS, VALUE_MAX) <=
               ledger_ids_bytes(store_ceiling(ledger->store)) &&
           !store_is_full(ledger->store);
}

/* --- tidying --------------------------------------------------------------------------------- */

struct old {
    uint64_t before; /* stretches */
    char keys[STORE_ROWS_MAX][LEDGER_ID_KEY_OCTETS];
    size_t count;
};

static uint64_t stretch_of(struct span key)
{
    uint64_t stretch = 0;
    for (size_t i = 0; i < 8; i++) {
        stretch = stretch << 8 | (uint8_t)key.at[i];
    }
    return stretch;
}

/* They come in order of age. */
static bool gather_old(struct span key, struct span value, void *context)
{
    struct old *old = context;
    (void)value;
    if (key.size != LEDGER_ID_KEY_OCTETS || stretch_of(key) >= old->before ||
        old->count == STORE_ROWS_MAX) {
        return false;
    }
    memcpy(old->keys[old->count++], key.at, LEDGER_ID_KEY_OCTETS);
    return true;
}

static void unset_all(struct store_row *rows, size_t count, void *context)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        rows[i].edit = STORE_EDIT_UNSET;
    }
}

/* How many went; 0: all did, or the store fails. */
static size_t tidy_once(struct ledger *ledger, struct old *old)
{
    struct store_row rows[STORE_ROWS_MAX];
    old->count = 0;
    if (!store_walk(ledger->store, STORE_CHARGES, SPAN(""), gather_old, old) || old->count == 0) {
        return 0;
    }
    for (size_t i = 0; i < old->count; i++) {
        rows[i] = (struct store_row){ .table = STORE_CHARGES,
                                      .key = { old->keys[i], LEDGER_ID_KEY_OCTETS } };
    }
    return store_update_rows(ledger->store, rows, old->count, STORE_SOON, unset_all, NULL)
               ? old->count
               : 0;
}

void ledger_ids_tidy(struct ledger *ledger)
{
    struct old old = { .before = ledger_now_ms(ledger) / FREE_MS };
    old.before = old.before > 0 ? old.before - 1 : 0;
    for (size_t done = 0, gone = 1; gone > 0 && done < TIDY_PART; done += gone) {
        gone = tidy_once(ledger, &old);
    }
}
