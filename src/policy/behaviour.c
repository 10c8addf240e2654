/*
 * behaviour: is this message like the principal it comes from (behaviour/)? Judged when all else is
 * known, what it costs too, and before it is signed. A message that comes again because it was
 * deferred is asked about again and counts once.
 *
 * What the ladder says is the finding anomaly: only seen, deferred by a throttle, or held. A store
 * that cannot be asked says nothing.
 */
#include "policy/policy_private.h"

#include "behaviour/book.h"
#include "behaviour/fingerprint.h"
#include "bulk/list_mail.h"
#include "bulk/unsubscribe.h"
#include "limits/account.h"
#include "limits/ledger.h"
#include "limits/provider.h"
#include "policy/behaviour_tell.h"

enum { REASONS_MAX = SCORE_REASONS * (SCORE_REASON_MAX + 2) };

static bool is_watched(const struct job *job, enum behaviour_kind *kind_r)
{
    return job->world->store != NULL && job->world->books.ledger != NULL &&
           job->role != LISTENER_SIGN && !job->is_own_notice && !job->lacks_login &&
           !job->message.is_over_ceiling && !job->is_starved &&
           book_kind(job->mail_class, job->principal, kind_r);
}

/* --- what is known of the message ------------------------------------------------------------ */

static struct span field_value(const struct job *job, enum header_id id)
{
    const struct header_field *field = header_first(&job->message.headers, id);
    return field != NULL ? field->value : (struct span){ NULL, 0 };
}

static struct span program_of(struct job *job)
{
    const struct header_field *field = header_find(&job->message.headers, SPAN("User-Agent"));
    if (field == NULL) {
        field = header_find(&job->message.headers, SPAN("X-Mailer"));
    }
    return field != NULL ? span_first(header_unfold(field, job->arena), 200)
                         : (struct span){ NULL, 0 };
}

/* Answers go to a mailbox anybody can have, and the author is not there. */
static bool has_stray_reply_to(struct job *job)
{
    struct address_list list;
    struct span value = field_value(job, HEADER_REPLY_TO);
    if (value.size == 0 || job->message.from.count == 0 ||
        !address_parse_list(value, job->arena, &list) || list.count == 0) {
        return false;
    }
    struct span domain = list.at[0].domain;
    return provider_of(domain) != PROVIDER_OTHER &&
           !span_is_equal_nocase(domain, job->message.from.at[0].domain);
}

static bool is_certain(const struct job *job)
{
    for (const struct finding *f = job->findings.first; f != NULL; f = f->next) {
        bool is_hit =
            f->id == FINDING_RECIPIENT_HONEYPOT || (f->id == FINDING_LINK_LISTED && !f->is_mild);
        if (is_hit && f->action > ACTION_OFF) {
            return true;
        }
    }
    return false;
}

/* Only whoever listens to the network tells where a person is: a proxy's client is the proxy. */
static bool tells_origin(const struct job *job)
{
    const struct network_settings *network = site_network_of(job->site, job->message.session);
    return network == NULL || !network->is_proxy;
}

static void fill_client(struct job *job, struct behaviour_event *event)
{
    const struct session *session = job->message.session;
    if (tells_origin(job)) {
        event->network = fingerprint_network(&session->client);
        event->country = country_of(job->site->countries, &session->client);
        event->helo = fingerprint_helo(session->helo);
        event->tls = fingerprint_tls(session->tls_version, session->cipher);
    }
    event->client = fingerprint_client(program_of(job));
    if (job->message.from.count > 0) {
        event->from = fingerprint_text(job->message.from.at[0].text);
    }
}

/* The external ones; the charge has all in order, each once. False: no memory. */
static bool fill_recipients(struct job *job, struct behaviour_event *event)
{
    const struct charging *charging = &job->charging;
    if (charging->charge == NULL && !limits_cost(job)) {
        return false;
    }
    const struct charge *charge = charging->charge;
    uint64_t *recipients = arena_array(job->arena, charge->recipient_count + 1, sizeof(uint64_t));
    if (recipients == NULL) {
        return false;
    }
    for (size_t i = 0; i < charge->recipient_count; i++) {
        if (!charge->recipients[i].is_internal) {
            recipients[event->count++] = charge->recipients[i].fingerprint;
        }
    }
    event->recipients = recipients;
    return true;
}

/* Did it come before, within an hour, and was not let through then? */
static bool is_repeat(const struct job *job)
{
    const struct charge *charge = job->charging.charge;
    static const uint8_t unknown[CHARGE_ID_BYTES];
    struct span id = { (const char *)charge->id, sizeof(charge->id) };
    return job->world->replies != NULL && memcmp(charge->id, unknown, sizeof(unknown)) != 0 &&
           reply_memory_note(job->world->replies, job->principal, id,
                             clock_mono_ns(job->world->clock)) > 1;
}

