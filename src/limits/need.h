/*
 * need: how much of the store accounts take at their fullest under the limits of a configuration,
 * so that it is known when that is read whether `state.size` carries them.
 *
 * At its fullest an account has all its meters in use and every set of addresses as large as it can
 * become: a figure that no single one passes, and that most are far below. Whom a row or an
 * exception names is counted by himself, so one large value for one login makes nobody else large.
 * Not counted: what `egressctl limit set` allows, and meters of an older configuration until their
 * time is over.
 */
#ifndef EM_LIMITS_NEED_H
#define EM_LIMITS_NEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits/choose.h"

enum need_kind {
    NEED_LOGIN,     /* principals of class submission */
    NEED_PRINCIPAL, /* those of other classes */
    NEED_PLAN,
    NEED_DOMAIN,
    NEED_NETWORK,
    NEED_PROVIDER, /* there are PROVIDER_COUNT of them */
    NEED_SITE,     /* there is one */
    NEED_KIND_COUNT
};

/* Another value of a limit on different recipients. */
struct need_exception {
    const struct limit *limit;
    uint64_t max;  /* 0: unlimited */
    bool is_named; /* for one principal; else for all of a domain */
};

/* What other rooms know. */
struct need_facts {
    bool is_lenient; /* what is beyond a limit may be let pass: observed, or by other rules */
    const struct need_exception *exceptions;
    size_t exception_count;
};

/* A row, or an exception from it, and what accounts take for it. */
struct need_share {
    const struct limit *row;
    uint64_t bytes; /* of one account */
    uint64_t accounts;
    enum need_kind kind;
    bool is_named;
};

struct need {
    struct {
        uint64_t common_bytes;           /* of whoever no row or exception names; 0: not counted */
        uint64_t named_bytes;            /* of all whom one names, beyond that */
        struct need_share common, named; /* what most of it is for */
    } of[NEED_KIND_COUNT];
};

/* The rows of `limits` outlive it. */
void need_of(const struct limit_set *limits, const struct need_facts *facts, struct need *need_r);

/* Octets for so many logins, and for a tenth as many of each kind that several share. */
uint64_t need_bytes(const struct need *need, uint64_t logins);
/* What most of that is for. */
struct need_share need_largest(const struct need *need, uint64_t logins);

/* How much of a store of this size is for accounts, and others who keep much: not what tells
 * retries, nor a sixteenth for all the rest. */
uint64_t need_room(uint64_t store_bytes);
/* How many there are of a kind that so many logins share. */
uint64_t need_shared(uint64_t logins);
/* An account as most are. */
uint64_t need_typical_bytes(void);

#endif
