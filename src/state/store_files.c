/*
 * store_files: the directory of the store: who may use it, the check of what lies there, the copy
 * that takes the place of a damaged original, and room on the disk.
 *
 * LMDB believes what stands in its file. A loss of power may leave there what was never written
 * (nothing is synced at each commit), and people restore half of a file. So whoever opens the store
 * while nobody else has it open reads it all by our own reader first. That needs no knowledge of
 * how the machine went down.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/lmdb_pages.h"
#include "state/store_private.h"

#define SPARE_BYTES ((size_t)1 << 20) /* more than one transaction writes */
#define TEMPORARY "store.new"
#define COPY_MAX_BYTES ((size_t)16 << 30)

void store_place_enter(const struct store_place *place)
{
    if (place->is_others && (setegid(place->group) < 0 || seteuid(place->owner) < 0)) {
        abort(); /* root may; with half of it done nothing may go on */
    }
}

void store_place_leave(const struct store_place *place)
{
    if (place->is_others && (seteuid(0) < 0 || setegid(getgid()) < 0)) {
        abort();
    }
}

/* --- room on the disk --------------------------------------------------------------------------
 */

bool store_place_reserve(int file_fd, size_t used_bytes, size_t map_bytes, size_t *reserved_io,
                         struct error *error)
{
    size_t wanted = used_bytes + SPARE_BYTES < map_bytes ? used_bytes + SPARE_BYTES : map_bytes;
    if (wanted <= *reserved_io) {
        return true;
    }
    wanted = wanted + SPARE_BYTES < map_bytes ? wanted + SPARE_BYTES : map_bytes;
    int code;
    do {
        code = fallocate(file_fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)wanted);
    } while (code < 0 && errno == EINTR);
    if (code < 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
        error_set(error, errno == ENOSPC || errno == EDQUOT ? "the disk is full: make room, what "
                                                              "changes until then is not kept"
                                                            : "no room can be reserved: %m");
        return false;
    }
    *reserved_io = wanted;
    return true;
}

/* --- files -------------------------------------------------------------------------------------
 */

int store_place_make(const struct store_place *place, const char *temporary, struct error *error)
{
    unlinkat(place->fd, temporary, 0);
    int fd = openat(place->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0) {
        error_set(error, "cannot make %s: %m", temporary);
    }
    return fd;
}

bool store_place_put(const struct store_place *place, int fd, const char *temporary,
                     const char *name, struct error *error)
{
    bool is_put = fsync(fd) == 0 && renameat(place->fd, temporary, place->fd, name) == 0 &&
                  fsync(place->fd) == 0;
    if (!is_put) {
        error_set(error, "cannot write %s: %m", name);
        unlinkat(place->fd, temporary, 0);
    }
    close(fd);
    return is_put;
}

static bool write_all(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t done = write(fd, bytes.at, bytes.size);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        bytes = span_from(bytes, done > 0 ? (size_t)done : 0);
    }
    return true;
}

