/*
 * class: whose mail is this? A table of rows, the first that fits wins. The shape is known at MAIL;
 * what needs the header or the recipients (bounces, a relay's incoming mail) is settled at its end.
 * At a listener of role sign the shape says nothing: a ticket does, which comes with the header.
 */
#include "policy/policy_private.h"

#include "util/domain.h"

static bool is_submission(const struct job *job)
{
    return job->site->outgoing->authenticated && job->message.envelope.login.size > 0;
}

/* Other addresses of 127/8 can be named as networks; a client whose address the MTA does not tell
 * is a stranger. */
bool class_is_loopback(const struct session *session)
{
    return memcmp(&session->client, &ip_host_v4, sizeof(ip_host_v4)) == 0 ||
           memcmp(&session->client, &ip_host_v6, sizeof(ip_host_v6)) == 0;
}

/* Postfix fakes a session for sendmail(1) and its own notices: from loopback, addresses without
 * brackets. */
static bool is_faked(const struct job *job)
{
    return job->message.envelope.sender_is_bare && class_is_loopback(job->message.session);
}

static bool is_postfix(const struct session *session)
{
    return span_has_prefix_nocase(session->mta_version, SPAN("Postfix"));
}

static bool is_loopback_smtp(const struct job *job)
{
    return class_is_loopback(job->message.session) && !is_faked(job);
}

static bool is_from_postmaster(const struct job *job)
{
    const struct address_list *from = &job->message.from;
    if (from->count != 1) {
        return false;
    }
    struct span local = from->at[0].local;
    bool is_role = span_is_equal_nocase(local, SPAN("MAILER-DAEMON")) ||
                   span_is_equal_nocase(local, SPAN("postmaster"));
    if (!is_role || from->at[0].domain.size == 0) {
        return is_role;
    }
    struct span domain = from->at[0].domain;
    char host[DOMAIN_MAX];
    bool is_this_host =
        domain_to_ascii(job->message.session->mta_name, host) &&
        (span_is_equal(domain, span_of(host)) || domain_is_below(span_of(host), domain));
    return is_this_host || site_is_internal(job->site, domain) ||
           dkim_domains_has(job->site->domains, domain);
}

static bool is_report(const struct job *job)
{
    const struct header_list *headers = &job->message.headers;
    if (headers->counts[HEADER_AUTO_SUBMITTED] > 0) {
        return true;
    }
    const struct header_field *type = header_first(headers, HEADER_CONTENT_TYPE);
    if (type == NULL) {
        return false;
    }
    struct span text = header_unfold(type, job->arena);
    return span_has_prefix_nocase(text, SPAN("multipart/report"));
}

static bool is_bounce(const struct job *job)
{
    return is_faked(job) && job->message.envelope.sender.text.size == 0 &&
           is_from_postmaster(job) && is_report(job);
}

static bool is_ours(const struct job *job, struct span domain)
{
    return domain.size > 0 && dkim_domains_has(job->site->domains, domain);
}

static bool has_our_from(const struct job *job)
{
    for (size_t i = 0; i < job->message.from.count; i++) {
        if (is_ours(job, job->message.from.at[i].domain)) {
            return true;
        }
    }
    return false;
}

/* A trusted relay that hands us mail from outside for our own people brings nothing outgoing. */
static bool is_relayed_inwards(const struct job *job)
{
    const struct envelope *envelope = &job->message.envelope;
    return envelope->recipient_count > 0 && recipient_external_count(envelope) == 0 &&
           !is_ours(job, envelope->sender.domain) && !has_our_from(job);
}

static enum mail_class class_of_network(const struct network_settings *network)
{
    switch (network->kind) {
    case NETWORK_LIST:
        return CLASS_LIST;
    case NETWORK_FORWARD:
        return CLASS_FORWARD;
    default:
        return CLASS_RELAY;
    }
}

static enum mail_class class_by_shape(const struct job *job)
{
    const struct outgoing_settings *outgoing = job->site->outgoing;
    if (is_submission(job)) {
        return CLASS_SUBMISSION;
    }
    if (job->network != NULL) {
        return class_of_network(job->network);
    }
    if (is_faked(job)) {
        return outgoing->local ? CLASS_LOCAL : CLASS_INBOUND;
    }
    if (is_loopback_smtp(job) && outgoing->loopback == LOOPBACK_LOCAL) {
        return CLASS_LOCAL;
    }
    return job->lacks_login ? CLASS_SUBMISSION : CLASS_INBOUND;
}

/* What a listener demands of clients that are neither on this host nor of a named network. */
static const struct listener_settings *demands(const struct job *job)
{
    const struct session *session = job->message.session;
    bool is_exempt = session->client.family == 0 || class_is_loopback(session);
    return is_exempt || job->network != NULL ? NULL : site_listener_of(job->site, session);
}

static bool lacks_login(const struct job *job)
{
    const struct listener_settings *listener = demands(job);
    return listener != NULL && listener->authentication == LISTENER_REQUIRED &&
           job->site->outgoing->authenticated && job->message.envelope.login.size == 0;
}

bool class_lacks_tls(const struct job *job)
{
    const struct listener_settings *listener = demands(job);
    return listener != NULL && listener->tls == LISTENER_REQUIRED &&
           job->message.session->tls_version.size == 0;
}

void class_guess(struct job *job)
{
    if (job->role == LISTENER_SIGN) {
        job->mail_class = CLASS_INBOUND;
        return;
    }
    job->network = site_network_of(job->site, job->message.session);
    job->lacks_login = lacks_login(job);
    job->mail_class = class_by_shape(job);
}

void class_settle(struct job *job)
{
    if (job->role == LISTENER_SIGN) {
        ticket_take(job);
        return;
    }
    bool is_stranger = job->mail_class == CLASS_LOCAL || job->mail_class == CLASS_INBOUND;
    if (is_stranger && is_bounce(job)) {
        job->mail_class = CLASS_BOUNCE;
    } else if (job->mail_class == CLASS_RELAY && is_relayed_inwards(job)) {
        job->mail_class = CLASS_INBOUND;
    }
}

bool class_is_handed_over(const struct job *job)
{
    if (job->mail_class != CLASS_LOCAL && job->mail_class != CLASS_BOUNCE) {
        return false;
    }
    return is_faked(job) || !is_postfix(job->message.session);
}
