/*
 * principal: whom a message is accounted to, in one canonical form, so that nobody has two accounts
 * by spelling his name differently. Never empty for outgoing mail.
 */
#include "policy/policy_private.h"

#include "site/login.h"

static struct span reduced_sender(struct job *job)
{
    const struct envelope *envelope = &job->message.envelope;
    struct span delimiter = span_of(job->site->logins->delimiter);
    const struct address *sender = &envelope->sender;
    if (sender->text.size == 0 && job->message.from.count > 0) {
        sender = &job->message.from.at[0]; /* a null sender says nothing: the author does */
    }
    return address_reduce(sender, delimiter, job->arena);
}

static struct span from_header(struct job *job, const char *name)
{
    const struct header_field *field = header_find(&job->message.headers, span_of(name));
    if (field == NULL) {
        return (struct span){ NULL, 0 };
    }
    return span_first(header_unfold(field, job->arena), 120);
}

static struct span our_sender_domain(struct job *job)
{
    struct span domain = job->message.envelope.sender.domain;
    if (domain.size > 0 && dkim_domains_has(job->site->domains, domain)) {
        return domain;
    }
    return (struct span){ NULL, 0 };
}

static struct span by_order(struct job *job)
{
    const struct config_texts *order = &job->site->outgoing->account;
    for (size_t i = 0; i < order->count; i++) {
        struct span found;
        struct span source = span_of(order->at[i]);
        if (span_is_equal(source, SPAN("sender-domain"))) {
            found = our_sender_domain(job);
        } else if (span_is_equal(source, SPAN("sender"))) {
            found = reduced_sender(job);
        } else { /* "header:NAME", the row accepts nothing else */
            found = from_header(job, order->at[i] + sizeof("header:") - 1);
        }
        if (found.size > 0) {
            return found;
        }
    }
    return SPAN("local");
}

/* Where a login is required and there is none, the client is all that can be named. */
static struct span client_literal(struct job *job)
{
    char text[IP_TEXT_MAX];
    ip_print(&job->message.session->client, text);
    return span_of(arena_printf(job->arena, "[%s]", text));
}

void principal_settle(struct job *job)
{
    if (job->role == LISTENER_SIGN) {
        return; /* came with the ticket */
    }
    switch (job->mail_class) {
    case CLASS_SUBMISSION:
        job->principal = job->lacks_login
                             ? client_literal(job)
                             : login_canonical(job->site, job->message.envelope.login, job->arena);
        break;
    case CLASS_RELAY:
    case CLASS_LIST:
    case CLASS_FORWARD:
        job->principal = span_of(job->network->name);
        if (job->network->account == NETWORK_ACCOUNT_SENDER) {
            struct span sender = reduced_sender(job);
            job->principal = sender.size > 0 ? sender : job->principal;
        }
        break;
    case CLASS_BOUNCE:
        job->principal = SPAN("bounce");
        break;
    case CLASS_LOCAL:
        job->principal = by_order(job);
        break;
    default:
        job->principal = (struct span){ NULL, 0 };
        break;
    }
}
