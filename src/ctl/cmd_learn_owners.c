/*
 * learn owners: an owners table, proposed from what logins did send: envelope sender and From
 * address of each message of class submission. A message that was stopped, or would have been for a
 * reason that speaks against its sender, teaches nothing.
 *
 * Whether a row is right is for a person to say: a stolen account teaches as well as its owner.
 * Fails with the exit codes of log_scan; 1 where something had to be left out.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "ctl/commands.h"
#include "ctl/learn.h"
#include "ctl/load.h"

#define MIN_STANDARD 3
#define MAX_LOGINS_STANDARD 5
#define NUMBER_MAX 1000000000
#define ADDRESS_MAX 254 /* RFC 5321 4.5.3.1.3 less the brackets */

/* Findings that enforcement stops a message for, and that say nothing against who sent it: that the
 * table is missing is what we are here for, the others are our own trouble. */
static const char *const harmless[] = { "sender-not-owned", "from-not-owned", "owners-unavailable",
                                        "signing-failed", "overload" };

static bool is_harmless(struct span finding)
{
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (span_is_equal(finding, span_of(harmless[i])))
            return true;
    }
    return false;
}

static bool is_stop(struct span action)
{
    return span_is_equal(action, SPAN("reject")) || span_is_equal(action, SPAN("hold")) ||
           span_is_equal(action, SPAN("defer"));
}

/* Of two findings that would have stopped it only one is named by by=, but both are in rules=. */
static bool teaches(const struct log_message *message)
{
    if (!span_is_equal(message->verdict, SPAN("accept")) ||
        (message->would.size > 0 && !is_harmless(message->by)))
        return false;
    for (size_t i = 0; i < message->rule_count; i++) {
        if (is_stop(message->rules[i].action) && !is_harmless(message->rules[i].finding))
            return false;
    }
    return true;
}

/* In lower case, as tables are looked up. False: no address, or none that fits. */
static bool address_fold(struct span text, char out[static ADDRESS_MAX], struct span *address_r)
{
    ptrdiff_t at = span_find_last(text, '@');

    if (text.size > ADDRESS_MAX || at <= 0 || (size_t)at + 1 == text.size)
        return false;
    for (size_t i = 0; i < text.size; i++)
        out[i] = ascii_lower(text.at[i]);
    *address_r = (struct span){ out, text.size };
    return true;
}

static void pair_take(struct learn *learn, struct span address, struct span login, int64_t time_s)
{
    struct tally_row *row = tally_row(learn->pairs, address, login);

    if (row == NULL)
        return;
    row->messages++;
    row->last_s = time_s > row->last_s ? time_s : row->last_s;
}

static void addresses_take(struct learn *learn, const struct log_message *message, int64_t time_s)
{
    char from_text[ADDRESS_MAX], header_text[ADDRESS_MAX];
    struct span from = { NULL, 0 }, header = { NULL, 0 };

    /* The null sender is nobody's, and a message without From has no author. */
    if (message->from.size > 0 && !address_fold(message->from, from_text, &from))
        learn->strange++;
    if (message->header_from.size > 0 && !address_fold(message->header_from, header_text, &header))
        learn->strange++;
    if (from.size > 0)
        pair_take(learn, from, message->user, time_s);
    if (header.size > 0 && !span_is_equal(header, from))
        pair_take(learn, header, message->user, time_s);
}

static void message_take(void *context, const struct log_message *message, int64_t time_s)
{
    struct learn *learn = context;

    if (!span_is_equal(message->mail_class, SPAN("submission")) || message->user.size == 0)
        return;
    learn->submissions++;
    if (!teaches(message))
        learn->stopped++;
    else if (log_scan_is_redacted(message->user) || log_scan_is_redacted(message->from) ||
             log_scan_is_redacted(message->header_from))
        learn->redacted++;
    else
        addresses_take(learn, message, time_s);
}

static bool remark(struct learn *learn)
{
    bool is_whole = log_scan_remark(learn->ctl, &learn->scan);
    uint64_t left_out = tally_left_out(learn->pairs);

    if (learn->scan.messages > 0 && learn->submissions == 0)
        ctl_fail(learn->ctl, CTL_WARNING,
                 "no message of class submission: only logins own senders");
    if (learn->redacted > 0)
        ctl_fail(learn->ctl, CTL_WARNING,
                 "%" PRIu64 " messages are of a redacted log (log.redact): "
                 "who sent as whom cannot be learnt from them",
                 learn->redacted);
    if (left_out > 0)
        ctl_fail(learn->ctl, CTL_WARNING,
                 "more than %zu pairs of address and login: %" PRIu64
                 " messages with further ones are left out; --since takes less at once",
                 TALLY_ROWS_MAX, left_out);
    return is_whole && learn->submissions > 0 && learn->redacted == 0 && left_out == 0;
}

static enum ctl_exit result_print(struct learn *learn)
{
    bool is_whole, is_printed;

    if (!learn_sort(learn))
        return ctl_fail(learn->ctl, CTL_INTERNAL, "out of memory");
    is_whole = remark(learn);
    is_printed = learn->ctl->is_json ? learn_print_json(learn, is_whole) : learn_print_text(learn);
    if (!is_printed)
        return ctl_fail(learn->ctl, CTL_INTERNAL, "out of memory");
    return is_whole ? CTL_GOOD : CTL_WARNING;
}

static enum ctl_exit learn_owners_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct learn learn = { .ctl = ctl };
    enum ctl_exit code;

    if (!log_scan_number(ctl, args, "min", MIN_STANDARD, NUMBER_MAX, &learn.min) ||
        !log_scan_number(ctl, args, "max-logins", MAX_LOGINS_STANDARD, NUMBER_MAX,
                         &learn.max_logins))
        return CTL_USAGE;
    learn.site = load_site_quietly(ctl);
    learn.pairs = tally_new(TALLY_ROWS_MAX);
    if (learn.pairs == NULL)
        code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    else
        code = log_scan(ctl, args, message_take, &learn, &learn.scan);
    if (code == CTL_GOOD)
        code = result_print(&learn);
    free(learn.rows);
    tally_free(&learn.pairs);
    site_unref(&learn.site);
    return code;
}

static const struct ctl_option learn_owners_options[] = {
    LOG_SINCE_OPTION,
    { .name = "min", .argument = "N", .brief = "messages before a pair is believed (3)" },
    { .name = "max-logins",
      .argument = "N",
      .brief = "an address of more logins is only suggested (5)" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_learn_owners = {
    .name = "learn owners",
    .operands = "[LOG ...]",
    .operands_max = LOG_OPERANDS_MAX,
    .options = learn_owners_options,
    .brief = "proposes an owners table from who sent as whom",
    .details =
        "LOG is a log file, compressed or not, or -; without one the mail log of the system.\n"
        "The table is to be read before it is used: what a stolen account sent is in it too.\n"
        "Ends 1 when something had to be left out, or there was nothing to learn from.",
    .run = learn_owners_run,
};
