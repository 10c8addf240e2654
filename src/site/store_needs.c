/*
 * store_needs: the table of who keeps much, and what each asks the configuration.
 */
#include "site/store_needs.h"

#include <stdlib.h>
#include <string.h>

#include "behaviour/book.h"
#include "bulk/volume.h"
#include "feedback/suppression.h"
#include "site/exceptions.h"
#include "site/rules.h"
#include "site/settings.h"
#include "state/redis_settings.h"

/* --- who ------------------------------------------------------------------------------------- */

static uint64_t limits_bytes(const struct store_needs *needs, uint64_t logins)
{
    return need_bytes(&needs->limits, logins);
}

static uint64_t daybooks_bytes(const struct store_needs *needs, uint64_t logins)
{
    (void)needs;
    return store_bytes_for(need_shared(logins), VOLUME_KEY_MAX, daybook_octets_max());
}

static uint64_t profiles_bytes(const struct store_needs *needs, uint64_t logins)
{
    (void)needs;
    return store_bytes_for(logins, BOOK_KEY_USUAL, BOOK_OCTETS_USUAL);
}

static uint64_t suppressed_bytes(const struct store_needs *needs, uint64_t logins)
{
    (void)logins;
    return needs->suppressed * needs->suppressed_one;
}

static uint64_t suppressed_value(const struct store_needs *needs)
{
    return needs->suppressed;
}

static const struct contributor {
    bool is_vital;
    uint64_t (*bytes)(const struct store_needs *needs, uint64_t logins);
    const char *setting; /* that bounds it; NULL where it is vital */
    uint64_t (*value)(const struct store_needs *needs);
} contributors[] = {
    { true, limits_bytes, NULL, NULL },
    { true, daybooks_bytes, NULL, NULL },
    { true, profiles_bytes, NULL, NULL },
    { false, suppressed_bytes, "suppression.max", suppressed_value },
};
#define CONTRIBUTOR_COUNT (sizeof(contributors) / sizeof(contributors[0]))

/* --- what the configuration says ------------------------------------------------------------- */

/* Beyond a limit some mail may pass that its action would stop. */
static bool is_lenient(const struct config *config, const struct exceptions_settings *exceptions)
{
    const struct general_settings *general = config_settings(config, &site_general_table);
    const struct exception_settings *at = exceptions->rows.at;
    const char *rule = finding_name(FINDING_LIMIT_EXCEEDED);
    bool is_some = general->mode != MODE_ENFORCE || config_is_set(config, &site_rules_table, rule);
    for (size_t i = 0; i < exceptions->rows.count && !is_some; i++) {
        is_some = at[i].rule != NULL && strcmp(at[i].rule, rule) == 0;
    }
    return is_some;
}

static size_t list_exceptions(const struct exceptions_settings *exceptions,
                              const struct limit_set *limits, struct need_exception *list)
{
    const struct exception_settings *at = exceptions->rows.at;
    size_t count = 0;
    for (size_t i = 0; i < exceptions->rows.count; i++) {
        const struct limit *limit =
            at[i].limit != NULL ? limit_set_find(limits, span_of(at[i].limit)) : NULL;
        if (limit != NULL && limit->count == LIMIT_UNIQUE_RECIPIENTS) {
            list[count++] =
                (struct need_exception){ limit, (uint64_t)at[i].max, at[i].principal[0] != '@' };
        }
    }
    return count;
}

static bool need_of_limits(const struct config *config, const struct limit_set *limits,
                           struct need *need_r)
{
    const struct exceptions_settings *exceptions = config_settings(config, &site_exceptions_table);
    struct need_exception *list = calloc(exceptions->rows.count + 1, sizeof(*list));
    if (list == NULL) {
        return false;
    }
    struct need_facts facts = { .is_lenient = is_lenient(config, exceptions),
                                .exceptions = list,
                                .exception_count = list_exceptions(exceptions, limits, list) };
    need_of(limits, &facts, need_r);
    free(list);
    return true;
}

/* In a fleet there is beside each what all nodes agreed on (limits/fleet_share.h). */
static uint64_t suppressed_one(const struct config *config)
{
    const struct redis_settings *redis = config_settings(config, &redis_settings_table);
    uint64_t one = store_bytes_for(1, SUPPRESSION_KEY_MAX, SUPPRESSION_OCTETS_MAX);
    return redis->addresses.count > 0
               ? one + store_bytes_for(1, STORE_KEY_MAX, SUPPRESSION_OCTETS_MAX)
               : one;
}

bool store_needs_of(const struct config *config, const struct limit_set *limits,
                    struct store_needs *needs_r)
{
    const struct suppression_settings *suppression = config_settings(config, &suppression_table);
    needs_r->suppressed = (uint64_t)suppression->max;
    needs_r->suppressed_one = suppressed_one(config);
    return need_of_limits(config, limits, &needs_r->limits);
}

/* --- sums ------------------------------------------------------------------------------------ */

static uint64_t sum_of(uint64_t a, uint64_t b)
{
    return a < UINT64_MAX - b ? a + b : UINT64_MAX;
}

uint64_t store_needs_bytes(const struct store_needs *needs, enum store_needs_scope scope,
                           uint64_t logins)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < CONTRIBUTOR_COUNT; i++) {
        if (scope == STORE_NEEDS_ALL || contributors[i].is_vital) {
            bytes = sum_of(bytes, contributors[i].bytes(needs, logins));
        }
    }
    return bytes;
}

uint64_t store_needs_logins(const struct store_needs *needs, enum store_needs_scope scope,
                            uint64_t bytes)
{
    uint64_t fit = 0, too_many = UINT32_MAX;
    while (too_many - fit > 1) {
        uint64_t middle = fit + (too_many - fit) / 2;
        if (store_needs_bytes(needs, scope, middle) <= bytes) {
            fit = middle;
        } else {
            too_many = middle;
        }
    }
    return fit;
}

struct store_needs_share store_needs_largest(const struct store_needs *needs)
{
    struct store_needs_share largest = { .bytes = 0 };
    for (size_t i = 0; i < CONTRIBUTOR_COUNT; i++) {
        const struct contributor *one = &contributors[i];
        if (!one->is_vital && one->bytes(needs, 0) >= largest.bytes) {
            largest =
                (struct store_needs_share){ one->setting, one->value(needs), one->bytes(needs, 0) };
        }
    }
    return largest;
}
