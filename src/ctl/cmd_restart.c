/*
 * restart: replaces the daemon by the program on disk without losing a session, and tells how that
 * ended: the new one serves, or the old one still does, with the reason.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit restart_run(struct ctl *ctl, const struct ctl_args *args)
{
    return ask_daemon(ctl, args, "restart");
}

const struct ctl_command cmd_restart = {
    .name = "restart",
    .operands = "",
    .options = ask_options,
    .brief = "replace the daemon by the program on disk without losing a session",
    .details =
        "For upgrades. The program on disk is checked with the configuration, takes the place of\n"
        "the running one, and serves new connections as soon as it can; sessions that are open\n"
        "end where they began. Whatever fails leaves the running processes serving.",
    .run = restart_run,
};
