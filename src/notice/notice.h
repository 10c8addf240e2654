/*
 * notice: tells the administrator of something while it happens: a line in the log, a hook that is
 * run at once, and mail where `notices` is set, several of one kind in one mail (digest.h).
 *
 * It never waits and never fails its caller: what cannot be told is counted (notices_lost).
 */
#ifndef EM_NOTICE_NOTICE_H
#define EM_NOTICE_NOTICE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "log/log.h"
#include "notice/kind.h"
#include "state/store.h"
#include "util/clock.h"
#include "util/span.h"

#define NOTICE_FACTS_MAX 12

struct notice_fact {
    const char *name; /* "queue-id": EGRESS_QUEUE_ID for a hook */
    struct span value;
};

struct notice {
    enum notice_kind kind;
    struct span text; /* one line for people, any bytes */
    const struct notice_fact *facts;
    size_t fact_count;
    bool is_unmailed; /* the log and hooks only */
};

/* The way out, of a process. Thread safe. */
struct notices;

/* All outlive it. door_fd: where commands are asked for (daemon/runner_seat.h); -1: nowhere, so
 * hooks and mail stay out. NULL: out of memory. */
struct notices *notices_new(struct store *store, const struct clock *clock, struct log_sink *log,
                            int door_fd);
void notices_free(struct notices **notices);

/* `config` says whom to tell, and what to run. */
void notice_send(struct notices *notices, const struct config *config, const struct notice *notice);

/*
 * Sends mail about what was noted, as far as it is time; by timer, by one process of the house.
 * `host`: a domain for Message-ID.
 */
void notices_mail_due(struct notices *notices, const struct config *config, struct span host);

/*
 * Our own mail comes back to us as any local mail. It carries a field with a word that only the
 * store knows, so nobody can make such mail, and that is good once: spend it when the message goes
 * on.
 */
#define NOTICE_FIELD "X-Egress-Notice"
bool notice_is_own(struct notices *notices, struct span field_value);
void notice_spend(struct notices *notices, struct span field_value);

#endif
