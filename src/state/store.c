/*
 * store: rows in tables, wherever they can be kept: in LMDB's file, else in memory.
 */
#include "state/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "state/store_private.h"

#define MEMORY_MAX_BYTES ((size_t)16 << 20)
#define CHECKPOINT_NEW "store.checkpoint.new"

struct store {
    struct store_lmdb *lmdb; /* one of the two */
    struct store_memory *memory;
    char *directory; /* NULL: in memory on purpose */
    atomic_bool is_dirty;
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
    store->directory = directory != NULL ? span_strdup(span_of(directory)) : NULL;
    if (directory != NULL && store->directory == NULL) {
        store_close(&store);
    }
    return store;
}

struct store *store_open_sized(const char *directory, size_t map_bytes)
{
    struct store *store = store_new(directory);
    if (store == NULL) {
        return NULL;
    }
    store->lmdb = store_lmdb_open(directory, map_bytes, false, &store->start);
    if (store->lmdb == NULL) {
        store->memory = store_memory_new(MEMORY_MAX_BYTES);
        if (store->memory == NULL) {
            store_close(&store);
        }
    }
    return store;
}

struct store *store_open(const char *directory)
{
    return store_open_sized(directory, STORE_MAP_BYTES);
}

struct store *store_open_to_read(const char *directory, struct error *error)
{
    struct store *store = store_new(directory);
    if (store == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    store->lmdb = store_lmdb_open(directory, STORE_MAP_BYTES, true, error);
    if (store->lmdb == NULL) {
        store_close(&store);
    }
    return store;
}

struct store *store_in_memory(void)
{
    struct store *store = store_new(NULL);
    if (store != NULL) {
        store->memory = store_memory_new(MEMORY_MAX_BYTES);
        if (store->memory == NULL) {
            store_close(&store);
        }
    }
    return store;
}

void store_close(struct store **store)
{
    if (*store == NULL) {
        return;
    }
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
    return trouble_r->text[0] != '\0' || tell_broken(store, trouble_r);
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

static bool edit(struct store *store, enum store_table table, struct span key,
                 enum store_durability durability, store_edit_fn *how, void *context)
{
    struct inner_key inner;
    struct error error;
    if (!inner_key(table, key, &inner)) {
        return false;
    }
    if (store->lmdb == NULL) {
        bool is_done = store_memory_edit(store->memory, inner.span, how, context);
        error_set(&error, "no memory for more state");
        return note(store, is_done, &error);
    }
    if (!store_lmdb_edit(store->lmdb, inner.span, how, context, &error)) {
        return note(store, false, &error);
    }
    atomic_store(&store->is_dirty, true);
    return (durability == STORE_SOON || store_sync(store)) && note(store, true, NULL);
}

static enum store_edit put_value(struct buffer *value_io, bool is_found, void *context)
{
    const struct span *value = context;
    if (is_found && span_is_equal(buffer_span(value_io), *value)) {
        return STORE_EDIT_KEEP;
    }
    buffer_clear(value_io);
    buffer_add_span(value_io, *value);
    return STORE_EDIT_SET;
}

bool store_put(struct store *store, enum store_table table, struct span key, struct span value,
               enum store_durability durability)
{
    return edit(store, table, key, durability, put_value, &value);
}

static enum store_edit remove_value(struct buffer *value_io, bool is_found, void *context)
{
    (void)value_io;
    (void)context;
    return is_found ? STORE_EDIT_UNSET : STORE_EDIT_KEEP;
}

bool store_remove(struct store *store, enum store_table table, struct span key)
{
    return edit(store, table, key, STORE_SOON, remove_value, NULL);
}

struct updating {
    store_change *change;
    void *context;
};

static enum store_edit update_value(struct buffer *value_io, bool is_found, void *context)
{
    const struct updating *updating = context;
    return updating->change(value_io, is_found, updating->context) ? STORE_EDIT_SET
                                                                   : STORE_EDIT_KEEP;
}

bool store_update(struct store *store, enum store_table table, struct span key,
                  enum store_durability durability, store_change *change, void *context)
{
    struct updating updating = { change, context };
    return edit(store, table, key, durability, update_value, &updating);
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

bool store_walk(struct store *store, enum store_table table, struct span prefix, store_each *each,
                void *context)
{
    struct walking walking = { each, context };
    struct inner_key inner;
    struct error error;
    if (!inner_key(table, prefix, &inner)) {
        return true; /* no key begins like that */
    }
    return store->lmdb != NULL
               ? store_lmdb_walk(store->lmdb, inner.span, walk_row, &walking, &error)
               : store_memory_walk(store->memory, inner.span, walk_row, &walking);
}

/* --- the disk -------------------------------------------------------------------------------- */

bool store_sync(struct store *store)
{
    struct error error;
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
