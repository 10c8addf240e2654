/*
 * rules: what is done about each finding in each class: the defaults of the finding table, changed
 * by `rules`.
 */
#ifndef EM_SITE_RULES_H
#define EM_SITE_RULES_H

#include "config/config.h"
#include "finding/finding.h"

struct rules {
    enum action action[FINDING_COUNT][CLASS_COUNT];
};

extern const struct config_table site_rules_table; /* path "rules", one row a finding */

void rules_build(const struct config *config, struct rules *rules_r);

#endif
