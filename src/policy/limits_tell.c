/*
 * limits_tell: what is told of limits: once in a window that one is near or reached, and in the
 * line of each message what was used.
 */
#include "policy/policy_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "limits/account.h"
#include "limits/wording.h"

static void tell(struct job *job, const struct charge_line *line, struct span account)
{
    char text[WORDING_MAX], used[24], max[24];
    wording_of_reach(line, account, text);
    snprintf(used, sizeof(used), "%" PRIu64, line->used);
    snprintf(max, sizeof(max), "%" PRIu64, line->max);
    const struct notice_fact facts[] = {
        { "user", job->principal },
        { "class", span_of(mail_class_name(job->mail_class)) },
        { "limit", span_of(line->limit->name) },
        { "account", account },
        { "used", span_of(used) },
        { "max", span_of(max) },
        { "unit", span_of(limit_unit(line->limit)) },
        { "queue-id", job->message.envelope.queue_id },
    };
    const struct notice notice = { .kind = line->reached == CHARGE_FULL ? NOTICE_LIMIT_REACHED
                                                                        : NOTICE_LIMIT_NEAR,
                                   .text = span_of(text),
                                   .facts = facts,
                                   .fact_count = sizeof(facts) / sizeof(facts[0]) };
    if (job->world->notices != NULL) {
        notice_send(job->world->notices, job->site->config, &notice);
    }
}

/* Once in a window: somebody should know before a user asks why. */
void limits_tell(struct job *job)
{
    const struct charge *charge = job->charging.charge;
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        if (line->reached != CHARGE_CALM) {
            tell(job, line, charge->accounts[line->account]);
        }
    }
}

/* Local mail is counted for the pool of all of it too, which is told apart by its name. */
static bool is_of_pool(const struct job *job, const struct charge_line *line)
{
    struct span account = job->charging.charge->accounts[line->account];
    return line->limit->by == LIMIT_BY_PRINCIPAL && job->mail_class == CLASS_LOCAL &&
           span_is_equal(account, SPAN("principal/local/local"));
}

/* NULL: unlimited, or no memory. */
static const char *item_of(struct job *job, const struct charge_line *line)
{
    uint64_t used = line->used + (job->charging.is_charged ? line->amount : 0);
    return line->max == 0 ? NULL
                          : arena_printf(job->arena, "%s%s:%" PRIu64 "/%" PRIu64,
                                         is_of_pool(job, line) ? "local/" : "", line->limit->name,
                                         used, line->max);
}

size_t limits_list(struct job *job, struct span *items_r, size_t max)
{
    const struct charging *charging = &job->charging;
    size_t count = 0;
    if (charging->charge == NULL) {
        return 0;
    }
    if (charging->answer == CHARGE_UNKNOWN && charging->charge->line_count > 0) {
        items_r[0] = SPAN("unknown");
        return 1;
    }
    for (size_t i = 0; i < charging->charge->line_count && count < max; i++) {
        const char *item = item_of(job, &charging->charge->lines[i]);
        if (item != NULL) {
            items_r[count++] = span_of(item);
        }
    }
    return count;
}
