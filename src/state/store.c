/*
 * store: rows in tables, wherever they can be kept: in LMDB's file, else in memory.
 */
#include "state/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "state/store_private.h"

#define MEMORY_MAX_BYTES (UINT64_C(1) << 30) /* until store_limit() says otherwise */
#define CHECKPOINT_NEW "store.checkpoint.new"

struct store {
    struct store_lmdb *lmdb; /* one of the two */
    struct store_memory *memory;
    char *directory; /* NULL: in memory on purpose */
    atomic_uint_fast64_t limit_bytes;
    int64_t began_s; /* in memory: when */
    unsigned newest_layout;
    atomic_bool is_dirty;
    atomic_bool is_noted; /* in the directory: that what memory has is missing there */
    atomic_uint_fast64_t copied_version;
    pthread_mutex_t lock;     /* of `last` */
    struct error start, last; /* why it is memory; why the last write failed; "": it is not */
};

/* --- opening --------------------------------------------------------------------------------- */

static struct store *store_new(const char *directory)
{
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return NULL;
    }
    pthread_mutex_init(&store->lock, NULL);
    store->limit_bytes = UINT64_MAX;
    store->began_s = time(NULL);
    store->newest_layout = STORE_LAYOUT;
    store->directory = directory != NULL ? span_strdup(span_of(directory)) : NULL;
    if (directory != NULL && store->directory == NULL) {
        store_close(&store);
    }
    return store;
}

static void use_memory(struct store **store)
{
    (*store)->limit_bytes = MEMORY_MAX_BYTES;
    (*store)->memory = store_memory_new(MEMORY_MAX_BYTES);
    if ((*store)->memory == NULL) {
        store_close(store);
    }
}

struct store *store_open_as(const struct store_opening *opening)
{
    struct store *store = store_new(opening->directory);
    if (store == NULL) {
        return NULL;
    }
    store->newest_layout = opening->newest_layout;
    store->lmdb = store_lmdb_open(opening, &store->start);
    if (store->lmdb == NULL) {
        use_memory(&store);
    }
    return store;
}

struct store *store_open(const char *directory)
{
    return store_open_as(&(struct store_opening){ directory, false, STORE_LAYOUT });
}

