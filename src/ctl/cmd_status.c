/*
 * status: what the running daemon is and has done since its start.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit status_run(struct ctl *ctl, const struct ctl_args *args)
{
    return ask_daemon(ctl, args, "status");
}

const struct ctl_command cmd_status = {
    .name = "status",
    .operands = "",
    .options = ask_options,
    .brief = "the running daemon: snapshot, sockets, counters",
    .details =
        "Ends 0 when all is well, 1 with warnings, 2 when something is critical, and 69 when\n"
        "the daemon is not reachable.",
    .run = status_run,
};
