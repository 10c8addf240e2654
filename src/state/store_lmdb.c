/*
 * store_lmdb: rows in LMDB's file.
 *
 * Opened without a sync for each commit and written through the map: a commit costs microseconds,
 * and since the map is the kernel's, the death of a process loses nothing. What a loss of power can
 * do to it is looked at by the first who opens it (store_files.c).
 *
 * What LMDB would do badly is kept from it: a write through the map to a disk that is full ends the
 * process, so room is made before (store_lmdb_room.c); a file that is no sound database crashes the
 * library, so it never gets one. It must not be opened twice in a process, and not be used across
 * fork().
 */
#include <errno.h>
#include <unistd.h>

#include "state/store_lmdb_private.h"

/* --- rows ------------------------------------------------------------------------------------ */

/* What LMDB found under a key, without its seal. */
static int unseal(MDB_val key, MDB_val stored, struct span *value_r)
{
    *value_r = store_span_of(stored);
    return store_seal_take(store_span_of(key), value_r) ? 0 : MDB_CORRUPTED;
}

static int get(const struct store_lmdb *lmdb, MDB_txn *transaction, struct span key,
               struct span *value_r)
{
    MDB_val name = store_value_of(key), stored;
    int code = mdb_get(transaction, lmdb->rows, &name, &stored);
    return code == 0 ? unseal(name, stored, value_r) : code;
}

static int put(const struct store_lmdb *lmdb, MDB_txn *transaction, struct span key,
               struct span value)
{
    MDB_val name = store_value_of(key), stored = store_value_of(value);
    if (!store_seal_is_used(key)) {
        return mdb_put(transaction, lmdb->rows, &name, &stored, 0);
    }
    uint64_t seal = store_seal(key, value);
    stored.mv_size += sizeof(seal);
    int code = mdb_put(transaction, lmdb->rows, &name, &stored, MDB_RESERVE);
    if (code == 0) {
        memcpy(stored.mv_data, value.at, value.size);
        memcpy((char *)stored.mv_data + value.size, &seal, sizeof(seal));
    }
    return code;
}

enum store_result store_lmdb_get(struct store_lmdb *lmdb, struct span key, struct buffer *value_r,
                                 struct error *error)
{
    MDB_txn *transaction;
    struct span value;
    int code = store_lmdb_begin_read(lmdb, &transaction);
    if (code == 0) {
        code = get(lmdb, transaction, key, &value);
        if (code == 0) {
            buffer_add_span(value_r, value);
            code = buffer_has_failed(value_r) ? ENOMEM : 0;
        }
        store_lmdb_end_read(lmdb, transaction);
    }
    if (code == 0 || code == MDB_NOTFOUND) {
        return code == 0 ? STORE_FOUND : STORE_ABSENT;
    }
    store_lmdb_failed(lmdb, code, error);
    return STORE_FAILED;
}

/* --- edits ----------------------------------------------------------------------------------- */

struct edit {
    MDB_txn *transaction;
    struct store_row *rows;
    size_t count;
    size_t old_bytes[STORE_ROWS_MAX]; /* what each row had, key and value; 0: it was not there */
};

static int read_rows(const struct store_lmdb *lmdb, struct edit *edit)
{
    struct span value;
    for (size_t i = 0; i < edit->count; i++) {
        struct store_row *row = &edit->rows[i];
        int code = get(lmdb, edit->transaction, row->key, &value);
        row->is_found = code == 0;
        edit->old_bytes[i] = row->is_found ? row->key.size + value.size : 0;
        if (row->is_found) {
            buffer_add_span(&row->value, value);
            code = buffer_has_failed(&row->value) ? ENOMEM : 0;
        }
        if (code != 0 && code != MDB_NOTFOUND) {
            return code;
        }
    }
    return 0;
}

static int write_row(const struct store_lmdb *lmdb, MDB_txn *transaction, struct store_row *row)
{
    MDB_val name = store_value_of(row->key);
    if (row->edit == STORE_EDIT_SET) {
        return put(lmdb, transaction, row->key, buffer_span(&row->value));
    }
    return row->edit == STORE_EDIT_UNSET && row->is_found
               ? mdb_del(transaction, lmdb->rows, &name, NULL)
               : 0;
}

static int read_sums(const struct store_lmdb *lmdb, MDB_txn *transaction, struct span *stored_r)
{
    int code = get(lmdb, transaction, STORE_SUMS_KEY, stored_r);
    if (code == MDB_NOTFOUND) {
        *stored_r = SPAN("");
        return 0;
    }
    return code;
}

static int write_sums(const struct store_lmdb *lmdb, const struct edit *edit)
{
    struct store_sums sums;
    struct buffer text = BUFFER_EMPTY;
    struct span stored;
    if (!store_sums_are_touched(edit->rows, edit->count)) {
        return 0;
    }
    int code = read_sums(lmdb, edit->transaction, &stored);
    if (code == 0) {
        buffer_add_span(&text, stored);
        store_sums_read(&sums, buffer_span(&text));
        store_sums_apply(&sums, edit->rows, edit->count);
        store_sums_write(&sums, &text);
        code = buffer_has_failed(&text)
                   ? ENOMEM
                   : put(lmdb, edit->transaction, STORE_SUMS_KEY, buffer_span(&text));
    }
    buffer_free(&text);
    return code;
}

static int write_rows(const struct store_lmdb *lmdb, struct edit *edit)
{
    int code = 0;
    for (size_t i = 0; i < edit->count && code == 0; i++) {
        code = write_row(lmdb, edit->transaction, &edit->rows[i]);
    }
    return code == 0 ? write_sums(lmdb, edit) : code;
}

