/*
 * store_lmdb: rows in LMDB's file.
 *
 * Opened without a sync for each commit and written through the map: a commit costs microseconds,
 * and since the map is the kernel's, the death of a process loses nothing. What a loss of power can
 * do to it is looked at by the first who opens it (store_files.c).
 *
 * What LMDB would do badly is kept from it: a write through the map to a disk that is full ends the
 * process, so room is reserved before; a file that is no sound database crashes the library, so it
 * never gets one. It must not be opened twice in a process, and not be used across fork().
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <lmdb.h>

#include "state/store_private.h"

#define READERS_MAX 256
#define LOCK_FILE_BYTES ((size_t)READERS_MAX * 64 + 8192) /* a reader is a cache line */
#define LAYOUT "1"
#define LAYOUT_KEY SPAN("\0layout") /* no table begins with NUL */
#define PATH_ROOM 4096

struct store_lmdb {
    MDB_env *env;
    MDB_dbi rows;
    struct store_place place;
    size_t page_size, map_bytes;
    atomic_size_t reserved_bytes;
    int file_fd; /* the environment's */
    char path[PATH_ROOM];
};

static bool failed(const struct store_lmdb *lmdb, int code, struct error *error)
{
    switch (code) {
    case MDB_MAP_FULL:
        error_set(error,
                  "%s is full (%zu MiB): remove keys that are done, or stop the daemon and "
                  "move the file away",
                  lmdb->path, lmdb->map_bytes >> 20);
        break;
    case MDB_VERSION_MISMATCH:
    case MDB_INVALID:
        error_set(error, "%s is no database of ours: move it away", lmdb->path);
        break;
    case MDB_MAP_RESIZED:
        error_set(error, "%s has grown beyond what this version knows: restart the daemon",
                  lmdb->path);
        break;
    default:
        error_set(error, "%s: %s", lmdb->path, mdb_strerror(code));
    }
    return false;
}

static MDB_val value_of(struct span text)
{
    return (MDB_val){ text.size, (void *)text.at };
}

static struct span span_of_value(MDB_val value)
{
    return (struct span){ value.mv_data, value.mv_size };
}

/* --- opening --------------------------------------------------------------------------------- */

static bool reserve(struct store_lmdb *lmdb, struct error *error)
{
    MDB_envinfo info;
    mdb_env_info(lmdb->env, &info);
    size_t reserved = atomic_load(&lmdb->reserved_bytes);
    bool is_there = store_place_reserve(lmdb->file_fd, (info.me_last_pgno + 1) * lmdb->page_size,
                                        lmdb->map_bytes, &reserved, error);
    atomic_store(&lmdb->reserved_bytes, reserved);
    if (!is_there) {
        error_prefix(error, "%s", lmdb->path);
    }
    return is_there;
}

static bool reserve_file(const struct store_lmdb *lmdb, const char *name, size_t size,
                         struct error *error)
{
    size_t reserved = 0;
    int fd = openat(lmdb->place.fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        error_set(error, "%s: %m", lmdb->path);
        return false;
    }
    bool is_there = store_place_reserve(fd, 0, size, &reserved, error);
    if (!is_there) {
        error_prefix(error, "%s", lmdb->path);
    }
    close(fd);
    return is_there;
}

/* The very first pages are written before there is an environment to ask; the table of readers is
 * a map, too. */
static bool reserve_first(const struct store_lmdb *lmdb, bool to_read, struct error *error)
{
    return reserve_file(lmdb, STORE_FILE "-lock", LOCK_FILE_BYTES, error) &&
           (to_read || reserve_file(lmdb, STORE_FILE, lmdb->map_bytes, error));
}

static int open_environment(struct store_lmdb *lmdb, bool to_read)
{
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
    int dead, code = mdb_env_create(&lmdb->env);
    if (code != 0) {
        lmdb->env = NULL;
        return code;
    }
    flags |= to_read ? MDB_RDONLY : MDB_NOSYNC | MDB_WRITEMAP;
    code = mdb_env_set_mapsize(lmdb->env, lmdb->map_bytes);
    code = code != 0 ? code : mdb_env_set_maxreaders(lmdb->env, READERS_MAX);
    code = code != 0 ? code : mdb_env_open(lmdb->env, lmdb->path, flags, 0640);
    code = code != 0 ? code : mdb_env_get_fd(lmdb->env, &lmdb->file_fd);
    return code != 0 ? code : mdb_reader_check(lmdb->env, &dead);
}

