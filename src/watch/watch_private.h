/*
 * watch_private: what the jobs of a watch share. Not for other rooms.
 *
 *   watch.c       the table of jobs, and when each is due
 *   upkeep.c      the store: syncs, checkpoints, its trouble
 *   fleet.c       what the fleet has to learn of, and we of it; fleet_kinds.c which tables
 *   ledger.c      what was used of limits: what is out of its windows goes
 *   proofs.c      from the store to what signing asks, and back what signing met
 *   keys.c        when records are looked at; keys_list.c whose, keys_look.c one round of
 *                 looks, keys_follow.c what comes of it, keys_tell.c what the log learns
 *   held.c        records of held mail that end
 *   scanner.c     whether the virus scanner answers
 *   suppressed.c  what is over of the suppression list, and that it is full
 *   maillog.c     what the mail server's log tells of our mail; maillog_fit.c which files,
 *                 maillog_record.c how far they were read
 *   notices.c     mail to the administrator
 *   lists.c       which DNS lists are in order; reputation.c whether they list us
 *   domains_job.c our domains and addresses: see domains.h
 */
#ifndef EM_WATCH_WATCH_PRIVATE_H
#define EM_WATCH_WATCH_PRIVATE_H

#include "watch/watch.h"

struct watch_job {
    const char *name;
    /* NULL: out of memory. */
    void *(*begin)(struct watch *watch);
    void (*end)(void *state);
    /*
     * Does what is due; returns in how many milliseconds it wants to be called again. `is_hurried`:
     * everything is due. May wait for DNS, but comes back soon once watch_is_stopping().
     */
    unsigned (*run)(struct watch *watch, void *state, bool is_hurried);
    bool is_for_leader; /* one process of the house does it */
};

extern const struct watch_job watch_upkeep_job, watch_proofs_job, watch_keys_job, watch_domains_job,
    watch_notices_job, watch_held_job, watch_ledger_job, watch_fleet_job, watch_suppressed_job,
    watch_principals_job, watch_scanner_job, watch_maillog_job, watch_lists_job,
    watch_list_tests_job, watch_reputation_job;

const struct watch_setup *watch_setup_of(const struct watch *watch);
bool watch_is_stopping(struct watch *watch);
/* Runs what is due at this moment; returns milliseconds until something is again. For watch_run(),
 * and for tests, whose clock stands still. */
unsigned watch_step(struct watch *watch);

void watch_log(struct watch *watch, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
