/*
 * overrides: other values of limits for single principals, set by `egressctl limit set`, kept in
 * the store with who, when and why, good until a time. They go before every row of the
 * configuration. Exceptions of the file are the next (site/exceptions.h).
 */
#ifndef EM_LIMITS_OVERRIDES_H
#define EM_LIMITS_OVERRIDES_H

#include <stdbool.h>
#include <stdint.h>

#include "state/store.h"
#include "util/error.h"
#include "util/span.h"

struct override {
    char principal[256];
    char limit[64];
    uint64_t max;    /* 0: unlimited */
    int64_t until_s; /* wall time; 0: for good */
    int64_t set_s;
    char by[64]; /* who asked: a user's name */
    char because[200];
};

/* Has its time run out? */
bool override_is_over(const struct override *override, int64_t wall_s);

/* From the octets of the table STORE_OVERRIDES, which are those of a fleet's records, too. False:
 * that is none, or a later version's. */
bool override_read(struct span key, struct span value, struct override *override_r);

/* The one that is good at wall_s; false: none. */
bool override_find(struct store *store, struct span principal, struct span limit, int64_t wall_s,
                   struct override *override_r);
/* On disk on return. */
bool override_put(struct store *store, const struct override *override, struct error *error);
/* False: there was none, or the store failed (*error says which). */
bool override_remove(struct store *store, struct span principal, struct span limit,
                     struct error *error);
/* All of them, those whose time has run out too, in order of principals. `each` returns false to
 * end it, and does not write. */
typedef bool override_each(const struct override *override, void *context);
bool override_walk(struct store *store, override_each *each, void *context);

#endif
