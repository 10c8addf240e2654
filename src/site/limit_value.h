/*
 * limit_value: how much of a limit a principal has, and who says so: what `egressctl limit set` put
 * there goes before an exception of the configuration, and that before the row of the limit.
 */
#ifndef EM_SITE_LIMIT_VALUE_H
#define EM_SITE_LIMIT_VALUE_H

#include <stdint.h>

#include "limits/limit.h"
#include "limits/overrides.h"
#include "site/exceptions.h"
#include "state/store.h"
#include "util/span.h"

struct site;

enum limit_source { LIMIT_FROM_ROW, LIMIT_FROM_EXCEPTION, LIMIT_FROM_OVERRIDE };

struct limit_value {
    uint64_t max; /* 0: unlimited */
    enum limit_source source;
    const struct exception_settings *exception; /* LIMIT_FROM_EXCEPTION: the row; the site's */
    struct override override;                   /* LIMIT_FROM_OVERRIDE */
};

/* At wall_s. Limits that are not counted by principal have only their row. `store`: NULL where
 * nothing is kept. */
void limit_value_of(const struct site *site, struct store *store, const struct limit *limit,
                    struct span principal, int64_t wall_s, struct limit_value *value_r);

#endif
