/*
 * behaviour_settings: the rows of `behaviour`.
 */
#ifndef EM_SITE_BEHAVIOUR_SETTINGS_H
#define EM_SITE_BEHAVIOUR_SETTINGS_H

#include "config/config.h"

struct behaviour_settings {
    struct config_texts honeypots;        /* nobody was ever given them: who writes to one has an
                                             address book he should not have */
    struct config_texts always_reachable; /* those may write to them who are suspended */
    struct config_texts actions;          /* steps of the ladder that are taken, by name */
    struct config_texts service_plans;    /* of programs: never throttled, held, suspended */
    struct config_texts bulk_plans;       /* of newsletters */
    const char *country_database;         /* a path; NULL: countries are not known */
};

extern const struct config_table site_behaviour_table; /* path "behaviour" */

#endif
