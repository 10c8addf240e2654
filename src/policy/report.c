/*
 * report: what is told of a message when it has ended: its line and the counters.
 */
#include "policy/policy_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "finding/logline.h"
#include "log/counter.h"
#include "log/field.h"

enum {
    TO_MAX = 32, /* recipient domains told apart in the line; the rest is counted together */
    LIMITS_MAX = 16
};

struct domain_count {
    struct span domain;
    size_t count;
};

static int compare_counts(const void *a, const void *b)
{
    const struct domain_count *left = a, *right = b;
    return (left->count < right->count) - (left->count > right->count);
}

/* External recipients by domain, most first. */
static size_t count_domains(const struct envelope *envelope, struct domain_count *counts)
{
    size_t used = 0;
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        const struct recipient *recipient = &envelope->recipients[i];
        if (recipient->side == RECIPIENT_INTERNAL || recipient->domain.size == 0) {
            continue;
        }
        size_t at = 0;
        while (at < used && !span_is_equal(counts[at].domain, recipient->domain)) {
            at++;
        }
        if (at == used && used < TO_MAX) {
            counts[used++] = (struct domain_count){ recipient->domain, 0 };
        }
        if (at < used) {
            counts[at].count++;
        }
    }
    qsort(counts, used, sizeof(*counts), compare_counts);
    return used;
}

static size_t list_domains(struct job *job, struct span *items)
{
    struct domain_count counts[TO_MAX];
    size_t count = count_domains(&job->message.envelope, counts);
    size_t listed = 0;
    for (size_t i = 0; i < count; i++) {
        struct span item = span_of(
            arena_printf(job->arena, "%.*s:%zu", SPAN_ARG(counts[i].domain), counts[i].count));
        if (item.at != NULL) {
            items[listed++] = item;
        }
    }
    return listed;
}

/* "*@example.org" for alice@example.org: who is who stays with the MTA's own log. */
static struct span redacted(struct job *job, struct span address)
{
    if (!job->site->log->redact || address.size == 0) {
        return address;
    }
    ptrdiff_t at = span_find_last(address, '@');
    if (at < 0) {
        return SPAN("*");
    }
    struct span domain = span_from(address, (size_t)at);
    return span_of(arena_printf(job->arena, "*%.*s", SPAN_ARG(domain)));
}

static struct span message_id(struct job *job)
{
    const struct header_field *field = header_first(&job->message.headers, HEADER_MESSAGE_ID);
    if (field != NULL) {
        return job->site->log->redact ? (struct span){ NULL, 0 } : header_unfold(field, job->arena);
    }
    for (const struct edit *edit = job->verdict.edits.first; edit != NULL; edit = edit->next) {
        if (span_is_equal_nocase(edit->name, header_name(HEADER_MESSAGE_ID))) {
            return span_trim(edit->value);
        }
    }
    return (struct span){ NULL, 0 };
}

static const char *verdict_name(const struct job *job, enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_ABORTED:
        return "aborted";
    case OUTCOME_NOT_APPLIED:
        return disposition_name(DISPOSITION_DEFER);
    default:
        return disposition_name(job->verdict.disposition);
    }
}

static bool is_repaired(const struct job *job)
{
    for (const struct finding *f = job->findings.first; f != NULL; f = f->next) {
        if (f->action == ACTION_REPAIR) {
            return job->site->general->mode == MODE_ENFORCE;
        }
    }
    return false;
}

static void count(const struct job *job, enum outcome outcome)
{
    static const enum counter_id by_disposition[] = {
        [DISPOSITION_ACCEPT] = COUNTER_ACCEPTED,
        [DISPOSITION_HOLD] = COUNTER_HELD,
        [DISPOSITION_DEFER] = COUNTER_DEFERRED,
        [DISPOSITION_REJECT] = COUNTER_REJECTED,
    };
    if (outcome == OUTCOME_ABORTED) {
        counter_add(COUNTER_ABORTED, 1);
        return;
    }
    counter_add(COUNTER_MESSAGES, 1);
    if (job->mail_class == CLASS_INBOUND) {
        counter_add(COUNTER_INBOUND, 1);
        return;
    }
    bool was_applied = outcome == OUTCOME_ANSWERED;
    enum disposition disposition = was_applied ? job->verdict.disposition : DISPOSITION_DEFER;
    counter_add(by_disposition[disposition], 1);
    if (disposition == DISPOSITION_ACCEPT || disposition == DISPOSITION_HOLD) {
        if (!ticket_is_due(job)) { /* whether it is signed will be seen later */
            counter_add(job->signing.count > 0 ? COUNTER_SIGNED : COUNTER_UNSIGNED, 1);
        }
        counter_add(COUNTER_SIGNATURES, (int64_t)job->signing.count);
        counter_add(COUNTER_REPAIRED, is_repaired(job) ? 1 : 0);
    }
    for (const struct finding *f = job->findings.first; f != NULL; f = f->next) {
        counter_add(COUNTER_SIGNING_FAILED, f->id == FINDING_SIGNING_FAILED ? 1 : 0);
        counter_add(COUNTER_OVERLOAD, f->id == FINDING_OVERLOAD ? 1 : 0);
    }
}

