/*
 * fleet_share_private: what the two halves share. Not for other rooms.
 *
 *   fleet_share.c       one run; what the fleet has is taken
 *   fleet_share_tell.c  what was changed here is told
 */
#ifndef EM_LIMITS_FLEET_SHARE_PRIVATE_H
#define EM_LIMITS_FLEET_SHARE_PRIVATE_H

#include "limits/fleet_share.h"
#include "util/buffer.h"

/* One run. */
struct fleet_sharing {
    struct fleet_share *share;
    struct fleet_shared *shared;
    uint64_t end_ns;
    unsigned tried; /* records to be told */
};

static inline bool fleet_sharing_is_late(const struct fleet_sharing *sharing)
{
    return clock_mono_ns(sharing->share->clock) >= sharing->end_ns;
}

static inline bool fleet_share_is_over(const struct fleet_share_facts *facts, int64_t wall_s)
{
    return facts->until_s != 0 && wall_s >= facts->until_s;
}

/* Where in STORE_WATCH the agreed value of a key lies. */
static inline void fleet_share_agreed_key(const struct fleet_share *share, struct span key,
                                          struct buffer *out)
{
    buffer_add_span(out, share->kind->agreed);
    buffer_add_span(out, key);
}

/* Begins a pass over the table where one is due, or goes on with one. */
void fleet_share_tell(struct fleet_sharing *sharing);

#endif
