/*
 * store_lmdb_layout: how records are laid out in a file that versions of ours share which know
 * different layouts.
 *
 * A number in the file says up to which layout records are written. A process that knows more keeps
 * to it as long as one that does not is there: each process holds a lock on the octet of the newest
 * layout it knows, so the others can see. When none is left the number is raised. Whoever comes to
 * a file of a number he does not know leaves it alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "state/store_lmdb_private.h"

#define KNOWN_AT 16 /* the octet of layout 0 */

bool store_lmdb_layout_announce(const struct store_lmdb *lmdb, struct error *error)
{
    struct flock lock = { .l_type = F_RDLCK,
                          .l_whence = SEEK_SET,
                          .l_start = KNOWN_AT + lmdb->newest_layout,
                          .l_len = 1 };
    if (fcntl(lmdb->lock_fd, F_OFD_SETLK, &lock) < 0) {
        error_set(error, "%s cannot be locked: %m", lmdb->path);
        return false;
    }
    return true;
}

/* Has somebody the file open who knows less than we do? */
static bool has_older(const struct store_lmdb *lmdb)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = KNOWN_AT, .l_len = lmdb->newest_layout
    };
    return fcntl(lmdb->lock_fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}

/* Of the file; 0: it has none, or something else has its place. */
static int read_number(const struct store_lmdb *lmdb, MDB_txn *transaction, unsigned *number_r)
{
    char digits[16] = "";
    MDB_val key = store_value_of(STORE_LAYOUT_KEY), value;
    int code = mdb_get(transaction, lmdb->rows, &key, &value);
    if (code == 0) {
        struct span text = span_first(store_span_of(value), sizeof(digits) - 1);
        memcpy(digits, text.at, text.size);
    }
    *number_r = (unsigned)strtoul(digits, NULL, 10);
    return code;
}

static int write_number(const struct store_lmdb *lmdb, MDB_txn *transaction, unsigned number)
{
    char digits[16];
    MDB_val key = store_value_of(STORE_LAYOUT_KEY), value;
    snprintf(digits, sizeof(digits), "%u", number);
    value = store_value_of(span_of(digits));
    return mdb_put(transaction, lmdb->rows, &key, &value, 0);
}

/* Of an empty database there is none, and of somebody else's. */
static bool begin(struct store_lmdb *lmdb, MDB_txn *transaction, bool to_read, bool *has_written_r,
                  struct error *error)
{
    MDB_stat tree;
    if (mdb_stat(transaction, lmdb->rows, &tree) != 0 || tree.ms_entries != 0) {
        return store_lmdb_failed(lmdb, MDB_INVALID, error);
    }
    atomic_store(&lmdb->layout, lmdb->newest_layout);
    int code = to_read ? 0 : write_number(lmdb, transaction, lmdb->newest_layout);
    *has_written_r = !to_read;
    return code == 0 || store_lmdb_failed(lmdb, code, error);
}

bool store_lmdb_layout_find(struct store_lmdb *lmdb, MDB_txn *transaction, bool to_read,
                            bool *has_written_r, struct error *error)
{
    unsigned number;
    int code = read_number(lmdb, transaction, &number);
    if (code == MDB_NOTFOUND) {
        return begin(lmdb, transaction, to_read, has_written_r, error);
    }
    if (code != 0 || number == 0) {
        return store_lmdb_failed(lmdb, code != 0 ? code : MDB_INVALID, error);
    }
    if (number > lmdb->newest_layout) {
        error_set(error,
                  "%s was written by a newer version: install that one, or move the file away",
                  lmdb->path);
        return false;
    }
    atomic_store(&lmdb->layout, number);
    return true;
}

bool store_lmdb_layout_raise(struct store_lmdb *lmdb, struct error *error)
{
    MDB_txn *transaction;
    unsigned number;
    if (atomic_load(&lmdb->layout) == lmdb->newest_layout || has_older(lmdb)) {
        return true;
    }
    int code = store_lmdb_begin_write(lmdb, &transaction);
    if (code != 0) {
        return store_lmdb_failed(lmdb, code, error);
    }
    /* Who comes now with less looks at the number after us, and goes. */
    bool has_room = store_lmdb_room_make(lmdb, 64 * lmdb->page_size, error);
    code = has_room ? read_number(lmdb, transaction, &number) : 0;
    bool is_due = has_room && code == 0 && number < lmdb->newest_layout && !has_older(lmdb);
    code = is_due ? write_number(lmdb, transaction, lmdb->newest_layout) : code;
    if (is_due && code == 0) {
        code = store_lmdb_commit(lmdb, transaction);
        number = lmdb->newest_layout;
    } else {
        mdb_txn_abort(transaction);
    }
    store_lmdb_end_write(lmdb);
    if (code == 0 && has_room) {
        atomic_store(&lmdb->layout, number);
    }
    return has_room && (code == 0 || store_lmdb_failed(lmdb, code, error));
}

unsigned store_lmdb_layout(const struct store_lmdb *lmdb)
{
    return atomic_load(&lmdb->layout);
}
