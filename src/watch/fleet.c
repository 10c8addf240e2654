/*
 * fleet: what this node let pass while the fleet's store was away is added there when it is back;
 * what is set by command on one node is told to all. One process of the house does it.
 */
#include "watch/watch_private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "limits/fleet.h"
#include "limits/overrides_share.h"

#define LOOK_MS 1000
#define BUDGET_MS 500

static void *fleet_begin(struct watch *watch)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct override_share *share = calloc(1, sizeof(*share));
    if (share != NULL) {
        share->fleet = setup->books.fleet;
        share->store = setup->store;
        share->clock = setup->clock;
    }
    return share;
}

static void tell_shared(struct watch *watch, const struct override_shared *shared)
{
    if (shared->taken > 0 || shared->told > 0) {
        watch_log(
            watch, LOG_LEVEL_NOTICE,
            "redis: overrides of limits: %u changes of other nodes taken, %u of this one told",
            shared->taken, shared->told);
    }
    if (shared->unreadable > 0) {
        watch_log(watch, LOG_LEVEL_WARNING,
                  "redis: overrides of limits: %u of the fleet's cannot be read here: of a later "
                  "version, or damaged",
                  shared->unreadable);
    }
}

static void tell(struct watch *watch, const struct fleet_merged *merged, uint64_t waiting)
{
    if (merged->merged > 0 || merged->known > 0)
        watch_log(watch, LOG_LEVEL_INFO,
                  "redis: %" PRIu64 " charges of the time without it are added, %" PRIu64
                  " were there, %" PRIu64 " wait",
                  merged->merged, merged->known, waiting);
    if (merged->lost > 0)
        watch_log(watch, LOG_LEVEL_WARNING,
                  "redis: %" PRIu64
                  " charges of the time without it are not added: nobody knows any more whether "
                  "they were",
                  merged->lost);
}

static unsigned fleet_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct fleet_merged merged;
    struct override_shared shared;
    (void)is_hurried;
    if (setup->books.fleet == NULL)
        return 60000;
    if (fleet_merges(setup->books.fleet) > 0) {
        fleet_merge(setup->books.fleet, ledger_now_ms(setup->books.ledger), BUDGET_MS, &merged);
        tell(watch, &merged, fleet_merges(setup->books.fleet));
    }
    override_share_run(state, BUDGET_MS, &shared);
    tell_shared(watch, &shared);
    return LOOK_MS;
}

const struct watch_job watch_fleet_job = {
    .name = "fleet", .begin = fleet_begin, .end = free, .run = fleet_run, .is_for_leader = true
};
