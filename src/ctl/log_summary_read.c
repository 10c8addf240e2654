/*
 * log_summary_read: from lines to counts. What the mail server says is counted as it stands; whose
 * mail it was is told by the join (feedback/maillog_join.h), and a bounce that cannot be told is in
 * the totals and nobody's row.
 */
#include "ctl/log_summary.h"

#include <stdio.h>
#include <stdlib.h>

#include "util/domain.h"
#include "util/ip.h"
#include "util/siphash.h"

enum {
    JOIN_MESSAGES = 200000,  /* under way at once */
    LIFETIME_S = 30 * 86400, /* of held mail, too */
    REMARK_MAX = 300
};

/* --- the whole ------------------------------------------------------------------------------- */

static void take_outcome(void *context, const struct maillog_outcome *outcome)
{
    struct log_summary *summary = context;
    struct tally_row *row = NULL;
    if (outcome->principal.size > 0 && outcome->class != 4) {
        row = tally_row(summary->principals, outcome->mail_class, outcome->principal);
    }
    if (row != NULL) {
        row->delivered += outcome->class == 2;
        row->bounced += outcome->class == 5;
    }
}

struct log_summary *log_summary_new(struct ctl *ctl, uint64_t top)
{
    struct log_summary *summary = calloc(1, sizeof(*summary));
    if (summary == NULL) {
        return NULL;
    }
    summary->ctl = ctl;
    summary->top = top;
    summary->join = maillog_join_new(JOIN_MESSAGES, LIFETIME_S, take_outcome, summary);
    summary->senders = tally_new(TALLY_ROWS_MAX);
    summary->principals = tally_new(TALLY_ROWS_MAX);
    summary->findings = tally_new(TALLY_ROWS_MAX);
    summary->domains = tally_new(TALLY_ROWS_MAX);
    summary->remarks = tally_new(TALLY_ROWS_MAX);
    summary->logins = tally_new(TALLY_ROWS_MAX);
    summary->networks = tally_new(TALLY_ROWS_MAX);
    summary->seen = calloc(SUMMARY_SEEN, sizeof(*summary->seen));
    if (summary->join == NULL || summary->senders == NULL || summary->principals == NULL ||
        summary->findings == NULL || summary->domains == NULL || summary->remarks == NULL ||
        summary->logins == NULL || summary->networks == NULL || summary->seen == NULL) {
        log_summary_free(&summary);
    }
    return summary;
}

void log_summary_free(struct log_summary **summary)
{
    if (*summary == NULL) {
        return;
    }
    maillog_join_free(&(*summary)->join);
    tally_free(&(*summary)->senders);
    tally_free(&(*summary)->principals);
    tally_free(&(*summary)->findings);
    tally_free(&(*summary)->domains);
    tally_free(&(*summary)->remarks);
    tally_free(&(*summary)->logins);
    tally_free(&(*summary)->networks);
    free((*summary)->seen);
    free(*summary);
    *summary = NULL;
}

/* --- of the mail server ---------------------------------------------------------------------- */

/* Was the message counted? Two of a million may share a place: then a retry counts twice. */
static bool was_seen(struct log_summary *summary, const struct maillog_line *line, struct span id)
{
    static const uint64_t key[2] = { 0x6c6f6773756d, 0x7365656e };
    uint64_t number = siphash(key, id) * 31 + siphash(key, line->entry.host);
    uint64_t *at = &summary->seen[number % SUMMARY_SEEN];
    number = number * 31 + siphash(key, line->instance) + 1;
    if (*at == number) {
        return true;
    }
    *at = number;
    return false;
}

static struct log_volume *hour_of(struct log_summary *summary, const struct maillog_line *line)
{
    const struct clock *clock = summary->ctl->clock;
    int64_t local_s = clock_local_s(clock, line->entry.time_s);
    return &summary->server.hours[line->entry.has_time ? (local_s / 3600 % 24 + 24) % 24 : 0];
}

/* The domain of an address in its one form, or as it stands. */
static struct span domain_of(struct span address, char out[static DOMAIN_MAX])
{
    ptrdiff_t at = span_find_last(address, '@');
    struct span domain = at >= 0 ? span_from(address, (size_t)at + 1) : SPAN("");
    return domain_to_ascii(domain, out) ? span_of(out) : domain;
}

