/*
 * limit list: the limits in force, where each stands, and what is different for single principals,
 * as the daemon tells.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit limit_list_run(struct ctl *ctl, const struct ctl_args *args)
{
    const struct span words[] = { SPAN("limits"), SPAN("list") };

    return ask_daemon_words(ctl, args, words, sizeof(words) / sizeof(words[0]));
}

const struct ctl_command cmd_limit_list = {
    .name = "limit list",
    .operands = "",
    .options = ask_options,
    .brief = "limits in force, exceptions and overrides, and where they stand",
    .run = limit_list_run,
};
