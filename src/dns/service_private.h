/*
 * service_private: the real resolver: what its threads share and what is its own thread's. Not for
 * others.
 *
 *   service.c    asking: the cache, and the way to the thread
 *   underway.c   the thread: what libunbound has, what is late, what is given up
 *   question.c   one question and those who wait for it;  cache.c  where they are kept
 *   library.c    libunbound;  outage.c  is anything answered at all;  zone*.c  dns_ask_zone()
 */
#ifndef EM_DNS_SERVICE_PRIVATE_H
#define EM_DNS_SERVICE_PRIVATE_H

#include <poll.h>

#include "dns/cache_private.h"
#include "dns/library_private.h"
#include "dns/outage_private.h"
#include "dns/servers_private.h"
#include "dns/zone_private.h"

#define DNS_UNDER_WAY_MAX 4096 /* what is asked beyond is not asked */
/* The longest that anything is under way. */
#define DNS_LIFE_NS UINT64_C(10000000000)

#define DNS_ZONES_AT_ONCE 4

struct dns_zones {
    struct dns_zone_work {
        struct dns_question *question; /* NULL: the place is free */
        struct dns_zone *zone;
    } works[DNS_ZONES_AT_ONCE];
    struct dns_question *waiting, *waiting_last;
};

struct dns_service {
    struct dns_resolver resolver; /* first */
    struct dns_hall *hall;
    const struct clock *clock;
    struct log_sink *log;
    int wake_fd;
    unsigned zone_port; /* where name servers are asked: 53 but in tests */
    atomic_bool is_stopping;
    atomic_int_fast64_t out_since_s; /* 0: nothing is out */

    pthread_mutex_t lock;
    struct dns_cache cache;
    struct dns_question *queue_first, *queue_last;
    size_t under_way;           /* queued, or with the thread */
    struct dns_servers servers; /* those of the last configure */
    struct dns_library *next;   /* for the thread to take in place of its own; NULL: none */
    uint64_t asked, cached;

    /* The thread's. */
    struct dns_library *library;
    struct dns_question *first, *last; /* what is under way, in the order of coming */
    struct dns_question *unsent;       /* the first that the library does not have */
    struct dns_question *punctual;     /* the first that was not found late */
    size_t sent;
    struct dns_outage outage;
    struct dns_question *probe; /* ours; NULL: none is under way */
    struct dns_zones zones;
};

struct dns_service *dns_service_of(struct dns_resolver *resolver);
/* Something is to do for the thread. */
void dns_service_wake(struct dns_service *service);
/* The answer of a question of the cache or of dns_ask_zone(); gives the thread's reference back. */
void dns_service_answer(struct dns_service *service, struct dns_question *question,
                        const struct dns_answer *answer);
/* It is never answered. */
void dns_service_abandon(struct dns_service *service, struct dns_question *question);
/* The thread's work until is_stopping. */
void dns_underway_run(struct dns_service *service);
/* What is under way is given up: nobody will answer it. */
void dns_underway_end(struct dns_service *service);

/* Takes the caller's reference. */
void dns_zones_add(struct dns_service *service, struct dns_question *question);
/* Goes on with all; how long to poll at most, -1: for ever. */
int dns_zones_step(struct dns_service *service);
size_t dns_zones_poll(const struct dns_service *service,
                      struct pollfd fds[static DNS_ZONES_AT_ONCE]);
void dns_zones_end(struct dns_service *service);

#endif
