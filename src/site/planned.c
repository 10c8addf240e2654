/*
 * planned: settings that the user contract names and this version has not. Using one is an error
 * that says so, so that nobody believes in a limit that is not kept. A feature that lands takes its
 * row from here.
 */
#include "site/settings.h"

#include <stddef.h>

static const struct config_row top_rows[] = {
    { .name = "http", .type = CONFIG_PLANNED },
    CONFIG_ROWS_END,
};

static const struct config_table top_table = { .path = "", .rows = top_rows, .size = 0 };

const struct config_table *const site_planned_tables[] = { &top_table, NULL };
