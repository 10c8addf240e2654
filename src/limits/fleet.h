/*
 * fleet: one count of every limit for all nodes of a fleet, kept in Redis (state/redis.h); the same
 * semantics as the ledger (limits/ledger.h), by the server's clock.
 *
 * Who uses both is limits/books.c. What the fleet charged is charged in the ledger too, without
 * testing, so that an outage begins with what this node has used: N nodes at a share of 1/N never
 * have more than the limit together. Where the fleet does not answer the ledger decides at that
 * share; what goes is remembered, to be merged when the fleet is back, and what does not go is
 * revoked.
 *
 * fleet_charge() may wait: at the end of a message, within the bracket of util/waiting.h. An
 * operation id is used for one message only, and again for every repetition of the same charge.
 * Thread safe.
 */
#ifndef EM_LIMITS_FLEET_H
#define EM_LIMITS_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits/charge.h"
#include "state/redis.h"
#include "state/store.h"
#include "util/clock.h"
#include "util/span.h"

struct fleet;

/* All outlive it. `store` keeps what is to be merged. NULL: out of memory. */
struct fleet *fleet_new(struct redis *redis, struct store *store, const struct clock *clock,
                        unsigned share_percent);
void fleet_free(struct fleet **fleet);
/* Fingerprints that are the same on all nodes; not the ledger's. */
uint64_t fleet_fingerprint(const struct fleet *fleet, struct span text);
/* Whom it is connected with, or why not, and what it and this node are called. Does not wait. */
void fleet_look(struct fleet *fleet, struct redis_state *state_r);
const char *fleet_name(const struct fleet *fleet);
const char *fleet_node(const struct fleet *fleet);
/* The share of a limit that this node may use alone; never 0 where max is not. */
uint64_t fleet_share_of(const struct fleet *fleet, uint64_t max);

/* --- limits ---------------------------------------------------------------------------------- */

#define FLEET_OPERATION_BYTES 16

/* What a charge is known by, also later. */
struct fleet_receipt {
    uint8_t operation[FLEET_OPERATION_BYTES]; /* fleet_operation(), before the charge */
    uint64_t at_us;   /* when it was charged, by the server's clock; 0: it was not answered */
    bool may_be_done; /* CHARGE_UNKNOWN, but it was sent: only the same operation may repeat it */
};
/* A new one: random. */
void fleet_operation(const struct fleet *fleet, struct fleet_receipt *receipt_r);

/*
 * Tests all lines, then charges all or nothing; fills what charge.h calls answered. The same
 * operation again within ten minutes gets the same answer and charges nothing; another operation
 * with the same charge.id within four hours is CHARGE_AGAIN. A level is reached once for the whole
 * fleet: again only when the length of the window has passed since. CHARGE_EXCEEDED writes nothing
 * but the attempt, recipients that failed, and which levels were told. `amount` counts for all but
 * LIMIT_UNIQUE_RECIPIENTS, whose lines go by the recipients.
 */
enum charge_answer fleet_charge(struct fleet *fleet, struct charge *charge,
                                struct fleet_receipt *receipt);
/* The same, changing nothing. */
enum charge_answer fleet_try(struct fleet *fleet, struct charge *charge);
/*
 * Takes back what fleet_charge() charged; once, however often it is called. Of a charge that waits
 * to be merged it forgets that. After ten minutes addresses stay counted as written to. False: it
 * could not be asked; call again.
 */
bool fleet_give_back(struct fleet *fleet, const struct charge *charge,
                     const struct fleet_receipt *receipt);

/* What an account has used, as ledger_use. */
struct fleet_use {
    struct limit_meter meter;
    uint64_t used;
};
#define FLEET_USES_MAX 64
/* False: it could not be asked. `uses_r` has room for FLEET_USES_MAX. Waits half a second at most
 * for each of two answers. */
bool fleet_uses(struct fleet *fleet, struct span account, struct fleet_use *uses_r, size_t *count_r,
                uint64_t *attempts_1h_r);
/* Forgets what the account used of this meter, of all where it is NULL. False: not asked. */
bool fleet_reset(struct fleet *fleet, struct span account, const struct limit_meter *meter);

