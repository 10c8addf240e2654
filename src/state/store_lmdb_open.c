/*
 * store_lmdb_open: from a directory to an open file of ours, and what is known of its past.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "state/store_lmdb_private.h"

bool store_lmdb_failed(const struct store_lmdb *lmdb, int code, struct error *error)
{
    switch (code) {
    case MDB_MAP_FULL:
        error_set(error, "%s cannot grow beyond %zu MiB: stop the daemon and move the file away",
                  lmdb->path, lmdb->map_bytes >> 20);
        break;
    case MDB_VERSION_MISMATCH:
    case MDB_INVALID:
        error_set(error, "%s is no database of ours: move it away", lmdb->path);
        break;
    case MDB_CORRUPTED:
        error_set(error, "%s is damaged: stop the daemon and start it again, then it is looked at",
                  lmdb->path);
        break;
    default:
        error_set(error, "%s: %s", lmdb->path, mdb_strerror(code));
    }
    return false;
}

/* --- history --------------------------------------------------------------------------------- */

struct history {
    int64_t since_s;
    int64_t is_lost; /* as wide as it may be */
};

static int write_history(struct store_lmdb *lmdb, MDB_txn *transaction, bool is_lost)
{
    struct history history = { time(NULL), is_lost };
    MDB_val key = store_value_of(STORE_HISTORY_KEY), value = { sizeof(history), &history };
    return mdb_put(transaction, lmdb->rows, &key, &value, 0);
}

static bool read_history(const struct store_lmdb *lmdb, MDB_txn *transaction,
                         struct history *history_r)
{
    MDB_val key = store_value_of(STORE_HISTORY_KEY), value;
    if (mdb_get(transaction, lmdb->rows, &key, &value) != 0 || value.mv_size < sizeof(*history_r)) {
        return false;
    }
    memcpy(history_r, value.mv_data, sizeof(*history_r));
    return true;
}

bool store_lmdb_history(struct store_lmdb *lmdb, bool *is_lost_r, int64_t *since_s_r)
{
    MDB_txn *transaction;
    struct history history = { 0, 0 };
    if (store_lmdb_begin_read(lmdb, &transaction) != 0) {
        return false;
    }
    read_history(lmdb, transaction, &history); /* older versions wrote none */
    store_lmdb_end_read(lmdb, transaction);
    *is_lost_r = history.is_lost != 0;
    *since_s_r = history.since_s;
    return true;
}

/* --- opening --------------------------------------------------------------------------------- */

/* What a new file needs, or one that took the place of another. */
static int begin(struct store_lmdb *lmdb, MDB_txn *transaction, bool is_new, bool *has_written_io)
{
    if (!is_new && !lmdb->place.has_lost) {
        return 0;
    }
    *has_written_io = true;
    return write_history(lmdb, transaction, lmdb->place.has_lost);
}

static bool find_rows(struct store_lmdb *lmdb, MDB_txn *transaction, bool to_read,
                      bool *has_written_r, struct error *error)
{
    MDB_stat tree;
    int code = mdb_dbi_open(transaction, NULL, 0, &lmdb->rows);
    code = code != 0 ? code : mdb_stat(transaction, lmdb->rows, &tree);
    if (code != 0) {
        return store_lmdb_failed(lmdb, code, error);
    }
    *has_written_r = false;
    lmdb->page_size = tree.ms_psize;
    if (!to_read && !store_lmdb_room_make(lmdb, 64 * lmdb->page_size, error)) {
        return false;
    }
    if (!store_lmdb_layout_find(lmdb, transaction, to_read, has_written_r, error)) {
        return false;
    }
    code = to_read ? 0 : begin(lmdb, transaction, *has_written_r, has_written_r);
    return code == 0 || store_lmdb_failed(lmdb, code, error);
}

/* Maps the pages that are in use at once: one by one, a process that begins with a million accounts
 * would have a fault with each of its first charges. Where that is not possible it is only slower.
 */
