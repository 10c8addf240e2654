/*
 * redis_health: counts what went wrong in a row, and grows the pauses.
 */
#include "state/redis_private.h"

#define PAUSE_FIRST_NS UINT64_C(200000000)
#define GOOD_FOR_NS UINT64_C(10000000000) /* a connection that lasted so long was a good one */

enum redis_news redis_health_bad(struct redis_health *health, uint64_t begun_ns, uint64_t now_ns)
{
    if (health->failures > 0 && begun_ns < health->known_ns) {
        return REDIS_NEWS_NONE;
    }
    health->failures++;
    health->known_ns = now_ns;
    if (health->is_out || health->failures < REDIS_FAILURES_MAX) {
        return REDIS_NEWS_NONE;
    }
    health->is_out = true;
    health->out_ns = now_ns;
    return REDIS_NEWS_OUT;
}

void redis_health_good(struct redis_health *health)
{
    health->failures = 0;
}

enum redis_news redis_health_up(struct redis_health *health, uint64_t now_ns)
{
    bool was_out = health->is_out;
    health->up_ns = now_ns;
    health->is_out = false;
    if (was_out) {
        health->failures = 0;
    }
    return was_out ? REDIS_NEWS_BACK : REDIS_NEWS_NONE;
}

uint64_t redis_health_pause_ns(struct redis_health *health, uint64_t now_ns, uint32_t random)
{
    if (health->up_ns > 0 && now_ns - health->up_ns >= GOOD_FOR_NS) {
        health->up_ns = 0;
        health->pause_ns = 0;
        return 0;
    }
    uint64_t longer_ns = health->pause_ns * 2;
    health->pause_ns = longer_ns < PAUSE_FIRST_NS             ? PAUSE_FIRST_NS
                       : longer_ns < health->pause_longest_ns ? longer_ns
                                                              : health->pause_longest_ns;
    /* Half of it, and a random part of the other half: the nodes do not come all at once. */
    return health->pause_ns / 2 + health->pause_ns / 2 * (random % 1024) / 1024;
}
