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

/* Which line says so. */
enum plan_source {
    PLAN_NONE,
    PLAN_OF_NETWORK,
    PLAN_OF_PRINCIPAL, /* the row of its name */
    PLAN_OF_DOMAIN,    /* the row of @domain */
    PLAN_BY_DEFAULT,
    PLAN_UNASKED /* the table cannot be asked: the default */
};
/* For people: "row of the name in the table of plans". */
const char *plan_source_text(enum plan_source source);

/*
 * The plan of a principal: that of its network (NULL: it came by none), else the row of its name,
 * of @domain, the default. Absent: none. Where the table cannot be asked, the default. May wait
 * where plans_wait().
 */
struct span plans_of(const struct site *site, const struct network_settings *network,
                     struct span principal, struct arena *arena);
/* The same, and by which line. */
struct span plans_find(const struct site *site, const struct network_settings *network,
                       struct span principal, struct arena *arena, enum plan_source *source_r);
bool plans_wait(const struct site *site);

#endif
