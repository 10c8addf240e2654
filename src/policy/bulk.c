/*
 * bulk: what a message that went out adds to the daybook of its author's organization
 * (bulk/volume.h) and what it keeps of the providers' rules. Noted when it has ended, so nothing
 * has to be given back; held mail counts as it is charged, when it is held. A message that comes
 * again counts once.
 *
 * Only authors of our own domains count, where these are known: what others send through us is
 * theirs.
 */
#include "policy/policy_private.h"

#include "auth/organization.h"
#include "bulk/list_mail.h"
#include "bulk/settings.h"
#include "bulk/volume.h"
#include "util/domain.h"

/* --- what is known of the message ------------------------------------------------------------ */

static enum bulk_answer yes_or_no(bool is_yes)
{
    return is_yes ? BULK_YES : BULK_NO;
}

static enum bulk_answer spf_of(const struct job *job)
{
    const struct forecast *forecast = job->evidence.forecast;
    if (forecast == NULL || forecast->spf == FORECAST_SPF_UNKNOWN) {
        return BULK_UNKNOWN;
    }
    return yes_or_no(forecast->spf == FORECAST_SPF_PASS);
}

static bool is_signed(const struct job *job)
{
    return job->signing.count > 0 || (ticket_is_due(job) && job->evidence.signature.size > 0) ||
           span_is_equal(span_of(job->signing.reason), SPAN("already-signed"));
}

/* Where no key is set another program may sign, and what others have signed may be good. */
static enum bulk_answer dkim_of(const struct job *job)
{
    bool is_others = !job->evidence.signs_here || !signing_is_wanted(job) ||
                     job->message.headers.counts[HEADER_DKIM_SIGNATURE] > 0;
    if (is_signed(job)) {
        return BULK_YES;
    }
    return is_others ? BULK_UNKNOWN : BULK_NO;
}

static enum bulk_answer dmarc_of(const struct job *job)
{
    const struct forecast *forecast = job->evidence.forecast;
    if (forecast == NULL || forecast->policy.state == DMARC_UNKNOWN) {
        return BULK_UNKNOWN;
    }
    return yes_or_no(forecast->policy.state == DMARC_PUBLISHED);
}

static bool is_of_organization(struct span domain, struct span organization)
{
    return domain.size > 0 && span_is_equal(organization_of(domain), organization);
}

/* Without a record nobody asks DNS what is aligned, so the public suffix list has to tell. */
static enum bulk_answer aligned_of(const struct job *job, struct span organization)
{
    const struct forecast *forecast = job->evidence.forecast;
    if (forecast == NULL || forecast->dmarc == FORECAST_DMARC_UNKNOWN) {
        return BULK_UNKNOWN;
    }
    if (forecast->dmarc != FORECAST_DMARC_NONE) {
        return yes_or_no(forecast->dmarc == FORECAST_DMARC_PASS);
    }
    bool by_spf = forecast->spf == FORECAST_SPF_PASS &&
                  is_of_organization(forecast->spf_domain, organization);
    bool by_dkim = is_signed(job) && is_of_organization(job->evidence.signature, organization);
    return by_spf || by_dkim ? BULK_YES : BULK_UNKNOWN;
}

static bool is_found(const struct job *job, enum finding_id id)
{
    const struct finding *f = job->findings.first;
    while (f != NULL && f->id != id) {
        f = f->next;
    }
    return f != NULL && !(f->action == ACTION_REPAIR && job->site->general->mode == MODE_ENFORCE);
}

static bool is_well_formed(const struct job *job)
{
    static const enum finding_id faults[] = {
        FINDING_FROM_MISSING,  FINDING_FROM_MULTIPLE,    FINDING_FROM_INVALID,
        FINDING_NUL_BYTE,      FINDING_HEADER_DUPLICATE, FINDING_HEADER_MALFORMED,
        FINDING_DATE_MISSING,  FINDING_DATE_INVALID,     FINDING_MESSAGE_ID_MISSING,
        FINDING_LINE_TOO_LONG, FINDING_BARE_NEWLINE,
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (is_found(job, faults[i])) {
            return false;
        }
    }
    return true;
}