static void map_pages(const struct store_lmdb *lmdb, MDB_txn *transaction)
{
#ifdef MADV_POPULATE_READ
    MDB_val key = store_value_of(STORE_LAYOUT_KEY), value;
    MDB_envinfo info;
    size_t number; /* which a page of rows begins with */
    if (lmdb->page_size != (size_t)sysconf(_SC_PAGESIZE) ||
        mdb_get(transaction, lmdb->rows, &key, &value) != 0) {
        return;
    }
    char *page = (char *)value.mv_data - (uintptr_t)value.mv_data % lmdb->page_size;
    memcpy(&number, page, sizeof(number));
    mdb_env_info(lmdb->env, &info);
    if (number <= info.me_last_pgno &&
        madvise(page - number * lmdb->page_size, (info.me_last_pgno + 1) * lmdb->page_size,
                MADV_POPULATE_READ) < 0) {
        errno = 0;
    }
#else
    (void)lmdb;
    (void)transaction;
#endif
}

/* Ends the transaction. */
static bool take_rows(struct store_lmdb *lmdb, MDB_txn *transaction, bool to_read,
                      struct error *error)
{
    bool has_written;
    if (!find_rows(lmdb, transaction, to_read, &has_written, error)) {
        mdb_txn_abort(transaction);
        return false;
    }
    if (!to_read && !has_written) {
        map_pages(lmdb, transaction);
    }
    int code = store_lmdb_commit(lmdb, transaction);
    if (code == 0 && has_written) {
        code = mdb_env_sync(lmdb->env, 1);
    }
    if (code == 0 && lmdb->place.has_lost) {
        store_place_forget_loss(&lmdb->place);
    }
    return code == 0 || store_lmdb_failed(lmdb, code, error);
}

static bool open_rows(struct store_lmdb *lmdb, bool to_read, struct error *error)
{
    MDB_txn *transaction;
    int code = to_read ? store_lmdb_begin_read(lmdb, &transaction)
                       : store_lmdb_begin_write(lmdb, &transaction);
    if (code != 0) {
        return store_lmdb_failed(lmdb, code, error);
    }
    bool is_good = take_rows(lmdb, transaction, to_read, error);
    if (!to_read) {
        store_lmdb_end_write(lmdb);
    }
    return is_good;
}

static bool open_file(struct store_lmdb *lmdb, bool to_read, struct error *error)
{
    lmdb->lock_fd = store_place_open_file(&lmdb->place, to_read, error);
    return lmdb->lock_fd >= 0 && (to_read || store_lmdb_layout_announce(lmdb, error)) &&
           store_lmdb_room_open(lmdb, to_read, error) && open_rows(lmdb, to_read, error);
}

struct store_lmdb *store_lmdb_open(const struct store_opening *opening, struct error *error)
{
    struct store_lmdb *lmdb = calloc(1, sizeof(*lmdb));
    if (lmdb == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    lmdb->lock_fd = -1;
    store_lmdb_turn_init(lmdb);
    lmdb->map_bytes = STORE_MAP_BYTES;
    lmdb->limit_bytes = UINT64_MAX;
    lmdb->newest_layout = opening->newest_layout;
    if (!store_place_open(opening->directory, opening->to_read, &lmdb->place, error)) {
        store_lmdb_close(&lmdb);
        return NULL;
    }
    snprintf(lmdb->path, sizeof(lmdb->path), "%s/" STORE_FILE, opening->directory);
    store_place_enter(&lmdb->place);
    bool is_open = open_file(lmdb, opening->to_read, error);
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
        store_lmdb_turn_rest(*lmdb);
        mdb_env_close((*lmdb)->env);
    }
    if ((*lmdb)->lock_fd >= 0) {
        close((*lmdb)->lock_fd);
    }
    store_place_close(&(*lmdb)->place);
    store_lmdb_turn_destroy(*lmdb);
    free(*lmdb);
    *lmdb = NULL;
}
