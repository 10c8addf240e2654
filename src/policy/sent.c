/*
 * sent: what went out is remembered for a week by its Message-ID, so that a report about it can be
 * told from one that somebody made up.
 */
#include "policy/policy_private.h"

#include <stdio.h>

#include "feedback/sent.h"
#include "feedback/settings.h"
#include "limits/ledger.h"
#include "policy/report_learner.h"

static bool is_noted(const struct job *job)
{
    bool goes = job->verdict.disposition == DISPOSITION_ACCEPT ||
                job->verdict.disposition == DISPOSITION_HOLD;
    return goes && job->mail_class != CLASS_INBOUND && job->mail_class != CLASS_BOUNCE &&
           job->role != LISTENER_SIGN && !job->is_own_notice && job->world->store != NULL &&
           job->world->books.ledger != NULL && job->principal.size > 0 &&
           recipient_external_count(&job->message.envelope) > 0;
}

/* As it stands in the header, or as a repair has put it there; without angle brackets. */
static struct span message_id_of(const struct job *job)
{
    const struct header_field *field = header_first(&job->message.headers, HEADER_MESSAGE_ID);
    if (field != NULL) {
        return sent_message_id(header_unfold(field, job->arena));
    }
    for (const struct edit *edit = job->verdict.edits.first; edit != NULL; edit = edit->next) {
        if (span_is_equal_nocase(edit->name, header_name(HEADER_MESSAGE_ID))) {
            return sent_message_id(edit->value);
        }
    }
    return (struct span){ NULL, 0 };
}

static void fill_recipients(const struct job *job, struct sent *sent)
{
    const struct envelope *envelope = &job->message.envelope;
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        const struct recipient *recipient = &envelope->recipients[i];
        if (recipient->side == RECIPIENT_INTERNAL) {
            continue;
        }
        if (sent->recipient_count < SENT_RECIPIENTS_MAX) {
            sent->recipients[sent->recipient_count] =
                sent_recipient(job->world->books.ledger, recipient->path);
        }
        sent->recipient_count++;
    }
}

void sent_remember(struct job *job)
{
    struct sent sent = { .mail_class = job->mail_class };
    struct span id, domain = job->message.envelope.sender.domain;
    if (!is_noted(job)) {
        return;
    }
    id = message_id_of(job);
    sent.at_s = clock_wall_s(job->world->clock);
    if (id.size == 0 || !span_copy(job->principal, sent.principal, sizeof(sent.principal))) {
        return;
    }
    if (site_is_ours(job->site, domain)) {
        (void)span_copy(domain, sent.domain, sizeof(sent.domain));
    }
    fill_recipients(job, &sent);
    const struct feedback_settings *settings = config_settings(job->site->config, &feedback_table);
    (void)sent_note(job->world->store, ledger_fingerprint(job->world->books.ledger, id), &sent,
                    (uint64_t)settings->remembered);
}
