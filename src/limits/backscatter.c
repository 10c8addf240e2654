/*
 * backscatter: two lines of a charge, of limits that are no rows of `limits`.
 */
#include "limits/backscatter.h"

#include <stddef.h>

#include "limits/account.h"
#include "limits/provider.h"

static const struct config_row rows[] = {
    { .name = "max",
      .type = CONFIG_SIZE,
      .offset = offsetof(struct backscatter_settings, max),
      .fallback = "1000",
      .min = 0,
      .max = INT64_C(1) << 47,
      .brief = "bounces and automatic replies to outside in the time; 0: unlimited" },
    { .name = "per_principal",
      .type = CONFIG_SIZE,
      .offset = offsetof(struct backscatter_settings, per_principal),
      .fallback = "100",
      .min = 0,
      .max = INT64_C(1) << 47,
      .brief = "automatic replies of one login or account; 0: unlimited" },
    { .name = "per",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct backscatter_settings, per_s),
      .fallback = "1h",
      .min = 60,
      .max = INT64_C(31) * 86400,
      .brief = "the time: any stretch of this length" },
    CONFIG_ROWS_END,
};

const struct config_table backscatter_table = { .path = "backscatter",
                                                .rows = rows,
                                                .size = sizeof(struct backscatter_settings) };

static const char site_name[] = "backscatter", principal_name[] = "auto-replies";

bool backscatter_is(const struct charge_line *line)
{
    return line->limit->name == site_name || line->limit->name == principal_name;
}

/* What finds no room is not counted: a charge that full holds dozens of other limits. */
static bool add(const struct backscatter_settings *settings, const char *name, int64_t max,
                struct span account, struct charge *charge, struct arena *arena)
{
    struct limit *limit = arena_alloc(arena, sizeof(*limit));
    struct span key = account_name(LIMIT_BY_PRINCIPAL, CLASS_BOUNCE, account, arena);
    if (limit == NULL || key.at == NULL) {
        return false;
    }
    if (charge->line_count == CHARGE_LINES_MAX || charge->account_count == CHARGE_ACCOUNTS_MAX) {
        return true;
    }
    *limit = (struct limit){ .name = name,
                             .count = LIMIT_MESSAGES,
                             .by = LIMIT_BY_PRINCIPAL,
                             .to = LIMIT_TO_EXTERNAL,
                             .max = max,
                             .per_s = settings->per_s,
                             .action = ACTION_OBSERVE };
    charge->accounts[charge->account_count] = key;
    charge->lines[charge->line_count++] = (struct charge_line){ .limit = limit,
                                                                .account = charge->account_count++,
                                                                .amount = 1,
                                                                .needs = 1,
                                                                .max = (uint64_t)max,
                                                                .provider = PROVIDER_COUNT };
    return true;
}

bool backscatter_add(const struct backscatter_settings *settings, struct span principal,
                     struct charge *charge, struct arena *arena)
{
    if (!add(settings, site_name, settings->max, span_of(site_name), charge, arena)) {
        return false;
    }
    if (principal.size == 0) {
        return true;
    }
    struct span name = span_of(arena_printf(arena, "%s/%.*s", principal_name, SPAN_ARG(principal)));
    return name.at != NULL &&
           add(settings, principal_name, settings->per_principal, name, charge, arena);
}
