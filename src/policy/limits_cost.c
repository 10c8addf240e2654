/*
 * limits_cost: what the message costs: its recipients, whose account it is, what holds for that,
 * and what makes it the same message when it comes again.
 */
#include "policy/policy_private.h"

#include <stdlib.h>
#include <string.h>

#include "limits/bill.h"
#include "limits/provider.h"
#include "site/limit_value.h"

/* --- its recipients, and who it is ----------------------------------------------------------- */

static int compare_recipients(const void *a, const void *b)
{
    const struct charge_recipient *left = a, *right = b;
    return (left->fingerprint > right->fingerprint) - (left->fingerprint < right->fingerprint);
}

/* The domain in any case, the local part as it is. */
static uint64_t fingerprint_of(const struct job *job, const struct recipient *recipient)
{
    char address[512];
    ptrdiff_t at = span_find_last(recipient->path, '@');
    if (at < 0 || recipient->path.size >= sizeof(address)) {
        return books_fingerprint(&job->world->books, recipient->path);
    }
    for (size_t i = 0; i < recipient->path.size; i++) {
        char c = recipient->path.at[i];
        address[i] = i > (size_t)at ? ascii_lower(c) : c;
    }
    return books_fingerprint(&job->world->books, (struct span){ address, recipient->path.size });
}

/* Each address once, in order of fingerprints. */
static size_t list_recipients(const struct job *job, struct charge_recipient *recipients)
{
    const struct envelope *envelope = &job->message.envelope;
    size_t count = 0;
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        const struct recipient *recipient = &envelope->recipients[i];
        recipients[i] = (struct charge_recipient){
            .fingerprint = fingerprint_of(job, recipient),
            .is_internal = recipient->side == RECIPIENT_INTERNAL,
            .provider = provider_of(recipient->domain),
        };
    }
    qsort(recipients, envelope->recipient_count, sizeof(*recipients), compare_recipients);
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        if (count == 0 || recipients[i].fingerprint != recipients[count - 1].fingerprint) {
            recipients[count++] = recipients[i];
        }
    }
    return count;
}

/* An IPv4 address; of IPv6 the /64, since a client has that many. */
static struct span client_of(struct job *job)
{
    struct ip client = job->message.session->client;
    char text[IP_TEXT_MAX];
    if (client.family == 0) {
        return (struct span){ NULL, 0 };
    }
    if (client.family == 6) {
        memset(client.bytes + 8, 0, 8);
    }
    ip_print(&client, text);
    return span_of(arena_printf(job->arena, "%s", text));
}

/* Of a body that is to be signed; else its size has to tell. */
static struct span body_digest(const struct job *job)
{
    if (job->body_hash == NULL || !dkim_body_hash_finish(job->body_hash)) {
        return (struct span){ NULL, 0 };
    }
    const uint8_t *digest = dkim_body_hash_digest(job->body_hash, CANONICAL_RELAXED);
    digest = digest != NULL ? digest : dkim_body_hash_digest(job->body_hash, CANONICAL_SIMPLE);
    return (struct span){ (const char *)digest, digest != NULL ? DKIM_DIGEST_SIZE : 0 };
}

static uint64_t number_of(const struct job *job, enum header_id id)
{
    const struct header_field *field = header_first(&job->message.headers, id);
    return field != NULL ? books_fingerprint(&job->world->books, field->value) : 0;
}

/* What makes it the same message for the same principal. Of one without Message-ID nobody can say
 * that it is the same again. All are numbers only this ledger can make. */
static void identify(struct job *job, struct charge *charge)
{
    struct {
        uint64_t half, mail_class, principal, message_id, subject, header_bytes, body_bytes, body;
        uint64_t recipients, sum, mix;
    } facts = { .mail_class = (uint64_t)job->mail_class,
                .principal = books_fingerprint(&job->world->books, job->principal),
                .message_id = number_of(job, HEADER_MESSAGE_ID),
                .subject = number_of(job, HEADER_SUBJECT),
                .header_bytes = job->message.headers.bytes,
                .body_bytes = job->body.facts.size,
                .body = books_fingerprint(&job->world->books, body_digest(job)),
                .recipients = charge->recipient_count };
    if (facts.message_id == 0) {
        return;
    }
    for (size_t i = 0; i < charge->recipient_count; i++) {
        facts.sum += charge->recipients[i].fingerprint;
        facts.mix ^= charge->recipients[i].fingerprint;
    }
    for (; facts.half < 2; facts.half++) {
        uint64_t number = books_fingerprint(&job->world->books,
                                            (struct span){ (const char *)&facts, sizeof(facts) });
        memcpy(charge->id + facts.half * sizeof(number), &number, sizeof(number));
    }
}

/* --- what holds ------------------------------------------------------------------------------ */

static bool other_max(const struct limit *limit, uint64_t *max_r, void *context)
{
    const struct job *job = context;
    struct limit_value value;
    limit_value_of(job->site, job->world->store, limit, job->principal,
                   clock_wall_s(job->world->clock), &value);
    *max_r = value.max;
    return true;
}

struct finding limits_finding(const struct limit *limit, bool is_acting, bool never_fits)
{
    enum action action = is_acting ? (enum action)limit->action : ACTION_OBSERVE;
    if (never_fits && action == ACTION_DEFER) {
        action = ACTION_REJECT; /* no retry would change that */
    }
    return (struct finding){ .id = FINDING_LIMIT_EXCEEDED,
                             .has_own_action = true,
                             .own_action = action };
}

/* Would a message that does not fit be stopped, and not held? */
static bool is_strict(const struct limit_choice *choice, void *context)
{
    struct job *job = context;
    struct finding finding = limits_finding(choice->limit, choice->is_acting, false);
    finding.action = engine_action(job, &finding);
    enum disposition disposition = disposition_of(job, &finding);
    return job->site->general->mode == MODE_ENFORCE &&
           (disposition == DISPOSITION_DEFER || disposition == DISPOSITION_REJECT);
}

/* False: no memory. */
static bool open_charge(struct job *job)
{
    struct charging *charging = &job->charging;
    charging->charge = calloc(1, sizeof(*charging->charge));
    charging->recipients =
        calloc(job->message.envelope.recipient_count + 1, sizeof(*charging->recipients));
    return charging->charge != NULL && charging->recipients != NULL;
}

void limits_forget_cost(struct job *job)
{
    struct charging *charging = &job->charging;
    free(charging->charge);
    free(charging->recipients);
    charging->charge = NULL;
    charging->recipients = NULL;
}

bool limits_cost(struct job *job)
{
    struct charging *charging = &job->charging;
    if (!open_charge(job)) {
        return false;
    }
    struct span domain = job->message.envelope.sender.domain;
    struct bill_facts facts = {
        .subject = { .mail_class = job->mail_class,
                     .principal = job->principal,
                     .plan = job->plan,
                     .domain = site_is_ours(job->site, domain) ? domain : (struct span){ NULL, 0 },
                     .network = job->network != NULL ? span_of(job->network->name)
                                                     : (struct span){ NULL, 0 } },
        .client = client_of(job),
        .size_bytes = job->message.headers.bytes + job->body.facts.size,
        .failed = job->refused_recipients,
        .recipients = charging->recipients,
        .recipient_count = list_recipients(job, charging->recipients),
        .is_strict = is_strict,
        .other_max = other_max,
        .context = job,
    };
    charging->charge->now_ms = ledger_now_ms(job->world->books.ledger);
    if (!bill_write(job->site->limits, &facts, charging->charge, job->arena) ||
        !backscatter_cost(job)) {
        return false;
    }
    identify(job, charging->charge); /* by whom it goes to, too */
    return true;
}
