/*
 * key_stamp: stat(), and what of it counts.
 */
#include "dkim/key_stamp.h"

#include <sys/stat.h>

#include "util/file.h"

/* A tick is at most 10 ms. Times further ahead are those of another machine's clock. */
#define TICK_MAX_NS 20000000
#define LOOK_AGAIN_NS 1000000
#define LOOKS_MAX 20

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct key_stamp key_stamp_take(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0) {
        return (struct key_stamp){ .inode = 0 };
    }
    return (struct key_stamp){ status.st_dev, status.st_ino, status.st_size, status.st_mtim,
                               status.st_ctim };
}

bool key_stamp_is_equal(const struct key_stamp *a, const struct key_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size_bytes == b->size_bytes &&
           nanoseconds(a->modified) == nanoseconds(b->modified) &&
           nanoseconds(a->changed) == nanoseconds(b->changed);
}

static bool is_settled(const struct key_stamp *stamp)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    int64_t ahead_ns = nanoseconds(stamp->changed) - nanoseconds(now);
    return ahead_ns < 0 || ahead_ns > TICK_MAX_NS;
}

struct key_stamp key_stamp_settle(const char *path)
{
    const struct timespec pause = { 0, LOOK_AGAIN_NS };
    struct key_stamp stamp = key_stamp_take(path);
    for (unsigned i = 0; i < LOOKS_MAX && stamp.inode != 0 && !is_settled(&stamp); i++) {
        nanosleep(&pause, NULL);
        stamp = key_stamp_take(path);
    }
    return stamp;
}

uint64_t key_stamp_join(uint64_t mark, const struct key_stamp *stamp)
{
    mark = file_mark_join(mark, stamp->device);
    mark = file_mark_join(mark, stamp->inode);
    mark = file_mark_join(mark, (uint64_t)stamp->size_bytes);
    mark = file_mark_join(mark, (uint64_t)nanoseconds(stamp->modified));
    return file_mark_join(mark, (uint64_t)nanoseconds(stamp->changed));
}
