/*
 * limit reset: lets counts begin anew.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit limit_reset_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct span words[] = { SPAN("limits"), SPAN("reset"), span_of(args->operands[0]), SPAN("") };

    if (args->operand_count > 1) {
        words[3] = span_of(args->operands[1]);
    }
    return ask_daemon_words(ctl, args, words, 2 + args->operand_count);
}

const struct ctl_command cmd_limit_reset = {
    .name = "limit reset",
    .operands = "NAME [LIMIT]",
    .operands_min = 1,
    .operands_max = 2,
    .options = ask_options,
    .brief = "forgets what was used of a limit, or of all",
    .details =
        "NAME is a login or the name of a network; or an account as top --json tells it, as\n"
        "site/, plan/pro or domain/example.org, for what several share. Limits that count the\n"
        "same share their count, too. Ends 1 where nothing was counted.",
    .run = limit_reset_run,
};
