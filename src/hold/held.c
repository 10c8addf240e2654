/*
 * held: rows of STORE_HELD: "m/ID" a message, "n/" how many of all, "n/CLASS/PRINCIPAL" of one,
 * "g/ID" a charge to be given back.
 */
#include "hold/held.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hold/hold_private.h"

#define LAYOUT "1"
#define TOTAL_KEY "n/"

struct key {
    char text[STORE_KEY_MAX];
    struct span span;
};

/* A name that is longer than a key is cut: those that begin alike have one count. */
static void make_key(const char *kind, struct span name, struct key *key_r)
{
    size_t size = strlen(kind), room = sizeof(key_r->text) - size;
    struct span kept = span_first(name, room);

    memcpy(key_r->text, kind, size);
    if (kept.size > 0) {
        memcpy(key_r->text + size, kept.at, kept.size);
    }
    key_r->span = (struct span){ key_r->text, size + kept.size };
}

/* --- counts ---------------------------------------------------------------------------------- */

static uint64_t read_count(struct span value)
{
    char text[32];
    uint64_t count = 0;

    if (value.size < sizeof(text)) {
        snprintf(text, sizeof(text), "%.*s", SPAN_ARG(value));
        if (sscanf(text, LAYOUT " %" SCNu64, &count) != 1) {
            count = 0;
        }
    }
    return count;
}

static void change_count(struct store_row *row, int change)
{
    uint64_t count = read_count(buffer_span(&row->value));

    count = change > 0 ? count + 1 : count > 0 ? count - 1 : 0;
    buffer_clear(&row->value);
    buffer_printf(&row->value, LAYOUT " %" PRIu64, count);
    row->edit = count > 0 ? STORE_EDIT_SET : STORE_EDIT_UNSET;
}

/* A login called "bounce" is not the bucket of bounces. */
static void make_count_key(struct span mail_class, struct span principal, struct key *key_r)
{
    char kind[64];

    snprintf(kind, sizeof(kind), "n/%.*s/", SPAN_ARG(span_first(mail_class, 40)));
    make_key(kind, principal, key_r);
}

static uint64_t load_count(struct store *store, struct span key)
{
    struct buffer value = BUFFER_EMPTY;
    uint64_t count = 0;

    if (store_get(store, STORE_HELD, key, &value) == STORE_FOUND) {
        count = read_count(buffer_span(&value));
    }
    buffer_free(&value);
    return count;
}

uint64_t held_count(struct store *store)
{
    return load_count(store, SPAN(TOTAL_KEY));
}

uint64_t held_count_of(struct store *store, struct span mail_class, struct span principal)
{
    struct key key;

    make_count_key(mail_class, principal, &key);
    return load_count(store, key.span);
}

/* --- coming and going ------------------------------------------------------------------------ */

enum { ROW_MESSAGE, ROW_TOTAL, ROW_PRINCIPAL, ROW_CHARGE, ROWS };

struct rows {
    struct key keys[ROWS];
    struct store_row rows[ROWS];
};

static void make_rows(struct span queue_id, const struct held *held, struct rows *rows)
{
    *rows = (struct rows){ 0 };
    make_key("m/", queue_id, &rows->keys[ROW_MESSAGE]);
    make_key(TOTAL_KEY, SPAN(""), &rows->keys[ROW_TOTAL]);
    make_count_key(held->mail_class, held->principal, &rows->keys[ROW_PRINCIPAL]);
    make_key("g/", queue_id, &rows->keys[ROW_CHARGE]);
    for (size_t i = 0; i < ROWS; i++) {
        rows->rows[i].table = STORE_HELD;
        rows->rows[i].key = rows->keys[i].span;
    }
}

struct adding {
    const struct hold_settings *caps;
    const struct held *held;
    enum held_answer answer;
};

static void add_rows(struct store_row *rows, size_t count, void *context)
{
    struct adding *adding = context;
    uint64_t of_all = read_count(buffer_span(&rows[ROW_TOTAL].value));
    uint64_t of_one = read_count(buffer_span(&rows[ROW_PRINCIPAL].value));

    (void)count;
    if (of_one >= (uint64_t)adding->caps->per_principal) {
        adding->answer = HELD_PRINCIPAL_FULL;
        return;
    }
    if (of_all >= (uint64_t)adding->caps->total) {
        adding->answer = HELD_TOTAL_FULL;
        return;
    }
    buffer_clear(&rows[ROW_MESSAGE].value);
    if (held_write(adding->held, &rows[ROW_MESSAGE].value)) {
        rows[ROW_MESSAGE].edit = STORE_EDIT_SET;
        change_count(&rows[ROW_TOTAL], 1);
        change_count(&rows[ROW_PRINCIPAL], 1);
        adding->answer = HELD_DONE;
    }
}

enum held_answer held_add(struct store *store, const struct hold_settings *caps,
                          const struct held *held)
{
    struct adding adding = { caps, held, HELD_UNKNOWN };
    struct rows rows;

    /* A queue id that is used again: the message before is gone. */
    if (!held_remove(store, held->queue_id)) {
        return HELD_UNKNOWN;
    }
    make_rows(held->queue_id, held, &rows);
    if (!store_update_rows(store, rows.rows, ROW_CHARGE, STORE_SOON, add_rows, &adding)) {
        return HELD_UNKNOWN;
    }
    return adding.answer;
}

/* Whether `charge` is kept is told by how many rows there are. */
static void remove_rows(struct store_row *rows, size_t count, void *context)
{
    struct held held;

    (void)context;
    if (!rows[ROW_MESSAGE].is_found) {
        return;
    }
    if (count == ROWS && held_read(buffer_span(&rows[ROW_MESSAGE].value), &held) &&
        held.charge.size > 0) {
        buffer_clear(&rows[ROW_CHARGE].value);
        buffer_add_span(&rows[ROW_CHARGE].value, held.charge);
        rows[ROW_CHARGE].edit = STORE_EDIT_SET;
    }
    rows[ROW_MESSAGE].edit = STORE_EDIT_UNSET;
    change_count(&rows[ROW_TOTAL], -1);
    change_count(&rows[ROW_PRINCIPAL], -1);
}

