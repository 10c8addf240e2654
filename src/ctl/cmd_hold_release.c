/*
 * hold release: held mail goes on.
 */
#include "ctl/commands.h"
#include "ctl/hold_act.h"

static enum ctl_exit hold_release_run(struct ctl *ctl, const struct ctl_args *args)
{
    static const struct hold_deed deed = { "release", "released", held_remove, false };

    return hold_act_run(ctl, args, &deed);
}

static const struct ctl_option hold_release_options[] = {
    HOLD_ACT_OPTIONS,
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_hold_release = {
    .name = "hold release",
    .operands = "[ID ...]",
    .operands_max = 1000,
    .options = hold_release_options,
    .brief = "let held messages go, signed as they are",
    .details =
        "The messages named, or those chosen, for which --yes is wanted. The mail server's tool\n"
        "(hold.command) does it; they leave with its next queue run. Ends 1 where nothing was "
        "done\n"
        "for want of --yes, or not all of it, and 69 where the tool did not work.",
    .run = hold_release_run,
};