static void take_delays(struct log_summary *summary, const struct maillog_event *event,
                        struct span domain)
{
    struct delays *delays = summary->delays[provider_of(domain)];
    for (size_t i = 0; i < 4; i++) {
        delays_add(&delays[i], event->stage_ms[i]);
    }
    delays_add(&delays[DELAY_WHOLE], event->delay_ms);
}

static void take_attempt(struct log_summary *summary, const struct maillog_line *line,
                         const struct maillog_event *event)
{
    struct log_volume *hour = hour_of(summary, line), *all = &summary->server.all;
    struct span rest = event->recipients, recipient;
    while (maillog_recipient(&rest, &recipient)) {
        char room[DOMAIN_MAX];
        struct span domain = domain_of(recipient, room);
        struct tally_row *row = tally_row(summary->domains, domain, SPAN(""));
        bool is_sent = event->kind == MAILLOG_SENT, is_bounced = event->kind == MAILLOG_BOUNCED;
        uint64_t *total = is_sent ? &all->delivered : is_bounced ? &all->bounced : &all->deferred;
        uint64_t *part = is_sent ? &hour->delivered : is_bounced ? &hour->bounced : &hour->deferred;
        (*total)++;
        (*part)++;
        if (row != NULL) {
            row->messages += is_sent || is_bounced;
            row->delivered += is_sent;
            row->bounced += is_bounced;
            row->defer += !is_sent && !is_bounced;
        }
        if (is_sent) {
            take_delays(summary, event, domain);
        }
    }
}

static void take_received(struct log_summary *summary, const struct maillog_line *line)
{
    summary->server.all.received++;
    hour_of(summary, line)->received++;
}

/* Of Sendmail this is where a message begins; of Postfix the client's line was. */
static void take_queued(struct log_summary *summary, const struct maillog_line *line,
                        const struct maillog_event *event)
{
    struct tally_row *row;
    bool is_sendmail = line->writer == MAILLOG_SENDMAIL;
    if ((is_sendmail && event->recipient_count == 0) || was_seen(summary, line, event->queue_id)) {
        return;
    }
    if (is_sendmail) {
        take_received(summary, line);
    }
    summary->server.bytes += event->size_bytes;
    row = tally_row(summary->senders, event->sender, SPAN(""));
    if (row != NULL) {
        row->messages++;
        row->recipients += event->recipient_count;
        row->bytes += event->size_bytes;
    }
}

static void take_refused(struct log_summary *summary, const struct maillog_line *line,
                         const struct maillog_event *event)
{
    if (event->is_warning) {
        summary->server.warned++;
        return;
    }
    summary->server.all.rejected++;
    summary->server.rejected_by_milter += event->is_milter;
    hour_of(summary, line)->rejected++;
}

/* "192.0.2.0/24", "2001:db8:1:2::/64", as far as it is an address. */
static struct span network_of(struct span client, char out[static IP_TEXT_MAX + 8])
{
    struct ip ip;
    char text[IP_TEXT_MAX];
    if (!ip_parse(client, &ip)) {
        return client;
    }
    if (ip.family == 4) {
        ip.bytes[3] = 0;
    } else {
        memset(ip.bytes + 8, 0, 8);
    }
    ip_print(&ip, text);
    snprintf(out, IP_TEXT_MAX + 8, "%s/%d", text, ip.family == 4 ? 24 : 64);
    return span_of(out);
}

static void count_times(struct tally *tally, struct span name, uint64_t count)
{
    struct tally_row *row = tally_row(tally, name, SPAN(""));
    if (row != NULL) {
        row->messages += count;
    }
}

static void take_login(struct log_summary *summary, const struct maillog_event *event)
{
    char network[IP_TEXT_MAX + 8];
    summary->failed_logins += event->count;
    count_times(summary->networks, network_of(event->client, network), event->count);
    if (event->login.size > 0) {
        count_times(summary->logins, event->login, event->count);
    }
}

