/*
 * store_sweep: old records of a table go, a part of it with each call.
 */
#include <string.h>

#include "state/store.h"

struct sweeping {
    store_is_over *is_over;
    void *context;
    unsigned looked, most, count;
    char keys[STORE_ROWS_MAX][STORE_KEY_MAX];
    size_t sizes[STORE_ROWS_MAX];
    struct buffer *place;
};

static bool gather(struct span key, struct span value, void *context)
{
    struct sweeping *sweeping = context;
    if (key.size <= STORE_KEY_MAX && sweeping->is_over(key, value, sweeping->context)) {
        memcpy(sweeping->keys[sweeping->count], key.at, key.size);
        sweeping->sizes[sweeping->count++] = key.size;
    }
    sweeping->looked++;
    if (sweeping->looked < sweeping->most && sweeping->count < STORE_ROWS_MAX) {
        return true;
    }
    buffer_clear(sweeping->place);
    buffer_add_span(sweeping->place, key);
    return false;
}

static void unset(struct store_row *rows, size_t count, void *context)
{
    struct sweeping *sweeping = context;
    sweeping->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].is_found &&
            sweeping->is_over(rows[i].key, buffer_span(&rows[i].value), sweeping->context)) {
            rows[i].edit = STORE_EDIT_UNSET;
            sweeping->count++;
        }
    }
}

static unsigned remove_gathered(struct store *store, enum store_table table,
                                struct sweeping *sweeping)
{
    struct store_row rows[STORE_ROWS_MAX];
    size_t count = sweeping->count;
    for (size_t i = 0; i < count; i++) {
        rows[i] = (struct store_row){ .table = table,
                                      .key = { sweeping->keys[i], sweeping->sizes[i] },
                                      .value = BUFFER_EMPTY };
    }
    bool is_done = count > 0 && store_update_rows(store, rows, count, STORE_SOON, unset, sweeping);
    return is_done ? sweeping->count : 0;
}

unsigned store_sweep(struct store *store, enum store_table table, store_is_over *is_over,
                     void *context, unsigned most, struct buffer *place_io)
{
    struct buffer next = BUFFER_EMPTY;
    struct sweeping sweeping = {
        .is_over = is_over, .context = context, .most = most, .place = &next
    };
    (void)store_walk_after(store, table, buffer_span(place_io), gather, &sweeping);
    unsigned removed = remove_gathered(store, table, &sweeping);
    buffer_clear(place_io);
    buffer_add_span(place_io, buffer_span(&next));
    buffer_free(&next);
    return removed;
}
