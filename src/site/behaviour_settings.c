/*
 * behaviour_settings: rows.
 */
#include "site/behaviour_settings.h"

#include <stddef.h>

#include "site/address_set.h"

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
    { .name = "actions", .type = CONFIG_PLANNED },
    CONFIG_ROWS_END,
};

const struct config_table site_behaviour_table = { .path = "behaviour",
                                                   .rows = behaviour_rows,
                                                   .size = sizeof(struct behaviour_settings) };
