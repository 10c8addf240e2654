/*
 * table_source: reads a file that others write whenever they like.
 *
 * The stamp is taken before and after the reading, and both must be equal. That leaves a writer
 * within the same tick of the kernel's clock, whose change no stamp shows: a file that was changed
 * in this tick is read in the next one.
 */
#include "tables/table_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"

#define ATTEMPTS 5
/* A tick is at most 10 ms. Times further ahead are those of another machine's clock. */
#define TICK_MAX_NS 20000000
#define LOOK_AGAIN_NS 1000000
#define LOCK_ATTEMPTS 200

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static bool stamp_take(int fd, struct table_stamp *stamp_r)
{
    struct stat status;
    if (fstat(fd, &status) < 0) {
        return false;
    }
    *stamp_r = (struct table_stamp){ status.st_dev, status.st_ino, status.st_size, status.st_mtim,
                                     status.st_ctim };
    return true;
}

static bool stamp_is_equal(const struct table_stamp *a, const struct table_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size_bytes == b->size_bytes &&
           nanoseconds(a->modified) == nanoseconds(b->modified) &&
           nanoseconds(a->changed) == nanoseconds(b->changed);
}

/* Returns once a change would show in the stamp. */
static void await_next_tick(const struct table_stamp *stamp)
{
    const struct timespec pause = { 0, LOOK_AGAIN_NS };
    struct timespec now;
    int64_t ahead_ns;
    do {
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
        ahead_ns = nanoseconds(stamp->changed) - nanoseconds(now);
    } while (ahead_ns >= 0 && ahead_ns <= TICK_MAX_NS && nanosleep(&pause, NULL) == 0);
}

/* A lock of this descriptor alone, gone when it is closed; it stands in the way of fcntl() locks of
 * other processes as those of Postfix are. A file system without locks leaves it to the stamps. */
static bool lock_shared(int fd, const char *path, struct error *error)
{
    const struct timespec pause = { 0, LOOK_AGAIN_NS };
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
    for (unsigned i = 0; i < LOCK_ATTEMPTS; i++) {
        if (fcntl(fd, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES)) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    error_set(error, "%s is being written: its writer holds the lock", path);
    return false;
}

enum attempt { READ_WHOLE, READ_CHANGED, READ_FAILED };

static enum attempt read_opened(struct table_source *source, int fd, size_t max_bytes,
                                struct buffer *text, struct error *error)
{
    struct table_stamp after;
    if (!stamp_take(fd, &source->stamp)) {
        error_set(error, "cannot read %s: %m", source->path);
        return READ_FAILED;
    }
    await_next_tick(&source->stamp);
    if (!file_read_opened(fd, source->path, max_bytes, text, error)) {
        return READ_FAILED;
    }
    bool is_whole = stamp_take(fd, &after) && stamp_is_equal(&source->stamp, &after);
    return is_whole ? READ_WHOLE : READ_CHANGED;
}

static enum attempt read_once(struct table_source *source, size_t max_bytes, enum source_lock lock,
                              struct buffer *text, struct error *error)
{
    int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        file_explain_access(source->path, errno, error);
        return READ_FAILED;
    }
    enum attempt attempt = READ_FAILED;
    if (lock == SOURCE_FREE || lock_shared(fd, source->path, error)) {
        attempt = read_opened(source, fd, max_bytes, text, error);
    }
    close(fd);
    return attempt;
}

bool table_source_read(struct table_source *source_r, const char *path, size_t max_bytes,
                       enum source_lock lock, struct buffer *text_r, struct error *error)
{
    *source_r = (struct table_source){ .path = strdup(path) };
    if (source_r->path == NULL) {
        error_set(error, "%s: out of memory", path);
        return false;
    }
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        buffer_clear(text_r);
        enum attempt attempt = read_once(source_r, max_bytes, lock, text_r, error);
        if (attempt != READ_CHANGED) {
            return attempt == READ_WHOLE;
        }
    }
    error_set(error, "%s is being written: it changed each of the %u times it was read", path,
              ATTEMPTS);
    return false;
}

bool table_source_watch(struct table_source *source_r, const char *path)
{
    *source_r = (struct table_source){ .path = strdup(path) };
    return source_r->path != NULL;
}

bool table_source_is_stale(const struct table_source *source)
{
    struct stat status;
    if (source->path == NULL || stat(source->path, &status) < 0) {
        return false;
    }
    struct table_stamp now = { status.st_dev, status.st_ino, status.st_size, status.st_mtim,
                               status.st_ctim };
    return !stamp_is_equal(&source->stamp, &now);
}

uint64_t table_source_mark(const struct table_source *source)
{
    return source->path != NULL ? file_mark(source->path) : 0;
}

void table_source_free(struct table_source *source)
{
    free(source->path);
    source->path = NULL;
}
