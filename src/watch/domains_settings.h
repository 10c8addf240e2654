/*
 * domains_settings: the option rows of `watch` that are about our domains.
 */
#ifndef EM_WATCH_DOMAINS_SETTINGS_H
#define EM_WATCH_DOMAINS_SETTINGS_H

#include <stdint.h>

#include "config/row.h"

struct domains_settings {
    int64_t every_s; /* between two looks at one record; 0: there are none */
};

extern const struct config_table domains_settings_table; /* path "watch" */

#endif
