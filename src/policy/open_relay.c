/*
 * open_relay: the symptom of a mail server that carries anybody's mail: a client without login, in
 * no network of ours, and neither the sender nor a recipient who leaves the site is of ours. It is
 * said in one line of level err, at most one a minute; the mail itself stays the mail server's
 * business.
 *
 * A recipient counts only where the mail server itself says that his mail leaves by SMTP. Domains
 * it relays for (a secondary MX) have another mailer in Postfix; in Sendmail they cannot be told
 * apart and belong into outgoing.internal.
 */
#include "policy/policy_private.h"

#include "log/counter.h"

static const struct recipient *find_stranger(const struct job *job)
{
    const struct envelope *envelope = &job->message.envelope;
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        const struct recipient *recipient = &envelope->recipients[i];
        if (recipient->leaves_by_smtp && recipient->side == RECIPIENT_EXTERNAL &&
            !site_is_ours(job->site, recipient->domain)) {
            return recipient;
        }
    }
    return NULL;
}

static bool is_author_ours(const struct job *job)
{
    for (size_t i = 0; i < job->message.from.count; i++) {
        if (site_is_ours(job->site, job->message.from.at[i].domain)) {
            return true;
        }
    }
    return false;
}

static void raise_alarm(struct job *job, const struct recipient *recipient)
{
    unsigned unsaid;
    char client[IP_TEXT_MAX];
    counter_add(COUNTER_OPEN_RELAY, 1);
    if (!site_may_complain(job->site, COMPLAINT_OPEN_RELAY, clock_mono_ns(job->world->clock),
                           &unsaid)) {
        return;
    }
    ip_print(&job->message.session->client, client);
    struct span sender = span_first(job->message.envelope.sender.text, 120);
    struct span to = span_first(recipient->path, 120);
    const char *line = arena_printf(
        job->arena,
        "open relay? %s without login sends as <%.*s> to <%.*s>, neither of them ours%s: look at "
        "smtpd_relay_restrictions and mynetworks (Postfix), access and relay-domains (Sendmail); "
        "a domain this host relays for belongs into outgoing.internal, a trusted client into "
        "outgoing.networks",
        client, SPAN_ARG(sender), SPAN_ARG(to), unsaid > 0 ? ", and more such mail" : "");
    if (line != NULL) {
        job->world->log->write(job->world->log, LOG_LEVEL_ERR, span_of(line));
    }
}

void open_relay_watch(struct job *job)
{
    const struct address *sender = &job->message.envelope.sender;
    if (job->mail_class != CLASS_INBOUND || job->role == LISTENER_SIGN || job->network != NULL ||
        job->message.envelope.login.size > 0 || job->message.session->client.family == 0 ||
        class_is_loopback(job->message.session) || sender->text.size == 0 ||
        !site_knows_its_domains(job->site) || site_is_ours(job->site, sender->domain) ||
        is_author_ours(job)) {
        return;
    }
    const struct recipient *recipient = find_stranger(job);
    if (recipient != NULL) {
        raise_alarm(job, recipient);
    }
}
