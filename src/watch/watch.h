/*
 * watch: what is looked at by timer, whatever mail does: the records of our keys, our domains and
 * addresses as the world sees them. One thread, started by the daemon; each job is a row in
 * watch.c and a file of its own, and may wait for DNS.
 *
 * One process of the house looks (the leader); the others read what it kept in the store.
 */
#ifndef EM_WATCH_WATCH_H
#define EM_WATCH_WATCH_H

#include <stdbool.h>

#include "dkim/proof.h"
#include "dns/resolver.h"
#include "feedback/maillog_join.h"
#include "limits/books.h"
#include "lists/board.h"
#include "log/log.h"
#include "notice/notice.h"
#include "site/site.h"
#include "state/store.h"
#include "util/buffer.h"
#include "util/clock.h"

struct watch;

/* Who hears of what the mail server's log tells; each may be NULL. Called by the watch's thread,
 * each thing once, in the order of the log. */
struct watch_ears {
    maillog_outcome_take *outcome;
    maillog_outcome_take *complaint; /* a receiver complained of that mail */
    /* `login` is empty where the mail server does not tell it; `client` is an address. */
    void (*login_failed)(void *context, struct span login, struct span client, uint64_t times);
    void *context;
};

/* All outlive the watch. */
struct watch_setup {
    struct site_holder *holder;
    struct dns_resolver *resolver;
    struct store *store;
    struct key_proofs *proofs;
    struct list_board *lists;      /* NULL: no list is tested or asked */
    struct books books;            /* what was used of limits; all NULL: nothing is counted */
    struct notices *notices;       /* NULL: nobody is told of anything by mail */
    const struct watch_ears *ears; /* NULL: nobody hears of outcomes but the suppression list */
    const struct clock *clock;
    struct log_sink *log;
    bool is_leader;
};

/* NULL: out of memory. What the store knows of keys is in the proofs on return. */
struct watch *watch_new(const struct watch_setup *setup);
void watch_free(struct watch **watch);
/* Runs jobs when they are due, until watch_stop(); which may come before, from any thread. */
void watch_run(struct watch *watch);
void watch_stop(struct watch *watch);
/* Everything is looked at now; from any thread: after a reload, and when somebody asks. */
void watch_hurry(struct watch *watch);
/* Another process leads from now on; from any thread. */
void watch_step_down(struct watch *watch);

#endif
