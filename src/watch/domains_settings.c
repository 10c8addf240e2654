/*
 * domains_settings: the rows of `watch`.
 */
#include "watch/domains_settings.h"

#include <stddef.h>

static const struct config_row watch_rows[] = {
    { .name = "every",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct domains_settings, every_s),
      .fallback = "1h",
      .min = 0,
      .max = 7 * 86400,
      .brief = "how often SPF, DMARC, MX and PTR records of our domains and addresses are looked "
               "at; 0s: never" },
    CONFIG_ROWS_END,
};

const struct config_table domains_settings_table = { .path = "watch",
                                                     .rows = watch_rows,
                                                     .size = sizeof(struct domains_settings) };
