/*
 * complaint: a line of its own for what was only observed: in the message's line there is no place
 * for its reason. As often as the site lets such lines be (site_may_complain).
 */
#include "log/field.h"
#include "policy/policy_private.h"

static const struct finding *find(const struct job *job, enum finding_id id)
{
    const struct finding *f = job->findings.first;
    while (f != NULL && (f->id != id || f->action == ACTION_OFF || f->is_settled)) {
        f = f->next;
    }
    return f;
}

void complaint_observed(struct job *job, const enum finding_id *ids, size_t count,
                        enum site_complaint about)
{
    unsigned unsaid;
    const struct finding *finding = NULL;
    for (size_t i = 0; i < count && finding == NULL; i++) {
        finding = find(job, ids[i]);
    }
    if (finding == NULL || finding->action != ACTION_OBSERVE ||
        !site_may_complain(job->site, about, clock_mono_ns(job->world->clock), &unsaid)) {
        return;
    }
    const char *line = arena_printf(job->arena, "%s: %.*s: %s%s%s", finding_name(finding->id),
                                    SPAN_ARG(span_first(job->principal, 80)), finding->seen,
                                    finding->advice != NULL ? "; " : "",
                                    finding->advice != NULL ? finding->advice : "");
    if (line != NULL && unsaid > 0) {
        line = arena_printf(job->arena, "%s; %u more such messages since the last such line", line,
                            unsaid);
    }
    if (line != NULL) {
        char printable[700];
        log_escape(span_of(line), true, printable, sizeof(printable));
        job->world->log->write(job->world->log, LOG_LEVEL_WARNING, span_of(printable));
    }
}
