/*
 * plans: which plan a principal is on. A plan is a name: rules and limits speak of it.
 */
#ifndef EM_SITE_PLANS_H
#define EM_SITE_PLANS_H

#include <stdbool.h>

#include "config/row.h"
#include "site/settings.h"
#include "util/arena.h"
#include "util/span.h"

struct site;

struct plan_settings {
    const char *table;    /* spec: principal, or @domain of it, to the name of a plan */
    const char *fallback; /* NULL: none */
};

extern const struct config_table site_plan_table; /* path "plans" */

/*
 * The plan of a principal: that of its network (NULL: it came by none), else the row of its name,
 * of @domain, the default. Absent: none. Where the table cannot be asked, the default. May wait
 * where plans_wait().
 */
struct span plans_of(const struct site *site, const struct network_settings *network,
                     struct span principal, struct arena *arena);
bool plans_wait(const struct site *site);

#endif
