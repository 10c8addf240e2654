/*
 * socketmap_health: those who began to ask while the server was up and fail after it went down add
 * nothing to the pause: they learnt the same thing at the same time. One answer ends it.
 */
#include "tables/socketmap_health.h"

#define PAUSE_FIRST_NS 1000000000u
#define PAUSE_LAST_NS 10000000000u

void socketmap_health_init(struct socketmap_health *health)
{
    *health = (struct socketmap_health){ .is_down = false };
    pthread_mutex_init(&health->lock, NULL);
}

void socketmap_health_destroy(struct socketmap_health *health)
{
    pthread_mutex_destroy(&health->lock);
}

enum socketmap_try socketmap_health_ask(struct socketmap_health *health, uint64_t now_ns,
                                        struct error *why_r)
{
    enum socketmap_try answer = SOCKETMAP_TRY;
    pthread_mutex_lock(&health->lock);
    if (health->is_down && (health->is_probed || now_ns < health->probe_ns)) {
        *why_r = health->why;
        answer = SOCKETMAP_TRY_NOT;
    } else if (health->is_down) {
        health->is_probed = true;
        answer = SOCKETMAP_TRY_AS_PROBE;
    }
    pthread_mutex_unlock(&health->lock);
    return answer;
}

void socketmap_health_good(struct socketmap_health *health, enum socketmap_try as)
{
    pthread_mutex_lock(&health->lock);
    health->is_down = false;
    health->is_probed = as == SOCKETMAP_TRY_AS_PROBE ? false : health->is_probed;
    pthread_mutex_unlock(&health->lock);
}

void socketmap_health_bad(struct socketmap_health *health, enum socketmap_try as, uint64_t now_ns,
                          const struct error *why)
{
    pthread_mutex_lock(&health->lock);
    if (!health->is_down || as == SOCKETMAP_TRY_AS_PROBE) {
        uint64_t longer_ns = health->pause_ns * 2;
        health->pause_ns = as != SOCKETMAP_TRY_AS_PROBE ? PAUSE_FIRST_NS
                           : longer_ns < PAUSE_LAST_NS  ? longer_ns
                                                        : PAUSE_LAST_NS;
        health->is_down = true;
        health->probe_ns = now_ns + health->pause_ns;
        health->why = *why;
    }
    health->is_probed = as == SOCKETMAP_TRY_AS_PROBE ? false : health->is_probed;
    pthread_mutex_unlock(&health->lock);
}

void socketmap_health_unknown(struct socketmap_health *health, enum socketmap_try as)
{
    pthread_mutex_lock(&health->lock);
    health->is_probed = as == SOCKETMAP_TRY_AS_PROBE ? false : health->is_probed;
    pthread_mutex_unlock(&health->lock);
}
