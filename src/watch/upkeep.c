/*
 * upkeep: what the store wants done by timer: what was put reaches the disk within a second, a copy
 * is made now and then, and its trouble is told once it begins, each hour while it lasts, and when
 * it is over.
 *
 * A thread of its own syncs: copies of a large store take seconds, and looks at DNS may.
 */
#include "watch/watch_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "state/settings.h"

#define LOOK_MS 1000
#define SYNC_S 1
#define TELL_AGAIN_S 3600
#define COPYING_SHARE 20 /* no more than one in so many seconds is for copying */

struct upkeep {
    struct store *store;
    pthread_t syncer;
    bool has_syncer;
    pthread_mutex_t lock; /* of is_ending */
    pthread_cond_t ending;
    bool is_ending;
    uint64_t copied_ns, copying_ns; /* when the last copy was made, and how long it took */
    int64_t told_s;
    struct error trouble; /* as told; "": none */
};

/* Waits a second; true: it is over. */
static bool wait_for_end(struct upkeep *upkeep)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SYNC_S;
    pthread_mutex_lock(&upkeep->lock);
    int code = 0;
    while (!upkeep->is_ending && code == 0) {
        code = pthread_cond_timedwait(&upkeep->ending, &upkeep->lock, &until);
    }
    bool is_ending = upkeep->is_ending;
    pthread_mutex_unlock(&upkeep->lock);
    return is_ending;
}

static void *sync_often(void *context)
{
    struct upkeep *upkeep = context;
    while (!wait_for_end(upkeep)) {
        store_sync(upkeep->store);
    }
    return NULL;
}

static void *upkeep_begin(struct watch *watch)
{
    struct upkeep *upkeep = calloc(1, sizeof(*upkeep));
    pthread_condattr_t monotonic;
    if (upkeep == NULL) {
        return NULL;
    }
    upkeep->store = watch_setup_of(watch)->store;
    upkeep->copied_ns = clock_mono_ns(watch_setup_of(watch)->clock);
    pthread_mutex_init(&upkeep->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&upkeep->ending, &monotonic);
    pthread_condattr_destroy(&monotonic);
    upkeep->has_syncer = pthread_create(&upkeep->syncer, NULL, sync_often, upkeep) == 0;
    return upkeep;
}

static void upkeep_end(void *state)
{
    struct upkeep *upkeep = state;
    pthread_mutex_lock(&upkeep->lock);
    upkeep->is_ending = true;
    pthread_cond_signal(&upkeep->ending);
    pthread_mutex_unlock(&upkeep->lock);
    if (upkeep->has_syncer) {
        pthread_join(upkeep->syncer, NULL);
    }
    pthread_cond_destroy(&upkeep->ending);
    pthread_mutex_destroy(&upkeep->lock);
    free(upkeep);
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

/* A reload may have changed them. */
static struct state_settings settings_of(const struct watch_setup *setup)
{
    struct site *site = site_holder_get(setup->holder);
    const struct state_settings *settings = config_settings(site->config, &state_settings_table);
    struct state_settings copy = *settings;
    copy.directory = NULL; /* goes with the site */
    site_unref(&site);
    return copy;
}

/* A copy of a large store may take seconds. */
static void copy_when_due(const struct watch_setup *setup, struct upkeep *upkeep, int64_t pause_s)
{
    uint64_t now_ns = clock_mono_ns(setup->clock), pause_ns = (uint64_t)pause_s * 1000000000u;
    if (pause_ns < upkeep->copying_ns * COPYING_SHARE) {
        pause_ns = upkeep->copying_ns * COPYING_SHARE;
    }
    if (now_ns - upkeep->copied_ns >= pause_ns) {
        store_checkpoint(setup->store);
        upkeep->copied_ns = clock_mono_ns(setup->clock);
        upkeep->copying_ns = upkeep->copied_ns - now_ns;
    }
}

static unsigned upkeep_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct upkeep *upkeep = state;
    (void)is_hurried;
    struct state_settings settings = settings_of(setup);
    store_limit(setup->store, (uint64_t)settings.size_bytes);
    if (!upkeep->has_syncer) {
        store_sync(setup->store);
    }
    if (setup->is_leader) {
        copy_when_due(setup, upkeep, settings.checkpoint_s);
        tell_trouble(watch, upkeep);
    }
    return LOOK_MS;
}

const struct watch_job watch_upkeep_job = {
    .name = "upkeep", .begin = upkeep_begin, .end = upkeep_end, .run = upkeep_run
};