static bool take_out(struct store *store, struct span queue_id, bool keeps_charge)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct held held;
    struct rows rows;
    enum store_result found = held_get(store, queue_id, &bytes, &held);
    bool is_done = found != STORE_FAILED;

    if (found == STORE_FOUND) { /* nobody gives it to another principal meanwhile */
        make_rows(queue_id, &held, &rows);
        is_done = store_update_rows(store, rows.rows, keeps_charge ? ROWS : ROW_CHARGE,
                                    keeps_charge ? STORE_DURABLE : STORE_SOON, remove_rows, NULL);
    }
    buffer_free(&bytes);
    return is_done;
}

bool held_remove(struct store *store, struct span queue_id)
{
    return take_out(store, queue_id, false);
}

bool held_delete(struct store *store, struct span queue_id)
{
    return take_out(store, queue_id, true);
}

/* --- one message ----------------------------------------------------------------------------- */

/* One that cannot be read is as good as one of another principal: it goes when its time is over. */
enum store_result held_get(struct store *store, struct span queue_id, struct buffer *bytes,
                           struct held *held_r)
{
    struct key key;
    enum store_result result;

    make_key("m/", queue_id, &key);
    result = store_get(store, STORE_HELD, key.span, bytes);
    if (result == STORE_FOUND && !held_read(buffer_span(bytes), held_r)) {
        result = STORE_FAILED;
    }
    if (result == STORE_FOUND) {
        held_r->queue_id = queue_id;
    }
    return result;
}

struct altering {
    struct span charge; /* absent: stays */
    int64_t seen_s;     /* 0: stays */
    bool is_done;
};

static bool alter(struct buffer *value_io, bool is_found, void *context)
{
    struct altering *altering = context;
    struct buffer bytes = BUFFER_EMPTY;
    struct held held;

    if (!is_found || !held_read(buffer_span(value_io), &held)) {
        return false;
    }
    held.charge = altering->charge.at != NULL ? altering->charge : held.charge;
    held.seen_s = altering->seen_s != 0 ? altering->seen_s : held.seen_s;
    altering->is_done = held_write(&held, &bytes);
    if (altering->is_done) {
        buffer_free(value_io);
        *value_io = bytes;
    } else {
        buffer_free(&bytes);
    }
    return altering->is_done;
}

static bool alter_one(struct store *store, struct span queue_id, struct altering *altering)
{
    struct key key;

    make_key("m/", queue_id, &key);
    return store_update(store, STORE_HELD, key.span, STORE_SOON, alter, altering) &&
           altering->is_done;
}

bool held_set_charge(struct store *store, struct span queue_id, struct span charge)
{
    struct altering altering = { .charge = charge };

    return charge.size <= HELD_CHARGE_MAX && alter_one(store, queue_id, &altering);
}

bool held_seen(struct store *store, struct span queue_id, int64_t now_s)
{
    struct altering altering = { .seen_s = now_s };

    return alter_one(store, queue_id, &altering);
}

/* --- all of them ----------------------------------------------------------------------------- */

struct walking {
    held_each *each;
    held_charge_each *each_charge;
    void *context;
};

static bool walk_message(struct span key, struct span value, void *context)
{
    const struct walking *walking = context;
    struct held held;

    if (!held_read(value, &held)) {
        return true;
    }
    held.queue_id = span_from(key, 2);
    return walking->each(&held, walking->context);
}

bool held_walk(struct store *store, held_each *each, void *context)
{
    struct walking walking = { .each = each, .context = context };

    return store_walk(store, STORE_HELD, SPAN("m/"), walk_message, &walking);
}

static bool walk_charge(struct span key, struct span value, void *context)
{
    const struct walking *walking = context;

    return walking->each_charge(span_from(key, 2), value, walking->context);
}

bool held_walk_charges(struct store *store, held_charge_each *each, void *context)
{
    struct walking walking = { .each_charge = each, .context = context };

    return store_walk(store, STORE_HELD, SPAN("g/"), walk_charge, &walking);
}

bool held_given_back(struct store *store, struct span queue_id)
{
    struct key key;

    make_key("g/", queue_id, &key);
    return store_remove(store, STORE_HELD, key.span);
}

struct expiring {
    int64_t now_s;
    unsigned most, count;
    struct buffer ids; /* each ended by LF */
};

/* A wall clock that was set back must not make records immortal. */
static bool note_expired(const struct held *held, void *context)
{
    struct expiring *expiring = context;
    int64_t seen_s = held->seen_s > held->held_s ? held->seen_s : held->held_s;
    bool is_over = expiring->now_s - seen_s > HELD_LIFE_S || seen_s - expiring->now_s > HELD_LIFE_S;

    if (is_over) {
        buffer_add_span(&expiring->ids, held->queue_id);
        buffer_add_char(&expiring->ids, '\n');
        expiring->count++;
    }
    return expiring->count < expiring->most;
}

unsigned held_expire(struct store *store, int64_t now_s, unsigned most)
{
    struct expiring expiring = { .now_s = now_s, .most = most, .ids = BUFFER_EMPTY };
    struct span rest, id;
    unsigned count = 0;

    held_walk(store, note_expired, &expiring);
    rest = buffer_span(&expiring.ids);
    while (span_cut(&rest, '\n', &id)) {
        count += id.size > 0 && held_remove(store, id);
    }
    buffer_free(&expiring.ids);
    return count;
}
