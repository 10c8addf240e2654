/*
 * log_summary_print: the summary for people: the same text for the same log. Names come from the
 * log and are escaped.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/log_summary.h"
#include "ctl/print.h"

enum { NAME_MAX_BYTES = 255 };

static void heading(const struct log_summary *summary, const char *text)
{
    struct buffer *out = &summary->ctl->out;
    buffer_add_char(out, '\n');
    print_styled(summary->ctl, out, PRINT_HEADING, text);
    buffer_add_char(out, '\n');
}

static void number(struct buffer *out, uint64_t value, const char *text)
{
    buffer_printf(out, "%10" PRIu64 "  %s\n", value, text);
}

/* --- volumes --------------------------------------------------------------------------------- */

static void print_server(const struct log_summary *summary)
{
    const struct log_server *server = &summary->server;
    struct buffer *out = &summary->ctl->out;
    heading(summary, "all mail, as the mail server has it");
    number(out, server->all.received, "messages received");
    number(out, server->bytes, "octets of them");
    number(out, server->all.delivered, "recipients delivered to");
    number(out, server->all.deferred, "attempts deferred");
    number(out, server->all.bounced, "recipients bounced");
    number(out, server->expired, "messages given up");
    number(out, server->all.rejected, "times rejected");
    number(out, server->rejected_by_milter, "of them by a milter");
    number(out, server->warned, "times only warned of");
    number(out, server->held, "times held");
    number(out, server->discarded, "times discarded");
    number(out, server->notifications, "reports of failure to senders");
}

static void print_hours(const struct log_summary *summary)
{
    struct buffer *out = &summary->ctl->out;
    heading(summary, "  RECEIVED  DELIVERED   DEFERRED    BOUNCED   REJECTED  HOUR");
    for (int hour = 0; hour < 24; hour++) {
        const struct log_volume *volume = &summary->server.hours[hour];
        if (volume->received + volume->delivered + volume->deferred + volume->bounced +
                volume->rejected >
            0) {
            buffer_printf(out,
                          "%10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64
                          "  %02d\n",
                          volume->received, volume->delivered, volume->deferred, volume->bounced,
                          volume->rejected, hour);
        }
    }
}

static void print_ours(const struct log_summary *summary)
{
    const struct log_ours *ours = &summary->ours;
    struct buffer *out = &summary->ctl->out;
    if (ours->messages == 0) {
        buffer_add_text(out, "\nno line of outgoing mail by egress-milter\n");
        return;
    }
    heading(summary, "outgoing mail, as egress-milter judged it");
    number(out, ours->messages, "messages");
    number(out, ours->recipients, "recipients");
    number(out, ours->external, "of them external");
    number(out, ours->bytes, "octets");
    number(out, ours->accepted, "messages accepted");
    number(out, ours->held, "held");
    number(out, ours->deferred, "deferred");
    number(out, ours->rejected, "rejected");
    number(out, ours->discarded, "discarded by the mail server");
    number(out, ours->aborted, "given up by the client");
    number(out, ours->would, "would have been stopped by mode enforce");
}

/* --- tables ---------------------------------------------------------------------------------- */

typedef void print_row(struct buffer *out, const struct tally_row *row);

/* The first `top` rows; false: no memory. */
static bool print_table(const struct log_summary *summary, struct tally *tally, const char *head,
                        print_row *print)
{
    struct buffer *out = &summary->ctl->out;
    size_t count;
    struct tally_row **rows = tally_rows(tally, log_summary_compare, &count);
    if (count == 0) {
        return true;
    }
    if (rows == NULL) {
        return false;
    }
    heading(summary, head);
    for (size_t i = 0; i < count && i < summary->top; i++) {
        print(out, rows[i]);
        buffer_add_char(out, '\n');
    }
    if (count > summary->top) {
        buffer_printf(out, "%10s  and %" PRIu64 " more (--top)\n", "",
                      (uint64_t)count - summary->top);
    }
    free(rows);
    return true;
}

