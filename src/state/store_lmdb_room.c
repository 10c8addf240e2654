/*
 * store_lmdb_room: how far the file may grow, and that there is room on the disk when it does.
 *
 * LMDB writes through a map. A write to a page the disk has no block for ends the process, so
 * blocks are given to the file before something is written. It is longer than they reach: where it
 * becomes longer by little, the kernel keeps it in single pages, and each charge of a million
 * accounts had eight faults (700 us instead of 50). The map is as wide as any site will need, and
 * costs addresses only: so nothing has to be mapped anew when the configuration allows more, and
 * processes with different limits can share a file.
 *
 * What the limit speaks of are pages that hold records. Beside them there are pages that were
 * given up and are used again, more of them while a copy is made; the limit is not for these, since
 * what is there could then not even be changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/store_lmdb_private.h"

#define READERS_MAX 256
#define LOCK_FILE_BYTES ((size_t)READERS_MAX * 64 + 8192) /* a reader is a cache line */
#define STEP_BYTES ((size_t)4 << 20)                      /* blocks are given by so many at once */
#define LENGTH_LEAST_BYTES ((size_t)64 << 20)
#define LENGTH_STEP_BYTES ((size_t)512 << 20)
#define GROWING_AT 0 /* what is locked to change its length */

/* Holds until it is unlocked: is the length of the file in the hands of somebody else? Threads of
 * this process come here one by one: before there are any, or within a transaction. */
static bool lock_length(const struct store_lmdb *lmdb, short type, struct error *error)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = GROWING_AT, .l_len = 1 };
    int code;
    do {
        code = fcntl(lmdb->lock_fd, F_OFD_SETLKW, &lock);
    } while (code < 0 && errno == EINTR);
    if (code < 0) {
        error_set(error, "%s cannot be locked: %m", lmdb->path);
    }
    return code == 0;
}

/* Blocks for the first so many octets, however long the file is. */
static bool give_blocks(const struct store_lmdb *lmdb, int fd, size_t bytes, struct error *error)
{
    int code;
    do {
        code = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes);
    } while (code < 0 && errno == EINTR);
    if (code == 0 || errno == EOPNOTSUPP || errno == ENOSYS) { /* then nothing can be promised */
        return true;
    }
    error_set(error,
              errno == ENOSPC || errno == EDQUOT
                  ? "%s: the disk is full: make room, what changes until then is not kept"
                  : "%s: no room can be reserved: %m",
              lmdb->path);
    return false;
}

/* A small store stays a small file. */
static size_t length_for(const struct store_lmdb *lmdb, size_t bytes)
{
    size_t length = bytes <= LENGTH_LEAST_BYTES
                        ? LENGTH_LEAST_BYTES
                        : (bytes / LENGTH_STEP_BYTES + 1) * LENGTH_STEP_BYTES;
    return length < lmdb->map_bytes ? length : lmdb->map_bytes;
}

/* --- opening --------------------------------------------------------------------------------- */

static bool give_lock_file(const struct store_lmdb *lmdb, struct error *error)
{
    int fd = openat(lmdb->place.fd, STORE_FILE "-lock", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        error_set(error, "%s: %m", lmdb->path);
        return false;
    }
    bool is_there = give_blocks(lmdb, fd, LOCK_FILE_BYTES, error);
    close(fd); /* before LMDB has locks on it: they would be gone */
    return is_there;
}

/* More than a process may write to a file would end it. */
static void heed_ulimit(struct store_lmdb *lmdb)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < lmdb->map_bytes) {
        lmdb->map_bytes = (size_t)limit.rlim_cur;
    }
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
    code = code != 0 ? code : mdb_reader_check(lmdb->env, &dead);
    if (code != 0) {
        mdb_env_close(lmdb->env);
        lmdb->env = NULL;
    }
    return code;
}

/* Some file systems have no such long files, some machines no such wide maps. */
static int open_widest(struct store_lmdb *lmdb, bool to_read)
{
    int code = open_environment(lmdb, to_read);
    while ((code == EFBIG || code == ENOMEM || code == EINVAL) &&
           lmdb->map_bytes > STORE_MAP_LEAST_BYTES) {
        lmdb->map_bytes /= 4;
        code = open_environment(lmdb, to_read);
    }
    return code;
}

/* LMDB makes the file as long as its map. */
static bool open_and_shorten(struct store_lmdb *lmdb, struct error *error)
{
    struct stat status;
    if (fstat(lmdb->lock_fd, &status) < 0 ||
        (status.st_size == 0 && !give_blocks(lmdb, lmdb->lock_fd, STEP_BYTES, error))) {
        return false;
    }
    int code = open_widest(lmdb, false);
    size_t length = status.st_size > 0 ? (size_t)status.st_size : length_for(lmdb, 0);
    if (ftruncate(lmdb->lock_fd, (off_t)length) < 0 && code == 0) {
        code = errno;
    }
    return code == 0 || store_lmdb_failed(lmdb, code, error);
}

