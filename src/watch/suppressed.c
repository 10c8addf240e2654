/*
 * suppressed: what of the suppression list is over goes, and that the list is full is told, each
 * hour while it lasts.
 */
#include "watch/watch_private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "config/config.h"
#include "feedback/suppression.h"

#define LOOK_MS 60000
#define EXPIRE_MOST 64 /* at once; the rest with the next look */
#define TELL_AGAIN_S 3600

struct suppressed_job {
    int64_t told_s;
};

static void *suppressed_begin(struct watch *watch)
{
    (void)watch;
    return calloc(1, sizeof(struct suppressed_job));
}

static int64_t most_of(const struct watch_setup *setup)
{
    struct site *site = site_holder_get(setup->holder);
    const struct suppression_settings *settings = config_settings(site->config, &suppression_table);
    int64_t most = settings->max;
    site_unref(&site);
    return most;
}

static void tell_full(struct watch *watch, struct suppressed_job *job)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    int64_t now_s = clock_wall_s(setup->clock), most = most_of(setup);
    bool is_told = now_s >= job->told_s && now_s - job->told_s < TELL_AGAIN_S;
    if (is_told || suppression_count(setup->store) < (uint64_t)most) {
        return;
    }
    job->told_s = now_s;
    watch_log(watch, LOG_LEVEL_ERR,
              "suppression: the list is full, and addresses that bounce are not learnt: raise "
              "suppression.max (%" PRId64 ") and reload, or remove some",
              most);
}

static unsigned suppressed_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    (void)is_hurried;
    suppression_expire(setup->store, clock_wall_s(setup->clock), EXPIRE_MOST);
    tell_full(watch, state);
    return LOOK_MS;
}

const struct watch_job watch_suppressed_job = { .name = "suppressed",
                                                .begin = suppressed_begin,
                                                .end = free,
                                                .run = suppressed_run,
                                                .is_for_leader = true };
