/*
 * bill: amounts by limit, on the accounts they are counted for.
 */
#include "limits/bill.h"

#include "limits/account.h"
#include "limits/provider.h"
#include "limits/record.h"

enum { CHOICES_MAX = RECORD_METERS_MAX };

#define LOCAL_POOL SPAN("local")

struct bill {
    const struct bill_facts *facts;
    struct charge *charge;
    struct arena *arena;
    bool has_failed;
};

/* --- amounts --------------------------------------------------------------------------------- */

static bool counts_recipient(const struct limit *limit, const struct charge_recipient *recipient)
{
    switch (limit->to) {
    case LIMIT_TO_EXTERNAL:
        return !recipient->is_internal;
    case LIMIT_TO_INTERNAL:
        return recipient->is_internal;
    default:
        return true;
    }
}

/* Of one provider, or of all (PROVIDER_COUNT). */
static uint64_t count_recipients(const struct bill_facts *facts, const struct limit *limit,
                                 uint8_t provider)
{
    uint64_t count = 0;
    for (size_t i = 0; i < facts->recipient_count; i++) {
        const struct charge_recipient *recipient = &facts->recipients[i];
        count += counts_recipient(limit, recipient) &&
                 (provider == PROVIDER_COUNT || recipient->provider == provider);
    }
    return count;
}

/* Of unique and new recipients it is the most it can be: the ledger knows who is known. */
static uint64_t amount_of(const struct bill_facts *facts, const struct limit *limit,
                          uint8_t provider)
{
    uint64_t recipients = count_recipients(facts, limit, provider);
    switch (limit->count) {
    case LIMIT_MESSAGES:
        return recipients > 0;
    case LIMIT_BYTES:
        return recipients * facts->size_bytes;
    case LIMIT_FAILED_RECIPIENTS:
        return facts->failed;
    default:
        return recipients;
    }
}

/* --- lines ----------------------------------------------------------------------------------- */

/* CHARGE_ACCOUNTS_MAX: no room. */
static size_t account_index(struct bill *bill, enum limit_by by, struct span name)
{
    struct charge *charge = bill->charge;
    struct span account = account_name(by, bill->facts->subject.mail_class, name, bill->arena);
    if (account.at == NULL) {
        bill->has_failed = true;
        return CHARGE_ACCOUNTS_MAX;
    }
    for (size_t i = 0; i < charge->account_count; i++) {
        if (span_is_equal(charge->accounts[i], account)) {
            return i;
        }
    }
    if (charge->account_count < CHARGE_ACCOUNTS_MAX) {
        charge->accounts[charge->account_count++] = account;
        return charge->account_count - 1;
    }
    return CHARGE_ACCOUNTS_MAX;
}

static uint64_t max_of(const struct bill_facts *facts, const struct limit *limit)
{
    uint64_t max = (uint64_t)limit->max;
    if (limit->by == LIMIT_BY_PRINCIPAL && facts->other_max != NULL) {
        (void)facts->other_max(limit, &max, facts->context);
    }
    return max;
}

static bool is_strict(const struct bill_facts *facts, const struct limit_choice *choice)
{
    if (facts->is_strict != NULL) {
        return facts->is_strict(choice, facts->context);
    }
    return choice->is_acting &&
           (choice->limit->action == ACTION_DEFER || choice->limit->action == ACTION_REJECT);
}

static void add_line(struct bill *bill, const struct limit_choice *choice, struct span name,
                     uint8_t provider)
{
    struct charge *charge = bill->charge;
    uint64_t amount = amount_of(bill->facts, choice->limit, provider);
    /* Who had too many refused waits, also with a message that has none. */
    bool is_left_out = amount == 0 && choice->limit->count != LIMIT_FAILED_RECIPIENTS;
    if (is_left_out || name.size == 0 || charge->line_count == CHARGE_LINES_MAX) {
        return;
    }
    size_t account = account_index(bill, (enum limit_by)choice->limit->by, name);
    if (account == CHARGE_ACCOUNTS_MAX) {
        return;
    }
    charge->lines[charge->line_count++] = (struct charge_line){
        .limit = choice->limit,
        .is_acting = choice->is_acting,
        .provider = provider,
        .account = account,
        .amount = amount,
        .needs = amount,
        .max = max_of(bill->facts, choice->limit),
        .burst = (uint64_t)choice->limit->burst,
        .is_strict = is_strict(bill->facts, choice),
    };
}

static void add_providers(struct bill *bill, const struct limit_choice *choice)
{
    for (uint8_t provider = 0; provider < PROVIDER_COUNT; provider++) {
        add_line(bill, choice, span_of(provider_name(provider)), provider);
    }
}

static void add_choice(struct bill *bill, const struct limit_subject *subject,
                       const struct limit_choice *choice)
{
    switch (choice->limit->by) {
    case LIMIT_BY_PRINCIPAL:
        add_line(bill, choice, subject->principal, PROVIDER_COUNT);
        break;
    case LIMIT_BY_PLAN:
        add_line(bill, choice, subject->plan, PROVIDER_COUNT);
        break;
    case LIMIT_BY_DOMAIN:
        add_line(bill, choice, subject->domain, PROVIDER_COUNT);
        break;
    case LIMIT_BY_NETWORK:
        add_line(bill, choice, subject->network.size > 0 ? subject->network : bill->facts->client,
                 PROVIDER_COUNT);
        break;
    case LIMIT_BY_PROVIDER:
        add_providers(bill, choice);
        break;
    default:
        add_line(bill, choice, SPAN("all"), PROVIDER_COUNT);
        break;
    }
}

/* Those by principal, or all others. */
static void add_chosen(struct bill *bill, const struct limit_set *set,
                       const struct limit_subject *subject, bool by_principal)
{
    struct limit_choice choices[CHOICES_MAX];
    size_t count = limit_choose(set, subject, choices, CHOICES_MAX);
    for (size_t i = 0; i < count; i++) {
        if ((choices[i].limit->by == LIMIT_BY_PRINCIPAL) == by_principal) {
            add_choice(bill, subject, &choices[i]);
        }
    }
}

bool bill_write(const struct limit_set *set, const struct bill_facts *facts, struct charge *charge,
                struct arena *arena)
{
    struct bill bill = { .facts = facts, .charge = charge, .arena = arena };
    const struct limit_subject *subject = &facts->subject;
    charge->account_count = charge->line_count = 0;
    charge->recipients = facts->recipients;
    charge->recipient_count = facts->recipient_count;
    add_chosen(&bill, set, subject, true);
    if (subject->mail_class == CLASS_LOCAL && !span_is_equal(subject->principal, LOCAL_POOL)) {
        struct limit_subject pool = *subject;
        struct bill_facts of_pool = *facts;
        pool.principal = LOCAL_POOL;
        of_pool.other_max = NULL; /* that is for the one who sent it */
        bill.facts = &of_pool;
        add_chosen(&bill, set, &pool, true);
        bill.facts = facts;
    }
    add_chosen(&bill, set, subject, false);
    return !bill.has_failed;
}
