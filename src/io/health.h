/*
 * health: whether a server is worth asking, and what there is to tell of that. While one is dead,
 * every message would wait its whole deadline for nothing; so after a failure nobody asks for a
 * second, then one does, and while he fails too the pause grows, up to ten seconds. For all
 * threads.
 */
#ifndef EM_IO_HEALTH_H
#define EM_IO_HEALTH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

struct health {
    pthread_mutex_t lock;
    bool is_down;
    bool is_probed;
    uint64_t pause_ns;
    uint64_t probe_ns; /* when the next one may try */
    struct error why;  /* of the last failure */
    uint64_t down_ns;  /* since when */
    uint64_t good_ns;  /* when it last answered; 0: never */
    bool is_told;      /* that it is down */
    uint64_t told_ns;  /* when that was told last; 0: never */
};

enum health_try {
    HEALTH_TRY,
    HEALTH_TRY_AS_PROBE, /* the only one who does */
    HEALTH_TRY_NOT,      /* *why_r says what happened last */
};

enum health_news { HEALTH_NEWS_NONE, HEALTH_NEWS_LOST, HEALTH_NEWS_BACK };

void health_init(struct health *health);
void health_destroy(struct health *health);
/* Whoever is told to try reports how that went, exactly once. */
enum health_try health_ask(struct health *health, uint64_t now_ns, struct error *why_r);
/* It answered. */
void health_good(struct health *health, enum health_try as, uint64_t now_ns);
void health_bad(struct health *health, enum health_try as, uint64_t now_ns,
                const struct error *why);
/* No answer in time to what was asked at begun_ns: that is bad unless others had one since, for
 * then it was the question. */
void health_late(struct health *health, enum health_try as, uint64_t begun_ns, uint64_t now_ns,
                 const struct error *why);
/* Neither: the server was not reached for our own reasons. */
void health_unknown(struct health *health, enum health_try as);
/* Is it down now? Then why, and since when. */
bool health_is_down(struct health *health, struct error *why_r, uint64_t *since_ns_r);
/* What there is to tell of it, each once: that it is lost (*why_r), at most once a minute, and that
 * it is back. */
enum health_news health_news(struct health *health, uint64_t now_ns, struct error *why_r);

#endif