static void name(struct buffer *out, struct span text)
{
    print_escaped(out, text.size > 0 ? text : SPAN("-"), NAME_MAX_BYTES);
}

static void finding_row(struct buffer *out, const struct tally_row *row)
{
    buffer_printf(out, "%10" PRIu64 " %10" PRIu64 "  ", row->messages, row->recipients);
    name(out, row->first);
    buffer_add_text(out, ": ");
    name(out, row->second);
}

static void principal_row(struct buffer *out, const struct tally_row *row)
{
    buffer_printf(out,
                  "%10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %12" PRIu64
                  "  ",
                  row->messages, row->recipients, row->reject + row->defer + row->hold,
                  row->delivered, row->bounced, row->bytes);
    name(out, row->second);
    buffer_add_text(out, " (");
    name(out, row->first);
    buffer_add_char(out, ')');
}

static void domain_row(struct buffer *out, const struct tally_row *row)
{
    buffer_printf(out, "%10" PRIu64 " %10" PRIu64 " %10" PRIu64 "  ", row->delivered, row->bounced,
                  row->defer);
    name(out, row->first);
}

static void times_row(struct buffer *out, const struct tally_row *row)
{
    buffer_printf(out, "%10" PRIu64 "  ", row->messages);
    name(out, row->first);
}

static void sender_row(struct buffer *out, const struct tally_row *row)
{
    buffer_printf(out, "%10" PRIu64 " %10" PRIu64 " %12" PRIu64 "  ", row->messages,
                  row->recipients, row->bytes);
    print_escaped(out, row->first.size > 0 ? row->first : SPAN("<>"), NAME_MAX_BYTES);
}

/* --- causes and delays ----------------------------------------------------------------------- */

static void print_causes(const struct log_summary *summary)
{
    const struct log_causes *causes = &summary->causes;
    struct buffer *out = &summary->ctl->out;
    enum cause order[CAUSE_COUNT];
    size_t count;
    log_causes_order(causes, order, &count);
    if (count == 0) {
        return;
    }
    heading(summary, "   BOUNCED   DEFERRED  CAUSE, WHAT TO DO, AND WHAT WAS SAID FIRST");
    for (size_t i = 0; i < count; i++) {
        const struct log_cause *row = &causes->at[order[i]];
        buffer_printf(out, "%10" PRIu64 " %10" PRIu64 "  %s: %s\n", row->bounced, row->deferred,
                      cause_name(order[i]),
                      row->advice != NULL ? row->advice : cause_advice(order[i]));
        if (row->text[0] != '\0') {
            buffer_printf(out, "%21s    \"", "");
            print_escaped(out, span_of(row->text), LOG_CAUSE_TEXT_MAX);
            buffer_add_text(out, "\"\n");
        }
    }
}

const char *const log_delay_names[DELAY_COUNT] = { "queued", "waited", "connect", "sent", "whole" };

/* "120 ms", "4.5 s", "12 min", "3.1 h". */
static void print_time(struct buffer *out, int64_t ms)
{
    char text[32];
    double value = (double)ms;
    if (ms < 1000) {
        snprintf(text, sizeof(text), "%d ms", (int)ms);
    } else if (ms < 120000) {
        snprintf(text, sizeof(text), "%.1f s", value / 1000);
    } else if (ms < 7200000) {
        snprintf(text, sizeof(text), "%.0f min", value / 60000);
    } else {
        snprintf(text, sizeof(text), "%.1f h", value / 3600000);
    }
    buffer_printf(out, " %8s", text);
}

