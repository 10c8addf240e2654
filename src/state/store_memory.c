/*
 * store_memory: a store without a disk: rows in a skip list, in order of their keys, up to a number
 * of bytes.
 *
 * A row is on the lowest level and on each next one with a chance of a quarter, so a million rows
 * are found in some forty steps, and one is put in or taken out without moving any other.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

#include "state/store_private.h"

#define LEVELS 14         /* 4^14 rows; with more it is only slower */
#define ROW_COST_BYTES 64 /* of a row beside its texts */

struct row {
    char *key;
    struct buffer value;
    uint32_t key_size;
    uint32_t level_count;
    struct row *next[]; /* on each level; NULL: it is the last */
};

struct store_memory {
    pthread_mutex_t lock;
    struct row *first[LEVELS];
    size_t used_bytes;
    atomic_uint_fast64_t limit_bytes;
    uint64_t chance;
    atomic_uint_fast64_t version;
    struct store_sums sums;
};

struct store_memory *store_memory_new(uint64_t limit_bytes)
{
    struct store_memory *memory = calloc(1, sizeof(*memory));
    if (memory != NULL) {
        pthread_mutex_init(&memory->lock, NULL);
        memory->limit_bytes = limit_bytes;
        if (getrandom(&memory->chance, sizeof(memory->chance), GRND_NONBLOCK) < 0) {
            memory->chance = 0; /* then heights can be foreseen, at the cost of time only */
        }
        memory->chance |= 1;
    }
    return memory;
}

static void free_row(struct row *row)
{
    buffer_free(&row->value);
    free(row->key);
    free(row);
}

void store_memory_free(struct store_memory **memory)
{
    if (*memory == NULL) {
        return;
    }
    for (struct row *row = (*memory)->first[0], *next; row != NULL; row = next) {
        next = row->next[0];
        free_row(row);
    }
    pthread_mutex_destroy(&(*memory)->lock);
    free(*memory);
    *memory = NULL;
}

void store_memory_limit(struct store_memory *memory, uint64_t limit_bytes)
{
    atomic_store(&memory->limit_bytes, limit_bytes);
}

/* --- the list -------------------------------------------------------------------------------- */

static struct span key_of(const struct row *row)
{
    return (struct span){ row->key, row->key_size };
}

static int compare(struct span a, struct span b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter > 0 ? memcmp(a.at, b.at, shorter) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Where, on each level, a row of that key hangs or would hang; the last is that of level 0. */
static struct row **find_links(struct store_memory *memory, struct span key,
                               struct row **links_r[LEVELS])
{
    struct row **heads = memory->first;
    for (int level = LEVELS - 1; level >= 0; level--) {
        while (heads[level] != NULL && compare(key_of(heads[level]), key) < 0) {
            heads = heads[level]->next;
        }
        if (links_r != NULL) {
            links_r[level] = &heads[level];
        }
    }
    return &heads[0];
}

static struct row *find(struct store_memory *memory, struct span key)
{
    struct row *row = *find_links(memory, key, NULL);
    return row != NULL && compare(key_of(row), key) == 0 ? row : NULL;
}

static uint32_t choose_levels(struct store_memory *memory)
{
    uint32_t levels = 1;
    memory->chance ^= memory->chance << 13;
    memory->chance ^= memory->chance >> 7;
    memory->chance ^= memory->chance << 17;
    for (uint64_t bits = memory->chance; (bits & 3) == 0 && levels < LEVELS; bits >>= 2) {
        levels++;
    }
    return levels;
}

static struct row *make_row(struct store_memory *memory, struct span key)
{
    uint32_t levels = choose_levels(memory);
    struct row *row = calloc(1, sizeof(*row) + levels * sizeof(struct row *));
    if (row == NULL) {
        return NULL;
    }
    row->key = malloc(key.size);
    if (row->key == NULL) {
        free(row);
        return NULL;
    }
    memcpy(row->key, key.at, key.size);
    row->key_size = (uint32_t)key.size;
    row->level_count = levels;
    return row;
}

static size_t cost_of(struct span key, struct span value)
{
    return ROW_COST_BYTES + key.size + value.size;
}

static bool insert(struct store_memory *memory, struct span key)
{
    struct row **links[LEVELS];
    struct row *row = make_row(memory, key);
    if (row == NULL) {
        return false;
    }
    find_links(memory, key, links);
    for (uint32_t level = 0; level < row->level_count; level++) {
        row->next[level] = *links[level];
        *links[level] = row;
    }
    memory->used_bytes += cost_of(key, SPAN(""));
    return true;
}

static void unset(struct store_memory *memory, struct row *row)
{
    struct row **links[LEVELS];
    find_links(memory, key_of(row), links);
    for (uint32_t level = 0; level < row->level_count; level++) {
        *links[level] = row->next[level];
    }
    memory->used_bytes -= cost_of(key_of(row), buffer_span(&row->value));
    free_row(row);
}

/* --- edits ----------------------------------------------------------------------------------- */

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

static bool read_rows(struct store_memory *memory, struct store_row *rows, size_t count)
{
    bool is_good = true;
    for (size_t i = 0; i < count; i++) {
        struct row *row = find(memory, rows[i].key);
        rows[i].is_found = row != NULL;
        if (row != NULL) {
            buffer_add_span(&rows[i].value, buffer_span(&row->value));
            is_good &= !buffer_has_failed(&rows[i].value);
        }
    }
    return is_good;
}

static size_t cost_of_row(struct store_memory *memory, struct span key)
{
    const struct row *row = find(memory, key);
    return row != NULL ? cost_of(key, buffer_span(&row->value)) : 0;
}

/* Would there be room for all of them? */
static enum store_edited do_fit(struct store_memory *memory, const struct store_row *rows,
                                size_t count)
{
    size_t freed = 0, needed = 0;
    bool is_whole = true, has_new = false;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].edit != STORE_EDIT_KEEP) {
            freed += cost_of_row(memory, rows[i].key);
        }
        if (rows[i].edit == STORE_EDIT_SET) {
            needed += cost_of(rows[i].key, buffer_span(&rows[i].value));
            is_whole &= !buffer_has_failed(&rows[i].value);
            has_new |= !rows[i].is_found;
        }
    }
    if (!is_whole) {
        return STORE_EDIT_FAILED;
    }
    size_t later_bytes = memory->used_bytes - freed + needed;
    return needed <= freed || later_bytes <= store_hard_limit(memory->limit_bytes, has_new)
               ? STORE_EDITED
               : STORE_EDIT_FULL;
}

