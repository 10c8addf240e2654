/*
 * settings: from which volume on a domain counts as a sender of bulk mail.
 */
#include "bulk/settings.h"

#include <stddef.h>

static const struct config_row bulk_rows[] = {
    { .name = "threshold",
      .type = CONFIG_INT,
      .offset = offsetof(struct bulk_settings, threshold),
      .fallback = "5000",
      .min = 1,
      .max = 1000000000,
      .brief = "recipients at Google, Yahoo or Microsoft within 24 hours from which on a domain "
               "counts as a bulk sender there; a warning comes at 80 %" },
    CONFIG_ROWS_END,
};

const struct config_table bulk_settings_table = { .path = "bulk",
                                                  .rows = bulk_rows,
                                                  .size = sizeof(struct bulk_settings) };
