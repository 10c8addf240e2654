/*
 * own_notice: our own mail to the administrator (notice/notice.h), when it comes to us to be sent.
 * Nothing holds it, or there would be a notice of that, and so on.
 */
#include "policy/policy_private.h"

static struct span field_of(const struct job *job)
{
    const struct header_field *field = header_find(&job->message.headers, SPAN(NOTICE_FIELD));
    return field != NULL ? field->value : (struct span){ NULL, 0 };
}

void own_notice_settle(struct job *job)
{
    struct span value = field_of(job);
    job->is_own_notice = value.at != NULL && job->world->notices != NULL &&
                         job->mail_class != CLASS_INBOUND && job->role != LISTENER_SIGN &&
                         notice_is_own(job->world->notices, value);
}

void own_notice_end(struct job *job, enum outcome outcome)
{
    if (job->is_own_notice && outcome == OUTCOME_ANSWERED &&
        job->verdict.disposition == DISPOSITION_ACCEPT) {
        notice_spend(job->world->notices, field_of(job));
    }
}
