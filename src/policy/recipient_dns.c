/*
 * recipient_dns: can the domains of the recipients take mail at all? Asked when a recipient comes,
 * without waiting, and settled at the end of the message within the budget of dns.timeout.
 *
 * Only domains that the MTA itself will look up are asked about (recipient_is_looked_up). A single
 * MX whose host is the root says that a domain takes no mail (RFC 7505; the preference should be 0,
 * but nothing can be delivered at any other). Without MX the domain's own address takes it (RFC
 * 5321 5.1); there are servers that deny a name for MX and have its address, and MTAs ask for it
 * all the same, so a domain is missing only where MX, A and AAAA all are. Failures, forged and late
 * answers say nothing.
 *
 * The hosts of an MX are not looked up: that would double the questions of every message for what
 * is mostly an hour's mistake at the other end, and the MTA, which tries for days, finds it out.
 */
#include "policy/policy_private.h"

enum {
    QUESTIONS_MAX = 300 /* of one message; one for most domains. Beyond nothing is known */
};

/* Somebody without the login that is asked for does not make us ask for him. */
static bool may_ask(const struct job *job)
{
    return job->world->resolver != NULL && !job->is_off && job->mail_class != CLASS_INBOUND &&
           job->role != LISTENER_SIGN && !job->lacks_login && !job->message.is_over_ceiling;
}

static bool is_null_mx(const struct dns_answer *mx)
{
    return mx->count == 1 && mx->records[0].data.size == 0;
}

/* False: answers that matter are under way, and it is unknown as yet. */
static bool look(struct dns_questions *questions, struct span domain,
                 enum recipient_domain *state_r)
{
    const struct dns_answer *mx = dns_questions_ask(questions, domain, DNS_MX);
    *state_r = RECIPIENT_DOMAIN_UNKNOWN;
    if (mx == NULL || !dns_is_known(mx)) {
        return mx != NULL;
    }
    if (mx->result == DNS_FOUND) {
        *state_r = is_null_mx(mx) ? RECIPIENT_DOMAIN_NULL_MX : RECIPIENT_DOMAIN_FINE;
        return true;
    }
    const struct dns_answer *a = dns_questions_ask(questions, domain, DNS_A);
    const struct dns_answer *aaaa = dns_questions_ask(questions, domain, DNS_AAAA);
    if ((a != NULL && a->result == DNS_FOUND) || (aaaa != NULL && aaaa->result == DNS_FOUND)) {
        *state_r = RECIPIENT_DOMAIN_FINE;
        return true;
    }
    if (a == NULL || aaaa == NULL) {
        return false;
    }
    if (dns_is_known(a) && dns_is_known(aaaa)) {
        *state_r = RECIPIENT_DOMAIN_MISSING;
    }
    return true;
}

static bool find(struct job *job, const struct recipient *recipient, enum recipient_domain *state_r)
{
    *state_r = RECIPIENT_DOMAIN_UNKNOWN;
    if (!recipient->is_looked_up || !may_ask(job)) {
        return true;
    }
    if (job->recipient_questions == NULL) {
        job->recipient_questions = dns_questions_new(job->world->resolver, QUESTIONS_MAX);
    }
    return look(job->recipient_questions, recipient->domain, state_r);
}

/* False: answers are under way. */
static bool find_all(struct job *job)
{
    const struct envelope *envelope = &job->message.envelope;
    bool is_complete = true;
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        enum recipient_domain state;
        is_complete = find(job, &envelope->recipients[i], &state) && is_complete;
    }
    return is_complete;
}

void recipient_dns_ask(struct job *job)
{
    const struct envelope *envelope = &job->message.envelope;
    if (envelope->recipient_count > 0) {
        (void)recipient_dns_state(job, &envelope->recipients[envelope->recipient_count - 1]);
    }
}

void recipient_dns_go_on(struct job *job)
{
    (void)find_all(job);
}

void recipient_dns_settle(struct job *job)
{
    if (find_all(job)) {
        return;
    }
    bool may_wait = waits_begin(job->world->waits);
    uint64_t end_ns = may_wait ? dns_budget_end(job) : 0;
    while (dns_questions_wait(job->recipient_questions, end_ns) && !find_all(job)) {
    }
    if (may_wait) {
        waits_end(job->world->waits);
    }
}

enum recipient_domain recipient_dns_state(struct job *job, const struct recipient *recipient)
{
    enum recipient_domain state;
    (void)find(job, recipient, &state);
    return state;
}
