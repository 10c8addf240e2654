/*
 * books: where a charge is asked for: the ledger of this house or, in a fleet, what all its nodes
 * share, with the ledger standing in at a share of each limit while that is away.
 */
#ifndef EM_LIMITS_BOOKS_H
#define EM_LIMITS_BOOKS_H

#include <stdbool.h>

#include "limits/fleet.h"
#include "limits/ledger.h"

struct books {
    struct ledger *ledger; /* NULL: nothing is counted */
    struct fleet *fleet;   /* NULL: this house alone */
};

/* The same on all nodes of a fleet. */
uint64_t books_fingerprint(const struct books *books, struct span text);
/* As ledger_charge(). In a fleet it waits, at most its deadline; where that may not be, this node
 * answers alone. receipt_r: to give it back by. */
enum charge_answer books_charge(const struct books *books, struct charge *charge, bool may_wait,
                                struct fleet_receipt *receipt_r);
/* All but recipients that the MTA refused. False: it could not be given back everywhere. May wait
 * likewise. */
bool books_give_back(const struct books *books, const struct charge *charge,
                     const struct fleet_receipt *receipt);

#endif
