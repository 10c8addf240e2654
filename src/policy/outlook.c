/*
 * outlook: what receivers will conclude about the message (auth/forecast.h): begun at the end of
 * the header, which puts questions under way, and settled at the end of the message, where it may
 * wait for answers within the budget of dns.timeout. What has not come by then is unknown.
 *
 * Only mail that somebody outside will get has one. A listener of role `check` stands before the
 * one that signs, so there the signature to come is counted on.
 */
#include "policy/policy_private.h"

#include "auth/organization.h"
#include "dkim/sign.h"
#include "dkim/verify.h"
#include "message/body.h"
#include "util/domain.h"

static bool has_outlook(const struct job *job)
{
    return job->world->resolver != NULL && job->mail_class != CLASS_INBOUND &&
           job->role != LISTENER_SIGN && !job->message.is_over_ceiling &&
           recipient_external_count(&job->message.envelope) > 0;
}

/* The one author's domain; absent where receivers may read several or another one. */
static struct span author_domain(const struct job *job)
{
    const struct message *message = &job->message;
    bool is_one = message->headers.counts[HEADER_FROM] == 1 && message->from.count > 0 &&
                  (message->from.defects & ADDRESS_DOUBTFUL) == 0;
    for (size_t i = 1; is_one && i < message->from.count; i++) {
        is_one = span_is_equal(message->from.at[i].domain, message->from.at[0].domain);
    }
    return is_one ? message->from.at[0].domain : (struct span){ NULL, 0 };
}

/* Lines over 998 octets are cut on the way (RFC 5322 2.1.1), and a signature over them breaks. */
static bool will_break(const struct job *job)
{
    const struct header_field *field = job->message.headers.longest_field;
    return job->message.body.longest_line > 0 ||
           (job->message.headers.longest_line > BODY_LINE_LIMIT && field != NULL &&
            dkim_signs(field->id));
}

static bool is_of_organization(struct span domain, struct span author)
{
    struct span mine = organization_of(domain), his = organization_of(author);
    return span_is_equal_nocase(domain, author) || domain_is_below(domain, author) ||
           domain_is_below(author, domain) || (mine.size > 0 && span_is_equal(mine, his));
}

/* Somebody else's signature may vouch for the author; whether it verifies nobody knows here. */
static bool has_foreign_signature(const struct job *job, struct span author)
{
    const struct header_list *headers = &job->message.headers;
    const struct header_field *field = header_first(headers, HEADER_DKIM_SIGNATURE);
    for (; field != NULL; field = header_next(headers, field)) {
        struct dkim_tags tags;
        if (dkim_tags_parse(field->value, &tags) && is_of_organization(tags.domain, author)) {
            return true;
        }
    }
    return false;
}

static bool comes_from_others(const struct job *job)
{
    return job->mail_class == CLASS_RELAY || job->mail_class == CLASS_LIST ||
           job->mail_class == CLASS_FORWARD;
}

/* What is asked about a message; the same however often it is asked. */
struct outlook {
    struct egress_sender sender;
    struct egress egress;
    struct span signature;
    struct forecast_query query;
};

static bool waits_for_table(const struct job *job)
{
    const struct table *canonical = job->site->sender_canonical;
    return canonical != NULL && table_waits(canonical);
}

static struct egress_sender leaving_sender(const struct job *job)
{
    bool waits = waits_for_table(job);
    if (waits && !waits_begin(job->world->waits)) {
        return (struct egress_sender){ .is_unknown = true };
    }
    struct egress_sender sender =
        egress_rewrite(job->site, &job->message.envelope.sender, job->arena);
    if (waits) {
        waits_end(job->world->waits);
    }
    return sender;
}

/* The pool that carries it. The MTA's own name is what it says at HELO, where nobody told another.
 */
static void choose_egress(const struct job *job, struct outlook *outlook)
{
    const struct session *session = job->message.session;
    struct egress *egress = &outlook->egress;
    *egress = *egress_of(job->site->egress_pools, job->message.envelope.sender.domain);
    if (egress->helo == NULL) {
        char ascii[DOMAIN_MAX];
        bool is_name = domain_to_ascii(session->mta_name, ascii);
        egress->helo = is_name ? arena_copy(job->arena, span_of(ascii)).at : NULL;
    }
    if (outlook->sender.is_unknown) {
        egress->address_count = 0; /* whose record is asked is not known */
    }
}

/* A lost record is our own trouble, and the domain has its setting for that. */
static bool is_doubtful(const struct job *job, struct span author)
{
    return job->signing.outcome == SIGNING_UNPUBLISHED ||
           (comes_from_others(job) && author.size > 0 && has_foreign_signature(job, author));
}

/* The query points into it. */
static void prepare(const struct job *job, struct outlook *outlook)
{
    struct span author = author_domain(job);
    outlook->sender = leaving_sender(job);
    outlook->signature = signing_expected(job);
    choose_egress(job, outlook);
    outlook->query = (struct forecast_query){
        .from_domain = author,
        .envelope_domain = outlook->sender.domain,
        .sender = outlook->sender.text,
        .egress = &outlook->egress,
        .signatures = &outlook->signature,
        .signature_count = outlook->signature.size > 0 && !will_break(job) ? 1 : 0,
        .is_doubtful = is_doubtful(job, author),
    };
    forecast_memory_follow(job->world->forecasts, job->site->generation);
}

/* False: answers are under way. */
static bool make(struct job *job, const struct outlook *outlook)
{
    return forecast_make(&outlook->query, job->world->forecasts, job->world->resolver,
                         &job->questions, job->arena, &job->forecast);
}

void outlook_begin(struct job *job)
{
    struct outlook outlook;
    if (has_outlook(job) && !waits_for_table(job)) {
        prepare(job, &outlook);
        (void)make(job, &outlook); /* the body is not there yet: only the questions matter */
    }
}

static void settle(struct job *job, const struct outlook *outlook)
{
    bool may_wait = waits_begin(job->world->waits);
    uint64_t end_ns = may_wait ? dns_budget_end(job) : 0;
    while (!make(job, outlook) && dns_questions_wait(job->questions, end_ns)) {
    }
    if (may_wait) {
        waits_end(job->world->waits);
    }
}

void outlook_settle(struct job *job)
{
    struct outlook outlook;
    if (!has_outlook(job)) {
        return;
    }
    prepare(job, &outlook);
    if (!make(job, &outlook)) {
        settle(job, &outlook);
    }
    dns_questions_free(&job->questions);
    job->evidence.forecast = &job->forecast;
}

void outlook_complain(struct job *job)
{
    static const enum finding_id ids[] = { FINDING_DMARC_WOULD_FAIL, FINDING_SPF_WOULD_FAIL };
    complaint_observed(job, ids, sizeof(ids) / sizeof(ids[0]), COMPLAINT_FORECAST);
}
