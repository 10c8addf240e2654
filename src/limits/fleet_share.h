/*
 * fleet_share: what is set on one node of a fleet holds on all of them. It knows octets and when
 * they changed; what lies in a table is said by its kind.
 *
 * Three things are compared: what holds here (a table of the store), the fleet's records of that
 * kind, and what both had when they last agreed, which is kept in STORE_WATCH. What differs here
 * from that was set here and is told; what differs there was set elsewhere and is taken. So whoever
 * sets something waits for nobody, and what is set during an outage is told after it. Of what
 * changed on both sides one holds everywhere: struct fleet_share_facts says which.
 *
 * A server that has lost everything is offered what this node has.
 */
#ifndef EM_LIMITS_FLEET_SHARE_H
#define EM_LIMITS_FLEET_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "limits/fleet.h"
#include "state/store.h"
#include "util/clock.h"

/* What has to be known of a record. */
struct fleet_share_facts {
    unsigned weight;   /* of two that were changed apart the heavier one holds, */
    int64_t changed_s; /* of equally heavy ones the later; wall time */
    int64_t until_s;   /* wall time; 0: for good */
};

struct fleet_share_kind {
    const char *name;                 /* of the fleet's records */
    enum store_table table;           /* one that store_table_version() has */
    struct span agreed;               /* what both had: below this in STORE_WATCH, */
    struct span position;             /* and here how far the fleet's changes were read */
    enum store_durability durability; /* of what is taken */
    bool goes_when_over;              /* each node removes it by itself then, and tells nobody */
    /* False: it cannot be read here, being damaged or of a later version. */
    bool (*read)(struct span key, struct span value, struct fleet_share_facts *facts_r);
};

/* Zero but for the first five. */
struct fleet_share {
    const struct fleet_share_kind *kind; /* these four outlive it */
    struct fleet *fleet;
    struct store *store;
    const struct clock *clock;
    uint64_t most; /* records that may be here; 0: any number. May change between runs. */

    /* Reading: how far, and how far the store knows; from where to read again because there was no
     * room. */
    struct fleet_position position, kept, resume;
    bool has_position, has_skipped;
    uint64_t skipped_ns;
    /* Telling: a pass over the table goes on where the last run ended it. */
    bool is_told, is_in_pass, is_pass_whole;
    bool is_lost;          /* the server has lost what was agreed, and is offered it */
    uint64_t told_version; /* of the table, when the last whole pass began; of this one */
    uint64_t pass_version;
    uint64_t pass_rows, rested_ns; /* how many the last one saw, and when it ended */
    size_t after_size;
    char after[STORE_KEY_MAX];
};

struct fleet_shared {
    unsigned taken, told;  /* set or removed: here, there */
    unsigned unreadable;   /* of the fleet's: passed over */
    unsigned without_room; /* of the fleet's: not taken, until there is some */
    bool is_away;          /* it ended for that */
    bool has_more;         /* it ended for its time, or will go on soon */
};

/* By a timer, each second or so, in one process of the house. Nothing new costs one question to the
 * server and one look into the store; else it works for `budget_ms` or a little longer, and goes on
 * with the next call. */
void fleet_share_run(struct fleet_share *share, unsigned budget_ms, struct fleet_shared *shared_r);

#endif