/* --- merging --------------------------------------------------------------------------------- */

#define FLEET_MERGES_MAX 100000

/* A charge that was let pass while the fleet was away is added to the fleet's counts later. False:
 * there are as many already, or the store failed; it will be missing there. */
bool fleet_remember(struct fleet *fleet, const struct charge *charge,
                    const struct fleet_receipt *receipt);
/* A charge that was not let pass while the fleet was away: what the server may have charged of it
 * unseen (may_be_done) is taken back by the next merging. False: as above; it may stay. */
bool fleet_revoke(struct fleet *fleet, const struct charge *charge,
                  const struct fleet_receipt *receipt);
/*
 * By a timer, each second, in one process of the house: adds what was remembered, without testing,
 * at the time it was charged, for `budget_ms` at most. What may have been charged already is never
 * charged twice: where nobody can tell any more it is left out, and counted as lost.
 */
struct fleet_merged {
    uint64_t merged, known, lost; /* added; were there already; out of their time */
    bool is_away;                 /* it ended for that */
};
void fleet_merge(struct fleet *fleet, uint64_t now_ms /* ledger_now_ms() */, unsigned budget_ms,
                 struct fleet_merged *merged_r);
/* How many wait. */
uint64_t fleet_merges(struct fleet *fleet);

/* --- what the fleet shares ------------------------------------------------------------------- */

/* A record of a kind ("override", "suspended", "suppressed"): a key and a value, both the caller's
 * bytes. An absent value is a record that was removed. */
struct fleet_record {
    struct span key, value;
    uint64_t version;
};
#define FLEET_RECORD_MAX 4096 /* octets of key and value */

enum fleet_answer { FLEET_DONE, FLEET_ABSENT, FLEET_AWAY, FLEET_AGAIN };

/* How far a node has read; all zero: nothing yet. Kept by the caller, one for each kind. */
struct fleet_position {
    uint64_t epoch, version;
};

/* Puts it; ttl_s: it is gone after that; 0: stays. FLEET_AWAY: it was not put, or nobody knows. */
enum fleet_answer fleet_record_put(struct fleet *fleet, const char *kind, struct span key,
                                   struct span value, int64_t ttl_s);
/* The same where there is none, not even a removed one; FLEET_ABSENT: there is. */
enum fleet_answer fleet_record_offer(struct fleet *fleet, const char *kind, struct span key,
                                     struct span value, int64_t ttl_s);
enum fleet_answer fleet_record_remove(struct fleet *fleet, const char *kind, struct span key);
/* Puts it, or removes it where the value is absent, unless it has changed behind what was seen:
 * FLEET_ABSENT. So nobody overwrites what he does not know. */
enum fleet_answer fleet_record_replace(struct fleet *fleet, const char *kind, struct span key,
                                       struct span value, int64_t ttl_s,
                                       const struct fleet_position *seen);
/* Appends the value. */
enum fleet_answer fleet_record_get(struct fleet *fleet, const char *kind, struct span key,
                                   struct buffer *value_r);

/* Returns false to end it; the record is not counted as read then. */
typedef bool fleet_each(const struct fleet_record *record, void *context);
/*
 * Every record that changed since *position_io, in the order of changes; by a timer, each second or
 * so: nothing new costs one call. FLEET_AGAIN: the server has lost what it had; *position_io is
 * zero again, and the caller offers what it holds itself (fleet_record_offer), then walks.
 */
enum fleet_answer fleet_record_walk(struct fleet *fleet, const char *kind,
                                    struct fleet_position *position_io, fleet_each *each,
                                    void *context);

/* Timers that must run once for the whole fleet: who has the lease runs them, and asks again before
 * ttl_ms is over. FLEET_DONE: this node has it; FLEET_ABSENT: another has; FLEET_AWAY: nobody
 * knows, so each node runs what does no harm twice. */
enum fleet_answer fleet_lease(struct fleet *fleet, const char *name, uint64_t ttl_ms);
/* Gives it up, where it is ours. */
void fleet_unlease(struct fleet *fleet, const char *name);

#endif
