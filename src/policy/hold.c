/*
 * hold: a message that would be held is noted first, with those that are (hold/held.h), or deferred
 * where there are too many: nobody's mail fills the quarantine, and nothing is held that is not
 * known.
 *
 * Mail handed over without SMTP is deferred likewise: it stays where it is, which loses nothing,
 * while a reject would go to a sender that may be forged.
 */
#include "policy/policy_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hold/held.h"
#include "hold/settings.h"
#include "log/field.h"

static const struct hold_settings *caps_of(const struct job *job)
{
    return config_settings(job->site->config, &hold_settings_table);
}

/* In the order of the log line. */
static struct span message_id_of(struct job *job)
{
    const struct header_field *field = header_first(&job->message.headers, HEADER_MESSAGE_ID);
    return field != NULL ? header_unfold(field, job->arena) : SPAN("");
}

static struct held held_of(struct job *job)
{
    int64_t now_s = clock_wall_s(job->world->clock);
    return (struct held){
        .queue_id = job->message.envelope.queue_id,
        .held_s = now_s,
        .seen_s = now_s,
        .recipients = job->message.envelope.recipient_total,
        .size_bytes = job->message.headers.bytes + job->body.facts.size,
        .mail_class = span_of(mail_class_name(job->mail_class)),
        .principal = job->principal,
        .finding = span_of(job->verdict.by != NULL ? finding_name(job->verdict.by->id) : "-"),
        .reason = span_of(job->verdict.hold_reason),
        .sender = job->message.envelope.sender.text,
        .message_id = message_id_of(job),
        .charge = limits_receipt(job),
    };
}

/* --- too many -------------------------------------------------------------------------------- */

static void complain(struct job *job, int64_t count, const char *setting)
{
    unsigned unsaid;
    char user[160], line[400];
    if (!site_may_complain(job->site, COMPLAINT_HOLD, clock_mono_ns(job->world->clock), &unsaid)) {
        return;
    }
    log_escape(span_first(job->principal, 100), true, user, sizeof(user));
    snprintf(line, sizeof(line),
             "hold: mail of %s is deferred instead of held: %" PRId64
             " messages are held already (%s); %u more were deferred since the last such line; "
             "egressctl hold list",
             user, count, setting, unsaid);
    job->world->log->write(job->world->log, LOG_LEVEL_WARNING, span_of(line));
}

static void defer(struct job *job, enum held_answer answer)
{
    const struct hold_settings *caps = caps_of(job);
    bool is_own = answer == HELD_PRINCIPAL_FULL;
    int64_t count = is_own ? caps->per_principal : caps->total;
    struct verdict *verdict = &job->verdict;
    char text[sizeof(verdict->reply.text)];
    reply_build(verdict->by, ACTION_DEFER, &verdict->reply);
    snprintf(text, sizeof(text),
             "%s: this message would be held, and %" PRId64 " messages%s are held already; try "
             "again later or tell the postmaster",
             finding_name(verdict->by->id), count, is_own ? " of the same sender" : "");
    memcpy(verdict->reply.text, text, sizeof(text));
    strcpy(verdict->reply.enhanced, "4.7.1"); /* whatever the finding's own is */
    verdict->disposition = verdict->would = DISPOSITION_DEFER;
    verdict->hold_reason = NULL;
    edit_list_init(&verdict->edits);
    complain(job, count, is_own ? "hold.per_principal" : "hold.total");
}

/* --- steps ----------------------------------------------------------------------------------- */

void hold_settle(struct job *job)
{
    if (job->verdict.disposition != DISPOSITION_HOLD || job->is_held || job->verdict.by == NULL ||
        job->world->store == NULL || !queue_id_is_good(job->message.envelope.queue_id)) {
        return;
    }
    struct held held = held_of(job);
    enum held_answer answer = held_add(job->world->store, caps_of(job), &held);
    job->is_held = answer == HELD_DONE;
    if (answer == HELD_PRINCIPAL_FULL || answer == HELD_TOTAL_FULL) {
        defer(job, answer);
    }
}

/* What there is to know, for a hook, and a line for people. */
static void tell(struct job *job)
{
    struct held held = held_of(job);
    char recipients[24], size[24];
    snprintf(recipients, sizeof(recipients), "%" PRIu64, held.recipients);
    snprintf(size, sizeof(size), "%" PRIu64, held.size_bytes);
    const struct notice_fact facts[] = {
        { "queue-id", held.queue_id },     { "user", held.principal },
        { "class", held.mail_class },      { "rule", held.finding },
        { "reason", held.reason },         { "sender", held.sender },
        { "rcpts", span_of(recipients) },  { "size", span_of(size) },
        { "message-id", held.message_id },
    };
    const char *text = arena_printf(
        job->arena, "%.*s of %.*s is held: %.*s", SPAN_ARG(held.queue_id),
        SPAN_ARG(span_first(held.principal, 100)), SPAN_ARG(span_first(held.reason, 300)));
    const struct notice notice = { .kind = NOTICE_HELD,
                                   .text = text != NULL ? span_of(text) : held.queue_id,
                                   .facts = facts,
                                   .fact_count = sizeof(facts) / sizeof(facts[0]),
                                   .is_unmailed = caps_of(job)->notify == HOLD_NOTIFY_NOBODY };
    notice_send(job->world->notices, job->site->config, &notice);
}

void hold_end(struct job *job, enum outcome outcome)
{
    if (!job->is_held) {
        return;
    }
    if (outcome != OUTCOME_ANSWERED || job->verdict.disposition != DISPOSITION_HOLD) {
        held_remove(job->world->store, job->message.envelope.queue_id);
    } else if (job->world->notices != NULL) {
        tell(job);
    }
}
