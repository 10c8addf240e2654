/*
 * overrides_share: what is set by command on one node of a fleet holds on all of them.
 *
 * Three things are compared: what holds here (limits/overrides.h), the fleet's records of kind
 * "override", and what both had when they last agreed, which is kept in the store (STORE_WATCH).
 * What differs here from that was set here and is told; what differs there was set elsewhere and
 * is taken. So a command writes its override and waits for nobody, and what is set during an outage
 * is told after it. Where both have changed the later one holds everywhere.
 *
 * A server that has lost everything is offered what this node has; a newer one of another node
 * stays.
 */
#ifndef EM_LIMITS_OVERRIDES_SHARE_H
#define EM_LIMITS_OVERRIDES_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "limits/fleet.h"
#include "state/store.h"
#include "util/clock.h"

/* Zero but for the first three, which outlive it. */
struct override_share {
    struct fleet *fleet;
    struct store *store;
    const struct clock *clock;
    uint64_t told_version; /* of the table, when all of it was told */
    bool is_told;
    bool has_position;
    struct fleet_position position;
};

struct override_shared {
    unsigned taken, told; /* set or removed: here, there */
    unsigned unreadable;  /* of the fleet's: passed over */
    bool is_away;         /* it ended for that, or for its time */
};

/* By a timer, each second or so, in one process of the house. Waits for the server, `budget_ms` or
 * a little longer. */
void override_share_run(struct override_share *share, unsigned budget_ms,
                        struct override_shared *shared_r);

#endif
