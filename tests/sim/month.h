/*
 * month: a month of one login's mail, watched as the milter watches it: profile, score and ladder,
 * with all steps enabled, and a plain limit beside it.
 *
 * A message is judged before it goes. What a throttle defers an honest program tries again; a thief
 * goes on to the next on his list. What receivers answer comes when they do: half in two minutes.
 */
#ifndef EM_TESTS_SIM_MONTH_H
#define EM_TESTS_SIM_MONTH_H

#include <stdio.h>

#include "behaviour/profile.h"
#include "tests/sim/traffic.h"

enum { PLAIN_LIMIT = 500 };
/* When the month begins, of the ledger's time. */
#define MONTH_BEGIN_MS UINT64_C(1000000000000)

struct month {
    /* Of the thief's recipients. */
    uint32_t asked, passed; /* passed: before the hold, all of them where there was none */
    bool is_held;
    /* Of the owner's. */
    uint32_t near; /* the highest score of two groups */
    uint32_t sent, notices, throttles;
    uint32_t deferred;                      /* messages, once each */
    uint32_t given_up;                      /* messages */
    bool is_owner_held, is_owner_suspended; /* before any attack */
    /* With a plain limit of 500 recipients an hour instead. */
    uint32_t plain_passed, plain_stopped; /* thief's recipients; owner's messages */
    size_t octets, octets_max;            /* of the profile, at the end and at most */
    struct profile profile;               /* at the end */
};

/* says: what is told goes there, if not NULL. */
void month_run(const struct person *person, const struct traffic *traffic, uint64_t seed,
               FILE *says, struct month *month_r);

#endif