static bool fill_event(struct job *job, enum behaviour_kind kind, struct behaviour_event *event)
{
    const struct clock *clock = job->world->clock;
    const struct behaviour_settings *settings =
        config_settings(job->site->config, &site_behaviour_table);
    int64_t wall_s = clock_wall_s(clock);
    *event = (struct behaviour_event){
        .at_ms = ledger_now_ms(job->world->books.ledger),
        .local_s = clock_local_s(clock, wall_s),
        .kind = kind,
        .is_service = behaviour_is_service(job->site, job->plan),
        .is_bulk = config_texts_have(&settings->bulk_plans, job->plan),
        .has_list_id = job->message.headers.counts[HEADER_LIST_ID] > 0,
        .has_one_click = one_click_of(&job->message.headers) == ONE_CLICK_OFFERED,
        .digest = job->gist != NULL ? gist_finish(job->gist) : 0,
        .has_stray_reply_to = has_stray_reply_to(job),
        .is_certain = is_certain(job),
    };
    fill_client(job, event);
    bool is_asked = job->charging.charge != NULL;
    bool is_filled = fill_recipients(job, event);
    event->is_repeat = is_filled && is_repeat(job);
    if (!is_asked) {
        limits_forget_cost(job); /* whoever finds it takes it for asked */
    }
    return is_filled;
}

/* --- what comes of it ------------------------------------------------------------------------ */

static enum action action_of(const struct book_entry *entry)
{
    if (entry->verdict.step >= LADDER_HOLD) {
        return ACTION_HOLD;
    }
    return entry->was_stopped ? ACTION_DEFER : ACTION_OBSERVE;
}

/* What the sender can do about it; in the arena. */
static const char *remedy_of(struct job *job, const struct book_entry *entry)
{
    if (entry->verdict.step >= LADDER_HOLD) {
        return "ask the postmaster, who can release it";
    }
    if (!entry->verdict.throttle.is_on) {
        return "try again later, or ask the postmaster";
    }
    return arena_printf(job->arena,
                        "try again later, with at most %u new recipients in an hour, or ask the "
                        "postmaster",
                        entry->verdict.throttle.new_per_hour);
}

static void find(struct job *job, const struct book_entry *entry)
{
    char reasons[REASONS_MAX];
    behaviour_reasons(&entry->score, reasons, sizeof(reasons));
    struct finding *finding =
        finding_add(&job->findings, FINDING_ANOMALY, remedy_of(job, entry), "unusual for %.*s: %s",
                    SPAN_ARG(span_first(job->principal, 100)), reasons);
    if (finding == NULL) {
        job->is_starved = true;
        return;
    }
    finding->has_own_action = true;
    finding->own_action = action_of(entry);
    engine_weigh(job);
}

static bool would_pass(const struct job *job)
{
    return job->verdict.disposition == DISPOSITION_ACCEPT;
}

static void tell(struct job *job, const struct book_entry *entry)
{
    char client[IP_TEXT_MAX];
    ip_print(&job->message.session->client, client);
    const struct behaviour_step step = {
        .site = job->site,
        .clock = job->world->clock,
        .store = job->world->store,
        .notices = job->world->notices,
        .mail_class = job->mail_class,
        .principal = job->principal,
        .queue_id = job->message.envelope.queue_id,
        .client = span_of(client),
        .entry = entry,
    };
    behaviour_tell(&step);
}

/* The rest of an account, and of a step, that a message and an answer share. False: no memory. */
static bool open_entry(struct job *job, struct book_entry *entry_r)
{
    *entry_r = (struct book_entry){
        .account = account_name(LIMIT_BY_PRINCIPAL, job->mail_class, job->principal, job->arena),
        .rules = behaviour_rules(job->site, job->principal, clock_wall_s(job->world->clock)),
        .pardon = job->pardon,
        .would_pass = would_pass(job),
        .is_enforced = behaviour_is_enforced(job->site),
    };
    return entry_r->account.at != NULL;
}

void behaviour_judge(struct job *job)
{
    struct behaviour_event event;
    enum behaviour_kind kind;
    if (!is_watched(job, &kind) || !fill_event(job, kind, &event) || event.count == 0) {
        return;
    }
    struct book_entry entry;
    if (!open_entry(job, &entry) || !book_message(job->world->store, &event, &entry)) {
        return;
    }
    job->has_score = true;
    job->score = entry.score.total;
    tell(job, &entry);
    if (entry.verdict.step >= LADDER_NOTICE) { /* below, the score tells */
        find(job, &entry);
    }
}

void behaviour_end(struct job *job)
{
    const struct clock *clock = job->world->clock;
    struct book_entry entry;
    enum behaviour_kind kind;
    int64_t wall_s = clock_wall_s(clock);
    if (job->refused_recipients == 0 || job->is_off) {
        return;
    }
    if (job->principal.size == 0 && job->mail_class == CLASS_SUBMISSION) {
        principal_settle(job); /* the login is all it needs */
    }
    if (!is_watched(job, &kind) || !open_entry(job, &entry)) {
        return;
    }
    const struct behaviour_answer answer = {
        .at_ms = ledger_now_ms(job->world->books.ledger),
        .local_s = clock_local_s(clock, wall_s),
        .outcome = OUTCOME_REFUSED,
        .count = (uint32_t)(job->refused_recipients < 1000 ? job->refused_recipients : 1000),
    };
    if (book_answer(job->world->store, kind, behaviour_is_service(job->site, job->plan), &answer,
                    &entry)) {
        tell(job, &entry);
    }
}
