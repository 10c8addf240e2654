/*
 * books: first the fleet, then the ledger.
 */
#include "limits/books.h"

#include <stdlib.h>

/* What needs more than the share, and not more than the limit, comes again until the fleet's store
 * is back. */
#define AWAY_RETRY_MS 600000

uint64_t books_fingerprint(const struct books *books, struct span text)
{
    return books->fleet != NULL ? fleet_fingerprint(books->fleet, text)
                                : ledger_fingerprint(books->ledger, text);
}

static bool counts_new(const struct charge *charge)
{
    for (size_t i = 0; i < charge->line_count; i++) {
        if (charge->lines[i].limit->count == LIMIT_NEW_RECIPIENTS) {
            return true;
        }
    }
    return false;
}

/* Whom somebody wrote to each node knows itself. */
static void count_new(const struct books *books, struct charge *charge)
{
    struct charge *copy = malloc(sizeof(*copy));
    if (copy == NULL) {
        return; /* all of them are new then */
    }
    *copy = *charge;
    (void)ledger_try(books->ledger, copy);
    for (size_t i = 0; i < copy->line_count; i++) {
        if (copy->lines[i].limit->count == LIMIT_NEW_RECIPIENTS) {
            charge->lines[i].amount = copy->lines[i].amount;
        }
    }
    free(copy);
}

/* What this node sends counts in its share, so that an outage begins with it. */
static void note_in_ledger(const struct books *books, const struct charge *charge)
{
    struct charge *copy = malloc(sizeof(*copy));
    if (copy == NULL) {
        return; /* the fleet has it */
    }
    *copy = *charge;
    for (size_t i = 0; i < copy->line_count; i++) {
        copy->lines[i].is_strict = false;
    }
    (void)ledger_charge(books->ledger, copy);
    free(copy);
}

static enum charge_answer charge_alone(const struct books *books, struct charge *charge,
                                       struct fleet_receipt *receipt)
{
    uint64_t whole[CHARGE_LINES_MAX];
    for (size_t i = 0; i < charge->line_count; i++) {
        whole[i] = charge->lines[i].max;
        charge->lines[i].max = fleet_share_of(books->fleet, whole[i]);
    }
    enum charge_answer answer = ledger_charge(books->ledger, charge);
    for (size_t i = 0; i < charge->line_count; i++) {
        struct charge_line *line = &charge->lines[i];
        if (line->fits_in_ms == CHARGE_NEVER && line->amount <= whole[i]) {
            line->fits_in_ms = AWAY_RETRY_MS;
        }
    }
    if (answer == CHARGE_DONE) {
        (void)fleet_remember(books->fleet, charge, receipt); /* what it cannot keep is counted */
    } else if (answer == CHARGE_EXCEEDED) {
        (void)fleet_revoke(books->fleet, charge, receipt); /* nobody pays for what did not go */
    }
    return answer;
}

enum charge_answer books_charge(const struct books *books, struct charge *charge, bool may_wait,
                                struct fleet_receipt *receipt_r)
{
    *receipt_r = (struct fleet_receipt){ .at_us = 0 };
    if (books->fleet == NULL) {
        return ledger_charge(books->ledger, charge);
    }
    if (counts_new(charge)) {
        count_new(books, charge);
    }
    fleet_operation(books->fleet, receipt_r);
    enum charge_answer answer =
        may_wait ? fleet_charge(books->fleet, charge, receipt_r) : CHARGE_UNKNOWN;
    switch (answer) {
    case CHARGE_UNKNOWN:
        return charge_alone(books, charge, receipt_r);
    case CHARGE_DONE:
        note_in_ledger(books, charge);
        break;
    case CHARGE_EXCEEDED:
        ledger_note_attempt(books->ledger, charge->accounts[0]);
        break;
    default:
        break;
    }
    return answer;
}

bool books_give_back(const struct books *books, const struct charge *charge,
                     const struct fleet_receipt *receipt)
{
    struct charge *copy = malloc(sizeof(*copy));
    if (copy == NULL) {
        return false;
    }
    *copy = *charge;
    for (size_t i = 0; i < copy->line_count; i++) {
        if (copy->lines[i].limit->count == LIMIT_FAILED_RECIPIENTS) {
            copy->lines[i].amount = 0; /* they were refused, whatever becomes of the message */
        }
    }
    bool is_done = books->fleet == NULL || fleet_give_back(books->fleet, copy, receipt);
    is_done = ledger_give_back(books->ledger, copy) && is_done;
    free(copy);
    return is_done;
}
