/*
 * question_private: one question of the real resolver, under way or answered: the request that
 * dns_ask() gives out. Counted: the cache, the way to libunbound and everybody who asked hold it.
 *
 * An answer is written once and never changes, so looking at it takes no lock. Where its holders
 * wait they have in common (struct dns_hall), and that lives as long as the last of them.
 */
#ifndef EM_DNS_QUESTION_PRIVATE_H
#define EM_DNS_QUESTION_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "dns/answer_private.h"
#include "dns/library_private.h"
#include "dns/resolver_private.h"

#define DNS_HALL_PLACES 16
#define DNS_OUTAGE_WAIT_MS 50 /* the longest anybody waits while nothing is answered */

struct dns_hall {
    atomic_uint refs;
    atomic_bool is_out;    /* nothing is answered */
    atomic_bool is_closed; /* nothing will be */
    const struct clock *clock;
    struct {
        pthread_mutex_t lock;
        pthread_cond_t changed;
    } places[DNS_HALL_PLACES];
};

/* NULL: out of memory. */
struct dns_hall *dns_hall_new(const struct clock *clock);
void dns_hall_unref(struct dns_hall **hall);
/* is_out or is_closed has changed: who waits looks again. */
void dns_hall_wake(struct dns_hall *hall);

struct dns_service;

struct dns_question {
    struct dns_request request; /* first */
    atomic_uint refs;
    struct dns_hall *hall;
    _Atomic(const struct dns_answer *) answer; /* NULL: under way */
    uint64_t hash;
    enum dns_type type;
    /* Under the lock of the resolver: */
    struct dns_question *chain;         /* the next of its bucket */
    struct dns_question *older, *newer; /* in the order of the cache */
    struct dns_question *next_queued;   /* on its way to the resolver's thread */
    uint64_t until_ns;                  /* how long it holds, once answered */
    size_t bytes;                       /* what it counts for in the cache; 0: it is not there */
    bool was_hit;                       /* since it was last considered for leaving */
    /* Of the resolver's thread: */
    struct dns_question *before, *behind; /* in the order of what is under way */
    struct dns_service *asked_by;
    struct dns_asked asked;
    uint64_t asked_ns;
    bool is_sent; /* the library has it */
    enum dns_way way;
    size_t name_size;
    char name[]; /* NUL-terminated */
};

/* One reference, the caller's. `name` is in its one form. NULL: out of memory. */
struct dns_question *dns_question_new(struct dns_hall *hall, const struct dns_calls *calls,
                                      struct span name, enum dns_type type, enum dns_way way);
struct dns_question *dns_question_ref(struct dns_question *question);
void dns_question_unref(struct dns_question *question);
/* Exactly once; the answer is a dns_answer_copy(), or one that outlives everything. */
void dns_question_publish(struct dns_question *question, const struct dns_answer *answer);

/* What requests of the real resolver do. */
const struct dns_answer *dns_question_peek(struct dns_request *request);
const struct dns_answer *dns_question_collect(struct dns_request *request, uint64_t deadline_ns);
void dns_question_forget(struct dns_request *request);

#endif
