/*
 * settings: the rows of `suppression`.
 */
#include "feedback/settings.h"

#include <stddef.h>

#include "config/config.h"

static const struct config_row suppression_rows[] = {
    { .name = "after",
      .type = CONFIG_INT,
      .offset = offsetof(struct suppression_settings, after),
      .fallback = "2",
      .min = 1,
      .max = 20,
      .brief = "hard bounces of different messages that bring an address on the list" },
    { .name = "apart",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct suppression_settings, apart_s),
      .fallback = "1d",
      .min = 0,
      .max = INT64_C(31) * 86400,
      .brief = "how far apart they must be; those between do not count" },
    { .name = "keep",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct suppression_settings, keep_s),
      .fallback = "90d",
      .min = 86400,
      .max = INT64_C(3650) * 86400,
      .brief = "how long a bounce counts, and an address that bounced stays on the list" },
    { .name = "max",
      .type = CONFIG_INT,
      .offset = offsetof(struct suppression_settings, max),
      .fallback = "100000",
      .min = 100,
      .max = 200000, /* all of them fit into one answer of the control socket */
      .brief = "addresses on the list and those that bounced; none is dropped for a new one" },
    CONFIG_ROWS_END,
};

static void check_suppression(const struct config *config, const void *settings,
                              struct config_report *report)
{
    const struct suppression_settings *own = settings;
    struct config_place place = config_where(config, &suppression_table, "keep");
    if (own->after > 1 && own->keep_s < own->apart_s) {
        config_complain(report, CONFIG_ERROR, &place, "suppression.keep",
                        "shorter than suppression.apart: a bounce would be forgotten before the "
                        "next one counts");
    }
}

const struct config_table suppression_table = { .path = "suppression",
                                                .rows = suppression_rows,
                                                .size = sizeof(struct suppression_settings),
                                                .check = check_suppression };
