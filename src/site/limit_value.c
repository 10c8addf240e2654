/*
 * limit_value: override, exception, row. A store that cannot be read has no overrides.
 */
#include "site/limit_value.h"

#include "site/site.h"

void limit_value_of(const struct site *site, struct store *store, const struct limit *limit,
                    struct span principal, int64_t wall_s, struct limit_value *value_r)
{
    struct span name = span_of(limit->name);
    value_r->max = (uint64_t)limit->max;
    value_r->source = LIMIT_FROM_ROW;
    value_r->exception = NULL;
    if (limit->by != LIMIT_BY_PRINCIPAL) {
        return;
    }
    if (store != NULL && override_find(store, principal, name, wall_s, &value_r->override)) {
        value_r->max = value_r->override.max;
        value_r->source = LIMIT_FROM_OVERRIDE;
        return;
    }
    value_r->exception = exceptions_find_max(site, principal, limit->name, wall_s, &value_r->max);
    if (value_r->exception != NULL) {
        value_r->source = LIMIT_FROM_EXCEPTION;
    }
}
