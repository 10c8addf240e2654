/*
 * engine: weighs the findings: each gets its action from the rules of its class, the strongest
 * decides. In observe mode everything is weighed alike and nothing is done, but that overload
 * defers.
 */
#include "policy/policy_private.h"

enum action engine_action(const struct job *job, const struct finding *finding)
{
    if (finding->is_action_fixed) {
        return finding->action;
    }
    if (job->is_own_notice && finding_is_ruled(finding->id)) {
        return ACTION_OBSERVE;
    }
    const struct exception_settings *exception =
        exceptions_find(job->site, job->principal, finding->id, clock_wall_s(job->world->clock));
    enum action action = exception != NULL
                             ? (enum action)exception->action
                             : rules_action(&job->site->rules, finding, job->mail_class, job->plan);
    if (action == ACTION_REPAIR && !repair_is_possible(job, finding)) {
        return ACTION_OBSERVE;
    }
    if (finding->spares_message && action > ACTION_OBSERVE) {
        return ACTION_OBSERVE;
    }
    return action;
}

static const struct finding *find_strongest(struct job *job)
{
    const struct finding *strongest = NULL;
    for (struct finding *f = job->findings.first; f != NULL; f = f->next) {
        if (f->is_settled) {
            continue;
        }
        f->action = engine_action(job, f);
        if (f->action > ACTION_REPAIR && (strongest == NULL || f->action > strongest->action)) {
            strongest = f;
        }
    }
    return strongest;
}

static bool is_stopped(enum disposition disposition)
{
    return disposition != DISPOSITION_ACCEPT;
}

/* The reply follows what is done; a reject carried out as hold still keeps its reason for the
 * queue. */
static void explain_stop(struct job *job, enum disposition disposition)
{
    struct verdict *verdict = &job->verdict;
    verdict->hold_reason = NULL;
    reply_build(verdict->by, disposition == DISPOSITION_DEFER ? ACTION_DEFER : ACTION_REJECT,
                &verdict->reply);
    if (disposition == DISPOSITION_HOLD) {
        verdict->hold_reason = arena_printf(job->arena, "%s", verdict->reply.text);
        if (verdict->hold_reason == NULL) {
            verdict->hold_reason = finding_name(verdict->by->id);
        }
        verdict->reply = (struct reply){ 0 };
    }
}

void engine_defer(struct job *job)
{
    struct verdict *verdict = &job->verdict;
    verdict->disposition = verdict->would = DISPOSITION_DEFER;
    verdict->by = NULL;
    verdict->hold_reason = NULL;
    verdict->reply = (struct reply){ "451", "4.3.2", "overload: no memory left; try again later" };
    edit_list_init(&verdict->edits);
}

void engine_weigh(struct job *job)
{
    struct verdict *verdict = &job->verdict;
    verdict->by = find_strongest(job);
    verdict->would = disposition_of(job, verdict->by);
    verdict->reply = (struct reply){ 0 };
    edit_list_init(&verdict->edits);
    if (is_stopped(verdict->would)) {
        explain_stop(job, verdict->would);
    }
    /* What is not known completely can be neither signed nor observed. */
    bool is_overload = verdict->by != NULL && verdict->by->id == FINDING_OVERLOAD;
    if (job->site->general->mode == MODE_OBSERVE && !is_overload) {
        verdict->disposition = DISPOSITION_ACCEPT;
        ticket_remove(job);
        return;
    }
    verdict->disposition = verdict->would;
    if (verdict->disposition == DISPOSITION_ACCEPT || verdict->disposition == DISPOSITION_HOLD) {
        repair_take(job);
        ticket_remove(job);
    }
}
