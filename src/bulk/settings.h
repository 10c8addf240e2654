/*
 * settings: the option rows of `bulk`.
 */
#ifndef EM_BULK_SETTINGS_H
#define EM_BULK_SETTINGS_H

#include <stdint.h>

#include "config/row.h"

struct bulk_settings {
    int64_t threshold; /* recipients at one provider in 24 hours from which on one sends much */
};

extern const struct config_table bulk_settings_table; /* path "bulk" */

#endif
