/*
 * limit clear: takes an override away, so that the configuration holds again.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit limit_clear_run(struct ctl *ctl, const struct ctl_args *args)
{
    const struct span words[] = { SPAN("limits"), SPAN("clear"), span_of(args->operands[0]),
                                  span_of(args->operands[1]) };

    return ask_daemon_words(ctl, args, words, sizeof(words) / sizeof(words[0]));
}

const struct ctl_command cmd_limit_clear = {
    .name = "limit clear",
    .operands = "NAME LIMIT",
    .operands_min = 2,
    .operands_max = 2,
    .options = ask_options,
    .brief = "takes back what limit set gave; ends 1 where there was nothing",
    .run = limit_clear_run,
};
