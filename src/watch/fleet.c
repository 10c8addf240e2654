/*
 * fleet: what this node let pass while the fleet's store was away is added there when it is back;
 * what is set on one node is told to all (fleet_kinds.c). One process of the house does it.
 */
#include "watch/watch_private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "config/config.h"
#include "feedback/settings.h"
#include "limits/fleet.h"
#include "watch/fleet_kinds.h"

#define LOOK_MS 1000
#define MERGE_BUDGET_MS 500

struct fleet_job {
    struct fleet_share shares[FLEET_KIND_COUNT];
};

static void *fleet_begin(struct watch *watch)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct fleet_job *job = calloc(1, sizeof(*job));
    for (size_t i = 0; job != NULL && i < FLEET_KIND_COUNT; i++) {
        job->shares[i] = (struct fleet_share){ .kind = &fleet_kinds[i].share,
                                               .fleet = setup->books.fleet,
                                               .store = setup->store,
                                               .clock = setup->clock };
    }
    return job;
}

static void tell_shared(struct watch *watch, const struct fleet_kind_row *kind,
                        const struct fleet_shared *shared)
{
    if (shared->taken > 0 || shared->told > 0) {
        watch_log(watch, kind->level,
                  "redis: %s: %u changes of other nodes taken, %u of this one told", kind->title,
                  shared->taken, shared->told);
    }
    if (shared->unreadable > 0) {
        watch_log(
            watch, LOG_LEVEL_WARNING,
            "redis: %s: %u of the fleet's cannot be read here: of a later version, or damaged",
            kind->title, shared->unreadable);
    }
    if (shared->without_room > 0) {
        watch_log(watch, LOG_LEVEL_WARNING,
                  "redis: %s: %u of the fleet's do not hold here, for want of room; they are taken "
                  "when there is some",
                  kind->title, shared->without_room);
    }
}

static void share_kinds(struct watch *watch, struct fleet_job *job)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct site *site = site_holder_get(setup->holder);
    const struct suppression_settings *settings = config_settings(site->config, &suppression_table);
    job->shares[FLEET_SUPPRESSED].most = (uint64_t)settings->max;
    site_unref(&site);
    for (size_t i = 0; i < FLEET_KIND_COUNT && !watch_is_stopping(watch); i++) {
        struct fleet_shared shared;
        fleet_share_run(&job->shares[i], fleet_kinds[i].budget_ms, &shared);
        tell_shared(watch, &fleet_kinds[i], &shared);
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
    (void)is_hurried;
    if (setup->books.fleet == NULL)
        return 60000;
    if (fleet_merges(setup->books.fleet) > 0) {
        fleet_merge(setup->books.fleet, ledger_now_ms(setup->books.ledger), MERGE_BUDGET_MS,
                    &merged);
        tell(watch, &merged, fleet_merges(setup->books.fleet));
    }
    share_kinds(watch, state);
    return LOOK_MS;
}

const struct watch_job watch_fleet_job = {
    .name = "fleet", .begin = fleet_begin, .end = free, .run = fleet_run, .is_for_leader = true
};
