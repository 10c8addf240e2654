/*
 * behaviour_settings: rows.
 */
#include "site/behaviour_settings.h"

#include <stddef.h>

#include "behaviour/ladder.h"
#include "site/address_set.h"

static bool accepts_action(const char *value, struct error *error)
{
    enum ladder_step step;
    if (ladder_step_parse(value, &step)) {
        return true;
    }
    error_set(error, "no such action; valid: notice, throttle, hold, suspend");
    return false;
}

/* Who serves has another working directory than who checks. */
static bool accepts_path(const char *value, struct error *error)
{
    if (value[0] != '/') {
        error_set(error, "not an absolute path");
        return false;
    }
    return true;
}

static const struct config_row behaviour_rows[] = {
    { .name = "honeypots",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct behaviour_settings, honeypots),
      .accepts = address_set_accepts,
      .brief = "addresses, or @domains, that nobody was ever given" },
    { .name = "always_reachable",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct behaviour_settings, always_reachable),
      .accepts = address_set_accepts,
      .brief = "addresses, or @domains, outside that those may write to who are suspended" },
    { .name = "actions",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct behaviour_settings, actions),
      .fallback = "[ notice ]",
      .accepts = accepts_action,
      .brief = "what is done about unusual behaviour: notice, throttle, hold, suspend" },
    { .name = "service_plans",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct behaviour_settings, service_plans),
      .brief = "plans of programs, which are never throttled, held or suspended for it" },
    { .name = "bulk_plans",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct behaviour_settings, bulk_plans),
      .brief = "plans of newsletters, which may write one text to many" },
    { .name = "country_database",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct behaviour_settings, country_database),
      .accepts = accepts_path,
      .brief = "in which country a client is: a database in MaxMind's format" },
    CONFIG_ROWS_END,
};

const struct config_table site_behaviour_table = { .path = "behaviour",
                                                   .rows = behaviour_rows,
                                                   .size = sizeof(struct behaviour_settings) };
