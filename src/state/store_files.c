/*
 * store_files: the directory of the store: who may use it, the check of what lies there, the copy
 * that takes the place of a damaged original.
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
#include "util/file.h"

#define TEMPORARY "store.new"
#define PIECE_BYTES ((size_t)1 << 20)
#define SPARE_BYTES ((size_t)1 << 30)

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

int store_place_open_file(const struct store_place *place, bool to_read, struct error *error)
{
    int flags = to_read ? O_RDONLY : O_RDWR | O_CREAT;
    int fd = openat(place->fd, STORE_FILE, flags | O_CLOEXEC, 0640);
    if (fd < 0) {
        error_set(error, "%s cannot be opened: %m", STORE_FILE);
    }
    return fd;
}

/* --- what lies there ---------------------------------------------------------------------------
 */

/* A file of the store, read piece by piece: a million accounts need no memory to be looked at. */
struct store_file {
    struct lmdb_source source;
    int fd;
    size_t length;
    uint64_t counts[STORE_TABLE_COUNT];
    struct store_sums sums;
    struct error *error;
};

static bool read_piece(const struct lmdb_source *source, size_t at, char *bytes_r, size_t size,
                       struct error *error)
{
    const struct store_file *file = (const struct store_file *)source;
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(file->fd, bytes_r + done, size - done, (off_t)(at + done));
        if (got == 0 || (got < 0 && errno != EINTR)) {
            error_set(error, got == 0 ? "it is cut short" : "cannot be read: %m");
            return false;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* Once through all of it: what lies apart is then read from the kernel's memory; and to `copy_fd`,
 * where that is a file. */
static bool read_through(const struct store_file *file, int copy_fd, struct error *error)
{
    char *piece = malloc(PIECE_BYTES);
    bool is_good = piece != NULL;
    if (!is_good) {
        error_set(error, "out of memory");
    }
    posix_fadvise(file->fd, 0, (off_t)file->source.size, POSIX_FADV_SEQUENTIAL);
    for (size_t at = 0; at < file->source.size && is_good; at += PIECE_BYTES) {
        size_t left = file->source.size - at, size = left < PIECE_BYTES ? left : PIECE_BYTES;
        is_good = read_piece(&file->source, at, piece, size, error);
        if (is_good && copy_fd >= 0 && !file_write_opened(copy_fd, (struct span){ piece, size })) {
            error_set(error, "cannot be written: %m");
            is_good = false;
        }
    }
    free(piece);
    posix_fadvise(file->fd, 0, (off_t)file->source.size, POSIX_FADV_NORMAL);
    return is_good;
}

static bool take_row(void *context, struct span key, struct span value)
{
    struct store_file *file = context;
    if (span_is_equal(key, STORE_SUMS_KEY)) {
        store_sums_read(&file->sums, value);
    }
    if (key.at[0] <= 0 || key.at[0] > STORE_TABLE_COUNT) {
        return true; /* of the whole, or of a newer version, or somebody else's */
    }
    file->counts[key.at[0] - 1]++;
    if (!store_seal_is_whole(key, value)) {
        error_set(file->error, "the database is damaged: a record is not what was written");
        return false;
    }
    return true;
}

static bool is_counted(const struct store_file *file, struct error *error)
{
    for (size_t i = 0; i < STORE_TABLE_COUNT; i++) {
        if (store_sums_count((enum store_table)i) && file->counts[i] != file->sums.of[i].count) {
            error_set(error, "the database is damaged: records are missing");
            return false;
        }
    }
    return true;
}

/* Is it a sound database? One that somebody else made is sound, too. */
static bool look_at(struct store_file *file, struct error *error)
{
    char head[LMDB_PAGES_HEAD];
    struct stat status;
    if (fstat(file->fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        error_set(error, "is no file");
        return false;
    }
    size_t length = (size_t)status.st_size;
    file->error = error;
    file->source.read = read_piece;
    file->source.size = length < sizeof(head) ? length : sizeof(head);
    if (!read_piece(&file->source, 0, head, file->source.size, error)) {
        return false;
    }
    size_t extent = lmdb_pages_extent((struct span){ head, file->source.size });
    if (extent == 0) {
        error_set(error, "no LMDB database");
        return false;
    }
    file->source.size = extent < length ? extent : length;
    file->length = length;
    return read_through(file, -1, error) &&
           lmdb_pages_are_sound(&file->source, take_row, file, error) && is_counted(file, error);
}

static bool is_empty(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0;
}

/* The checkpoint as a file of the other name. False: there is none that is sound. */
static bool copy_checkpoint(const struct store_place *place, struct error *error)
{
    struct store_file file = { .fd = openat(place->fd, STORE_CHECKPOINT, O_RDONLY | O_CLOEXEC) };
    bool is_sound = file.fd >= 0 && look_at(&file, error);
    int to = is_sound ? store_place_make(place, TEMPORARY, error) : -1;
    bool is_good = to >= 0 && read_through(&file, to, error);
    if (is_good) {
        is_good = store_place_put(place, to, TEMPORARY, STORE_FILE, error);
    } else if (to >= 0) {
        close(to);
        unlinkat(place->fd, TEMPORARY, 0);
    }
    if (file.fd >= 0) {
        close(file.fd);
    }
    return is_good;
}

/* --- who comes first ---------------------------------------------------------------------------
 */

/* On the disk when it returns true. */
static bool note_loss(const struct store_place *place)
{
    int fd = openat(place->fd, STORE_LOST_NOTE, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 && fsync(place->fd) == 0;
}

void store_place_forget_loss(const struct store_place *place)
{
    unlinkat(place->fd, STORE_LOST_NOTE, 0); /* where it stays, the loss is told once more */
}

/* Without a checkpoint the store begins anew. A store that is missing while its copy is there was
 * lost, or its replacing was cut short. From here on until the file itself says so, the note does:
 * who dies in between, or cannot go on, would leave a sound file that has lost nothing. */
static bool mend(struct store_place *place, bool is_there, struct error *error)
{
    struct error why;
    place->has_lost = is_there || faccessat(place->fd, STORE_CHECKPOINT, F_OK, 0) == 0;
    if (place->has_lost && !note_loss(place)) {
        error_set(error, "is damaged and cannot be mended: %m");
        return false;
    }
    if (is_there && renameat(place->fd, STORE_FILE, place->fd, STORE_BROKEN) < 0) {
        error_set(error, "is damaged and cannot be set aside: %m");
        return false;
    }
    copy_checkpoint(place, &why);
    return true;
}

/* One that is far too long is of a process that was killed while it opened it. */
static void shorten(const struct store_place *place, const struct store_file *file)
{
    size_t enough = file->source.size + SPARE_BYTES;
    int fd = file->length > enough ? openat(place->fd, STORE_FILE, O_WRONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        if (ftruncate(fd, (off_t)enough) < 0) {
            errno = 0; /* it stays longer */
        }
        close(fd);
    }
}

static bool look_at_file(struct store_place *place, bool to_read, struct error *error)
{
    int fd = openat(place->fd, STORE_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno != ENOENT) {
        error_set(error, "%s cannot be opened: %m", STORE_FILE);
        return false;
    }
    struct store_file file = { .fd = fd };
    bool is_good = fd >= 0 && (is_empty(fd) || look_at(&file, error));
    if (is_good && !to_read) {
        shorten(place, &file);
    }
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
static bool lock(struct store_place *place, bool to_read, struct error *error)
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
    place->has_lost |= !to_read && faccessat(place->fd, STORE_LOST_NOTE, F_OK, 0) == 0;
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

static void find_owner(struct store_place *place)
{
    struct stat status;
    if (geteuid() == 0 && fstat(place->fd, &status) == 0 && status.st_uid != 0) {
        place->owner = status.st_uid;
        place->group = status.st_gid;
        place->is_others = true;
    }
}

bool store_place_note_loss(const char *directory)
{
    struct store_place place = { .fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
    if (place.fd < 0) {
        return false;
    }
    find_owner(&place);
    store_place_enter(&place);
    bool is_noted = note_loss(&place);
    store_place_leave(&place);
    store_place_close(&place);
    return is_noted;
}

bool store_place_open(const char *directory, bool to_read, struct store_place *place_r,
                      struct error *error)
{
    *place_r = (struct store_place){ .fd = open_directory(directory, to_read, error) };
    if (place_r->fd < 0) {
        return false;
    }
    find_owner(place_r);
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
