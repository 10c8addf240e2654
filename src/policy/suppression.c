/*
 * suppression: is a recipient one that mail is not to be sent to any more? One look into the store,
 * which waits for nobody; a store that cannot be read has no such recipients.
 */
#include "policy/policy_private.h"

#include "feedback/suppression.h"
#include "util/calendar.h"

static const char *reason_of(struct job *job, const struct suppression *suppression)
{
    char since[CALENDAR_DAY_MAX];
    bool has_code = suppression->code[0] != '\0', has_text = suppression->because[0] != '\0';
    calendar_print_day(job->world->clock, suppression->set_s, since);
    const char *reason = arena_printf(job->arena, "%s%s%s%s%s%s",
                                      suppression->source == SUPPRESSED_BY_BOUNCE
                                          ? "has bounced, and is on the suppression list "
                                            "since "
                                          : "is on the suppression list since ",
                                      since, has_code || has_text ? ": " : "", suppression->code,
                                      has_code && has_text ? " " : "", suppression->because);
    return reason != NULL ? reason : "is on the suppression list";
}

const char *suppression_reason(struct job *job, const struct recipient *recipient)
{
    struct suppression suppression;
    struct span sender = job->message.envelope.sender.domain;
    if (job->world->records == NULL ||
        !suppression_find(job->world->records, recipient->path, sender,
                          clock_wall_s(job->world->clock), &suppression)) {
        return NULL;
    }
    return reason_of(job, &suppression);
}
