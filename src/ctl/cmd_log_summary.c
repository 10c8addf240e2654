/*
 * log summary: what a day, or another range of a mail log, tells: of all mail by the lines of the
 * mail server, of outgoing mail by ours, and of what became of it by both.
 *
 * Fails with the exit codes of log_walk; 1 where something had to be left out or there was nothing
 * to count.
 */
#include <inttypes.h>

#include "ctl/commands.h"
#include "ctl/log_summary.h"

enum { TOP_STANDARD = 10, TOP_MAX = 1000000 };

static bool remark(const struct log_summary *summary)
{
    uint64_t left_out = tally_left_out(summary->senders) + tally_left_out(summary->principals) +
                        tally_left_out(summary->findings) + tally_left_out(summary->domains) +
                        tally_left_out(summary->remarks) + tally_left_out(summary->logins) +
                        tally_left_out(summary->networks);
    bool is_whole = log_walk_remark(summary->ctl, &summary->walk);
    if (left_out > 0) {
        ctl_fail(summary->ctl, CTL_WARNING,
                 "more than %zu names in a table: %" PRIu64
                 " times one is in the totals, but in no row; take less at once",
                 TALLY_ROWS_MAX, left_out);
    }
    return is_whole && left_out == 0;
}

static enum ctl_exit summary_tell(struct log_summary *summary)
{
    bool is_whole = remark(summary);
    bool is_told = summary->ctl->is_json ? log_summary_json(summary) : log_summary_print(summary);
    if (!is_told) {
        return ctl_fail(summary->ctl, CTL_INTERNAL, "out of memory");
    }
    return is_whole ? CTL_GOOD : CTL_WARNING;
}

static enum ctl_exit log_summary_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct log_summary *summary;
    enum ctl_exit code;
    uint64_t top;
    if (!log_scan_number(ctl, args, "top", TOP_STANDARD, TOP_MAX, &top)) {
        return CTL_USAGE;
    }
    summary = log_summary_new(ctl, top);
    if (summary == NULL) {
        return ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    }
    code = log_summary_read(summary, args);
    if (code == CTL_GOOD) {
        code = summary_tell(summary);
    }
    log_summary_free(&summary);
    return code;
}

static const struct ctl_option log_summary_options[] = {
    LOG_RANGE_OPTIONS,
    { .name = "top", .argument = "N", .brief = "so many rows of each table (10)" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_log_summary = {
    .name = "log summary",
    .operands = "[LOG ...]",
    .operands_max = LOG_OPERANDS_MAX,
    .options = log_summary_options,
    .brief = "what a mail log tells of a day: volumes, refusals, senders, bounces, delays",
    .details =
        "Reads the lines of Postfix or Sendmail and those of egress-milter: LOG is a log file,\n"
        "compressed or not, or -; without one the mail log of the system. Ends 1 when something\n"
        "had to be left out, or there was nothing to count.",
    .run = log_summary_run,
};