static void fill_client_part(struct job *job, struct logline *line, char *ip_text)
{
    const struct session *session = job->message.session;
    const struct envelope *envelope = &job->message.envelope;
    ip_print(&session->client, ip_text);
    line->client = session->client.family != 0 ? span_of(ip_text) : session->client_name;
    line->daemon = session->daemon_name;
    line->tls = session->tls_version;
    line->helo = session->helo;
    line->from = redacted(job, envelope->sender.text);
    if (envelope->login.size > 0 && !span_is_equal(envelope->login, job->principal)) {
        line->login = redacted(job, envelope->login);
    }
    if (job->message.from.count > 0) {
        line->header_from = redacted(job, job->message.from.at[0].text);
    }
    line->message_id = message_id(job);
}

static void write_line(struct job *job, enum outcome outcome)
{
    const struct verdict *verdict = &job->verdict;
    bool was_applied = outcome == OUTCOME_ANSWERED;
    bool is_stopped = was_applied && verdict->disposition != DISPOSITION_ACCEPT;
    char ip_text[IP_TEXT_MAX];
    char reply[sizeof(struct reply) + 4];
    struct span to[TO_MAX], limits[LIMITS_MAX];
    struct logline line = {
        .queue_id = job->message.envelope.queue_id,
        .verdict = verdict_name(job, outcome),
        .mail_class = mail_class_name(job->mail_class),
        .user = redacted(job, job->principal),
        .ticket = ticket_state_name(job->ticket),
        .findings = &job->findings,
        .signatures = job->signing.names,
        .signature_count = was_applied ? job->signing.count : 0,
        .unsigned_reason = job->signing.reason,
        .recipients = job->message.envelope.recipient_total,
        .external = recipient_external_count(&job->message.envelope),
        .refused = job->turned_away,
        .to = to,
        .limits = limits,
        .size_bytes = job->message.headers.bytes + job->body.facts.size,
        .by = verdict->by != NULL ? finding_name(verdict->by->id) : NULL,
        .spent_us = job->spent_ns / 1000,
    };
    line.has_score = job->has_score;
    line.score = job->score;
    line.to_count = list_domains(job, to);
    line.limit_count = limits_list(job, limits, LIMITS_MAX);
    if (job->evidence.forecast != NULL) {
        line.spf = forecast_spf_name(job->forecast.spf);
        line.dmarc = forecast_dmarc_name(job->forecast.dmarc);
    }
    line.scan = scan_name(job);
    if (verdict->would != verdict->disposition) {
        line.would = disposition_name(verdict->would);
    }
    if (outcome == OUTCOME_NOT_APPLIED) {
        line.unsigned_reason = "edit-refused-by-mta";
    } else if (is_stopped && verdict->disposition != DISPOSITION_HOLD) {
        line.unsigned_reason = line.unsigned_reason != NULL ? line.unsigned_reason : "stopped";
        line.signature_count = 0;
        snprintf(reply, sizeof(reply), "%s %s %s", verdict->reply.code, verdict->reply.enhanced,
                 verdict->reply.text);
        line.reply = reply;
    }
    fill_client_part(job, &line, ip_text);
    struct log_fields fields;
    logline_write(&line, &fields);
    bool is_notable = is_stopped || job->turned_away > 0;
    job->world->log->write(job->world->log, is_notable ? LOG_LEVEL_NOTICE : LOG_LEVEL_INFO,
                           log_fields_span(&fields));
}

void report_message(struct job *job, enum outcome outcome)
{
    count(job, outcome);
    if (job->mail_class != CLASS_INBOUND || job->site->log->inbound) {
        write_line(job, outcome);
    }
}
