/*
 * pool: the one used last is taken first, so that those not needed grow old; they are closed when
 * somebody comes by and finds them unused for IDLE_MAX_NS. There is no thread that does it: where
 * nobody asks, what is kept stays.
 *
 * A kept connection over which something can be read is closed too: the server has closed it, or
 * said what nobody asked for, and then the next answer would be taken for another one.
 */
#include "io/pool.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"

#define IDLE_MAX_NS 60000000000u
#define NS_PER_S 1000000000u

struct pool {
    const struct endpoint *endpoint;
    pthread_mutex_t lock;
    pthread_cond_t given; /* told the time by CLOCK_MONOTONIC */
    struct kept {
        int fd;
        uint64_t since_ns;
    } kept[POOL_CONNECTIONS_MAX]; /* oldest first */
    unsigned kept_count;
    unsigned used_count; /* in somebody's hands, or being connected */
};

struct pool *pool_new(const struct endpoint *endpoint)
{
    struct pool *pool = calloc(1, sizeof(*pool));
    pthread_condattr_t attributes;
    if (pool == NULL) {
        return NULL;
    }
    pool->endpoint = endpoint;
    pthread_mutex_init(&pool->lock, NULL); /* these cannot fail where we run */
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->given, &attributes);
    pthread_condattr_destroy(&attributes);
    return pool;
}

void pool_free(struct pool **pool)
{
    if (*pool == NULL) {
        return;
    }
    for (unsigned i = 0; i < (*pool)->kept_count; i++) {
        close((*pool)->kept[i].fd);
    }
    pthread_cond_destroy(&(*pool)->given);
    pthread_mutex_destroy(&(*pool)->lock);
    free(*pool);
    *pool = NULL;
}

static bool is_quiet(int fd)
{
    struct pollfd look = { .fd = fd, .events = POLLIN };
    return poll(&look, 1, 0) == 0;
}

/* Closes those that are too old. The lock is held, as in the next two. */
static void drop_old(struct pool *pool)
{
    uint64_t now_ns = clock_mono_ns(&clock_system);
    unsigned old = 0;
    while (old < pool->kept_count && now_ns - pool->kept[old].since_ns > IDLE_MAX_NS) {
        close(pool->kept[old++].fd);
    }
    pool->kept_count -= old;
    memmove(pool->kept, pool->kept + old, pool->kept_count * sizeof(pool->kept[0]));
}

/* The newest that is fit for use; -1: none is. */
static int take_kept(struct pool *pool)
{
    while (pool->kept_count > 0) {
        int fd = pool->kept[--pool->kept_count].fd;
        if (is_quiet(fd)) {
            return fd;
        }
        close(fd);
    }
    return -1;
}

/* Room for one connection more; false: there was none until the deadline. */
static bool await_room(struct pool *pool, uint64_t deadline_ns)
{
    struct timespec deadline = { (time_t)(deadline_ns / NS_PER_S), (long)(deadline_ns % NS_PER_S) };
    while (pool->used_count == POOL_CONNECTIONS_MAX) {
        if (pthread_cond_timedwait(&pool->given, &pool->lock, &deadline) != 0) {
            return pool->used_count < POOL_CONNECTIONS_MAX;
        }
    }
    return true;
}

/* Kept ones count too: for a fresh one the oldest of them has to go when all places are taken. */
static void make_room(struct pool *pool)
{
    if (pool->kept_count > 0 && pool->kept_count + pool->used_count == POOL_CONNECTIONS_MAX) {
        close(pool->kept[0].fd);
        pool->kept_count--;
        memmove(pool->kept, pool->kept + 1, pool->kept_count * sizeof(pool->kept[0]));
    }
}

static void release(struct pool *pool)
{
    pool->used_count--;
    pthread_cond_signal(&pool->given);
}

enum pool_result pool_take(struct pool *pool, bool fresh, uint64_t deadline_ns, int *fd_r,
                           struct error *error)
{
    *fd_r = -1;
    pthread_mutex_lock(&pool->lock);
    drop_old(pool);
    bool has_room = await_room(pool, deadline_ns);
    if (has_room) {
        *fd_r = fresh ? -1 : take_kept(pool);
        if (*fd_r < 0) {
            make_room(pool);
        }
        pool->used_count++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!has_room) {
        return POOL_BUSY;
    }
    if (*fd_r >= 0) {
        return POOL_KEPT;
    }
    *fd_r = endpoint_connect(pool->endpoint, deadline_ns, error);
    if (*fd_r >= 0) {
        return POOL_FRESH;
    }
    pthread_mutex_lock(&pool->lock);
    release(pool);
    pthread_mutex_unlock(&pool->lock);
    return POOL_DEAD;
}

void pool_give(struct pool *pool, int fd, bool keep)
{
    pthread_mutex_lock(&pool->lock);
    if (keep) {
        pool->kept[pool->kept_count++] = (struct kept){ fd, clock_mono_ns(&clock_system) };
    } else {
        close(fd);
    }
    release(pool);
    pthread_mutex_unlock(&pool->lock);
}