static bool has_changed(const struct edit *edit)
{
    bool is_changed = false;
    for (size_t i = 0; i < edit->count; i++) {
        is_changed |= edit->rows[i].edit == STORE_EDIT_SET ||
                      (edit->rows[i].edit == STORE_EDIT_UNSET && edit->rows[i].is_found);
    }
    return is_changed;
}

static bool are_whole(const struct edit *edit)
{
    bool is_whole = true;
    for (size_t i = 0; i < edit->count; i++) {
        is_whole &= !buffer_has_failed(&edit->rows[i].value);
    }
    return is_whole;
}

/* Everything that is known not to work is known before something is written. */
static enum store_edited may_write(struct store_lmdb *lmdb, const struct edit *edit,
                                   struct error *error)
{
    if (!are_whole(edit)) {
        store_lmdb_failed(lmdb, ENOMEM, error);
        return STORE_EDIT_FAILED;
    }
    if (!store_lmdb_room_allows(lmdb, edit->transaction, edit->rows, edit->count,
                                edit->old_bytes)) {
        return STORE_EDIT_FULL;
    }
    size_t needed = store_lmdb_room_needed(lmdb, edit->transaction, edit->rows, edit->count);
    return store_lmdb_room_make(lmdb, needed, error) ? STORE_EDITED : STORE_EDIT_FAILED;
}

static enum store_edited finish(struct store_lmdb *lmdb, struct edit *edit, struct error *error)
{
    enum store_edited edited = may_write(lmdb, edit, error);
    if (edited != STORE_EDITED) {
        mdb_txn_abort(edit->transaction);
        return edited;
    }
    int code = write_rows(lmdb, edit);
    if (code == 0) {
        code = store_lmdb_commit(lmdb, edit->transaction);
    } else {
        mdb_txn_abort(edit->transaction);
    }
    return code == 0 || store_lmdb_failed(lmdb, code, error) ? STORE_EDITED : STORE_EDIT_FAILED;
}

/* Ends the transaction. */
static enum store_edited change_rows(struct store_lmdb *lmdb, struct edit *edit,
                                     store_change_rows *change, void *context, struct error *error)
{
    int code = read_rows(lmdb, edit);
    if (code == 0) {
        change(edit->rows, edit->count, context);
    }
    if (code == 0 && has_changed(edit)) {
        return finish(lmdb, edit, error);
    }
    mdb_txn_abort(edit->transaction);
    return code == 0 || store_lmdb_failed(lmdb, code, error) ? STORE_EDITED : STORE_EDIT_FAILED;
}

enum store_edited store_lmdb_edit(struct store_lmdb *lmdb, struct store_row *rows, size_t count,
                                  store_change_rows *change, void *context, struct error *error)
{
    struct edit edit = { .rows = rows, .count = count };
    int code = store_lmdb_begin_write(lmdb, &edit.transaction);
    if (code != 0) {
        store_lmdb_failed(lmdb, code, error);
        return STORE_EDIT_FAILED;
    }
    enum store_edited edited = change_rows(lmdb, &edit, change, context, error);
    store_lmdb_end_write(lmdb);
    return edited;
}

bool store_lmdb_sums(struct store_lmdb *lmdb, struct store_sums *sums_r, struct error *error)
{
    MDB_txn *transaction;
    struct span stored;
    int code = store_lmdb_begin_read(lmdb, &transaction);
    if (code == 0) {
        code = read_sums(lmdb, transaction, &stored);
        if (code == 0) {
            store_sums_read(sums_r, stored);
        }
        store_lmdb_end_read(lmdb, transaction);
    }
    return code == 0 || store_lmdb_failed(lmdb, code, error);
}

/* --- looking --------------------------------------------------------------------------------- */

static int walk_rows(MDB_cursor *cursor, struct span from, struct span prefix, store_each *each,
                     void *context)
{
    MDB_val key = store_value_of(from), value;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (code == 0) {
        struct span name = store_span_of(key), text;
        int damage = unseal(key, value, &text);
        if (damage != 0) {
            return damage;
        }
        if (!span_is_equal(span_first(name, prefix.size), prefix) || !each(name, text, context)) {
            return 0;
        }
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

bool store_lmdb_walk(struct store_lmdb *lmdb, struct span from, struct span prefix,
                     store_each *each, void *context, struct error *error)
{
    MDB_txn *transaction;
    MDB_cursor *cursor;
    int code = store_lmdb_begin_read(lmdb, &transaction);
    if (code != 0) {
        return store_lmdb_failed(lmdb, code, error);
    }
    code = mdb_cursor_open(transaction, lmdb->rows, &cursor);
    if (code == 0) {
        code = walk_rows(cursor, from, prefix, each, context);
        mdb_cursor_close(cursor);
    }
    store_lmdb_end_read(lmdb, transaction);
    return code == 0 || store_lmdb_failed(lmdb, code, error);
}

/* --- the file -------------------------------------------------------------------------------- */

bool store_lmdb_sync(struct store_lmdb *lmdb, struct error *error)
{
    int code = mdb_env_sync(lmdb->env, 1);
    return code == 0 || store_lmdb_failed(lmdb, code, error);
}

uint64_t store_lmdb_version(struct store_lmdb *lmdb)
{
    MDB_envinfo info;
    mdb_env_info(lmdb->env, &info);
    return info.me_last_txnid;
}

bool store_lmdb_copy(struct store_lmdb *lmdb, int fd, struct error *error)
{
    int dead;
    mdb_reader_check(lmdb->env, &dead); /* who died while he read keeps pages from being used */
    int code = mdb_env_copyfd2(lmdb->env, fd, 0);
    return code == 0 || store_lmdb_failed(lmdb, code, error);
}

const struct store_place *store_lmdb_place(const struct store_lmdb *lmdb)
{
    return &lmdb->place;
}
