/*
 * settings: the option rows of `state`.
 */
#ifndef EM_STATE_SETTINGS_H
#define EM_STATE_SETTINGS_H

#include <stdint.h>

#include "config/row.h"

#define STATE_SIZE_MIN ((uint64_t)16 << 20)
#define STATE_SIZE_MAX ((uint64_t)32 << 30)

struct state_settings {
    const char *directory;
    int64_t checkpoint_s; /* between two copies */
    int64_t size_bytes;   /* for store_limit() */
};

extern const struct config_table state_settings_table; /* path "state" */

#endif
