/*
 * would: what enforcement would have done to the mail of a log, by finding and by user, from the
 * fields would= and by= that mode observe writes. What really was stopped is counted apart.
 *
 * Messages that were given up before their end are none. Fails with the exit codes of log_scan; 1
 * where counts are incomplete or there was nothing to count.
 */
#include <inttypes.h>

#include "ctl/commands.h"
#include "ctl/would.h"

#define TOP_STANDARD 20
#define TOP_MAX 1000000

static bool is_word(struct span text, const char *word)
{
    return span_is_equal(text, span_of(word));
}

static void row_count(struct tally *tally, const struct log_message *message, struct span finding)
{
    struct tally_row *row = tally_row(tally, finding, message->user);

    if (row == NULL)
        return;
    row->messages++;
    row->recipients += message->recipients;
    row->reject += is_word(message->would, "reject");
    row->hold += is_word(message->would, "hold");
    row->defer += is_word(message->would, "defer");
}

static void message_take(void *context, const struct log_message *message, int64_t time_s)
{
    struct would *would = context;
    bool is_reject = is_word(message->would, "reject"), is_hold = is_word(message->would, "hold"),
         is_defer = is_word(message->would, "defer");

    (void)time_s;
    if (is_word(message->verdict, "aborted") || is_word(message->mail_class, "inbound"))
        return;
    would->messages++;
    would->stopped += is_word(message->verdict, "reject") || is_word(message->verdict, "hold") ||
                      is_word(message->verdict, "defer");
    would->reject += is_reject;
    would->hold += is_hold;
    would->defer += is_defer;
    if (is_reject || is_hold || is_defer) {
        would->redacted += log_scan_is_redacted(message->user);
        row_count(would->stops, message, message->by);
    }
    for (size_t i = 0; would->with_observed && i < message->rule_count; i++) {
        if (is_word(message->rules[i].action, "observe"))
            row_count(would->observed, message, message->rules[i].finding);
    }
}

static bool remark(struct would *would)
{
    bool is_whole = log_scan_remark(would->ctl, &would->scan);
    uint64_t left_out = tally_left_out(would->stops) + tally_left_out(would->observed);

    if (would->redacted > 0 && would->with_users)
        ctl_fail(would->ctl, CTL_GOOD,
                 "the log is redacted (log.redact): users of one domain are "
                 "counted as one");
    if (left_out > 0)
        ctl_fail(would->ctl, CTL_WARNING,
                 "more than %zu pairs of finding and user: %" PRIu64
                 " messages are in the total, but in no table; --since takes less at once",
                 TALLY_ROWS_MAX, left_out);
    return is_whole && left_out == 0;
}

static enum ctl_exit result_print(struct would *would)
{
    struct would_result result = { .is_whole = remark(would) };
    enum ctl_exit code = result.is_whole ? CTL_GOOD : CTL_WARNING;

    if (!would_groups_make(would->stops, false, &result.findings) ||
        !would_groups_make(would->stops, true, &result.users) ||
        !would_groups_make(would->observed, false, &result.observed))
        code = ctl_fail(would->ctl, CTL_INTERNAL, "out of memory");
    else if (would->ctl->is_json)
        would_print_json(would, &result);
    else
        would_print_text(would, &result);
    would_groups_free(&result.findings);
    would_groups_free(&result.users);
    would_groups_free(&result.observed);
    return code;
}

static bool options_take(struct would *would, const struct ctl_args *args)
{
    struct span by = span_of(args_value(args, "by"));

    would->with_findings = by.at == NULL || is_word(by, "finding");
    would->with_users = by.at == NULL || is_word(by, "user");
    would->with_observed = args_has(args, "all");
    if (!would->with_findings && !would->with_users) {
        ctl_fail(would->ctl, CTL_USAGE, "--by is finding or user");
        return false;
    }
    return log_scan_number(would->ctl, args, "top", TOP_STANDARD, TOP_MAX, &would->top);
}

static enum ctl_exit would_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct would would = { .ctl = ctl };
    enum ctl_exit code;

    if (!options_take(&would, args))
        return CTL_USAGE;
    would.stops = tally_new(TALLY_ROWS_MAX);
    would.observed = tally_new(TALLY_ROWS_MAX);
    if (would.stops == NULL || would.observed == NULL)
        code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    else
        code = log_scan(ctl, args, message_take, &would, &would.scan);
    if (code == CTL_GOOD)
        code = result_print(&would);
    tally_free(&would.stops);
    tally_free(&would.observed);
    return code;
}

static const struct ctl_option would_options[] = {
    LOG_SINCE_OPTION,
    { .name = "by", .argument = "WHAT", .brief = "only by finding, or only by user" },
    { .name = "top", .argument = "N", .brief = "so many users (20)" },
    { .name = "all", .brief = "also what was found and is only observed" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_would = {
    .name = "would",
    .operands = "[LOG ...]",
    .operands_max = LOG_OPERANDS_MAX,
    .options = would_options,
    .brief = "what enforcement would have done to the mail of a log",
    .details =
        "Reads the lines that mode observe wrote: LOG is a log file, compressed or not, or -;\n"
        "without one the mail log of the system. Ends 1 when something had to be left out,\n"
        "or there was no message.",
    .run = would_run,
};
