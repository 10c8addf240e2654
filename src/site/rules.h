/*
 * rules: what is done about each finding in each class: the defaults of the finding table, changed
 * by `rules`. A rule may be staged: one action for some plans or classes, another for the rest.
 */
#ifndef EM_SITE_RULES_H
#define EM_SITE_RULES_H

#include "config/config.h"
#include "finding/finding.h"

struct rules {
    enum action action[FINDING_COUNT][CLASS_COUNT];
    enum action otherwise[FINDING_COUNT][CLASS_COUNT]; /* where the plan is none of `plans` */
    const struct config_texts *plans[FINDING_COUNT];   /* NULL: the plan does not matter */
    bool is_set[FINDING_COUNT]; /* by a rule, which is for the lesser case too */
    bool asks_plans;            /* some rule does */
};

extern const struct config_table site_rules_table; /* path "rules", one row a finding */

void rules_build(const struct config *config, struct rules *rules_r);
/* The action for a finding in a class, on a plan; absent: on none. */
enum action rules_action(const struct rules *rules, const struct finding *finding,
                         enum mail_class mail_class, struct span plan);

#endif
