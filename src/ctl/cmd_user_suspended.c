/*
 * user suspended: who is suspended, and who was released lately.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit user_suspended_run(struct ctl *ctl, const struct ctl_args *args)
{
    static const struct span words[] = { SPAN("limits"), SPAN("suspended") };

    return ask_daemon_words(ctl, args, words, sizeof(words) / sizeof(words[0]));
}

const struct ctl_command cmd_user_suspended = {
    .name = "user suspended",
    .operands = "",
    .options = ask_options,
    .brief = "who is suspended, since when, by whom and why; and who was released lately",
    .run = user_suspended_run,
};
