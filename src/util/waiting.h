/*
 * waiting: the bracket around everything a session may wait for, and a bound on how many do so at
 * once.
 *
 * libmilter starts threads too late: a session whose callback could be answered at once sits behind
 * callbacks that wait. Whoever keeps the pool going (milter/kicker.h) must therefore know that
 * somebody waits, and that is what the bracket tells.
 *
 *     if (!waits_begin(world->waits))
 *         return UNKNOWN;            too many wait already: go without this evidence
 *     answer = collect(query, deadline);
 *     waits_end(world->waits);
 *
 * The rules. Never wait in connect, helo, mail, rcpt, header or body: those only ask, so that
 * answers are under way. Wait at the end of a message, within the bracket, and with a deadline from
 * the message's budget. Where the bracket refuses, do not wait: the evidence is unknown, as if the
 * deadline had passed. Nested brackets count twice.
 *
 * Begin and end are one atomic step each; only the first waiter makes a system call.
 */
#ifndef EM_UTIL_WAITING_H
#define EM_UTIL_WAITING_H

#include <stdatomic.h>
#include <stdbool.h>

enum { WAITING_LONG_LINE = 8 };

struct waiting {
    atomic_uint count;
    atomic_uint queued;
    unsigned limit;
    int wake_fd; /* readable from the first waiter on, until waiting_settle(); -1: nobody listens */
};

/* False with errno set: no descriptor left. */
bool waiting_init(struct waiting *waiting, unsigned limit);
void waiting_destroy(struct waiting *waiting);
/* False: as many as may wait do so already; do not wait, and do not call waits_end(). NULL, where
 * nobody keeps count, always says yes. */
bool waits_begin(struct waiting *waiting);
void waits_end(struct waiting *waiting);
/* A bracket without a bound, for waiting in line for a core: that ends by itself, and soon. A short
 * line wakes nobody: kicks would take from the very core that is waited for. */
void waits_queue(struct waiting *waiting);
void waits_unqueue(struct waiting *waiting);
/* How many wait now; in line. */
unsigned waiting_count(struct waiting *waiting);
unsigned waiting_queued(struct waiting *waiting);
/* Makes wake_fd readable, as the first waiter does. From any thread. */
void waiting_wake(struct waiting *waiting);
/* Makes wake_fd unreadable; ask waiting_count() after it, not before. */
void waiting_settle(struct waiting *waiting);

#endif
