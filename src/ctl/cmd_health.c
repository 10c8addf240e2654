/*
 * health: one line for a monitoring system, in the manner of Nagios plugins.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit health_run(struct ctl *ctl, const struct ctl_args *args)
{
    return ask_daemon(ctl, args, "health");
}

const struct ctl_command cmd_health = {
    .name = "health",
    .operands = "",
    .options = ask_options,
    .brief = "is the running daemon well? for monitoring",
    .details =
        "Ends 0 when it is, 1 with a warning, 2 when something is critical, and 69 when the\n"
        "daemon is not reachable; the first line says why.",
    .run = health_run,
};
