/*
 * key_stamp: by what a key file is known to be the one that was read, so that a reload reads only
 * keys that changed.
 *
 * chmod and chown show in the time of change, so an equal stamp also means that the file is as
 * private, and as readable, as it was.
 */
#ifndef EM_DKIM_KEY_STAMP_H
#define EM_DKIM_KEY_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct key_stamp {
    dev_t device;
    ino_t inode; /* 0: there was no file */
    off_t size_bytes;
    struct timespec modified, changed;
};

/* What lies at the path now. One system call. */
struct key_stamp key_stamp_take(const char *path);
bool key_stamp_is_equal(const struct key_stamp *a, const struct key_stamp *b);
/* The same once a change made from then on would show: not within the tick of the kernel's clock in
 * which it was changed last, so this may wait for 20 ms. */
struct key_stamp key_stamp_settle(const char *path);
/* The stamp mixed into a number. */
uint64_t key_stamp_join(uint64_t mark, const struct key_stamp *stamp);

#endif
