/*
 * top: who has least left of a limit, or who sends most, as the daemon tells.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/log_scan.h"

#include <inttypes.h>
#include <stdio.h>

#define TOP_STANDARD 20
#define TOP_MAX 1000

static enum ctl_exit top_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct span by = span_of(args_value(args, "by"));
    struct span words[] = { SPAN("limits"), SPAN("top"), SPAN(""), SPAN("nearest") };
    char number[24];
    uint64_t top;

    if (by.at != NULL) {
        words[3] = by;
    }
    if (!span_is_equal(words[3], SPAN("used")) && !span_is_equal(words[3], SPAN("nearest"))) {
        return ctl_fail(ctl, CTL_USAGE, "--by is used or nearest");
    }
    if (!log_scan_number(ctl, args, "number", TOP_STANDARD, TOP_MAX, &top)) {
        return CTL_USAGE;
    }
    snprintf(number, sizeof(number), "%" PRIu64, top);
    words[2] = span_of(number);
    return ask_daemon_words(ctl, args, words, sizeof(words) / sizeof(words[0]));
}

static const struct ctl_option top_options[] = {
    { .name = "socket",
      .argument = "PATH",
      .brief = "control socket of the daemon (control.socket of FILE)" },
    { .name = "number", .letter = 'n', .argument = "N", .brief = "so many (20)" },
    { .name = "by",
      .argument = "WHAT",
      .brief = "nearest: who has least left of a limit (this is usual); used: who sends most" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_top = {
    .name = "top",
    .operands = "",
    .options = top_options,
    .brief = "who is nearest a limit, or sends most",
    .run = top_run,
};
