/*
 * listings: what DNS lists (lists/) say of a message: of the client a login sends from, of the
 * sender's domains, of the hosts its links lead to. Asked as soon as each is known and settled at
 * the end of the message within the budget it shares with everything that waits.
 *
 * Only mail that somebody outside will get is looked at: what stays here gets nobody listed. Never
 * asked about: domains of ours, those of listings.never, and clients of networks that are named.
 */
#include "auth/organization.h"
#include "policy/policy_private.h"
#include "util/domain.h"

static bool has_listings(const struct job *job)
{
    return job->world->resolver != NULL && job->world->lists != NULL &&
           job->site->lists->count > 0 && job->mail_class != CLASS_INBOUND &&
           job->role != LISTENER_SIGN && !job->message.is_over_ceiling &&
           recipient_external_count(&job->message.envelope) > 0;
}

static bool is_ours(const struct site *site, struct span host)
{
    if (site_is_ours(site, host)) {
        return true;
    }
    for (ptrdiff_t dot = span_find(host, '.'); dot >= 0; dot = span_find(host, '.')) {
        host = span_from(host, (size_t)dot + 1);
        if (site_is_internal(site, host)) {
            return true;
        }
    }
    return false;
}

static bool is_same(const struct list_subject *a, const struct list_subject *b)
{
    return a->use == b->use && a->ip.family == b->ip.family &&
           memcmp(a->ip.bytes, b->ip.bytes, sizeof(a->ip.bytes)) == 0 &&
           span_is_equal(a->name, b->name);
}

/* As many different ones as questions may be asked. */
static void add(struct job *job, const struct list_subject *subject)
{
    size_t room = (size_t)job->site->lists->settings->lookups;
    if (job->list_subjects == NULL) {
        job->list_subjects = arena_array(job->arena, room, sizeof(*job->list_subjects));
    }
    bool is_new = job->list_subjects != NULL && job->list_subject_count < room;
    for (size_t i = 0; is_new && i < job->list_subject_count; i++) {
        is_new = !is_same(&job->list_subjects[i], subject);
    }
    if (is_new) {
        job->list_subjects[job->list_subject_count++] = *subject;
    }
}

static void add_name(struct job *job, enum list_use use, struct span name)
{
    char ascii[DOMAIN_MAX];
    if (!domain_to_ascii(name, ascii) || is_ours(job->site, span_of(ascii)) ||
        (use == LIST_USE_LINKS && list_zones_never(job->site->lists, span_of(ascii)))) {
        return;
    }
    struct list_subject subject = { .use = use, .name = arena_copy(job->arena, span_of(ascii)) };
    subject.organization = organization_of(subject.name);
    if (subject.name.at != NULL) {
        add(job, &subject);
    }
}

static void add_address(struct job *job, enum list_use use, const struct ip *ip)
{
    struct list_subject subject = { .use = use, .ip = *ip };
    add(job, &subject);
}

static void add_link(struct job *job, const struct link *link)
{
    struct ip ip;
    if (!link->is_address) {
        add_name(job, LIST_USE_LINKS, link->host);
    } else if (ip_parse(link->host, &ip)) {
        add_address(job, LIST_USE_LINKS, &ip);
    }
}

/* Where questions run out, domains of mere mail addresses are left out first. */
static void add_links(struct job *job)
{
    const struct link_list *links = job->evidence.links;
    if (links == NULL || !list_zones_use(job->site->lists, LIST_USE_LINKS)) {
        return;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (const struct link *link = links->first; link != NULL; link = link->next) {
            if ((link->flags == LINK_IS_MAILTO_DOMAIN) == (pass == 1)) {
                add_link(job, link);
            }
        }
    }
}

static void add_senders(struct job *job)
{
    const struct address_list *from = &job->message.from;
    if (!list_zones_use(job->site->lists, LIST_USE_SENDER_DOMAIN)) {
        return;
    }
    add_name(job, LIST_USE_SENDER_DOMAIN, job->message.envelope.sender.domain);
    for (size_t i = 0; i < from->count; i++) {
        add_name(job, LIST_USE_SENDER_DOMAIN, from->at[i].domain);
    }
}

static struct list_query query_of(const struct job *job)
{
    return (struct list_query){ .zones = job->site->lists,
                                .board = job->world->lists,
                                .subjects = job->list_subjects,
                                .subject_count = job->list_subject_count,
                                .most = (size_t)job->site->lists->settings->lookups };
}

static void ask(struct job *job)
{
    struct list_query query = query_of(job);
    if (job->list_subject_count > 0 && job->list_questions == NULL) {
        job->list_questions = dns_questions_new(job->world->resolver, (unsigned)query.most);
    }
    if (job->list_questions != NULL) {
        lists_begin(&query, job->list_questions);
    }
}

void listings_begin(struct job *job)
{
    const struct session *session = job->message.session;
    if (!has_listings(job)) {
        return;
    }
    if (job->mail_class == CLASS_SUBMISSION && session->client.family != 0 &&
        site_network_of(job->site, session) == NULL) {
        add_address(job, LIST_USE_CLIENT, &session->client);
    }
    add_senders(job);
    ask(job);
}

void listings_ask(struct job *job)
{
    if (has_listings(job)) {
        add_links(job);
        ask(job);
    }
}

/* Whom we cannot wait for, or nobody reaches, is not out of order himself. */
static void wait(struct job *job, struct list_query *query)
{
    struct dns_state dns;
    bool may_wait = waits_begin(job->world->waits);
    uint64_t end_ns = may_wait ? dns_budget_end(job) : 0;
    dns_resolver_state(job->world->resolver, &dns);
    query->forgives_silence = !may_wait || dns.is_out;
    while (!lists_ask(query, job->list_questions, job->arena, &job->list_hits) &&
           dns_questions_wait(job->list_questions, end_ns)) {
    }
    if (may_wait) {
        waits_end(job->world->waits);
    }
}

void listings_settle(struct job *job)
{
    struct list_query query = query_of(job);
    if (!has_listings(job) || job->list_questions == NULL) {
        return;
    }
    if (!lists_ask(&query, job->list_questions, job->arena, &job->list_hits)) {
        wait(job, &query);
    }
    dns_questions_free(&job->list_questions);
    job->evidence.listings = &job->list_hits;
}

void listings_complain(struct job *job)
{
    static const enum finding_id ids[] = { FINDING_LINK_LISTED, FINDING_CLIENT_LISTED,
                                           FINDING_DOMAIN_LISTED };
    complaint_observed(job, ids, sizeof(ids) / sizeof(ids[0]), COMPLAINT_LISTING);
}