/* Rows that are new are there, empty, before anything is altered: then nothing can fail. */
static bool insert_missing(struct store_memory *memory, const struct store_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_missing = rows[i].edit == STORE_EDIT_SET && !rows[i].is_found;
        if (is_missing && !insert(memory, rows[i].key)) {
            while (i-- > 0) {
                if (rows[i].edit == STORE_EDIT_SET && !rows[i].is_found) {
                    unset(memory, find(memory, rows[i].key));
                }
            }
            return false;
        }
    }
    return true;
}

static void apply(struct store_memory *memory, struct store_row *edited)
{
    struct row *row = find(memory, edited->key);
    if (edited->edit == STORE_EDIT_UNSET && row != NULL) {
        unset(memory, row);
    } else if (edited->edit == STORE_EDIT_SET) {
        memory->used_bytes -= cost_of(edited->key, buffer_span(&row->value));
        buffer_free(&row->value);
        row->value = edited->value;
        edited->value = BUFFER_EMPTY;
        memory->used_bytes += cost_of(edited->key, buffer_span(&row->value));
    }
}

static void apply_all(struct store_memory *memory, struct store_row *rows, size_t count)
{
    bool has_changed = false;
    store_sums_apply(&memory->sums, rows, count);
    for (size_t i = 0; i < count; i++) {
        has_changed |= rows[i].edit != STORE_EDIT_KEEP;
        apply(memory, &rows[i]);
    }
    if (has_changed) {
        atomic_fetch_add(&memory->version, 1);
    }
}

enum store_edited store_memory_edit(struct store_memory *memory, struct store_row *rows,
                                    size_t count, store_change_rows *change, void *context)
{
    enum store_edited edited = STORE_EDIT_FAILED;
    pthread_mutex_lock(&memory->lock);
    if (read_rows(memory, rows, count)) {
        change(rows, count, context);
        edited = do_fit(memory, rows, count);
        if (edited == STORE_EDITED && !insert_missing(memory, rows, count)) {
            edited = STORE_EDIT_FAILED;
        }
        if (edited == STORE_EDITED) {
            apply_all(memory, rows, count);
        }
    }
    pthread_mutex_unlock(&memory->lock);
    return edited;
}

/* --- looking --------------------------------------------------------------------------------- */

/* `each` may not change the store. */
bool store_memory_walk(struct store_memory *memory, struct span from, struct span prefix,
                       store_each *each, void *context)
{
    pthread_mutex_lock(&memory->lock);
    for (struct row *row = *find_links(memory, from, NULL); row != NULL; row = row->next[0]) {
        if (!span_is_equal(span_first(key_of(row), prefix.size), prefix) ||
            !each(key_of(row), buffer_span(&row->value), context)) {
            break;
        }
    }
    pthread_mutex_unlock(&memory->lock);
    return true;
}

void store_memory_sums(struct store_memory *memory, struct store_sums *sums_r)
{
    pthread_mutex_lock(&memory->lock);
    *sums_r = memory->sums;
    pthread_mutex_unlock(&memory->lock);
}

uint64_t store_memory_used(struct store_memory *memory)
{
    pthread_mutex_lock(&memory->lock);
    size_t used_bytes = memory->used_bytes;
    pthread_mutex_unlock(&memory->lock);
    return used_bytes;
}

uint64_t store_memory_version(struct store_memory *memory)
{
    return atomic_load(&memory->version);
}