struct store *store_open_to_read(const char *directory, struct error *error)
{
    struct store_opening opening = { directory, true, STORE_LAYOUT };
    struct store *store = store_new(directory);
    if (store == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    store->lmdb = store_lmdb_open(&opening, error);
    if (store->lmdb == NULL) {
        store_close(&store);
    }
    return store;
}

struct store *store_in_memory(void)
{
    struct store *store = store_new(NULL);
    if (store != NULL) {
        use_memory(&store);
    }
    return store;
}

/* What was put in memory is missing in the directory when that can be used again. */
static void note_missing(struct store *store)
{
    if (store->memory != NULL && store->directory != NULL && !atomic_load(&store->is_noted) &&
        store_memory_version(store->memory) > 0) {
        atomic_store(&store->is_noted, store_place_note_loss(store->directory));
    }
}

void store_close(struct store **store)
{
    if (*store == NULL) {
        return;
    }
    note_missing(*store);
    store_lmdb_close(&(*store)->lmdb);
    store_memory_free(&(*store)->memory);
    pthread_mutex_destroy(&(*store)->lock);
    free((*store)->directory);
    free(*store);
    *store = NULL;
}

bool store_is_usable(const char *directory, struct error *error)
{
    return store_place_is_usable(directory, error);
}

bool store_is_shared(const struct store *store)
{
    return store->lmdb != NULL;
}

uint64_t store_version(const struct store *store)
{
    return store->lmdb != NULL ? store_lmdb_version(store->lmdb)
                               : store_memory_version(store->memory);
}

/* --- room and past --------------------------------------------------------------------------- */

void store_limit(struct store *store, uint64_t bytes)
{
    atomic_store(&store->limit_bytes, bytes);
    if (store->lmdb != NULL) {
        store_lmdb_limit(store->lmdb, bytes);
    } else {
        store_memory_limit(store->memory, bytes);
    }
}

uint64_t store_used(const struct store *store)
{
    return store->lmdb != NULL ? store_lmdb_used(store->lmdb) : store_memory_used(store->memory);
}

uint64_t store_ceiling(const struct store *store)
{
    return atomic_load(&store->limit_bytes);
}

bool store_is_full(const struct store *store)
{
    return store_used(store) >= atomic_load(&store->limit_bytes);
}

enum store_history store_history(const struct store *store, int64_t *since_s_r)
{
    bool is_lost = store->directory != NULL; /* what lies there, when it is in memory */
    *since_s_r = store->began_s;
    if (store->lmdb != NULL && !store_lmdb_history(store->lmdb, &is_lost, since_s_r)) {
        return STORE_LOST;
    }
    return is_lost ? STORE_LOST : STORE_WHOLE;
}

unsigned store_layout(const struct store *store)
{
    return store->lmdb != NULL ? store_lmdb_layout(store->lmdb) : store->newest_layout;
}

/* --- trouble --------------------------------------------------------------------------------- */

/* Notes how a write ended, and hands that on. */
static bool note(struct store *store, bool is_good, const struct error *error)
{
    pthread_mutex_lock(&store->lock);
    if (is_good) {
        store->last.text[0] = '\0';
    } else {
        store->last = *error;
    }
    pthread_mutex_unlock(&store->lock);
    return is_good;
}

/* Somebody must learn that it was damaged, whichever process found it. */
static bool tell_broken(struct store *store, struct error *trouble_r)
{
    struct stat status;
    struct tm utc;
    char when[32];
    if (store->lmdb == NULL ||
        fstatat(store_lmdb_place(store->lmdb)->fd, STORE_BROKEN, &status, 0) < 0 ||
        gmtime_r(&status.st_ctim.tv_sec, &utc) == NULL) {
        return false;
    }
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
    error_set(trouble_r,
              "%s/%s was found damaged at %s, and what the last checkpoint did not have is lost: "
              "look through \"egressctl key list\", then remove %s/%s",
              store->directory, STORE_FILE, when, store->directory, STORE_BROKEN);
    return true;
}

static bool tell_full(struct store *store, struct error *trouble_r)
{
    uint64_t limit = atomic_load(&store->limit_bytes);
    if (!store_is_full(store)) {
        return false;
    }
    error_set(trouble_r,
              "the store is full (%" PRIu64 " MiB): nothing in use is given up, but nobody new is "
              "counted by himself; raise size in state and reload",
              limit >> 20);
    return true;
}

bool store_trouble(struct store *store, struct error *trouble_r)
{
    if (store->lmdb == NULL && store->directory != NULL) {
        error_set(trouble_r, "state is kept in memory and ends with the process: %s",
                  store->start.text);
        return true;
    }
    pthread_mutex_lock(&store->lock);
    *trouble_r = store->last;
    pthread_mutex_unlock(&store->lock);
    return trouble_r->text[0] != '\0' || tell_full(store, trouble_r) ||
           tell_broken(store, trouble_r);
}

/* --- rows ------------------------------------------------------------------------------------ */

struct inner_key {
    char bytes[STORE_INNER_KEY_MAX];
    struct span span;
};

/* False: longer than a key may be. */
static bool inner_key(enum store_table table, struct span key, struct inner_key *inner)
{
    if (key.size > STORE_KEY_MAX) {
        return false;
    }
    inner->bytes[0] = (char)(table + 1);
    if (key.size > 0) {
        memcpy(inner->bytes + 1, key.at, key.size);
    }
    inner->span = (struct span){ inner->bytes, key.size + 1 };
    return true;
}

enum store_result store_get(struct store *store, enum store_table table, struct span key,
                            struct buffer *value_r)
{
    struct inner_key inner;
    struct error error;
    if (!inner_key(table, key, &inner)) {
        return STORE_ABSENT;
    }
    return store->lmdb != NULL ? store_lmdb_get(store->lmdb, inner.span, value_r, &error)
                               : store_memory_get(store->memory, inner.span, value_r);
}

/* In whichever of the two places. What is full is told as long as it is, not as the last failure.
 */
static bool edit(struct store *store, struct store_row *rows, size_t count,
                 enum store_durability durability, store_change_rows *change, void *context)
{
    struct error error;
    error_set(&error, "no memory for more state");
    enum store_edited edited =
        store->lmdb != NULL ? store_lmdb_edit(store->lmdb, rows, count, change, context, &error)
                            : store_memory_edit(store->memory, rows, count, change, context);
    if (edited == STORE_EDIT_FULL) {
        error_set(&error, "there is no room for so much");
        return !store_is_full(store) && note(store, false, &error);
    }
    if (edited == STORE_EDIT_FAILED) {
        return note(store, false, &error);
    }
    if (store->lmdb == NULL) {
        return note(store, true, NULL);
    }
    atomic_store(&store->is_dirty, true);
    return (durability == STORE_SOON || store_sync(store)) && note(store, true, NULL);
}

bool store_update_rows(struct store *store, struct store_row *rows, size_t count,
                       enum store_durability durability, store_change_rows *change, void *context)
{
    struct inner_key inner[STORE_ROWS_MAX];
    struct span outer[STORE_ROWS_MAX];
    bool is_done = count <= STORE_ROWS_MAX;
    for (size_t i = 0; i < count && is_done; i++) {
        outer[i] = rows[i].key;
        is_done = inner_key(rows[i].table, outer[i], &inner[i]);
    }
    if (!is_done) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        rows[i] = (struct store_row){ .table = rows[i].table, .key = inner[i].span };
    }
    is_done = edit(store, rows, count, durability, change, context);
    for (size_t i = 0; i < count; i++) {
        buffer_free(&rows[i].value);
        rows[i].key = outer[i];
    }
    return is_done;
}

