/*
 * suspended: is the principal one who may send nothing outside (behaviour/suspension.h)? One look
 * into the store, which waits for nobody; a store that cannot be read has nobody suspended.
 */
#include "policy/policy_private.h"

#include "behaviour/suspension.h"
#include "util/calendar.h"

/* Bounces are nobody's, and where a login is missing there is none to be suspended. */
static bool may_be_suspended(const struct job *job)
{
    return job->world->records != NULL && job->principal.size > 0 && !job->lacks_login &&
           job->mail_class != CLASS_BOUNCE && job->mail_class != CLASS_INBOUND;
}

const char *suspended_since(struct job *job)
{
    struct suspension suspension;
    char since[CALENDAR_DAY_MAX];
    if (!may_be_suspended(job) || !suspension_find(job->world->records, job->principal,
                                                   clock_wall_s(job->world->clock), &suspension)) {
        return NULL;
    }
    if (suspension.state == PRINCIPAL_RELEASED) {
        job->pardon = suspension_pardon(&suspension, clock_wall_s(job->world->clock));
        return NULL;
    }
    calendar_print_day(job->world->clock, suspension.set_s, since);
    const char *text = arena_printf(job->arena, "since %s", since);
    return text != NULL ? text : "now";
}
