/*
 * suppress export: the list as lines that `suppress add --from` takes back, here or elsewhere.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit suppress_export_run(struct ctl *ctl, const struct ctl_args *args)
{
    const struct span words[] = { SPAN("suppress"), SPAN("export") };

    return ask_daemon_words(ctl, args, words, sizeof(words) / sizeof(words[0]));
}

const struct ctl_command cmd_suppress_export = {
    .name = "suppress export",
    .operands = "",
    .options = ask_options,
    .brief = "the list, in lines that suppress add --from takes back",
    .details =
        "What is in force, one a line: ADDRESS DOMAIN UNTIL CODE BECAUSE. Space, quote, '='\n"
        "and backslash within a word, and what cannot be printed, are \\xNN.",
    .run = suppress_export_run,
};
