/*
 * honeypot: somebody writes to an address that nobody was ever given. One such message is certain
 * enough to hold it, and a person should know at once: once for each principal and hour, not for
 * each message.
 */
#include "policy/policy_private.h"

#include "notice/once.h"

enum { ALARM_PAUSE_S = 3600 };

static const struct finding *find_hit(const struct job *job)
{
    const struct finding *f = job->findings.first;
    while (f != NULL && (f->id != FINDING_RECIPIENT_HONEYPOT || f->action == ACTION_OFF)) {
        f = f->next;
    }
    return f;
}

/* NULL: the evidence found no memory. */
static const struct recipient *first_honeypot(const struct job *job)
{
    const struct envelope *envelope = &job->message.envelope;
    for (size_t i = 0; job->evidence.recipients != NULL && i < envelope->recipient_count; i++) {
        if (job->evidence.recipients[i].is_honeypot) {
            return &envelope->recipients[i];
        }
    }
    return NULL;
}

static void raise_alarm(struct job *job, const struct recipient *recipient)
{
    char client[IP_TEXT_MAX];
    const char *done = disposition_name(job->verdict.disposition);
    ip_print(&job->message.session->client, client);
    const char *text = arena_printf(
        job->arena,
        "%.*s wrote to <%.*s>, an address that nobody was ever given, from %s (%.*s: %s): the "
        "account is probably in wrong hands",
        SPAN_ARG(span_first(job->principal, 100)), SPAN_ARG(span_first(recipient->path, 120)),
        client, SPAN_ARG(job->message.envelope.queue_id), done);
    const struct notice_fact facts[] = {
        { "user", job->principal },
        { "class", span_of(mail_class_name(job->mail_class)) },
        { "recipient", recipient->path },
        { "client", span_of(client) },
        { "sender", job->message.envelope.sender.text },
        { "verdict", span_of(done) },
        { "queue-id", job->message.envelope.queue_id },
    };
    const struct notice notice = { .kind = NOTICE_HONEYPOT,
                                   .text = text != NULL ? span_of(text) : job->principal,
                                   .facts = facts,
                                   .fact_count = sizeof(facts) / sizeof(facts[0]) };
    notice_send(job->world->notices, job->site->config, &notice);
}

void honeypot_watch(struct job *job)
{
    const struct recipient *recipient = find_hit(job) != NULL ? first_honeypot(job) : NULL;
    if (recipient == NULL || job->world->notices == NULL || job->world->store == NULL) {
        return;
    }
    const char *whom = arena_printf(job->arena, "%s/%.*s", mail_class_name(job->mail_class),
                                    SPAN_ARG(job->principal));
    if (whom != NULL && notice_is_due(job->world->store, NOTICE_HONEYPOT, span_of(whom),
                                      clock_wall_s(job->world->clock), ALARM_PAUSE_S)) {
        raise_alarm(job, recipient);
    }
}
