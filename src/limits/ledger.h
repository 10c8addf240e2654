/*
 * ledger: what was used of every limit, by account, in the store: one transaction a message, shared
 * by all processes of the house. A kill -9 loses nothing.
 *
 * Time is the ledger's own: milliseconds that never go back, counted by the clock of the machine
 * since its start and carried over from one start to the next.
 */
#ifndef EM_LIMITS_LEDGER_H
#define EM_LIMITS_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "limits/charge.h"
#include "state/store.h"
#include "util/clock.h"

struct ledger;

/* The store outlives it. NULL: out of memory, or the store cannot be read. */
struct ledger *ledger_new(struct store *store, const struct clock *clock);
void ledger_free(struct ledger **ledger);
uint64_t ledger_now_ms(const struct ledger *ledger);
/* Keyed by a secret of this store, so nobody can make two addresses count as one. */
uint64_t ledger_fingerprint(const struct ledger *ledger, struct span text);

/* Tests all lines, then charges all or nothing. */
enum charge_answer ledger_charge(struct ledger *ledger, struct charge *charge);
/* The same, changing nothing. */
enum charge_answer ledger_try(struct ledger *ledger, struct charge *charge);
/* Takes back what ledger_charge() charged; nothing where it is out of its windows already. */
bool ledger_give_back(struct ledger *ledger, const struct charge *charge);

/* A message of this principal was stopped for another reason: counted apart from what was charged.
 */
void ledger_note_attempt(struct ledger *ledger, struct span account);

/* What an account has used, for whoever looks. */
struct ledger_use {
    struct limit_meter meter;
    uint64_t used;
};
typedef bool ledger_each(struct span account, const struct ledger_use *uses, size_t count,
                         uint64_t attempts_1h, void *context);
/* All accounts whose name begins so; `each` returns false to end it. */
bool ledger_walk(struct ledger *ledger, struct span prefix, ledger_each *each, void *context);
/* Forgets what the account used of this meter, of all where it is NULL. */
bool ledger_reset(struct ledger *ledger, struct span account, const struct limit_meter *meter);

/* Everything that is out of its windows goes, a part with each call; by a timer, each second, in
 * one thread. */
void ledger_tidy(struct ledger *ledger);
/* Keeps the ledger's time for the next start of the machine; by a timer, each minute. */
bool ledger_keep_time(struct ledger *ledger);
/* How many accounts there are. */
uint64_t ledger_accounts(const struct ledger *ledger);
/* How much of a store of that size is for telling retries, at most. */
uint64_t ledger_ids_bytes(uint64_t ceiling_bytes);

#endif
