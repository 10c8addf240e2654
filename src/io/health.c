/*
 * health: those who began to ask while the server was up and fail after it went down add nothing to
 * the pause: they learnt the same thing at the same time. One answer ends it.
 *
 * A server that comes and goes would fill the log, so that it is lost is told once a minute at
 * most, and that it is back only where it was told to be lost.
 */
#include "io/health.h"

#define PAUSE_FIRST_NS 1000000000u
#define PAUSE_LAST_NS 10000000000u
#define TOLD_EACH_NS 60000000000u

void health_init(struct health *health)
{
    *health = (struct health){ .is_down = false };
    pthread_mutex_init(&health->lock, NULL);
}

void health_destroy(struct health *health)
{
    pthread_mutex_destroy(&health->lock);
}

enum health_try health_ask(struct health *health, uint64_t now_ns, struct error *why_r)
{
    enum health_try answer = HEALTH_TRY;
    pthread_mutex_lock(&health->lock);
    if (health->is_down && (health->is_probed || now_ns < health->probe_ns)) {
        *why_r = health->why;
        answer = HEALTH_TRY_NOT;
    } else if (health->is_down) {
        health->is_probed = true;
        answer = HEALTH_TRY_AS_PROBE;
    }
    pthread_mutex_unlock(&health->lock);
    return answer;
}

/* The lock is held, as in note_bad(). */
static void end_probe(struct health *health, enum health_try as)
{
    health->is_probed = as == HEALTH_TRY_AS_PROBE ? false : health->is_probed;
}

void health_good(struct health *health, enum health_try as, uint64_t now_ns)
{
    pthread_mutex_lock(&health->lock);
    health->is_down = false;
    health->good_ns = now_ns;
    end_probe(health, as);
    pthread_mutex_unlock(&health->lock);
}

static void note_bad(struct health *health, enum health_try as, uint64_t now_ns,
                     const struct error *why)
{
    uint64_t longer_ns = health->pause_ns * 2;
    if (health->is_down && as != HEALTH_TRY_AS_PROBE) {
        return;
    }
    health->pause_ns = as != HEALTH_TRY_AS_PROBE   ? PAUSE_FIRST_NS
                       : longer_ns < PAUSE_LAST_NS ? longer_ns
                                                   : PAUSE_LAST_NS;
    health->down_ns = health->is_down ? health->down_ns : now_ns;
    health->is_down = true;
    health->probe_ns = now_ns + health->pause_ns;
    health->why = *why;
}

void health_bad(struct health *health, enum health_try as, uint64_t now_ns, const struct error *why)
{
    pthread_mutex_lock(&health->lock);
    note_bad(health, as, now_ns, why);
    end_probe(health, as);
    pthread_mutex_unlock(&health->lock);
}

void health_late(struct health *health, enum health_try as, uint64_t begun_ns, uint64_t now_ns,
                 const struct error *why)
{
    pthread_mutex_lock(&health->lock);
    if (health->good_ns == 0 || health->good_ns < begun_ns) {
        note_bad(health, as, now_ns, why);
    }
    end_probe(health, as);
    pthread_mutex_unlock(&health->lock);
}

void health_unknown(struct health *health, enum health_try as)
{
    pthread_mutex_lock(&health->lock);
    end_probe(health, as);
    pthread_mutex_unlock(&health->lock);
}

bool health_is_down(struct health *health, struct error *why_r, uint64_t *since_ns_r)
{
    pthread_mutex_lock(&health->lock);
    bool is_down = health->is_down;
    *why_r = health->why;
    *since_ns_r = health->down_ns;
    pthread_mutex_unlock(&health->lock);
    return is_down;
}

enum health_news health_news(struct health *health, uint64_t now_ns, struct error *why_r)
{
    enum health_news news = HEALTH_NEWS_NONE;
    pthread_mutex_lock(&health->lock);
    bool may_tell = health->told_ns == 0 || now_ns - health->told_ns >= TOLD_EACH_NS;
    if (health->is_down && !health->is_told && may_tell) {
        news = HEALTH_NEWS_LOST;
        health->is_told = true;
        health->told_ns = now_ns;
        *why_r = health->why;
    } else if (!health->is_down && health->is_told) {
        news = HEALTH_NEWS_BACK;
        health->is_told = false;
    }
    pthread_mutex_unlock(&health->lock);
    return news;
}
