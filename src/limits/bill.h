/*
 * bill: what a message costs under the limits that hold for it, as a charge to be asked for.
 */
#ifndef EM_LIMITS_BILL_H
#define EM_LIMITS_BILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits/charge.h"
#include "limits/choose.h"
#include "util/arena.h"

struct bill_facts {
    struct limit_subject subject;
    struct span client; /* counted where the subject has no network; absent: not */
    uint64_t size_bytes;
    const struct charge_recipient *recipients; /* none twice */
    size_t recipient_count;
    uint64_t failed; /* recipients that the MTA refused */
    /* Has the principal another value of this limit, by an override or an exception? NULL: no. */
    bool (*other_max)(const struct limit *limit, uint64_t *max_r, void *context);
    /* What becomes of a message that does not fit, for whoever knows the rules: strict where it is
     * stopped for good or for now (defer, reject). NULL: as the limit's action says. */
    bool (*is_strict)(const struct limit_choice *choice, void *context);
    void *context;
};

/*
 * Fills the accounts and lines of an empty charge; what costs nothing is left out. The first
 * account is the principal's, if anything is counted for it. Local mail is counted for the pool
 * "local" too. False: no memory. There are no more lines than a charge takes; the settings see to
 * that.
 */
bool bill_write(const struct limit_set *set, const struct bill_facts *facts, struct charge *charge,
                struct arena *arena);

#endif
