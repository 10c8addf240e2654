/*
 * store_lmdb_turn: who writes next, before LMDB's own lock.
 *
 * That is a robust mutex in memory that processes share. When a process is killed that was just
 * woken by it, and another takes the lock in between, nobody is left who knows that others sleep:
 * they sleep on, with the lock free. (Sixteen threads in four processes, one of which was killed
 * again and again, all slept after a hundred kills.) So nobody waits there: threads of a process
 * wait for each other at a mutex that ends with it, and one of them in the kernel for the other
 * processes, at an octet of the file that becomes free with whoever dies. Where a file system knows
 * no such locks, LMDB's has to do.
 *
 * Readers have a mutex of that kind, too, for the moment in which one takes a place in the table of
 * readers. So places are kept: a transaction that has read is reset, not ended, and the next reader
 * of this process goes on with it, without that mutex. Only more readers at once than ever before
 * take new ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "state/store_lmdb_private.h"

/* That a reader's end comes before what is written to the pages he had, and a commit before who
 * begins to read, is LMDB's doing, which ThreadSanitizer does not see. */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define COMES_BEFORE(lmdb) __tsan_release(lmdb)
#define COMES_AFTER(lmdb) __tsan_acquire(lmdb)
#else
#define COMES_BEFORE(lmdb) ((void)(lmdb))
#define COMES_AFTER(lmdb) ((void)(lmdb))
#endif

#define WRITING_AT 1 /* the octet; others are store_lmdb_room.c's and store_lmdb_layout.c's */

void store_lmdb_turn_init(struct store_lmdb *lmdb)
{
    pthread_mutex_init(&lmdb->writing, NULL);
    pthread_mutex_init(&lmdb->resting, NULL);
}

void store_lmdb_turn_rest(struct store_lmdb *lmdb)
{
    while (lmdb->rested_count > 0) {
        mdb_txn_abort(lmdb->rested[--lmdb->rested_count]);
    }
}

void store_lmdb_turn_destroy(struct store_lmdb *lmdb)
{
    pthread_mutex_destroy(&lmdb->writing);
    pthread_mutex_destroy(&lmdb->resting);
}

static void set_lock(const struct store_lmdb *lmdb, short type)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = WRITING_AT, .l_len = 1 };
    int saved_errno = errno;
    while (fcntl(lmdb->lock_fd, F_OFD_SETLKW, &lock) < 0 && errno == EINTR) {
    }
    errno = saved_errno;
}

int store_lmdb_begin_write(struct store_lmdb *lmdb, MDB_txn **transaction_r)
{
    pthread_mutex_lock(&lmdb->writing);
    set_lock(lmdb, F_WRLCK);
    int code = mdb_txn_begin(lmdb->env, NULL, 0, transaction_r);
    COMES_AFTER(lmdb);
    if (code != 0) {
        store_lmdb_end_write(lmdb);
    }
    return code;
}

int store_lmdb_commit(struct store_lmdb *lmdb, MDB_txn *transaction)
{
    COMES_BEFORE(lmdb); /* who begins to read within the commit has it already */
    return mdb_txn_commit(transaction);
}

void store_lmdb_end_write(struct store_lmdb *lmdb)
{
    COMES_BEFORE(lmdb);
    set_lock(lmdb, F_UNLCK);
    pthread_mutex_unlock(&lmdb->writing);
}

/* NULL: none is left. */
static MDB_txn *take_rested(struct store_lmdb *lmdb)
{
    MDB_txn *transaction = NULL;
    pthread_mutex_lock(&lmdb->resting);
    if (lmdb->rested_count > 0) {
        transaction = lmdb->rested[--lmdb->rested_count];
    }
    pthread_mutex_unlock(&lmdb->resting);
    return transaction;
}

int store_lmdb_begin_read(struct store_lmdb *lmdb, MDB_txn **transaction_r)
{
    MDB_txn *rested = take_rested(lmdb);
    int code = rested != NULL ? mdb_txn_renew(rested)
                              : mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, transaction_r);
    if (rested != NULL && code == 0) {
        *transaction_r = rested;
    } else if (rested != NULL) {
        mdb_txn_abort(rested);
    }
    COMES_AFTER(lmdb);
    return code;
}

void store_lmdb_end_read(struct store_lmdb *lmdb, MDB_txn *transaction)
{
    COMES_BEFORE(lmdb);
    mdb_txn_reset(transaction);
    pthread_mutex_lock(&lmdb->resting);
    if (lmdb->rested_count < STORE_READERS_KEPT) {
        lmdb->rested[lmdb->rested_count++] = transaction;
        transaction = NULL;
    }
    pthread_mutex_unlock(&lmdb->resting);
    if (transaction != NULL) {
        mdb_txn_abort(transaction);
    }
}
