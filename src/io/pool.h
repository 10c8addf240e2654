/*
 * pool: connections to a server that are kept for the next question. For all threads.
 */
#ifndef EM_IO_POOL_H
#define EM_IO_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "io/endpoint.h"

#define POOL_CONNECTIONS_MAX 16 /* at once, to one server */

struct pool;

/* `endpoint` outlives the pool. NULL: out of memory. */
struct pool *pool_new(const struct endpoint *endpoint);
/* Nobody has a connection any more. */
void pool_free(struct pool **pool);

enum pool_result {
    POOL_KEPT,  /* *fd_r has been talked over before */
    POOL_FRESH, /* *fd_r is connected just now */
    POOL_BUSY,  /* all were in use until the deadline */
    POOL_DEAD,  /* no connection to be had: *error */
};

/*
 * A connection of the caller's own until he gives it back: a kept one, or with `fresh` never one.
 * Waits until the deadline of clock_system at most.
 */
enum pool_result pool_take(struct pool *pool, bool fresh, uint64_t deadline_ns, int *fd_r,
                           struct error *error);
/* Gives one back; without `keep` it is closed. */
void pool_give(struct pool *pool, int fd, bool keep);

#endif