static bool edit_one(struct store *store, enum store_table table, struct span key,
                     enum store_durability durability, store_change_rows *change, void *context)
{
    struct store_row row = { .table = table, .key = key };
    return store_update_rows(store, &row, 1, durability, change, context);
}

static void put_value(struct store_row *row, size_t count, void *context)
{
    const struct span *value = context;
    (void)count;
    if (!row->is_found || !span_is_equal(buffer_span(&row->value), *value)) {
        buffer_clear(&row->value);
        buffer_add_span(&row->value, *value);
        row->edit = STORE_EDIT_SET;
    }
}

bool store_put(struct store *store, enum store_table table, struct span key, struct span value,
               enum store_durability durability)
{
    return edit_one(store, table, key, durability, put_value, &value);
}

static void remove_value(struct store_row *row, size_t count, void *context)
{
    (void)count;
    (void)context;
    row->edit = row->is_found ? STORE_EDIT_UNSET : STORE_EDIT_KEEP;
}

bool store_remove(struct store *store, enum store_table table, struct span key)
{
    return edit_one(store, table, key, STORE_SOON, remove_value, NULL);
}

struct updating {
    store_change *change;
    void *context;
};

static void update_value(struct store_row *row, size_t count, void *context)
{
    const struct updating *updating = context;
    (void)count;
    bool is_wanted = updating->change(&row->value, row->is_found, updating->context);
    row->edit = is_wanted ? STORE_EDIT_SET : STORE_EDIT_KEEP;
}

bool store_update(struct store *store, enum store_table table, struct span key,
                  enum store_durability durability, store_change *change, void *context)
{
    struct updating updating = { change, context };
    return edit_one(store, table, key, durability, update_value, &updating);
}

