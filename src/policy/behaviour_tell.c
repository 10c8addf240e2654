/*
 * behaviour_tell: words, events, history and suspensions.
 */
#include "policy/behaviour_tell.h"

#include <stdio.h>

#include "behaviour/history.h"
#include "behaviour/suspension.h"
#include "site/exceptions.h"

void behaviour_reasons(const struct score *score, char *out, size_t room)
{
    size_t size = 0;
    out[0] = '\0';
    for (size_t i = 0; i < score->reason_count && size < room; i++) {
        int more =
            snprintf(out + size, room - size, "%s%s", i > 0 ? "; " : "", score->reasons[i].text);
        size += more > 0 ? (size_t)more : 0;
    }
}

/* --- what may be done ------------------------------------------------------------------------- */

static bool is_excepted(const struct site *site, struct span principal, int64_t wall_s)
{
    const struct exception_settings *exception =
        exceptions_find(site, principal, FINDING_ANOMALY, wall_s);
    return exception != NULL && exception->action <= ACTION_OBSERVE;
}

struct ladder_rules behaviour_rules(const struct site *site, struct span principal, int64_t wall_s)
{
    struct ladder_rules rules = site->ladder;
    rules.is_excepted = is_excepted(site, principal, wall_s);
    return rules;
}

bool behaviour_is_enforced(const struct site *site)
{
    return site->general->mode == MODE_ENFORCE;
}

bool behaviour_is_service(const struct site *site, struct span plan)
{
    const struct behaviour_settings *settings =
        config_settings(site->config, &site_behaviour_table);
    return config_texts_have(&settings->service_plans, plan);
}

/* --- telling ---------------------------------------------------------------------------------- */

static enum history_kind history_kind_of(enum ladder_step step)
{
    switch (step) {
    case LADDER_NOTICE:
        return HISTORY_NOTICE;
    case LADDER_THROTTLE:
        return HISTORY_THROTTLE;
    case LADDER_HOLD:
        return HISTORY_HOLD;
    case LADDER_SUSPEND:
        return HISTORY_SUSPEND;
    default:
        return HISTORY_MESSAGE;
    }
}

static void note_history(const struct behaviour_step *step, const char *text)
{
    struct history_entry entry = {
        .at_ms = clock_wall_s(step->clock) * 1000,
        .kind = history_kind_of(step->entry->verdict.step),
        .by = "behaviour",
    };
    if (span_copy(step->principal, entry.principal, sizeof(entry.principal))) {
        (void)span_copy(span_first(step->queue_id, sizeof(entry.queue_id) - 1), entry.queue_id,
                        sizeof(entry.queue_id));
        snprintf(entry.text, sizeof(entry.text), "%s", text);
        (void)history_add(step->store, &entry); /* the log has it, too */
    }
}

/* False: he could not be, and why; his mail is held all the same. */
static bool suspend(const struct behaviour_step *step, const char *reasons, struct error *error)
{
    struct suspension suspension = { .state = PRINCIPAL_SUSPENDED,
                                     .is_by_machine = true,
                                     .set_s = clock_wall_s(step->clock),
                                     .by = "behaviour" };
    snprintf(suspension.because, sizeof(suspension.because), "%.390s", reasons);
    if (!span_copy(step->principal, suspension.principal, sizeof(suspension.principal))) {
        error_set(error, "the name is too long");
        return false;
    }
    return suspension_put(step->store, &suspension, error);
}

static const char *deed_of(const struct behaviour_step *step)
{
    const struct ladder_verdict *verdict = &step->entry->verdict;
    bool is_done = behaviour_is_enforced(step->site);
    switch (verdict->step) {
    case LADDER_THROTTLE:
        return !is_done                        ? "would be throttled"
               : verdict->would >= LADDER_HOLD ? "mail to new recipients is throttled, though it "
                                                 "is enough for a hold"
                                               : "mail to new recipients is throttled";
    case LADDER_HOLD:
        return is_done ? "mail is held" : "mail would be held";
    case LADDER_SUSPEND:
        return is_done ? "is suspended" : "would be suspended";
    default:
        return verdict->would >= LADDER_HOLD ? "behaves unusually, enough for a hold"
                                             : "behaves unusually";
    }
}

static void send(const struct behaviour_step *step, const char *deed, bool is_suspended,
                 const char *reasons)
{
    const struct score *score = &step->entry->score;
    enum ladder_step at = step->entry->verdict.step;
    char text[640], points[24];
    snprintf(points, sizeof(points), "%u.%u", score->total / 10, score->total % 10);
    snprintf(text, sizeof(text), "%.*s (%s) %s, score %s: %s",
             SPAN_ARG(span_first(step->principal, 120)), mail_class_name(step->mail_class), deed,
             points, reasons);
    const struct notice_fact facts[] = {
        { "user", step->principal },
        { "class", span_of(mail_class_name(step->mail_class)) },
        { "step", span_of(ladder_step_name(at)) },
        { "score", span_of(points) },
        { "because", span_of(reasons) },
        { "client", step->client },
        { "queue-id", step->queue_id },
        { "by", SPAN("behaviour") },
    };
    const struct notice notice = { .kind = is_suspended ? NOTICE_SUSPENDED : NOTICE_ANOMALY,
                                   .text = span_of(text),
                                   .facts = facts,
                                   .fact_count = sizeof(facts) / sizeof(facts[0]),
                                   .is_unmailed = at < LADDER_NOTICE };
    notice_send(step->notices, step->site->config, &notice);
}

void behaviour_tell(const struct behaviour_step *step)
{
    const struct ladder_verdict *verdict = &step->entry->verdict;
    char reasons[SCORE_REASONS * (SCORE_REASON_MAX + 2)], failed[160];
    const char *deed = deed_of(step);
    bool is_suspended = verdict->step == LADDER_SUSPEND && behaviour_is_enforced(step->site);
    struct error error = { "" };
    if (!verdict->is_news || verdict->step < LADDER_LOG) {
        return;
    }
    behaviour_reasons(&step->entry->score, reasons, sizeof(reasons));
    if (is_suspended && !suspend(step, reasons, &error)) {
        is_suspended = false;
        snprintf(failed, sizeof(failed), "mail is held, but it could not be suspended: %.110s",
                 error.text);
        deed = failed;
    }
    note_history(step, reasons);
    if (step->notices != NULL) {
        send(step, deed, is_suspended, reasons);
    }
}