static void print_delays_head(const struct log_summary *summary)
{
    struct buffer *out = &summary->ctl->out, head = BUFFER_EMPTY;
    buffer_add_text(&head, " DELIVERED");
    for (size_t i = 0; i < DELAY_COUNT; i++) {
        buffer_printf(&head, " %8s %8s", log_delay_names[i], "90%");
    }
    buffer_add_text(&head, "  PROVIDER, AND HOW LONG HALF OF THE MAIL AND NINE TENTHS TOOK");
    heading(summary, buffer_text(&head));
    out->failed = out->failed || buffer_has_failed(&head);
    buffer_free(&head);
}

static void print_delays(const struct log_summary *summary)
{
    struct buffer *out = &summary->ctl->out;
    bool has_head = false;
    for (uint8_t provider = 0; provider < PROVIDER_COUNT; provider++) {
        const struct delays *delays = summary->delays[provider];
        if (delays[DELAY_WHOLE].count == 0) {
            continue;
        }
        if (!has_head) {
            print_delays_head(summary);
            has_head = true;
        }
        buffer_printf(out, "%10" PRIu64, delays[DELAY_WHOLE].count);
        for (size_t i = 0; i < DELAY_COUNT; i++) {
            print_time(out, delays_percentile(&delays[i], 50));
            print_time(out, delays_percentile(&delays[i], 90));
        }
        buffer_printf(out, "  %s\n", provider_name(provider));
    }
}

static void print_logins(const struct log_summary *summary)
{
    struct buffer *out = &summary->ctl->out;
    if (summary->failed_logins + summary->failed_in_sessions > 0) {
        heading(summary, "logins that failed");
        number(out, summary->failed_logins, "told one by one");
        number(out, summary->failed_in_sessions, "told at the end of sessions");
    }
}

static void print_gaps(const struct log_summary *summary)
{
    const struct maillog_join_counts *counts = maillog_join_counts(summary->join);
    struct buffer *out = &summary->ctl->out;
    if (summary->gaps > 0) {
        heading(summary, "gaps in the log: whoever keeps it lost lines, so all counts are too low");
        number(out, summary->gaps, "times");
        number(out, summary->lost_lines, "lines, as far as it was told");
    }
    if (counts->messages > 0) {
        heading(summary, "deliveries joined to what egress-milter judged");
        number(out, counts->attributed, "recipients of outgoing mail");
        number(out, counts->unattributed, "of other mail");
        number(out, counts->ambiguous, "of two messages that share a queue id, so of nobody's");
        number(out, counts->evicted, "messages forgotten for want of room");
    }
}

bool log_summary_print(struct log_summary *summary)
{
    struct buffer *out = &summary->ctl->out;
    buffer_add_text(out, "mail of ");
    log_walk_print_days(summary->ctl, &summary->walk, out);
    buffer_printf(out, " (%" PRIu64 " of %" PRIu64 " lines)\n", summary->walk.taken,
                  summary->walk.lines);
    print_server(summary);
    print_hours(summary);
    print_ours(summary);
    if (!print_table(summary, summary->findings, "  MESSAGES RECIPIENTS  FINDING AND WHAT WAS DONE",
                     finding_row) ||
        !print_table(summary, summary->principals,
                     "  MESSAGES RECIPIENTS    STOPPED  DELIVERED    BOUNCED       OCTETS  "
                     "PRINCIPAL",
                     principal_row) ||
        !print_table(summary, summary->senders,
                     "  MESSAGES RECIPIENTS       OCTETS  SENDER, OF ALL MAIL", sender_row) ||
        !print_table(summary, summary->domains,
                     " DELIVERED    BOUNCED   DEFERRED  DOMAIN OF RECIPIENTS", domain_row)) {
        return false;
    }
    print_causes(summary);
    print_delays(summary);
    print_logins(summary);
    if (!print_table(summary, summary->networks, "     TIMES  FROM THE NETWORK", times_row) ||
        !print_table(summary, summary->logins, "     TIMES  LOGIN", times_row) ||
        !print_table(summary, summary->remarks, "     TIMES  EGRESS-MILTER SAID", times_row)) {
        return false;
    }
    print_gaps(summary);
    return true;
}
