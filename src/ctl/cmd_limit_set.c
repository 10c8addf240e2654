/*
 * limit set: another value of a limit for one principal, until a time and for a reason. The daemon
 * keeps it and tells the log; here the time is read, in the zone of whoever asks.
 */
#include <inttypes.h>
#include <stdio.h>

#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/until.h"

static enum ctl_exit limit_set_run(struct ctl *ctl, const struct ctl_args *args)
{
    const char *until = args_value(args, "until"), *because = args_value(args, "because");
    char until_text[24];
    int64_t until_s = 0;

    if (until == NULL || because == NULL) {
        return ctl_fail(ctl, CTL_USAGE,
                        "limit set wants --until, after which the configuration holds again, and "
                        "--because, for whoever reads it later");
    }
    if (!until_read(ctl->clock, span_of(until), &until_s)) {
        return ctl_fail(ctl, CTL_USAGE, "--until wants " UNTIL_VALID);
    }
    if (until_s != 0 && until_s <= clock_wall_s(ctl->clock)) {
        return ctl_fail(ctl, CTL_USAGE, "--until: %s is over", until);
    }
    snprintf(until_text, sizeof(until_text), "%" PRId64, until_s);
    {
        const struct span words[] = {
            SPAN("limits"),
            SPAN("set"),
            span_of(args->operands[0]),
            span_of(args->operands[1]),
            span_of(args->operands[2]),
            span_of(until_text),
            span_of(because),
        };

        return ask_daemon_words(ctl, args, words, sizeof(words) / sizeof(words[0]));
    }
}

static const struct ctl_option limit_set_options[] = {
    { .name = "socket",
      .argument = "PATH",
      .brief = "control socket of the daemon (control.socket of FILE)" },
    { .name = "until",
      .argument = "WHEN",
      .brief = "2026-12-31 (to its end), 2026-12-31T12:00, +4h or never" },
    { .name = "because", .argument = "TEXT", .brief = "why, for whoever reads it later" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_limit_set = {
    .name = "limit set",
    .operands = "NAME LIMIT MAX",
    .operands_min = 3,
    .operands_max = 3,
    .options = limit_set_options,
    .brief = "another value of a limit for one login or network, for a time",
    .details =
        "Goes before every row of the configuration, exceptions too; 0: unlimited. What was used\n"
        "goes on counting. Who set it, what it was before and why stands in the log.",
    .run = limit_set_run,
};
