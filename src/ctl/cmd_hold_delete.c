/*
 * hold delete: held mail goes nowhere, and what it was charged is given back.
 */
#include "ctl/commands.h"
#include "ctl/hold_act.h"

static enum ctl_exit hold_delete_run(struct ctl *ctl, const struct ctl_args *args)
{
    static const struct hold_deed deed = { "delete", "deleted", held_delete, true };

    return hold_act_run(ctl, args, &deed);
}

static const struct ctl_option hold_delete_options[] = {
    HOLD_ACT_OPTIONS,
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_hold_delete = {
    .name = "hold delete",
    .operands = "[ID ...]",
    .operands_max = 1000,
    .options = hold_delete_options,
    .brief = "delete held messages; nobody is told of it",
    .details =
        "The messages named or chosen, for which --yes is wanted. What they were charged is given\n"
        "back to their users. Ends as hold release does.",
    .run = hold_delete_run,
};
