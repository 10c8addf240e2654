/*
 * spool: one file for each message, made with its first bytes. Not memory: a site may have
 * thousands of messages on their way, of 25 MB each, while most files are gone before the kernel
 * has written them to any disk. Where the file system knows no files without a name, one is made
 * and its name taken away at once.
 */
#include "scan/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spool {
    int fd;
    enum spool_state state;
    uint64_t size, max_bytes;
    struct spool_account *account;
    struct error why;
};

static int open_named(const char *directory)
{
    char path[4096];
    int size = snprintf(path, sizeof(path), "%s/.scan-XXXXXX", directory);
    if (size < 0 || (size_t)size >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
    }
    return fd;
}

static int open_nameless(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    /* A kernel or a file system that has never heard of it says one of these. */
    bool is_unknown = fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL);
    return is_unknown ? open_named(directory) : fd;
}

struct spool *spool_new(const char *directory, uint64_t max_bytes, struct spool_account *account)
{
    struct spool *spool = calloc(1, sizeof(*spool));
    if (spool == NULL) {
        return NULL;
    }
    spool->account = account;
    spool->max_bytes = max_bytes;
    spool->fd = open_nameless(directory);
    if (spool->fd < 0) {
        spool->state = SPOOL_FAILED;
        error_set(&spool->why, "no file can be made in %s: %s", directory, strerror(errno));
    }
    return spool;
}

/* Nothing of it is needed any more. */
static void give_back(struct spool *spool)
{
    if (spool->fd >= 0) {
        close(spool->fd);
        spool->fd = -1;
    }
    atomic_fetch_sub(&spool->account->taken_bytes, spool->size);
    spool->size = 0;
}

void spool_free(struct spool **spool)
{
    if (*spool != NULL) {
        give_back(*spool);
        free(*spool);
        *spool = NULL;
    }
}

static void fail(struct spool *spool, const char *why)
{
    spool->state = SPOOL_FAILED;
    error_set(&spool->why, "a message cannot be kept for its scan: %s", why);
    give_back(spool);
}

static bool take_room(struct spool *spool, size_t size)
{
    uint64_t before = atomic_fetch_add(&spool->account->taken_bytes, size);
    if (before + size <= spool->account->limit_bytes) {
        return true;
    }
    atomic_fetch_sub(&spool->account->taken_bytes, size);
    return false;
}

/* 0, or an errno. */
static int write_all(const struct spool *spool, const char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t wrote = pwrite(spool->fd, bytes + done, size - done, (off_t)(spool->size + done));
        if (wrote == 0 || (wrote < 0 && errno != EINTR)) {
            return wrote == 0 ? ENOSPC : errno;
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return 0;
}

void spool_add(struct spool *spool, const void *bytes, size_t size)
{
    if (spool->state != SPOOL_GOOD) {
        return;
    }
    if (size > spool->max_bytes - spool->size) {
        spool->state = SPOOL_TOO_LARGE;
        give_back(spool);
        return;
    }
    if (!take_room(spool, size)) {
        fail(spool, "too much is kept already");
        return;
    }
    int why = write_all(spool, bytes, size);
    if (why != 0) {
        atomic_fetch_sub(&spool->account->taken_bytes, size);
        fail(spool, strerror(why));
        return;
    }
    spool->size += size;
}

enum spool_state spool_look(const struct spool *spool, struct error *why_r)
{
    if (spool->state == SPOOL_FAILED) {
        *why_r = spool->why;
    }
    return spool->state;
}

int spool_fd(const struct spool *spool)
{
    return spool->fd;
}

uint64_t spool_size(const struct spool *spool)
{
    return spool->size;
}
