/*
 * plans: the rows of `plans`, and the look-up. Fails towards the default.
 */
#include "site/plans.h"

#include <stddef.h>

#include "site/site.h"
#include "tables/table.h"

static const struct config_row plan_rows[] = {
    { .name = "table",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct plan_settings, table),
      .accepts = table_accepts,
      .brief = "table of principal or @domain to the name of a plan" },
    { .name = "default",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct plan_settings, fallback),
      .brief = "the plan of everybody without a row" },
    CONFIG_ROWS_END,
};

const struct config_table site_plan_table = { .path = "plans",
                                              .rows = plan_rows,
                                              .size = sizeof(struct plan_settings) };

const char *plan_source_text(enum plan_source source)
{
    static const char *const texts[] = {
        [PLAN_NONE] = "nothing says so",
        [PLAN_OF_NETWORK] = "of the network",
        [PLAN_OF_PRINCIPAL] = "row of the name in plans.table",
        [PLAN_OF_DOMAIN] = "row of the domain in plans.table",
        [PLAN_BY_DEFAULT] = "plans.default",
        [PLAN_UNASKED] = "plans.table cannot be asked",
    };
    return texts[source];
}

static struct span ask(const struct site *site, struct span principal, struct arena *arena,
                       enum plan_source *source_r)
{
    static const enum plan_source sources[2] = { PLAN_OF_PRINCIPAL, PLAN_OF_DOMAIN };
    ptrdiff_t at = span_find_last(principal, '@');
    struct span keys[2] = { principal };
    size_t count = 1;
    if (at > 0) {
        keys[count++] = span_from(principal, (size_t)at);
    }
    struct table_answer answers[2];
    table_ask_several(site->plan_of, keys, count, answers, arena);
    for (size_t i = 0; i < count; i++) {
        if (answers[i].result == TABLE_FOUND) {
            *source_r = sources[i];
            return span_trim(answers[i].value);
        }
        if (answers[i].result == TABLE_UNAVAILABLE) {
            *source_r = PLAN_UNASKED;
        }
    }
    return (struct span){ NULL, 0 };
}

struct span plans_find(const struct site *site, const struct network_settings *network,
                       struct span principal, struct arena *arena, enum plan_source *source_r)
{
    struct span plan = { NULL, 0 };
    if (network != NULL && network->plan != NULL) {
        *source_r = PLAN_OF_NETWORK;
        return span_of(network->plan);
    }
    *source_r = PLAN_NONE;
    if (site->plan_of != NULL && principal.size > 0) {
        plan = ask(site, principal, arena, source_r);
    }
    if (plan.size > 0) {
        return plan;
    }
    if (*source_r != PLAN_UNASKED) {
        *source_r = site->plans->fallback != NULL ? PLAN_BY_DEFAULT : PLAN_NONE;
    }
    return span_of(site->plans->fallback);
}

struct span plans_of(const struct site *site, const struct network_settings *network,
                     struct span principal, struct arena *arena)
{
    enum plan_source source;
    return plans_find(site, network, principal, arena, &source);
}

bool plans_wait(const struct site *site)
{
    return site->plan_of != NULL && table_waits(site->plan_of);
}
