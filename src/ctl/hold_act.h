/*
 * hold_act: what hold release and hold delete have in common: which messages, may it be done, do
 * it, see that it was done.
 */
#ifndef EM_CTL_HOLD_ACT_H
#define EM_CTL_HOLD_ACT_H

#include "ctl/args.h"
#include "ctl/ctl.h"
#include "ctl/hold_set.h"

struct hold_deed {
    const char *verb, *past;                                 /* "release", "released" */
    bool (*done)(struct store *store, struct span queue_id); /* what becomes of the record */
    bool is_final; /* cannot be undone: ids alone want --yes, too */
};

#define HOLD_ACT_OPTIONS                                                                           \
    HOLD_CHOICE_OPTIONS, { .name = "all", .brief = "all that are held" },                          \
    {                                                                                              \
        .name = "yes", .brief = "do it; without it only what would be done is told"                \
    }

enum ctl_exit hold_act_run(struct ctl *ctl, const struct ctl_args *args,
                           const struct hold_deed *deed);

#endif
