/*
 * explain_why: reasons in words, read off the finished job: why this class, this principal, this
 * action. It decides nothing; where policy decided, it names the fact that policy went by.
 */
#include <string.h>

#include "ctl/explain.h"
#include "ctl/print.h"
#include "util/ip.h"

/* Printed text as an arena string. */
static const char *finish(struct buffer *text, struct arena *arena)
{
    const char *copy =
        buffer_has_failed(text) ? NULL : arena_printf(arena, "%s", buffer_text(text));

    buffer_free(text);
    return copy;
}

static void add_place(struct buffer *text, const struct config_place *place)
{
    if (place->file == NULL)
        return;
    buffer_add_text(text, " (");
    print_escaped(text, span_of(place->file), 4096);
    buffer_printf(text, ":%u)", place->line);
}

static void add_client(struct buffer *text, const struct session *session)
{
    char client[IP_TEXT_MAX];

    ip_print(&session->client, client);
    buffer_add_text(text, client[0] != '\0' ? client : "unknown");
}

static void why_network(struct buffer *text, const struct job *job)
{
    const struct network_settings *row = job->network;

    if (row == NULL)
        return;
    if (row->certificate != NULL) {
        buffer_add_text(text, "the client certificate ");
        print_escaped(text, span_of(row->certificate), 256);
        buffer_add_text(text, " is");
    } else {
        buffer_add_text(text, "client ");
        add_client(text, job->message.session);
        buffer_add_text(text, " is");
    }
    buffer_add_text(text, " in outgoing.networks as ");
    print_escaped(text, span_of(row->name), 256);
    add_place(text, &row->place);
}

static void why_inbound(struct buffer *text, const struct job *job)
{
    const struct session *session = job->message.session;
    const struct outgoing_settings *outgoing = job->site->outgoing;

    if (job->network != NULL) {
        why_network(text, job);
        buffer_add_text(text, ", but sender and From are not of domains and every recipient is "
                              "internal");
        return;
    }
    buffer_add_text(text, "no login, client ");
    add_client(text, session);
    buffer_add_text(text, " in no row of outgoing.networks");
    if (job->message.envelope.login.size > 0 && !outgoing->authenticated)
        buffer_add_text(text, "; logins do not count: outgoing.authenticated is false");
    if (job->message.envelope.sender_is_bare && !outgoing->local)
        buffer_add_text(text, "; sendmail(1) does not count: outgoing.local is false");
    if (ip_is_loopback(&session->client) && outgoing->loopback == LOOPBACK_INBOUND)
        buffer_add_text(text, "; outgoing.loopback is inbound");
}

/* At a listener of role sign nothing else counts. */
static void why_ticket(struct buffer *text, const struct job *job)
{
    buffer_add_text(text, "the listener ");
    print_escaped(text, job->message.session->daemon_name, 256);
    buffer_add_text(text, " has the role sign, and ");
    switch (job->ticket) {
    case TICKET_VALID:
        buffer_add_text(text, "the message has a valid ticket");
        break;
    case TICKET_EXPIRED:
        buffer_add_text(text, "the ticket has expired");
        break;
    case TICKET_FUTURE:
        buffer_add_text(text, "the ticket is from the future: a clock is wrong");
        break;
    case TICKET_UNKNOWN:
        buffer_add_text(text, "the ticket cannot be judged: no memory is left for it");
        break;
    case TICKET_FORGED:
        buffer_add_text(text, "the ticket is forged, or of another sender, From, Date or "
                              "Message-ID");
        break;
    default:
        buffer_add_text(text, "the message has no ticket");
        break;
    }
}

