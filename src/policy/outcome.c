/*
 * outcome: from a delivery to an answer of behaviour/, and to a charge of limits/.
 */
#include "policy/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "behaviour/book.h"
#include "behaviour/fingerprint.h"
#include "behaviour/suspension.h"
#include "limits/account.h"
#include "limits/bill.h"
#include "limits/ledger.h"
#include "policy/behaviour_tell.h"
#include "site/login.h"
#include "site/plans.h"
#include "util/ip.h"

enum { MEMORY_MAX = 256 * 1024 };

/* --- behaviour -------------------------------------------------------------------------------- */

/* What an attempt that was put off says, is said again at its end. False: it says nothing. */
static bool answer_of(const struct maillog_outcome *outcome, bool is_complaint,
                      enum behaviour_outcome *answer_r)
{
    if (is_complaint) {
        *answer_r = OUTCOME_COMPLAINT;
        return true;
    }
    if (outcome->class == 2) {
        *answer_r = OUTCOME_DELIVERED;
        return true;
    }
    if (outcome->class != 5) {
        return false;
    }
    switch (cause_class_of(outcome->found.cause)) {
    case CAUSE_CLASS_RECIPIENT:
        *answer_r = outcome->found.is_hard ? OUTCOME_DEAD : OUTCOME_OTHER;
        return true;
    case CAUSE_CLASS_REPUTATION:
    case CAUSE_CLASS_CONTENT:
        *answer_r = OUTCOME_POLICY;
        return true;
    default:
        *answer_r = OUTCOME_OTHER;
        return true;
    }
}

static struct ladder_pardon pardon_of(const struct outcome_house *house, struct span principal,
                                      int64_t wall_s)
{
    struct suspension suspension;
    return suspension_find(house->store, principal, wall_s, &suspension)
               ? suspension_pardon(&suspension, wall_s)
               : (struct ladder_pardon){ .set_s = 0 };
}

/* A plan that only a question tells is not asked for here. */
static struct span plan_of(const struct outcome_house *house, struct span principal,
                           struct arena *arena)
{
    return plans_wait(house->site) ? span_of(house->site->plans->fallback)
                                   : plans_of(house->site, NULL, principal, arena);
}

static void tell_behaviour(const struct outcome_house *house, enum mail_class mail_class,
                           const struct maillog_outcome *outcome, enum behaviour_outcome kind_of_it,
                           struct arena *arena)
{
    enum behaviour_kind kind;
    int64_t wall_s = clock_wall_s(house->clock);
    const struct behaviour_answer answer = {
        .at_ms = ledger_now_ms(house->books->ledger),
        .local_s = clock_local_s(house->clock, wall_s),
        .outcome = kind_of_it,
        .count = 1,
    };
    struct book_entry entry = {
        .account = account_name(LIMIT_BY_PRINCIPAL, mail_class, outcome->principal, arena),
        .rules = behaviour_rules(house->site, outcome->principal, wall_s),
        .pardon = pardon_of(house, outcome->principal, wall_s),
        .is_enforced = behaviour_is_enforced(house->site),
    };
    bool is_service = behaviour_is_service(house->site, plan_of(house, outcome->principal, arena));
    if (entry.account.at == NULL || !book_kind(mail_class, outcome->principal, &kind) ||
        !book_answer(house->store, kind, is_service, &answer, &entry)) {
        return;
    }
    const struct behaviour_step step = { .site = house->site,
                                         .clock = house->clock,
                                         .store = house->store,
                                         .notices = house->notices,
                                         .mail_class = mail_class,
                                         .principal = outcome->principal,
                                         .queue_id = outcome->queue_id,
                                         .entry = &entry };
    behaviour_tell(&step);
}

/* --- limits ----------------------------------------------------------------------------------- */

/* Only lines of failed recipients, and none of them stops anything: it is over. */
static void keep_failed(struct charge *charge)
{
    size_t kept = 0;
    for (size_t i = 0; i < charge->line_count; i++) {
        if (charge->lines[i].limit->count == LIMIT_FAILED_RECIPIENTS) {
            charge->lines[kept] = charge->lines[i];
            charge->lines[kept++].is_strict = false;
        }
    }
    charge->line_count = kept;
}

static void charge_failed(const struct outcome_house *house, enum mail_class mail_class,
                          const struct maillog_outcome *outcome, struct arena *arena)
{
    ptrdiff_t at = span_find_last(outcome->sender, '@');
    struct span domain = at >= 0 ? span_from(outcome->sender, (size_t)at + 1) : outcome->sender;
    struct charge *charge = calloc(1, sizeof(*charge));
    struct fleet_receipt receipt;
    const struct bill_facts facts = {
        .subject = { .mail_class = mail_class,
                     .principal = outcome->principal,
                     .plan = plan_of(house, outcome->principal, arena),
                     .domain =
                         site_is_ours(house->site, domain) ? domain : (struct span){ NULL, 0 } },
        .failed = 1,
    };
    if (charge == NULL) {
        return;
    }
    charge->now_ms = ledger_now_ms(house->books->ledger);
    if (bill_write(house->site->limits, &facts, charge, arena)) {
        keep_failed(charge);
    } else {
        charge->line_count = 0;
    }
    if (charge->line_count > 0) {
        (void)books_charge(house->books, charge, true, &receipt);
    }
    free(charge);
}

/* ---------------------------------------------------------------------------------------------- */

void outcome_learn(const struct outcome_house *house, const struct maillog_outcome *outcome,
                   bool is_complaint)
{
    enum mail_class mail_class;
    enum behaviour_outcome answer;
    struct arena *arena;
    if (outcome->principal.size == 0 || house->books->ledger == NULL ||
        !mail_class_parse(outcome->mail_class, &mail_class) ||
        !answer_of(outcome, is_complaint, &answer) || (arena = arena_new(MEMORY_MAX)) == NULL) {
        return;
    }
    tell_behaviour(house, mail_class, outcome, answer, arena);
    if (answer == OUTCOME_DEAD) {
        charge_failed(house, mail_class, outcome, arena);
    }
    arena_free(&arena);
}

void outcome_login_failed(const struct outcome_house *house, struct span login, struct span client,
                          uint64_t times)
{
    struct arena *arena;
    struct ip ip;
    if (login.size == 0 || house->books->ledger == NULL ||
        (arena = arena_new(MEMORY_MAX)) == NULL) {
        return;
    }
    struct span principal = login_canonical(house->site, login, arena);
    struct span account =
        principal.size == 0 ? principal
                            : account_name(LIMIT_BY_PRINCIPAL, CLASS_SUBMISSION, principal, arena);
    uint32_t network = ip_parse(client, &ip) ? fingerprint_network(&ip) : 0;
    int64_t wall_s = clock_wall_s(house->clock);
    if (account.at != NULL) {
        book_guessed(house->store, account, ledger_now_ms(house->books->ledger),
                     clock_local_s(house->clock, wall_s), network,
                     (uint32_t)(times < 1000 ? times : 1000));
    }
    arena_free(&arena);
}
