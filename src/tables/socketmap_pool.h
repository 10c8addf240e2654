/*
 * socketmap_pool: connections to a server that are kept for the next question. For all threads.
 */
#ifndef EM_TABLES_SOCKETMAP_POOL_H
#define EM_TABLES_SOCKETMAP_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "tables/socketmap_place.h"

#define SOCKETMAP_CONNECTIONS_MAX 16 /* at once, to one server */

struct socketmap_pool;

/* `place` outlives the pool. NULL: out of memory. */
struct socketmap_pool *socketmap_pool_new(const struct socketmap_place *place);
/* Nobody has a connection any more. */
void socketmap_pool_free(struct socketmap_pool **pool);

enum socketmap_pool_result {
    SOCKETMAP_POOL_KEPT,  /* *fd_r has been talked over before */
    SOCKETMAP_POOL_FRESH, /* *fd_r is connected just now */
    SOCKETMAP_POOL_BUSY,  /* all were in use until the deadline */
    SOCKETMAP_POOL_DEAD,  /* no connection to be had: *error */
};

/*
 * A connection of the caller's own until he gives it back: a kept one, or with `fresh` never one.
 * Waits until the deadline of clock_system at most.
 */
enum socketmap_pool_result socketmap_pool_take(struct socketmap_pool *pool, bool fresh,
                                               uint64_t deadline_ns, int *fd_r,
                                               struct error *error);
/* Gives one back; without `keep` it is closed. */
void socketmap_pool_give(struct socketmap_pool *pool, int fd, bool keep);

#endif
