/*
 * socketmap_health: whether a server is worth asking. While one is dead, every message would wait
 * its whole deadline for nothing; so after a failure nobody asks for a second, then one does, and
 * while he fails too the pause grows, up to ten seconds. For all threads.
 */
#ifndef EM_TABLES_SOCKETMAP_HEALTH_H
#define EM_TABLES_SOCKETMAP_HEALTH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

struct socketmap_health {
    pthread_mutex_t lock;
    bool is_down;
    bool is_probed;
    uint64_t pause_ns;
    uint64_t probe_ns; /* when the next one may try */
    struct error why;  /* of the last failure */
};

enum socketmap_try {
    SOCKETMAP_TRY,
    SOCKETMAP_TRY_AS_PROBE, /* the only one who does */
    SOCKETMAP_TRY_NOT,      /* *why_r says what happened last */
};

void socketmap_health_init(struct socketmap_health *health);
void socketmap_health_destroy(struct socketmap_health *health);
/* Whoever is told to try reports how that went, exactly once. */
enum socketmap_try socketmap_health_ask(struct socketmap_health *health, uint64_t now_ns,
                                        struct error *why_r);
/* It answered. */
void socketmap_health_good(struct socketmap_health *health, enum socketmap_try as);
void socketmap_health_bad(struct socketmap_health *health, enum socketmap_try as, uint64_t now_ns,
                          const struct error *why);
/* Neither: the server was not reached for our own reasons. */
void socketmap_health_unknown(struct socketmap_health *health, enum socketmap_try as);

#endif