struct walking {
    store_each *each;
    void *context;
};

static bool walk_row(struct span key, struct span value, void *context)
{
    const struct walking *walking = context;
    return walking->each(span_from(key, 1), value, walking->context);
}

static bool walk(struct store *store, struct span from, struct span prefix, store_each *each,
                 void *context)
{
    struct error error;
    return store->lmdb != NULL ? store_lmdb_walk(store->lmdb, from, prefix, each, context, &error)
                               : store_memory_walk(store->memory, from, prefix, each, context);
}

bool store_walk(struct store *store, enum store_table table, struct span prefix, store_each *each,
                void *context)
{
    struct walking walking = { each, context };
    struct inner_key inner;
    return !inner_key(table, prefix, &inner) || /* no key begins like that */
           walk(store, inner.span, inner.span, walk_row, &walking);
}

struct walking_after {
    struct walking walking;
    struct span after; /* whole keys both */
};

static bool walk_row_after(struct span key, struct span value, void *context)
{
    struct walking_after *after = context;
    return span_is_equal(key, after->after) || walk_row(key, value, &after->walking);
}

bool store_walk_after(struct store *store, enum store_table table, struct span after,
                      store_each *each, void *context)
{
    struct inner_key begin, whole;
    if (!inner_key(table, SPAN(""), &whole) || !inner_key(table, after, &begin)) {
        return true;
    }
    struct walking_after walking = { { each, context }, begin.span };
    return walk(store, begin.span, whole.span, walk_row_after, &walking);
}

static bool count_row(struct span key, struct span value, void *context)
{
    uint64_t *number = context;
    (void)key;
    (void)value;
    ++*number;
    return true;
}

static bool sums_of(struct store *store, struct store_sums *sums_r)
{
    struct error error;
    if (store->lmdb != NULL) {
        return store_lmdb_sums(store->lmdb, sums_r, &error);
    }
    store_memory_sums(store->memory, sums_r);
    return true;
}

uint64_t store_count(struct store *store, enum store_table table)
{
    struct store_sums sums;
    uint64_t number = 0;
    if (store_sums_count(table)) {
        return sums_of(store, &sums) ? sums.of[table].count : 0;
    }
    return store_walk(store, table, SPAN(""), count_row, &number) ? number : 0;
}

uint64_t store_table_version(struct store *store, enum store_table table)
{
    struct store_sums sums;
    return sums_of(store, &sums) ? sums.of[table].version : 0;
}

/* --- the disk -------------------------------------------------------------------------------- */

bool store_sync(struct store *store)
{
    struct error error;
    note_missing(store);
    if (store->lmdb != NULL && !store_lmdb_layout_raise(store->lmdb, &error)) {
        note(store, false, &error);
    }
    if (store->lmdb == NULL || !atomic_exchange(&store->is_dirty, false)) {
        return true;
    }
    if (store_lmdb_sync(store->lmdb, &error)) {
        return true;
    }
    atomic_store(&store->is_dirty, true);
    return note(store, false, &error);
}

bool store_checkpoint(struct store *store)
{
    struct error error;
    if (store->lmdb == NULL) {
        return true;
    }
    uint64_t version = store_lmdb_version(store->lmdb);
    if (atomic_load(&store->copied_version) == version) {
        return true;
    }
    const struct store_place *place = store_lmdb_place(store->lmdb);
    int fd = store_place_make(place, CHECKPOINT_NEW, &error);
    if (fd < 0) {
        return note(store, false, &error);
    }
    if (!store_lmdb_copy(store->lmdb, fd, &error)) {
        close(fd);
        unlinkat(place->fd, CHECKPOINT_NEW, 0);
        return note(store, false, &error);
    }
    if (!store_place_put(place, fd, CHECKPOINT_NEW, STORE_CHECKPOINT, &error)) {
        return note(store, false, &error);
    }
    atomic_store(&store->copied_version, version);
    return true;
}
