/*
 * user suspend: a login or network sends nothing outside any more, until it is released or a time
 * has come. The daemon keeps it and tells the log; here the time is read, in the zone of whoever
 * asks.
 */
#include <inttypes.h>
#include <stdio.h>

#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/until.h"

static enum ctl_exit user_suspend_run(struct ctl *ctl, const struct ctl_args *args)
{
    const char *until = args_value(args, "until"), *because = args_value(args, "because");
    char until_text[24];
    int64_t until_s = 0;

    if (because == NULL) {
        return ctl_fail(ctl, CTL_USAGE, "user suspend wants --because, for whoever reads it later");
    }
    if (!until_read(ctl->clock, span_of(until != NULL ? until : "never"), &until_s)) {
        return ctl_fail(ctl, CTL_USAGE, "--until wants " UNTIL_VALID);
    }
    snprintf(until_text, sizeof(until_text), "%" PRId64, until_s);
    const struct span words[] = { SPAN("limits"), SPAN("suspend"), span_of(args->operands[0]),
                                  span_of(until_text), span_of(because) };

    return ask_daemon_words(ctl, args, words, sizeof(words) / sizeof(words[0]));
}

static const struct ctl_option user_suspend_options[] = {
    { .name = "socket",
      .argument = "PATH",
      .brief = "control socket of the daemon (control.socket of FILE)" },
    { .name = "until",
      .argument = "WHEN",
      .brief = "2026-12-31 (to its end), 2026-12-31T12:00, +4h or never (the default)" },
    { .name = "because", .argument = "TEXT", .brief = "why, for whoever reads it later" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_user_suspend = {
    .name = "user suspend",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = user_suspend_options,
    .brief = "a login or network may send nothing outside any more",
    .details =
        "Of submission each recipient outside is refused when it comes, mail of other classes is\n"
        "held; what stays inside goes on, and so does mail to behaviour.always_reachable. It "
        "holds\n"
        "on all nodes of a fleet and runs hooks.suspended.",
    .run = user_suspend_run,
};
