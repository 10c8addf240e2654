/*
 * limits: what the message costs is tested and charged, once every other verdict is known and it is
 * to go or to be held; nothing is charged for what is stopped.
 */
#include "policy/policy_private.h"

#include <stdlib.h>
#include <string.h>

#include "limits/account.h"
#include "limits/backscatter.h"
#include "limits/receipt.h"
#include "limits/wording.h"

static bool goes(const struct job *job)
{
    return job->verdict.disposition == DISPOSITION_ACCEPT ||
           job->verdict.disposition == DISPOSITION_HOLD;
}

/* Behind a filter it was charged already, before. */
static bool is_charged_here(const struct job *job)
{
    return job->mail_class != CLASS_INBOUND && !job->is_own_notice && job->role != LISTENER_SIGN &&
           job->world->books.ledger != NULL;
}

/* --- what came of it ------------------------------------------------------------------------- */

static void find(struct job *job, const struct charge_line *line)
{
    bool never_fits = line->fits_in_ms == CHARGE_NEVER;
    struct finding about = limits_finding(line->limit, line->is_acting, never_fits);
    char seen[WORDING_MAX], advice[WORDING_MAX];
    wording_of_excess(line, seen, advice);
    struct finding *finding = finding_add(&job->findings, FINDING_LIMIT_EXCEEDED,
                                          arena_printf(job->arena, "%s", advice), "%s", seen);
    if (finding == NULL) {
        job->is_starved = true;
        return;
    }
    finding->has_own_action = true;
    finding->own_action = about.own_action;
    engine_weigh(job);
}

/* Of the lines that do not stop a message: the one with the strongest action. */
static const struct charge_line *worst_of(const struct charge *charge)
{
    const struct charge_line *worst = NULL;
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        bool is_worse =
            worst == NULL || (line->is_acting && !worst->is_acting) ||
            (line->is_acting == worst->is_acting && line->limit->action > worst->limit->action);
        if (line->fits_in_ms > 0 && is_worse && !backscatter_is(line)) {
            worst = line;
        }
    }
    return worst;
}

static void take_answer(struct job *job)
{
    struct charging *charging = &job->charging;
    const struct charge_line *line = NULL;
    switch (charging->answer) {
    case CHARGE_DONE:
        charging->is_charged = true;
        line = worst_of(charging->charge);
        break;
    case CHARGE_EXCEEDED:
        line = charge_reason(charging->charge);
        break;
    default:
        break;
    }
    limits_tell(job);
    if (line != NULL) {
        find(job, line);
    }
    if (charging->is_charged) {
        backscatter_find(job);
    }
}

static void note_attempt(struct job *job)
{
    struct span account =
        account_name(LIMIT_BY_PRINCIPAL, job->mail_class, job->principal, job->arena);
    if (account.at != NULL) {
        ledger_note_attempt(job->world->books.ledger, account);
    }
}

/* A fleet's store may be waited for. */
static enum charge_answer ask(const struct job *job, struct charge *charge,
                              struct fleet_receipt *receipt_r)
{
    const struct world *world = job->world;
    bool may_wait = world->books.fleet != NULL && waits_begin(world->waits);
    enum charge_answer answer = books_charge(&world->books, charge, may_wait, receipt_r);
    if (may_wait) {
        waits_end(world->waits);
    }
    return answer;
}

static void ask_for_all(struct job *job)
{
    struct charging *charging = &job->charging;
    charging->answer = ask(job, charging->charge, &charging->receipt);
}

/* --- recipients that the MTA refused ---------------------------------------------------------- */

static bool counts_refused(const struct charge_line *line)
{
    return line->limit->count == LIMIT_FAILED_RECIPIENTS;
}

/* Nothing else of the message counts, and it is not known as one that was charged. */
static void keep_refused(struct charge *charge)
{
    size_t kept = 0;
    memset(charge->id, 0, sizeof(charge->id));
    for (size_t i = 0; i < charge->line_count; i++) {
        if (counts_refused(&charge->lines[i])) {
            charge->lines[kept] = charge->lines[i];
            charge->lines[kept++].is_strict = false;
        }
    }
    charge->line_count = kept;
}

/* They count although the message does not: what is told of it has them. */
static void settle_refused(struct charge_line *line)
{
    line->used += line->amount;
    line->amount = 0;
}

/* A message that comes again is free, and not whom it was tried for this time. */
static void charge_refused_again(struct job *job)
{
    struct charge *charge = job->charging.charge, *copy = malloc(sizeof(*copy));
    struct fleet_receipt receipt;
    size_t next = 0;
    if (copy == NULL) {
        job->is_starved = true;
        return;
    }
    *copy = *charge;
    keep_refused(copy);
    if (ask(job, copy, &receipt) == CHARGE_DONE) {
        for (size_t i = 0; i < charge->line_count; i++) {
            if (counts_refused(&charge->lines[i])) {
                charge->lines[i] = copy->lines[next++];
                settle_refused(&charge->lines[i]);
            }
        }
    }
    free(copy);
}

/* --- the charge ------------------------------------------------------------------------------- */

void limits_charge(struct job *job)
{
    if (!is_charged_here(job) || job->message.is_over_ceiling || job->is_starved) {
        return;
    }
    if (!goes(job)) {
        note_attempt(job);
        return;
    }
    if (!limits_cost(job)) {
        job->is_starved = true; /* nobody passes a limit by being too big for it */
        return;
    }
    ask_for_all(job);
    if (job->charging.answer == CHARGE_AGAIN && job->refused_recipients > 0) {
        charge_refused_again(job);
    }
    take_answer(job);
}

/* Of what did not come to its end, or was stopped. */
void limits_end(struct job *job)
{
    struct charging *charging = &job->charging;
    bool is_known = charging->charge != NULL; /* it was asked for, so they are counted */
    if (job->refused_recipients == 0 || job->is_off || is_known || !is_charged_here(job)) {
        return;
    }
    if (job->principal.size == 0 && job->mail_class == CLASS_SUBMISSION) {
        principal_settle(job); /* the login is all it needs */
    }
    if (job->principal.size > 0 && job->plan.size == 0) {
        identity_find_plan(job); /* it was given up before somebody asked */
    }
    if (job->principal.size > 0 && limits_cost(job)) {
        keep_refused(charging->charge);
        ask_for_all(job);
        for (size_t i = 0; i < charging->charge->line_count; i++) {
            settle_refused(&charging->charge->lines[i]);
        }
        limits_tell(job);
    }
}

void limits_give_back(struct job *job)
{
    struct charging *charging = &job->charging;
    if (charging->is_charged) {
        charging->is_charged = false;
        books_give_back(&job->world->books, charging->charge, &charging->receipt);
    }
}

void limits_settle(struct job *job)
{
    if (!goes(job)) {
        limits_give_back(job);
    }
}

struct span limits_receipt(struct job *job)
{
    struct buffer octets = BUFFER_EMPTY;
    if (!job->charging.is_charged) {
        return (struct span){ NULL, 0 };
    }
    receipt_write(job->charging.charge, &job->charging.receipt, &octets);
    struct span receipt = arena_copy(job->arena, buffer_span(&octets));
    buffer_free(&octets);
    return receipt;
}
