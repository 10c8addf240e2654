/*
 * backscatter: which mail answers what came in by itself, whom it is counted for, and what is found
 * beyond the maximum (limits/backscatter.h).
 *
 * Mail with a null sender counts for the site alone: a bounce is nobody's. An automatic reply
 * counts also for whose it is, where that is a person: not for a network, which is a mail server
 * with many. Lists and forwarders answer nobody; what they carry was written by others.
 */
#include "policy/policy_private.h"

#include "limits/backscatter.h"
#include "limits/wording.h"

enum { RECIPIENTS_MAX = 8 };

static bool is_answering(const struct job *job)
{
    return job->mail_class == CLASS_SUBMISSION || job->mail_class == CLASS_RELAY ||
           job->mail_class == CLASS_LOCAL || job->mail_class == CLASS_BOUNCE;
}

static bool is_person(const struct job *job)
{
    bool is_of_sender = job->mail_class == CLASS_RELAY && job->network != NULL &&
                        job->network->account == NETWORK_ACCOUNT_SENDER;
    return job->mail_class == CLASS_SUBMISSION || job->mail_class == CLASS_LOCAL || is_of_sender;
}

/* Of a reply with a null sender the author tells whose it is. */
static struct span author_of(const struct job *job)
{
    const struct message *message = &job->message;
    bool is_null = message->envelope.sender.text.size == 0;
    return is_null && message->from.count > 0 ? message->from.at[0].text
                                              : message->envelope.sender.text;
}

/* What goes to dozens at once is no answer to any of them. */
void backscatter_note(struct job *job)
{
    const struct envelope *envelope = &job->message.envelope;
    if (job->world->replies == NULL || !is_answering(job) || job->role == LISTENER_SIGN ||
        job->message.is_over_ceiling || envelope->recipient_count > RECIPIENTS_MAX ||
        job->evidence.automatic != AUTOMATIC_REPLY) {
        return;
    }
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        const struct recipient *recipient = &envelope->recipients[i];
        if (recipient->side != RECIPIENT_INTERNAL) {
            unsigned count = reply_memory_note(job->world->replies, author_of(job), recipient->path,
                                               clock_mono_ns(job->world->clock));
            job->evidence.replies = count > job->evidence.replies ? count : job->evidence.replies;
        }
    }
}

bool backscatter_cost(struct job *job)
{
    const struct backscatter_settings *settings =
        config_settings(job->site->config, &backscatter_table);
    const struct envelope *envelope = &job->message.envelope;
    bool is_null = envelope->sender.text.size == 0;
    if (!is_answering(job) || recipient_external_count(envelope) == 0) {
        return true;
    }
    if (!is_null && job->evidence.automatic == AUTOMATIC_NO) {
        return true;
    }
    struct span principal = is_null || !is_person(job) ? span_of(NULL) : job->principal;
    return backscatter_add(settings, principal, job->charging.charge, job->arena);
}

static const struct charge_line *find_excess(const struct charge *charge)
{
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        if (backscatter_is(line) && line->fits_in_ms > 0) {
            return line;
        }
    }
    return NULL;
}

void backscatter_find(struct job *job)
{
    const struct charge_line *line = find_excess(job->charging.charge);
    char seen[WORDING_MAX], advice[WORDING_MAX];
    if (line == NULL) {
        return;
    }
    wording_of_excess(line, seen, advice);
    if (finding_add(&job->findings, FINDING_BACKSCATTER,
                    "look who is being answered, and stop what answers forged mail", "%s",
                    seen) == NULL) {
        job->is_starved = true;
        return;
    }
    engine_weigh(job);
}
