/*
 * suppress list: addresses that mail is not to be sent to any more, and those that only bounced.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit suppress_list_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct span words[] = { SPAN("suppress"), SPAN("list"), SPAN("") };

    if (args->operand_count > 0) {
        words[2] = span_of(args->operands[0]);
    }
    return ask_daemon_words(ctl, args, words, 2 + args->operand_count);
}

const struct ctl_command cmd_suppress_list = {
    .name = "suppress list",
    .operands = "[DOMAIN|ADDRESS]",
    .operands_max = 1,
    .options = ask_options,
    .brief = "addresses that are written to no more, since when and why",
    .details = "DOMAIN is that of the addresses, or of whose mail does not go there. An address\n"
               "that is watched bounced, not yet often enough, and gets its mail.",
    .run = suppress_list_run,
};