bool store_lmdb_room_open(struct store_lmdb *lmdb, bool to_read, struct error *error)
{
    if (!give_lock_file(lmdb, error)) {
        return false;
    }
    heed_ulimit(lmdb);
    if (to_read) {
        int code = open_widest(lmdb, true);
        return code == 0 || store_lmdb_failed(lmdb, code, error);
    }
    if (!lock_length(lmdb, F_WRLCK, error)) {
        return false;
    }
    bool is_open = open_and_shorten(lmdb, error);
    return lock_length(lmdb, F_UNLCK, error) && is_open;
}

/* --- writing --------------------------------------------------------------------------------- */

static bool lengthen(const struct store_lmdb *lmdb, size_t bytes, struct error *error)
{
    struct stat status;
    if (fstat(lmdb->file_fd, &status) == 0 &&
        (status.st_size >= (off_t)bytes ||
         ftruncate(lmdb->file_fd, (off_t)length_for(lmdb, bytes)) == 0)) {
        return true;
    }
    error_set(error, "%s cannot grow: %m", lmdb->path);
    return false;
}

/* By a step, or by what is needed where the disk has no more. */
static bool grow(struct store_lmdb *lmdb, size_t least, struct error *error)
{
    size_t bytes = (least / STEP_BYTES + 1) * STEP_BYTES;
    bytes = bytes < lmdb->map_bytes ? bytes : lmdb->map_bytes;
    if (!give_blocks(lmdb, lmdb->file_fd, bytes, error)) {
        bytes = least;
        if (!give_blocks(lmdb, lmdb->file_fd, bytes, error)) {
            return false;
        }
    }
    if (!lengthen(lmdb, bytes, error)) {
        return false;
    }
    atomic_store(&lmdb->room_bytes, bytes);
    return true;
}

bool store_lmdb_room_make(struct store_lmdb *lmdb, size_t more_bytes, struct error *error)
{
    MDB_envinfo info;
    int dead;
    mdb_env_info(lmdb->env, &info);
    size_t wanted = (info.me_last_pgno + 1) * lmdb->page_size + more_bytes;
    if (wanted > lmdb->map_bytes) {
        return store_lmdb_failed(lmdb, MDB_MAP_FULL, error);
    }
    if (wanted <= atomic_load(&lmdb->room_bytes)) {
        return true;
    }
    mdb_reader_check(lmdb->env, &dead); /* who died while he read keeps pages from being used */
    if (!lock_length(lmdb, F_WRLCK, error)) {
        return false;
    }
    bool is_there = grow(lmdb, wanted, error);
    return lock_length(lmdb, F_UNLCK, error) && is_there;
}

static size_t pages_of(const struct store_lmdb *lmdb, size_t bytes)
{
    return bytes / lmdb->page_size + 1;
}

/* A row may split the page it comes to on each level; the pages a transaction gives up are listed
 * in a tree of their own. */
size_t store_lmdb_room_needed(const struct store_lmdb *lmdb, MDB_txn *transaction,
                              const struct store_row *rows, size_t count)
{
    MDB_stat tree;
    mdb_stat(transaction, lmdb->rows, &tree);
    size_t pages = 32;
    for (size_t i = 0; i <= count; i++) { /* one more for the sums */
        pages += 2 * (tree.ms_depth + 1);
        pages += i < count ? 2 * pages_of(lmdb, rows[i].value.size + STORE_SEAL_BYTES) : 0;
    }
    return 2 * pages * lmdb->page_size;
}

static uint64_t used_bytes(const struct store_lmdb *lmdb, const MDB_stat *tree)
{
    return (uint64_t)(tree->ms_branch_pages + tree->ms_leaf_pages + tree->ms_overflow_pages) *
           lmdb->page_size;
}

uint64_t store_lmdb_used(const struct store_lmdb *lmdb)
{
    MDB_stat tree;
    mdb_env_stat(lmdb->env, &tree);
    return used_bytes(lmdb, &tree);
}

void store_lmdb_limit(struct store_lmdb *lmdb, uint64_t limit_bytes)
{
    atomic_store(&lmdb->limit_bytes, limit_bytes);
}

bool store_lmdb_room_allows(const struct store_lmdb *lmdb, MDB_txn *transaction,
                            const struct store_row *rows, size_t count, const size_t *old_bytes)
{
    MDB_stat tree;
    uint64_t freed = 0, added = 0;
    bool has_new = false;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].edit == STORE_EDIT_SET) {
            added += rows[i].value.size + (rows[i].is_found ? 0 : rows[i].key.size);
            has_new |= !rows[i].is_found;
        }
        freed += rows[i].edit != STORE_EDIT_KEEP ? old_bytes[i] : 0;
    }
    if (added <= freed) {
        return true;
    }
    mdb_stat(transaction, lmdb->rows, &tree);
    return used_bytes(lmdb, &tree) + added - freed <=
           store_hard_limit(atomic_load(&lmdb->limit_bytes), has_new);
}