/* A database of somebody else, or of a newer version of ours, is left alone. */
static bool check_layout(const struct store_lmdb *lmdb, MDB_txn *transaction, bool to_read,
                         struct error *error)
{
    MDB_val key = value_of(LAYOUT_KEY), value;
    MDB_stat status;
    int code = mdb_get(transaction, lmdb->rows, &key, &value);
    if (code == 0 && span_is_equal(span_of_value(value), SPAN(LAYOUT))) {
        return true;
    }
    if (code == 0) {
        error_set(error,
                  "%s was written by a newer version: install that one, or move the file "
                  "away",
                  lmdb->path);
        return false;
    }
    if (code == MDB_NOTFOUND && mdb_stat(transaction, lmdb->rows, &status) == 0 &&
        status.ms_entries == 0) {
        value = value_of(SPAN(LAYOUT));
        code = to_read ? 0 : mdb_put(transaction, lmdb->rows, &key, &value, 0);
        return code == 0 || failed(lmdb, code, error);
    }
    return failed(lmdb, code == MDB_NOTFOUND ? MDB_INVALID : code, error);
}

static bool open_rows(struct store_lmdb *lmdb, bool to_read, struct error *error)
{
    MDB_txn *transaction;
    MDB_stat status;
    int code = mdb_txn_begin(lmdb->env, NULL, to_read ? MDB_RDONLY : 0, &transaction);
    if (code != 0) {
        return failed(lmdb, code, error);
    }
    code = mdb_dbi_open(transaction, NULL, 0, &lmdb->rows);
    bool is_good =
        (code == 0 || failed(lmdb, code, error)) && check_layout(lmdb, transaction, to_read, error);
    if (!is_good) {
        mdb_txn_abort(transaction);
        return false;
    }
    code = mdb_txn_commit(transaction);
    mdb_env_stat(lmdb->env, &status);
    lmdb->page_size = status.ms_psize;
    return code == 0 || failed(lmdb, code, error);
}

static bool open_file(struct store_lmdb *lmdb, bool to_read, struct error *error)
{
    if (!reserve_first(lmdb, to_read, error)) {
        return false;
    }
    int code = open_environment(lmdb, to_read);
    return code == 0 ? open_rows(lmdb, to_read, error) : failed(lmdb, code, error);
}

struct store_lmdb *store_lmdb_open(const char *directory, size_t map_bytes, bool to_read,
                                   struct error *error)
{
    struct store_lmdb *lmdb = calloc(1, sizeof(*lmdb));
    if (lmdb == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    lmdb->map_bytes = map_bytes;
    if (!store_place_open(directory, to_read, &lmdb->place, error)) {
        free(lmdb);
        return NULL;
    }
    snprintf(lmdb->path, sizeof(lmdb->path), "%s/" STORE_FILE, directory);
    store_place_enter(&lmdb->place);
    bool is_open = open_file(lmdb, to_read, error);
    store_place_leave(&lmdb->place);
    if (!is_open) {
        store_lmdb_close(&lmdb);
    }
    return lmdb;
}

void store_lmdb_close(struct store_lmdb **lmdb)
{
    if (*lmdb == NULL) {
        return;
    }
    if ((*lmdb)->env != NULL) {
        mdb_env_close((*lmdb)->env);
    }
    store_place_close(&(*lmdb)->place);
    free(*lmdb);
    *lmdb = NULL;
}

/* --- rows ------------------------------------------------------------------------------------ */

enum store_result store_lmdb_get(struct store_lmdb *lmdb, struct span key, struct buffer *value_r,
                                 struct error *error)
{
    MDB_txn *transaction;
    MDB_val name = value_of(key), value;
    int code = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &transaction);
    if (code == 0) {
        code = mdb_get(transaction, lmdb->rows, &name, &value);
        if (code == 0) {
            buffer_add_span(value_r, span_of_value(value));
            code = buffer_has_failed(value_r) ? ENOMEM : 0;
        }
        mdb_txn_abort(transaction);
    }
    if (code == 0 || code == MDB_NOTFOUND) {
        return code == 0 ? STORE_FOUND : STORE_ABSENT;
    }
    failed(lmdb, code, error);
    return STORE_FAILED;
}