static bool read_all(int fd, char *bytes, size_t size, size_t *got_r)
{
    *got_r = 0;
    while (*got_r < size) {
        ssize_t got = pread(fd, bytes + *got_r, size - *got_r, (off_t)*got_r);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return false;
        }
        *got_r += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool take_row(void *context, struct span key, struct span value)
{
    (void)context;
    (void)key;
    (void)value;
    return true;
}

/* What is in use of a database, and whether that is sound. False with *error; the caller frees. */
static bool read_database(int fd, struct span *database_r, struct error *error)
{
    char head[LMDB_PAGES_HEAD];
    size_t got;
    *database_r = (struct span){ NULL, 0 };
    if (!read_all(fd, head, sizeof(head), &got)) {
        error_set(error, "cannot be read: %m");
        return false;
    }
    size_t extent = lmdb_pages_extent((struct span){ head, got });
    if (extent == 0 || extent > COPY_MAX_BYTES) {
        error_set(error, "no LMDB database");
        return false;
    }
    char *bytes = malloc(extent);
    if (bytes == NULL || !read_all(fd, bytes, extent, &got)) {
        error_set(error, bytes == NULL ? "out of memory" : "cannot be read: %m");
        free(bytes);
        return false;
    }
    *database_r = (struct span){ bytes, got };
    return lmdb_pages_are_sound(*database_r, take_row, NULL, error);
}

static bool is_sound(int fd, struct error *error)
{
    struct stat status;
    struct span database = { NULL, 0 };
    bool is_good = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0;
    is_good = is_good || read_database(fd, &database, error);
    free((void *)database.at);
    return is_good;
}

/* The checkpoint as a file of the other name. False: there is none that is sound. */
static bool copy_checkpoint(const struct store_place *place, struct error *error)
{
    struct span database = { NULL, 0 };
    int from = openat(place->fd, STORE_CHECKPOINT, O_RDONLY | O_CLOEXEC);
    bool is_read = from >= 0 && read_database(from, &database, error);
    int to = is_read ? store_place_make(place, TEMPORARY, error) : -1;
    bool is_good = to >= 0 && write_all(to, database);
    if (is_good) {
        is_good = store_place_put(place, to, TEMPORARY, STORE_FILE, error);
    } else if (to >= 0) {
        close(to);
        unlinkat(place->fd, TEMPORARY, 0);
    }
    if (from >= 0) {
        close(from);
    }
    free((void *)database.at);
    return is_good;
}

/* --- who comes first ---------------------------------------------------------------------------
 */

/* Without a checkpoint the store begins anew. A store that is missing while its copy is there was
 * lost, or its replacing was cut short. */
static bool mend(const struct store_place *place, bool is_there, struct error *error)
{
    struct error why;
    if (is_there && renameat(place->fd, STORE_FILE, place->fd, STORE_BROKEN) < 0) {
        error_set(error, "is damaged and cannot be set aside: %m");
        return false;
    }
    copy_checkpoint(place, &why);
    return true;
}

static bool look_at_file(const struct store_place *place, bool to_read, struct error *error)
{
    int fd = openat(place->fd, STORE_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno != ENOENT) {
        error_set(error, "%s cannot be opened: %m", STORE_FILE);
        return false;
    }
    bool is_good = fd >= 0 && is_sound(fd, error);
    if (fd >= 0) {
        close(fd);
    }
    if (to_read && fd < 0) {
        error_set(error, "there is no store yet");
    }
    return is_good || (!to_read && mend(place, fd >= 0, error));
}

/* Everybody has the directory locked together while the store is open in it. Who gets it alone has
 * nobody beside him who writes. */
static bool lock(const struct store_place *place, bool to_read, struct error *error)
{
    if (flock(place->fd, LOCK_EX | LOCK_NB) == 0) {
        if (!look_at_file(place, to_read, error)) {
            return false;
        }
    } else if (errno != EWOULDBLOCK) {
        error_set(error, "cannot be locked (%m): a network file system is no place for it");
        return false;
    }
    while (flock(place->fd, LOCK_SH) < 0) { /* waits for nothing but somebody's look */
        if (errno != EINTR) {
            error_set(error, "cannot be locked: %m");
            return false;
        }
    }
    return true;
}

static const char *own_name(void)
{
    const struct passwd *entry = getpwuid(geteuid());
    return entry != NULL ? entry->pw_name : "USER";
}

static void refuse_access(const char *directory, struct error *error)
{
    error_set(error, "%s cannot write to %s: run chown %s %s && chmod u+rwx %s", own_name(),
              directory, own_name(), directory, directory);
}

static bool may_write(const char *directory, const struct store_place *place, struct error *error)
{
    if (faccessat(place->fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0) {
        return true;
    }
    if (errno == EROFS) {
        error_set(error, "%s is on a file system that is mounted read-only", directory);
    } else {
        refuse_access(directory, error);
    }
    return false;
}

/* Whoever only looks is not told to take the directory for himself. */
static void explain_open(const char *directory, bool to_read, int why, struct error *error)
{
    if (why == ENOENT) {
        error_set(error, "%s is not there: run install -d -o %s -m 0750 %s", directory, own_name(),
                  directory);
    } else if (why == EACCES && !to_read) {
        refuse_access(directory, error);
    } else {
        error_set(error, "%s cannot be opened: %s", directory, strerror(why));
    }
}

static int open_directory(const char *directory, bool to_read, struct error *error)
{
    if (!to_read) {
        mkdir(directory, 0750); /* what goes wrong shows when it is opened */
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        explain_open(directory, to_read, errno, error);
    }
    return fd;
}

/* The directory is missing: can it be made? */
static bool parent_lets_make(const char *directory)
{
    char parent[4096];
    snprintf(parent, sizeof(parent), "%s", directory);
    char *slash = strrchr(parent, '/');
    if (slash == NULL) {
        return false;
    }
    slash[slash == parent] = '\0';
    return faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) == 0;
}

bool store_place_is_usable(const char *directory, struct error *error)
{
    if (access(directory, F_OK) < 0 && errno == ENOENT && parent_lets_make(directory)) {
        return true;
    }
    struct store_place place = { .fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
    if (place.fd < 0) {
        explain_open(directory, false, errno, error);
        return false;
    }
    bool is_usable = place.fd >= 0 && may_write(directory, &place, error);
    store_place_close(&place);
    return is_usable;
}

bool store_place_open(const char *directory, bool to_read, struct store_place *place_r,
                      struct error *error)
{
    struct stat status;
    *place_r = (struct store_place){ .fd = open_directory(directory, to_read, error) };
    if (place_r->fd < 0) {
        return false;
    }
    if (geteuid() == 0 && fstat(place_r->fd, &status) == 0 && status.st_uid != 0) {
        place_r->owner = status.st_uid;
        place_r->group = status.st_gid;
        place_r->is_others = true;
    }
    store_place_enter(place_r);
    bool is_open = to_read || may_write(directory, place_r, error);
    if (is_open && !lock(place_r, to_read, error)) {
        error_prefix(error, "%s", directory);
        is_open = false;
    }
    store_place_leave(place_r);
    if (!is_open) {
        store_place_close(place_r);
    }
    return is_open;
}

void store_place_close(struct store_place *place)
{
    if (place->fd >= 0) {
        close(place->fd);
    }
    place->fd = -1;
}
