/*
 * behaviour_settings: the rows of `behaviour` that name addresses.
 */
#ifndef EM_SITE_BEHAVIOUR_SETTINGS_H
#define EM_SITE_BEHAVIOUR_SETTINGS_H

#include "config/config.h"

struct behaviour_settings {
    struct config_texts honeypots;        /* nobody was ever given them: who writes to one has an
                                             address book he should not have */
    struct config_texts always_reachable; /* those may write to them who are suspended */
};

extern const struct config_table site_behaviour_table; /* path "behaviour" */

#endif
