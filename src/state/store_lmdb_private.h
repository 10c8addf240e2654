/*
 * store_lmdb_private: what the files of the store in LMDB share: the rows (store_lmdb.c), the
 * opening (store_lmdb_open.c), the room (store_lmdb_room.c), who is next (store_lmdb_turn.c).
 */
#ifndef EM_STATE_STORE_LMDB_PRIVATE_H
#define EM_STATE_STORE_LMDB_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include <lmdb.h>

#include "state/store_private.h"

#define STORE_PATH_ROOM 4096
#define STORE_READERS_KEPT 16 /* of each process: READERS_MAX are for all */

struct store_lmdb {
    MDB_env *env;
    MDB_dbi rows;
    struct store_place place;
    int lock_fd; /* of the file, for what is locked in it; -1: none */
    int file_fd; /* the environment's */
    size_t page_size;
    size_t map_bytes;                 /* as far as the file could ever grow */
    atomic_uint_fast64_t limit_bytes; /* as far as it may */
    atomic_size_t room_bytes;         /* as far as there is room on the disk for it */
    unsigned newest_layout;           /* that this process knows */
    atomic_uint layout;               /* in force */
    pthread_mutex_t writing;          /* store_lmdb_turn.c */
    pthread_mutex_t resting;          /* likewise, the next two */
    MDB_txn *rested[STORE_READERS_KEPT];
    size_t rested_count;
    char path[STORE_PATH_ROOM];
};

static inline MDB_val store_value_of(struct span text)
{
    return (MDB_val){ text.size, (void *)text.at };
}

static inline struct span store_span_of(MDB_val value)
{
    return (struct span){ value.mv_data, value.mv_size };
}

/* False, with what LMDB's code means to a person. */
bool store_lmdb_failed(const struct store_lmdb *lmdb, int code, struct error *error);

/* --- store_lmdb_turn.c ----------------------------------------------------------------------- */

void store_lmdb_turn_init(struct store_lmdb *lmdb);
/* While the environment is still open. */
void store_lmdb_turn_rest(struct store_lmdb *lmdb);
void store_lmdb_turn_destroy(struct store_lmdb *lmdb);
/* LMDB's code. A transaction that writes, waited for; once it is committed or aborted, its end. */
int store_lmdb_begin_write(struct store_lmdb *lmdb, MDB_txn **transaction_r);
int store_lmdb_commit(struct store_lmdb *lmdb, MDB_txn *transaction);
void store_lmdb_end_write(struct store_lmdb *lmdb);
/* One that reads, and its end. */
int store_lmdb_begin_read(struct store_lmdb *lmdb, MDB_txn **transaction_r);
void store_lmdb_end_read(struct store_lmdb *lmdb, MDB_txn *transaction);

/* --- store_lmdb_room.c ----------------------------------------------------------------------- */

/* Opens the environment; the file is as long afterwards as it was. */
bool store_lmdb_room_open(struct store_lmdb *lmdb, bool to_read, struct error *error);
/* Within a transaction that writes: room on the disk for so much more. Through a map a disk that is
 * full could not be told, it would end the process. */
bool store_lmdb_room_make(struct store_lmdb *lmdb, size_t more_bytes, struct error *error);
/* May the rows become what the edits want, by the limit? */
bool store_lmdb_room_allows(const struct store_lmdb *lmdb, MDB_txn *transaction,
                            const struct store_row *rows, size_t count, const size_t *old_bytes);
/* How much the edits may write at most. */
size_t store_lmdb_room_needed(const struct store_lmdb *lmdb, MDB_txn *transaction,
                              const struct store_row *rows, size_t count);

/* --- store_lmdb_layout.c --------------------------------------------------------------------- */

/* Says to all who have the file open that this process knows layouts up to its newest. */
bool store_lmdb_layout_announce(const struct store_lmdb *lmdb, struct error *error);
/* Within a transaction: finds which layout is in force; writes that of a new database. Sets
 * *has_written_r. */
bool store_lmdb_layout_find(struct store_lmdb *lmdb, MDB_txn *transaction, bool to_read,
                            bool *has_written_r, struct error *error);

#endif
