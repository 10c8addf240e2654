/*
 * settings: the array of all row tables: what the configuration file may hold. The one place that
 * knows every room's rows.
 */
#ifndef EM_CONTROL_SETTINGS_H
#define EM_CONTROL_SETTINGS_H

#include "config/row.h"

struct control_settings {
    const char *socket;     /* path of the control socket */
    const char *read_group; /* may look, not act */
};
extern const struct config_table control_table; /* path "control" */

/* Everything, ended by NULL: for site_load(). */
const struct config_table *const *all_config_tables(void);

#endif
