/*
 * settings: the option rows of `state`.
 */
#ifndef EM_STATE_SETTINGS_H
#define EM_STATE_SETTINGS_H

#include <stdint.h>

#include "config/row.h"

struct state_settings {
    const char *directory;
    int64_t checkpoint_s; /* between two copies */
};

extern const struct config_table state_settings_table; /* path "state" */

#endif