const char *explain_class_why(const struct job *job, struct arena *arena)
{
    struct buffer text = BUFFER_EMPTY;

    if (job->is_off) {
        buffer_add_text(&text, "the listener ");
        print_escaped(&text, job->message.session->daemon_name, 256);
        buffer_add_text(&text, " has the role off: nothing is judged, changed or logged");
        return finish(&text, arena);
    }
    if (job->role == LISTENER_SIGN) {
        why_ticket(&text, job);
        return finish(&text, arena);
    }
    switch (job->mail_class) {
    case CLASS_SUBMISSION:
        buffer_add_text(&text, "the client logged in as ");
        print_escaped(&text, job->message.envelope.login, 256);
        break;
    case CLASS_RELAY:
    case CLASS_LIST:
    case CLASS_FORWARD:
        why_network(&text, job);
        break;
    case CLASS_BOUNCE:
        buffer_add_text(&text, "the MTA's own: no SMTP session, null sender, From its "
                               "MAILER-DAEMON or postmaster, and a report or Auto-Submitted");
        break;
    case CLASS_LOCAL:
        if (job->message.envelope.sender_is_bare)
            buffer_add_text(&text, "sendmail(1): a session without angle brackets is one that "
                                   "the MTA made up");
        else
            buffer_add_text(&text, "SMTP from loopback without login (outgoing.loopback)");
        break;
    case CLASS_INBOUND:
    case CLASS_COUNT:
        why_inbound(&text, job);
        break;
    }
    return finish(&text, arena);
}

static void why_login(struct buffer *text, const struct job *job)
{
    const struct login_settings *logins = job->site->logins;

    if (span_is_equal(job->principal, job->message.envelope.login)) {
        buffer_add_text(text, "the login as it came");
        return;
    }
    buffer_add_text(text, "the login in its canonical form (lower case");
    if (logins->realm != NULL)
        buffer_add_text(text, ", logins.realm");
    if (logins->aliases != NULL)
        buffer_add_text(text, ", logins.aliases");
    if (logins->strip_suffix.count > 0)
        buffer_add_text(text, ", logins.strip_suffix");
    if (logins->delimiter != NULL && logins->delimiter[0] != '\0')
        buffer_add_text(text, ", logins.delimiter");
    buffer_add_char(text, ')');
}

static void why_account(struct buffer *text, const struct job *job)
{
    const struct config_texts *account = &job->site->outgoing->account;

    if (account->count == 0) {
        buffer_add_text(text, "outgoing.account names no order, so all local mail has one");
        return;
    }
    buffer_add_text(text, "the first of outgoing.account that says something:");
    for (size_t i = 0; i < account->count; i++) {
        buffer_add_text(text, i > 0 ? ", " : " ");
        print_escaped(text, span_of(account->at[i]), 256);
    }
}

const char *explain_principal_why(const struct job *job, struct arena *arena)
{
    struct buffer text = BUFFER_EMPTY;

    if (job->ticket == TICKET_VALID) {
        buffer_add_text(&text, "the ticket says so");
        return finish(&text, arena);
    }
    switch (job->mail_class) {
    case CLASS_SUBMISSION:
        why_login(&text, job);
        break;
    case CLASS_RELAY:
    case CLASS_LIST:
    case CLASS_FORWARD:
        if (job->network != NULL && job->network->account == NETWORK_ACCOUNT_SENDER)
            buffer_add_text(&text, "the reduced sender, as the network's account says");
        else
            buffer_add_text(&text, "the network's name");
        break;
    case CLASS_BOUNCE:
        buffer_add_text(&text, "bounces have one account");
        break;
    case CLASS_LOCAL:
        why_account(&text, job);
        break;
    case CLASS_INBOUND:
    case CLASS_COUNT:
        buffer_add_text(&text, "inbound mail is nobody's account");
        break;
    }
    return finish(&text, arena);
}

/* Policy repairs only what it may. */
static const char *why_other(const struct job *job, const struct finding *finding)
{
    if (job->mail_class == CLASS_LIST || job->mail_class == CLASS_FORWARD)
        return "nothing is repaired in mail of this class";
    if (finding->repair == NULL)
        return "there is nothing to repair it with";
    return "a foreign signature covers the field";
}

static const char *why_fixed(const struct job *job, const struct finding *finding)
{
    bool is_unlisted = job->site->senders->unlisted == SENDER_UNLISTED_OBSERVE;

    if (finding->id == FINDING_SIGNING_FAILED)
        return "on_failure of the domain";
    if (finding->id == FINDING_SENDER_NOT_OWNED || finding->id == FINDING_FROM_NOT_OWNED)
        return is_unlisted ? "senders.unlisted" : "most logins seen own nothing";
    return "comes with the finding";
}

