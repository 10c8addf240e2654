/*
 * principal: whom a message is accounted to, in one canonical form, so that nobody has two accounts
 * by spelling his name differently. Never empty for outgoing mail.
 */
#include "policy/policy_private.h"

/* "*admin" cuts the separator too: "user*admin" is user. */
static struct span strip_suffixes(const struct login_settings *logins, struct span login)
{
    for (size_t i = 0; i < logins->strip_suffix.count; i++) {
        struct span suffix = span_of(logins->strip_suffix.at[i]);
        if (login.size > suffix.size && span_has_suffix_nocase(login, suffix)) {
            return span_first(login, login.size - suffix.size);
        }
    }
    return login;
}

static struct span fold_case(struct job *job, struct span text)
{
    struct span copy = arena_copy(job->arena, text);
    char *bytes = (char *)(uintptr_t)copy.at; /* our own fresh copy */
    for (size_t i = 0; bytes != NULL && i < copy.size; i++) {
        bytes[i] = ascii_lower(bytes[i]);
    }
    return copy;
}

/* Without +extension, and with the realm where there is no domain. */
static struct span complete_login(struct job *job, struct span login)
{
    const struct login_settings *logins = job->site->logins;
    ptrdiff_t at = span_find_last(login, '@');
    struct span local = at >= 0 ? span_first(login, (size_t)at) : login;
    struct span domain = at >= 0 ? span_from(login, (size_t)at + 1) : span_of(logins->realm);
    if (logins->delimiter != NULL && logins->delimiter[0] != '\0') {
        ptrdiff_t cut = span_find(local, logins->delimiter[0]);
        local = cut > 0 ? span_first(local, (size_t)cut) : local;
    }
    if (domain.size == 0) {
        return local;
    }
    return span_of(arena_printf(job->arena, "%.*s@%.*s", SPAN_ARG(local), SPAN_ARG(domain)));
}

static struct span canonical_login(struct job *job)
{
    struct span raw = job->message.envelope.login;
    struct span login = fold_case(job, strip_suffixes(job->site->logins, span_trim(raw)));
    login = complete_login(job, login);
    if (job->site->login_aliases != NULL) {
        struct table_answer alias = table_ask(job->site->login_aliases, login, job->arena);
        login = alias.result == TABLE_FOUND ? fold_case(job, alias.value) : login;
    }
    return login.size > 0 ? login : raw;
}

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

void principal_settle(struct job *job)
{
    if (job->role == LISTENER_SIGN) {
        return; /* came with the ticket */
    }
    switch (job->mail_class) {
    case CLASS_SUBMISSION:
        job->principal = canonical_login(job);
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
