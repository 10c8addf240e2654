/*
 * user history: what happened to one principal lately.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit user_history_run(struct ctl *ctl, const struct ctl_args *args)
{
    const struct span words[] = { SPAN("limits"), SPAN("history"), span_of(args->operands[0]) };

    return ask_daemon_words(ctl, args, words, sizeof(words) / sizeof(words[0]));
}

const struct ctl_command cmd_user_history = {
    .name = "user history",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = ask_options,
    .brief = "what happened to a login or network: unusual mail, steps, suspensions, releases",
    .details = "Of 90 days the last 64 entries of this node, the oldest first.",
    .run = user_history_run,
};