static void add_plan(struct buffer *text, const struct job *job)
{
    if (job->plan.size == 0) {
        buffer_add_text(text, ", on no plan");
        return;
    }
    buffer_add_text(text, ", on the plan ");
    print_escaped(text, job->plan, 64);
}

/* The table may be right, and the login one that it has never heard of. */
static void add_owns_nothing(struct buffer *text, const struct job *job,
                             const struct finding *finding)
{
    bool is_about_owners =
        finding->id == FINDING_SENDER_NOT_OWNED || finding->id == FINDING_FROM_NOT_OWNED;

    if (is_about_owners && job->mail_class == CLASS_SUBMISSION &&
        senders_owns(job->site, job->principal) == OWNS_NOTHING)
        buffer_add_text(text, "; this login owns no address at all, see senders and logins.realm");
}

const char *explain_action_why(const struct job *job, const struct finding *finding,
                               struct arena *arena)
{
    struct buffer text = BUFFER_EMPTY;
    const char *name = finding_name(finding->id);
    enum action configured = rules_action(&job->site->rules, finding, job->mail_class, job->plan);
    const struct exception_settings *exception =
        exceptions_find(job->site, job->principal, finding->id, clock_wall_s(job->world->clock));
    struct config_place place = config_where(job->site->config, &site_rules_table, name);

    if (finding->is_action_fixed) {
        buffer_add_text(&text, why_fixed(job, finding));
        return finish(&text, arena);
    }
    if (exception != NULL) {
        buffer_printf(&text, "exception for ");
        print_escaped(&text, span_of(exception->principal), 120);
        add_place(&text, &exception->place);
        configured = (enum action)exception->action;
    } else if (place.file != NULL) {
        buffer_printf(&text, "rules.%s", name);
        add_place(&text, &place);
        if (job->site->rules.plans[finding->id] != NULL)
            add_plan(&text, job);
    } else if (finding->is_mild) {
        buffer_add_text(&text, "default of the lesser case");
    } else {
        buffer_printf(&text, "default of class %s", mail_class_name(job->mail_class));
    }
    if (configured != finding->action)
        buffer_printf(&text, " says %s; %s", action_name(configured), why_other(job, finding));
    add_owns_nothing(&text, job, finding);
    return finish(&text, arena);
}

const char *explain_verdict_why(const struct job *job)
{
    const struct finding *by = job->verdict.by;

    if (by == NULL || job->verdict.would != DISPOSITION_HOLD || by->action == ACTION_HOLD)
        return NULL;
    return "handed over without SMTP, so nobody reads a reply: held instead, unless the sender "
           "is ours";
}

bool explain_is_accepted(const struct job *job)
{
    return job->verdict.disposition == DISPOSITION_ACCEPT;
}

const char *explain_signature(const struct job *job, struct span name, struct span *domain_r,
                              struct span *selector_r)
{
    ptrdiff_t slash = span_find(name, '/');
    struct dkim_key *key;

    *domain_r = span_first(name, slash >= 0 ? (size_t)slash : name.size);
    *selector_r = span_from(name, slash >= 0 ? (size_t)slash + 1 : name.size);
    key = dkim_domains_key(job->site->domains, *domain_r, *selector_r);
    return key != NULL ? dkim_algorithm_name(dkim_key_algorithm(key)) : "unknown";
}

const struct header_field *explain_edited_field(const struct job *job, const struct edit *edit)
{
    const struct header_list *headers = &job->message.headers;

    if (edit->kind != EDIT_REPLACE && edit->kind != EDIT_DELETE)
        return NULL;
    for (size_t i = 0; i < headers->count; i++) {
        if (headers->fields[i].instance == edit->instance &&
            span_is_equal_nocase(headers->fields[i].name, edit->name))
            return &headers->fields[i];
    }
    return NULL;
}
