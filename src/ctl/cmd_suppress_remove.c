/*
 * suppress remove: takes an address off the suppression list.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit suppress_remove_run(struct ctl *ctl, const struct ctl_args *args)
{
    const char *domain = args_value(args, "domain");
    const struct span words[] = { SPAN("suppress"), SPAN("remove"), span_of(args->operands[0]),
                                  span_of(domain) };

    return ask_daemon_words(ctl, args, words, domain != NULL ? 4 : 3);
}

static const struct ctl_option suppress_remove_options[] = {
    { .name = "socket",
      .argument = "PATH",
      .brief = "control socket of the daemon (control.socket of FILE)" },
    { .name = "domain", .argument = "DOMAIN", .brief = "only for mail of its senders" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_suppress_remove = {
    .name = "suppress remove",
    .operands = "ADDRESS",
    .operands_min = 1,
    .operands_max = 1,
    .options = suppress_remove_options,
    .brief = "lets mail go to an address again; ends 1 where it was not on the list",
    .details = "Bounces that were counted are forgotten, too. Who removed it stands in the log.",
    .run = suppress_remove_run,
};