static int edit_row(const struct store_lmdb *lmdb, MDB_txn *transaction, struct span key,
                    store_edit_fn *edit, void *context, bool *has_changed_r)
{
    struct buffer text = BUFFER_EMPTY;
    MDB_val name = value_of(key), value;
    int code = mdb_get(transaction, lmdb->rows, &name, &value);
    bool is_found = code == 0;
    *has_changed_r = false;
    if (code != 0 && code != MDB_NOTFOUND) {
        return code;
    }
    if (is_found) {
        buffer_add_span(&text, span_of_value(value));
    }
    enum store_edit answer =
        buffer_has_failed(&text) ? STORE_EDIT_KEEP : edit(&text, is_found, context);
    code = buffer_has_failed(&text) ? ENOMEM : 0;
    if (code == 0 && answer == STORE_EDIT_SET) {
        value = value_of(buffer_span(&text));
        code = mdb_put(transaction, lmdb->rows, &name, &value, 0);
        *has_changed_r = true;
    } else if (code == 0 && answer == STORE_EDIT_UNSET && is_found) {
        code = mdb_del(transaction, lmdb->rows, &name, NULL);
        *has_changed_r = true;
    }
    buffer_free(&text);
    return code;
}

bool store_lmdb_edit(struct store_lmdb *lmdb, struct span key, store_edit_fn *edit, void *context,
                     struct error *error)
{
    MDB_txn *transaction;
    bool has_changed;
    if (!reserve(lmdb, error)) {
        return false;
    }
    int code = mdb_txn_begin(lmdb->env, NULL, 0, &transaction);
    if (code != 0) {
        return failed(lmdb, code, error);
    }
    code = edit_row(lmdb, transaction, key, edit, context, &has_changed);
    if (code == 0 && has_changed) {
        code = mdb_txn_commit(transaction);
    } else {
        mdb_txn_abort(transaction);
    }
    return code == 0 || failed(lmdb, code, error);
}

static int walk_rows(MDB_cursor *cursor, struct span prefix, store_each *each, void *context)
{
    MDB_val key = value_of(prefix), value;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (code == 0) {
        struct span name = span_of_value(key);
        if (!span_is_equal(span_first(name, prefix.size), prefix) ||
            !each(name, span_of_value(value), context)) {
            return 0;
        }
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

bool store_lmdb_walk(struct store_lmdb *lmdb, struct span prefix, store_each *each, void *context,
                     struct error *error)
{
    MDB_txn *transaction;
    MDB_cursor *cursor;
    int code = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &transaction);
    if (code != 0) {
        return failed(lmdb, code, error);
    }
    code = mdb_cursor_open(transaction, lmdb->rows, &cursor);
    if (code == 0) {
        code = walk_rows(cursor, prefix, each, context);
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(transaction);
    return code == 0 || failed(lmdb, code, error);
}

/* --- the file -------------------------------------------------------------------------------- */

bool store_lmdb_sync(struct store_lmdb *lmdb, struct error *error)
{
    int code = mdb_env_sync(lmdb->env, 1);
    return code == 0 || failed(lmdb, code, error);
}

uint64_t store_lmdb_version(struct store_lmdb *lmdb)
{
    MDB_envinfo info;
    mdb_env_info(lmdb->env, &info);
    return info.me_last_txnid;
}

bool store_lmdb_copy(struct store_lmdb *lmdb, int fd, struct error *error)
{
    int code = mdb_env_copyfd2(lmdb->env, fd, 0);
    return code == 0 || failed(lmdb, code, error);
}

const struct store_place *store_lmdb_place(const struct store_lmdb *lmdb)
{
    return &lmdb->place;
}