static void judge(const struct job *job, struct span organization, struct volume_entry *entry)
{
    enum bulk_provider provider;
    const enum bulk_answer facts[BULK_FACT_COUNT] = {
        [BULK_SPF] = spf_of(job),
        [BULK_DKIM] = dkim_of(job),
        [BULK_DMARC] = dmarc_of(job),
        [BULK_ALIGNED] = aligned_of(job, organization),
        [BULK_WELL_FORMED] = yes_or_no(is_well_formed(job)),
        [BULK_OWN_FROM] = yes_or_no(!bulk_provider_of(job->message.from.at[0].domain, &provider)),
        [BULK_ONE_CLICK] = yes_or_no(!is_found(job, FINDING_UNSUBSCRIBE_MISSING)),
        [BULK_HONEST_NAME] = yes_or_no(!is_found(job, FINDING_DISPLAY_NAME_SPOOF)),
    };
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        entry->answers[i] =
            bulk_rules[i].is_counted ? bulk_answer_of(&bulk_rules[i], facts) : BULK_UNKNOWN;
    }
}

/* --- what it adds ---------------------------------------------------------------------------- */

static bool is_noted(const struct job *job)
{
    bool goes = job->verdict.disposition == DISPOSITION_ACCEPT ||
                job->verdict.disposition == DISPOSITION_HOLD;
    bool is_again = job->charging.charge != NULL && job->charging.answer == CHARGE_AGAIN;
    return goes && !is_again && job->mail_class != CLASS_INBOUND && !job->is_own_notice &&
           job->role != LISTENER_SIGN && job->world->store != NULL &&
           job->world->books.ledger != NULL && job->message.from.count > 0 &&
           job->message.from.at[0].domain.size > 0 &&
           recipient_external_count(&job->message.envelope) > 0;
}

/* The public suffix list is the same for every message; DNS may be away. */
static struct span organization_of_author(const struct job *job)
{
    struct span domain = job->message.from.at[0].domain;
    struct span organization = organization_of(domain);
    if (site_knows_its_domains(job->site) && !site_is_ours(job->site, domain)) {
        return (struct span){ NULL, 0 };
    }
    return organization.size > 0 ? organization : domain;
}

static void count_recipients(const struct job *job, struct volume_entry *entry)
{
    const struct envelope *envelope = &job->message.envelope;
    enum bulk_provider provider;
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        const struct recipient *recipient = &envelope->recipients[i];
        if (recipient->side != RECIPIENT_INTERNAL &&
            bulk_provider_of(recipient->domain, &provider)) {
            entry->recipients[provider]++;
        }
    }
}

static void tell(const struct job *job, const struct volume_entry *entry, uint64_t threshold,
                 const struct volume_reach *reach)
{
    for (int p = 0; p < BULK_PROVIDER_COUNT; p++) {
        const char *title = bulk_provider_title((enum bulk_provider)p);
        if (reach->level[p] == VOLUME_NEAR) {
            log_sink_print(job->world->log, LOG_LEVEL_WARNING,
                           "bulk: %.*s has sent to %llu recipients at %s in 24 hours; from %llu on "
                           "it counts as a bulk sender there: egressctl readiness %.*s",
                           SPAN_ARG(entry->organization), (unsigned long long)reach->recipients[p],
                           title, (unsigned long long)threshold, SPAN_ARG(entry->organization));
        } else if (reach->level[p] == VOLUME_BULK) {
            log_sink_print(job->world->log, LOG_LEVEL_WARNING,
                           "bulk: %.*s has sent to %llu recipients at %s in 24 hours and counts as "
                           "a bulk sender there from now on: egressctl readiness %.*s",
                           SPAN_ARG(entry->organization), (unsigned long long)reach->recipients[p],
                           title, SPAN_ARG(entry->organization));
        }
    }
}

void bulk_note(struct job *job)
{
    const struct world *world = job->world;
    struct volume_entry entry = { .is_list = false };
    struct volume_reach reach;
    if (!is_noted(job)) {
        return;
    }
    entry.organization = organization_of_author(job);
    if (entry.organization.size == 0 || entry.organization.size >= DOMAIN_MAX) {
        return;
    }
    const struct bulk_settings *settings = config_settings(job->site->config, &bulk_settings_table);
    entry.is_list = list_mail_sign(&job->message, job->mail_class) != NULL;
    count_recipients(job, &entry);
    judge(job, entry.organization, &entry);
    /* Where the store fails its own trouble is told; mail goes uncounted. */
    if (volume_note(world->store, &entry, (uint64_t)settings->threshold,
                    ledger_now_ms(world->books.ledger), clock_wall_s(world->clock), &reach)) {
        tell(job, &entry, (uint64_t)settings->threshold, &reach);
    }
}
