/*
 * readiness: does mail of a domain keep the rules of Google, Yahoo and Microsoft, as the daemon
 * tells.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit readiness_run(struct ctl *ctl, const struct ctl_args *args)
{
    const struct span words[] = { SPAN("readiness"), span_of(args->operands[0]) };

    return ask_daemon_words(ctl, args, words, 2);
}

const struct ctl_command cmd_readiness = {
    .name = "readiness",
    .operands = "DOMAIN",
    .operands_min = 1,
    .operands_max = 1,
    .options = ask_options,
    .brief = "the rules of Google, Yahoo and Microsoft, one by one, for mail of a domain",
    .details = "Ends 0 when all rules are kept or cannot be told, 1 with warnings, 2 when one is\n"
               "not kept, and 69 when the daemon is not reachable.",
    .run = readiness_run,
};
