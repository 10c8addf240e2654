/*
 * child_fleet: the thread that talks to the fleet's store (settings `redis`). Without one, and
 * while it does not answer, this node counts by itself.
 */
#include "daemon/child_private.h"

#include "limits/fleet.h"
#include "log/log.h"
#include "state/redis_settings.h"

#define MEANWHILE "limits hold at a share of this node until it is back (redis.share)"

static void *talk(void *context)
{
    loop_run(context);
    return NULL;
}

bool child_fleet_start(struct child *child, const struct site *site)
{
    const struct redis_settings *settings = config_settings(site->config, &redis_settings_table);
    struct error error;

    if (settings->addresses.count == 0)
        return true;
    child->fleet_loop = loop_new();
    if (child->fleet_loop == NULL)
        return false;
    child->redis = redis_new(settings, child->fleet_loop, child->world.clock, child->world.log,
                             MEANWHILE, &error);
    if (child->redis == NULL) {
        log_write(LOG_LEVEL_ERR, "redis: %s", error.text);
        return false;
    }
    child->world.books.fleet =
        fleet_new(child->redis, child->store, child->world.clock, redis_share_percent(settings));
    if (child->world.books.fleet == NULL)
        return false;
    child->has_fleet = pthread_create(&child->fleet, NULL, talk, child->fleet_loop) == 0;
    return child->has_fleet;
}

void child_fleet_stop(struct child *child)
{
    if (!child->has_fleet)
        return;
    loop_stop(child->fleet_loop);
    pthread_join(child->fleet, NULL);
}
