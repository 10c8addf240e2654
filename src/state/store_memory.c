/*
 * store_memory: a store without a disk: rows in order of their keys, up to a number of bytes.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "state/store_private.h"

#define ROW_COST_BYTES 64 /* of a row beside its texts */

struct row {
    struct buffer key, value;
};

struct store_memory {
    pthread_mutex_t lock;
    struct row *rows;
    size_t count, room;
    size_t used_bytes, limit_bytes;
    atomic_uint_fast64_t version;
};

struct store_memory *store_memory_new(size_t limit_bytes)
{
    struct store_memory *memory = calloc(1, sizeof(*memory));
    if (memory != NULL) {
        pthread_mutex_init(&memory->lock, NULL);
        memory->limit_bytes = limit_bytes;
    }
    return memory;
}

void store_memory_free(struct store_memory **memory)
{
    if (*memory == NULL) {
        return;
    }
    for (size_t i = 0; i < (*memory)->count; i++) {
        buffer_free(&(*memory)->rows[i].key);
        buffer_free(&(*memory)->rows[i].value);
    }
    pthread_mutex_destroy(&(*memory)->lock);
    free((*memory)->rows);
    free(*memory);
    *memory = NULL;
}

static int compare(struct span a, struct span b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter > 0 ? memcmp(a.at, b.at, shorter) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* The first row whose key is not below. */
static size_t position_of(const struct store_memory *memory, struct span key)
{
    size_t low = 0, high = memory->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(buffer_span(&memory->rows[middle].key), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct row *find(struct store_memory *memory, struct span key)
{
    size_t at = position_of(memory, key);
    bool is_there = at < memory->count && compare(buffer_span(&memory->rows[at].key), key) == 0;
    return is_there ? &memory->rows[at] : NULL;
}

enum store_result store_memory_get(struct store_memory *memory, struct span key,
                                   struct buffer *value_r)
{
    pthread_mutex_lock(&memory->lock);
    struct row *row = find(memory, key);
    if (row != NULL) {
        buffer_add_span(value_r, buffer_span(&row->value));
    }
    pthread_mutex_unlock(&memory->lock);
    if (buffer_has_failed(value_r)) {
        return STORE_FAILED;
    }
    return row != NULL ? STORE_FOUND : STORE_ABSENT;
}

static size_t cost_of(struct span key, struct span value)
{
    return ROW_COST_BYTES + key.size + value.size;
}

static void unset(struct store_memory *memory, struct row *row)
{
    size_t at = (size_t)(row - memory->rows);
    memory->used_bytes -= cost_of(buffer_span(&row->key), buffer_span(&row->value));
    buffer_free(&row->key);
    buffer_free(&row->value);
    memory->count--;
    memmove(row, row + 1, (memory->count - at) * sizeof(*row));
}

static bool make_room(struct store_memory *memory)
{
    if (memory->count < memory->room) {
        return true;
    }
    size_t room = memory->room > 0 ? memory->room * 2 : 64;
    struct row *rows = realloc(memory->rows, room * sizeof(*rows));
    if (rows == NULL) {
        return false;
    }
    memory->rows = rows;
    memory->room = room;
    return true;
}

static struct row *insert(struct store_memory *memory, struct span key)
{
    struct row row = { BUFFER_EMPTY, BUFFER_EMPTY };
    buffer_add_span(&row.key, key);
    if (buffer_has_failed(&row.key) || !make_room(memory)) {
        buffer_free(&row.key);
        return NULL;
    }
    size_t at = position_of(memory, key);
    memmove(&memory->rows[at + 1], &memory->rows[at], (memory->count - at) * sizeof(*memory->rows));
    memory->rows[at] = row;
    memory->count++;
    memory->used_bytes += cost_of(key, SPAN(""));
    return &memory->rows[at];
}

/* Takes the value over when it fits. */
static bool set(struct store_memory *memory, struct row *row, struct span key, struct buffer *value)
{
    size_t old = row != NULL ? cost_of(key, buffer_span(&row->value)) : 0;
    size_t next = memory->used_bytes - old + cost_of(key, buffer_span(value));
    if (buffer_has_failed(value) || next > memory->limit_bytes) {
        return false;
    }
    row = row != NULL ? row : insert(memory, key);
    if (row == NULL) {
        return false;
    }
    buffer_free(&row->value);
    row->value = *value;
    *value = BUFFER_EMPTY;
    memory->used_bytes = next;
    return true;
}

bool store_memory_edit(struct store_memory *memory, struct span key, store_edit_fn *edit,
                       void *context)
{
    struct buffer value = BUFFER_EMPTY;
    bool is_good = true;
    pthread_mutex_lock(&memory->lock);
    struct row *row = find(memory, key);
    if (row != NULL) {
        buffer_add_span(&value, buffer_span(&row->value));
        is_good = !buffer_has_failed(&value);
    }
    enum store_edit answer = is_good ? edit(&value, row != NULL, context) : STORE_EDIT_KEEP;
    if (answer == STORE_EDIT_SET) {
        is_good = set(memory, row, key, &value);
    } else if (answer == STORE_EDIT_UNSET && row != NULL) {
        unset(memory, row);
    }
    if (is_good && answer != STORE_EDIT_KEEP) {
        atomic_fetch_add(&memory->version, 1);
    }
    pthread_mutex_unlock(&memory->lock);
    buffer_free(&value);
    return is_good;
}

/* `each` may not change the store. */
bool store_memory_walk(struct store_memory *memory, struct span prefix, store_each *each,
                       void *context)
{
    pthread_mutex_lock(&memory->lock);
    for (size_t i = position_of(memory, prefix); i < memory->count; i++) {
        struct span key = buffer_span(&memory->rows[i].key);
        if (!span_is_equal(span_first(key, prefix.size), prefix) ||
            !each(key, buffer_span(&memory->rows[i].value), context)) {
            break;
        }
    }
    pthread_mutex_unlock(&memory->lock);
    return true;
}

uint64_t store_memory_version(struct store_memory *memory)
{
    return atomic_load(&memory->version);
}
