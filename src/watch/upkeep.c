/*
 * upkeep: what the store wants done by timer: what was put reaches the disk within a second, a copy
 * is made now and then, and its trouble is told once it begins, each hour while it lasts, and when
 * it is over.
 */
#include "watch/watch_private.h"

#include <stdlib.h>
#include <string.h>

#include "state/settings.h"

#define SYNC_MS 1000
#define TELL_AGAIN_S 3600

struct upkeep {
    uint64_t copied_ns;
    int64_t told_s;
    struct error trouble; /* as told; "": none */
};

static void *upkeep_begin(struct watch *watch)
{
    struct upkeep *upkeep = calloc(1, sizeof(*upkeep));
    if (upkeep != NULL) {
        upkeep->copied_ns = clock_mono_ns(watch_setup_of(watch)->clock);
    }
    return upkeep;
}

static void tell_trouble(struct watch *watch, struct upkeep *upkeep)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct error now = { "" };
    int64_t now_s = clock_wall_s(setup->clock);
    bool has_trouble = store_trouble(setup->store, &now);
    bool is_same = strcmp(now.text, upkeep->trouble.text) == 0;
    if (is_same && (!has_trouble || now_s - upkeep->told_s < TELL_AGAIN_S)) {
        return;
    }
    if (has_trouble) {
        watch_log(watch, LOG_LEVEL_ERR, "state: %s", now.text);
    } else {
        watch_log(watch, LOG_LEVEL_INFO, "state: all is well again");
    }
    upkeep->told_s = now_s;
    upkeep->trouble = now;
}

static uint64_t checkpoint_ns(const struct watch_setup *setup)
{
    struct site *site = site_holder_get(setup->holder);
    const struct state_settings *settings = config_settings(site->config, &state_settings_table);
    uint64_t pause_ns = (uint64_t)settings->checkpoint_s * 1000000000u;
    site_unref(&site);
    return pause_ns;
}

static unsigned upkeep_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct upkeep *upkeep = state;
    uint64_t now_ns = clock_mono_ns(setup->clock);
    (void)is_hurried;
    store_sync(setup->store);
    if (setup->is_leader && now_ns - upkeep->copied_ns >= checkpoint_ns(setup)) {
        store_checkpoint(setup->store);
        upkeep->copied_ns = now_ns;
    }
    if (setup->is_leader) {
        tell_trouble(watch, upkeep);
    }
    return SYNC_MS;
}

const struct watch_job watch_upkeep_job = {
    .name = "upkeep", .begin = upkeep_begin, .end = free, .run = upkeep_run
};
