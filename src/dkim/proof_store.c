/*
 * proof_store: between struct key_record and the bytes in the table STORE_KEYS.
 */
#include "dkim/proof_store.h"

#include "dkim/domains_private.h"

_Static_assert(KEY_NAME_ROOM >= DOMAIN_RECORD_ROOM, "a name of a record fits");

bool key_name(struct span selector, struct span d, char out[static KEY_NAME_ROOM])
{
    return domains_record_name(selector, d, out);
}

enum store_result key_record_load(struct store *store, struct span name,
                                  struct key_record *record_r)
{
    struct buffer bytes = BUFFER_EMPTY;
    enum store_result result = store_get(store, STORE_KEYS, name, &bytes);
    if (result == STORE_FOUND && !key_record_read(buffer_span(&bytes), record_r)) {
        result = STORE_FAILED;
    }
    buffer_free(&bytes);
    return result;
}

bool key_record_save(struct store *store, struct span name, const struct key_record *record,
                     enum store_durability durability)
{
    struct buffer bytes = BUFFER_EMPTY;
    bool is_saved = key_record_write(record, &bytes) &&
                    store_put(store, STORE_KEYS, name, buffer_span(&bytes), durability);
    buffer_free(&bytes);
    return is_saved;
}

struct changing {
    key_record_change *change;
    void *context;
    bool is_good;
};

static bool change_bytes(struct buffer *value_io, bool is_found, void *context)
{
    struct changing *changing = context;
    struct key_record record = { .state = KEY_NEW };
    changing->is_good = !is_found || key_record_read(buffer_span(value_io), &record);
    if (!changing->is_good || !changing->change(&record, is_found, changing->context)) {
        return false;
    }
    buffer_clear(value_io);
    changing->is_good = key_record_write(&record, value_io);
    return changing->is_good;
}

bool key_record_update(struct store *store, struct span name, enum store_durability durability,
                       key_record_change *change, void *context)
{
    struct changing changing = { change, context, true };
    return store_update(store, STORE_KEYS, name, durability, change_bytes, &changing) &&
           changing.is_good;
}

bool key_record_remove(struct store *store, struct span name)
{
    return store_remove(store, STORE_KEYS, name);
}

struct walking {
    key_record_each *each;
    void *context;
};

static bool walk_row(struct span key, struct span value, void *context)
{
    const struct walking *walking = context;
    struct key_record record;
    return !key_record_read(value, &record) || walking->each(key, &record, walking->context);
}

bool key_record_walk(struct store *store, key_record_each *each, void *context)
{
    struct walking walking = { each, context };
    return store_walk(store, STORE_KEYS, SPAN(""), walk_row, &walking);
}
