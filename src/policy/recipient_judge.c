/*
 * recipient_judge: evidence about one recipient. On submission it refuses that recipient while he
 * comes, if it is at hand then (DESIGN: RCPT never waits); what comes later is judged with the
 * message, and stops it only if it is about everybody.
 *
 * Whoever is refused is no part of the message: not counted, not charged, not in the forecast. A
 * message all of whose recipients were refused has the verdict about the last one.
 */
#include "policy/policy_private.h"

#include "checks/check.h"
#include "config/config.h"
#include "log/counter.h"
#include "site/plans.h"

static struct recipient_facts facts_of(struct job *job, const struct recipient *recipient)
{
    return (struct recipient_facts){
        .domain = recipient_dns_state(job, recipient),
        .is_ours = site_is_ours(job->site, recipient->domain),
        .is_honeypot = address_set_has(job->site->honeypots, recipient->path, recipient->domain),
        .is_reachable = address_set_has(job->site->reachable, recipient->path, recipient->domain),
        .suppressed = suppression_reason(job, recipient),
    };
}

static bool is_judged(const struct job *job)
{
    return !job->is_off && job->mail_class != CLASS_INBOUND && job->role != LISTENER_SIGN &&
           !job->message.is_over_ceiling;
}

void recipient_gather(struct job *job)
{
    const struct envelope *envelope = &job->message.envelope;
    if (!is_judged(job) || envelope->recipient_count == 0) {
        return;
    }
    struct recipient_facts *facts =
        arena_array(job->arena, envelope->recipient_count, sizeof(*facts));
    for (size_t i = 0; facts != NULL && i < envelope->recipient_count; i++) {
        facts[i] = facts_of(job, &envelope->recipients[i]);
    }
    job->evidence.recipients = facts;
    job->evidence.suspended = suspended_since(job);
}

/* --- the one that came last ------------------------------------------------------------------ */

/* One that found no place is not the last of the list. */
static bool may_turn_away(const struct job *job)
{
    const struct envelope *envelope = &job->message.envelope;
    return is_judged(job) && job->site->general->mode == MODE_ENFORCE &&
           job->mail_class == CLASS_SUBMISSION && !job->lacks_login &&
           envelope->recipient_count > 0 && envelope->recipient_count == envelope->recipient_total;
}

static void run_checks(struct job *job, struct finding_list *found)
{
    struct envelope *envelope = &job->message.envelope;
    struct recipient *last = &envelope->recipients[envelope->recipient_count - 1];
    struct recipient_facts facts = facts_of(job, last);
    struct message alone = { .session = job->message.session, .envelope = *envelope };
    alone.envelope.recipients = last;
    alone.envelope.recipient_count = alone.envelope.recipient_total = 1;
    const struct evidence evidence = {
        .message = &alone,
        .recipients = &facts,
        .mail_class = job->mail_class,
        .principal = job->principal,
        .suspended = suspended_since(job),
        .clock = job->world->clock,
        .knows_our_domains = site_knows_its_domains(job->site),
    };
    for (size_t i = 0; i < check_count; i++) {
        const struct check *check = check_table[i];
        if (check->is_about_recipients) {
            const void *settings = check->settings != NULL
                                       ? config_settings(job->site->config, check->settings)
                                       : NULL;
            check->run(&evidence, settings, found);
        }
    }
}

/* What staged rules go by. False: only what may have to be waited for tells. */
static bool know_plan(struct job *job)
{
    if (!job->site->rules.asks_plans) {
        return true;
    }
    if (plans_wait(job->site)) {
        return false;
    }
    if (job->plan.size == 0) {
        identity_find_plan(job);
    }
    return true;
}

/* NULL: he may come. */
static struct finding *find_reason(struct job *job, struct finding_list *found)
{
    struct finding *strongest = NULL;
    for (struct finding *f = found->first; f != NULL; f = f->next) {
        f->action = engine_action(job, f);
        bool is_refusal = f->action == ACTION_DEFER || f->action == ACTION_REJECT;
        if (is_refusal && (strongest == NULL || f->action > strongest->action)) {
            strongest = f;
        }
    }
    return strongest;
}

/* Once in the log line for each kind. */
static void keep_reason(struct job *job, struct finding *reason)
{
    const struct finding *f = job->findings.first;
    while (f != NULL && (f->id != reason->id || f->action != reason->action)) {
        f = f->next;
    }
    reason->is_settled = true;
    if (f == NULL) {
        finding_append(&job->findings, reason);
    }
}

static void turn_away(struct job *job, struct finding *reason)
{
    struct envelope *envelope = &job->message.envelope;
    struct verdict *verdict = &job->recipient_verdict;
    envelope->recipient_count--;
    envelope->recipient_total--;
    job->turned_away++;
    counter_add(COUNTER_RECIPIENTS_REFUSED, 1);
    verdict->disposition = verdict->would =
        reason->action == ACTION_DEFER ? DISPOSITION_DEFER : DISPOSITION_REJECT;
    verdict->by = reason;
    reply_build(reason, reason->action, &verdict->reply);
    keep_reason(job, reason);
}

void recipient_judge(struct job *job)
{
    struct finding_list found;
    job->recipient_verdict = (struct verdict){ .disposition = DISPOSITION_ACCEPT };
    if (!may_turn_away(job)) {
        return;
    }
    if (job->principal.size == 0) {
        principal_settle(job); /* the login is all it needs */
    }
    finding_list_init(&found, job->arena);
    run_checks(job, &found);
    if (found.count > 0 && know_plan(job)) {
        struct finding *reason = find_reason(job, &found);
        if (reason != NULL) {
            turn_away(job, reason);
        }
    }
}

bool recipient_is_none_left(const struct job *job)
{
    return job->turned_away > 0 && job->message.envelope.recipient_total == 0;
}

void recipient_complain(struct job *job)
{
    static const enum finding_id ids[] = { FINDING_RECIPIENT_NULL_MX,
                                           FINDING_RECIPIENT_DOMAIN_MISSING,
                                           FINDING_RECIPIENT_TYPO };
    complaint_observed(job, ids, sizeof(ids) / sizeof(ids[0]), COMPLAINT_RECIPIENT);
}
