/*
 * reload: makes the daemon read its configuration and keys again, and tells how that ended: the new
 * snapshot is in force, or the old one still is, with the faults.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit reload_run(struct ctl *ctl, const struct ctl_args *args)
{
    return ask_daemon(ctl, args, "reload");
}

const struct ctl_command cmd_reload = {
    .name = "reload",
    .operands = "",
    .options = ask_options,
    .brief = "read configuration and keys again, and say how that ended",
    .details =
        "The new configuration is taken whole, or the old one stays in force and the faults\n"
        "are told.",
    .run = reload_run,
};