static void take_event(struct log_summary *summary, const struct maillog_line *line,
                       const struct maillog_event *event)
{
    switch (event->kind) {
    case MAILLOG_CLIENT:
    case MAILLOG_PICKUP:
        if (event->queue_id.size > 0 && line->writer == MAILLOG_POSTFIX) {
            take_received(summary, line);
        }
        break;
    case MAILLOG_QUEUED:
        take_queued(summary, line, event);
        break;
    case MAILLOG_SENT:
    case MAILLOG_DEFERRED:
    case MAILLOG_BOUNCED:
        take_attempt(summary, line, event);
        break;
    case MAILLOG_EXPIRED:
        summary->server.expired++;
        break;
    case MAILLOG_REJECTED:
        take_refused(summary, line, event);
        break;
    case MAILLOG_HELD:
        summary->server.held++;
        break;
    case MAILLOG_DISCARDED:
        summary->server.discarded++;
        break;
    case MAILLOG_NOTIFICATION:
        summary->server.notifications += event->notice == MAILLOG_NON_DELIVERY;
        break;
    case MAILLOG_AUTH_FAILED:
        take_login(summary, event);
        break;
    case MAILLOG_DISCONNECTED:
        summary->failed_in_sessions += event->count;
        break;
    case MAILLOG_GAP:
        summary->gaps++;
        summary->lost_lines += event->count;
        break;
    default:
        break;
    }
}

/* --- of ours --------------------------------------------------------------------------------- */

static bool is_word(struct span text, const char *word)
{
    return span_is_equal(text, span_of(word));
}

static void count_verdict(struct log_ours *ours, struct span verdict)
{
    ours->accepted += is_word(verdict, "accept");
    ours->held += is_word(verdict, "hold");
    ours->deferred += is_word(verdict, "defer");
    ours->rejected += is_word(verdict, "reject");
    ours->aborted += is_word(verdict, "aborted");
    ours->discarded += is_word(verdict, "discarded-by-mta");
}

/* What stopped it, or would have. */
static void take_finding(struct log_summary *summary, const struct log_message *message)
{
    bool is_stop = is_word(message->verdict, "hold") || is_word(message->verdict, "defer") ||
                   is_word(message->verdict, "reject");
    struct span done = is_stop ? message->verdict : SPAN("would");
    struct tally_row *row;
    if ((!is_stop && message->would.size == 0) || message->by.size == 0) {
        return;
    }
    row = tally_row(summary->findings, message->by, done);
    if (row != NULL) {
        row->messages++;
        row->recipients += message->recipients;
    }
}

static void take_message(struct log_summary *summary, const struct log_message *message)
{
    struct log_ours *ours = &summary->ours;
    struct tally_row *row;
    if (is_word(message->mail_class, "inbound")) {
        ours->inbound++;
        return;
    }
    ours->messages++;
    ours->recipients += message->recipients;
    ours->external += message->external;
    ours->bytes += message->size_bytes;
    ours->would += message->would.size > 0;
    count_verdict(ours, message->verdict);
    take_finding(summary, message);
    row = message->user.size > 0
              ? tally_row(summary->principals, message->mail_class, message->user)
              : NULL;
    if (row != NULL) {
        row->messages++;
        row->recipients += message->recipients;
        row->bytes += message->size_bytes;
        row->reject += is_word(message->verdict, "reject");
        row->defer += is_word(message->verdict, "defer");
        row->hold += is_word(message->verdict, "hold");
    }
}

/* What is said of no message, as often as it is said in the same words. */
static void take_remark(struct log_summary *summary, struct span text)
{
    struct tally_row *row = tally_row(summary->remarks, span_first(text, REMARK_MAX), SPAN(""));
    if (row != NULL) {
        row->messages++;
    }
}

static void take_line(void *context, const struct maillog_line *line,
                      const struct maillog_event *event, const struct log_message *message)
{
    struct log_summary *summary = context;
    if (message != NULL) {
        take_message(summary, message);
        maillog_join_message(summary->join, line->entry.host, message, line->entry.time_s);
    } else if (event != NULL) {
        take_event(summary, line, event);
        log_causes_take(&summary->causes, event);
        maillog_join_event(summary->join, line, event);
    } else if (line->writer == MAILLOG_OURS) {
        take_remark(summary, line->text);
    }
}

enum ctl_exit log_summary_read(struct log_summary *summary, const struct ctl_args *args)
{
    return log_walk(summary->ctl, args, take_line, summary, &summary->walk);
}

int log_summary_compare(const void *a, const void *b)
{
    const struct tally_row *left = *(struct tally_row *const *)a,
                           *right = *(struct tally_row *const *)b;
    int order;
    if (left->messages != right->messages) {
        return left->messages > right->messages ? -1 : 1;
    }
    order = tally_compare_text(left->first, right->first);
    return order != 0 ? order : tally_compare_text(left->second, right->second);
}
