/*
 * user release: ends a suspension.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"

static enum ctl_exit user_release_run(struct ctl *ctl, const struct ctl_args *args)
{
    const char *because = args_value(args, "because");
    const struct span words[] = { SPAN("limits"), SPAN("release"), span_of(args->operands[0]),
                                  span_of(because != NULL ? because : "") };

    return ask_daemon_words(ctl, args, words, sizeof(words) / sizeof(words[0]));
}

static const struct ctl_option user_release_options[] = {
    { .name = "socket",
      .argument = "PATH",
      .brief = "control socket of the daemon (control.socket of FILE)" },
    { .name = "because", .argument = "TEXT", .brief = "why, for whoever reads it later" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_user_release = {
    .name = "user release",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = user_release_options,
    .brief = "a login or network that is suspended may send again; ends 1 where none is",
    .details = "For seven days its behaviour is looked at with more patience, so that mail that\n"
               "waited does not suspend it again. It runs hooks.released.",
    .run = user_release_run,
};
