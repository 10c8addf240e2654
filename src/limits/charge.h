/*
 * charge: what one message costs, under which limits, and what became of it. Filled by policy,
 * answered by the ledger (limits/ledger.h) or, for a fleet, by what its nodes share
 * (limits/fleet.h).
 */
#ifndef EM_LIMITS_CHARGE_H
#define EM_LIMITS_CHARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits/limit.h"
#include "util/span.h"

enum {
    CHARGE_ACCOUNTS_MAX = 26, /* a principal, a pool, plan, domain, network, 17 providers, site,
                                 backscatter of the site and of one */
    CHARGE_LINES_MAX = 64,
    CHARGE_ID_BYTES = 16
};
#define CHARGE_NEVER UINT64_MAX

/* What a line reached for the first time in its window. */
enum charge_level { CHARGE_CALM, CHARGE_NEAR /* 80 % */, CHARGE_FULL };

/* One limit on one account. */
struct charge_line {
    const struct limit *limit;
    size_t account; /* in charge.accounts */
    uint64_t amount;
    uint64_t needs; /* what it can come to at most: all recipients of the message, known or not */
    uint64_t max;   /* what holds here, exceptions and overrides told; 0: unlimited */
    uint64_t burst; /* 0: none */
    /* Does it stop the message when it does not fit? Else it is counted and told, whatever comes.
     */
    bool is_strict;
    uint8_t provider; /* whose recipients count; PROVIDER_COUNT: all */
    bool is_acting;   /* the limit's action holds for this mail (limits/choose.h) */

    /* Answered. */
    uint64_t halved_for_ms;    /* max was halved, since what was counted before was lost; 0: not */
    uint64_t used;             /* in the window, without this message */
    uint64_t fits_in_ms;       /* until this message would fit: 0: it does; CHARGE_NEVER: never */
    enum charge_level reached; /* by this message or by its being stopped */
};

/* An envelope recipient, for what is counted by address. */
struct charge_recipient {
    uint64_t fingerprint; /* ledger_fingerprint() of the address */
    bool is_internal;
    uint8_t provider; /* limits/provider.h */
};

struct charge {
    uint64_t now_ms; /* ledger_now_ms() */
    /* Of this message by this principal (Message-ID, body, recipients): the same again within four
     * hours is not charged again. All zero: not known, charged. */
    uint8_t id[CHARGE_ID_BYTES];
    struct span accounts[CHARGE_ACCOUNTS_MAX]; /* limits/account.h; none twice */
    size_t account_count;
    struct charge_line lines[CHARGE_LINES_MAX];
    size_t line_count;
    const struct charge_recipient *recipients; /* none twice */
    size_t recipient_count;
};

enum charge_answer {
    CHARGE_DONE,     /* everything was charged, also where a line that is not strict is beyond */
    CHARGE_AGAIN,    /* this message was charged before: nothing was */
    CHARGE_EXCEEDED, /* some strict line does not fit: nothing was charged, the attempt counted */
    CHARGE_UNKNOWN   /* it could not be asked */
};

/* Which line explains CHARGE_EXCEEDED best: the one that fits last; NULL: none. */
const struct charge_line *charge_reason(const struct charge *charge);

#endif
