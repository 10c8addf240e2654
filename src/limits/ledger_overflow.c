/*
 * ledger_overflow: what happens when the store is full. Nothing in use is forgotten; who is not in
 * it yet is counted together with all others of his kind, strictly, until there is room. The store
 * tells the administrator (store_trouble).
 */
#include <string.h>

#include "limits/ledger_private.h"

/* One for each kind, which account_parse() takes for an account of that name. */
static const char *const shared[] = {
    "principal/submission/(others)",
    "principal/relay/(others)",
    "principal/list/(others)",
    "principal/forward/(others)",
    "principal/bounce/(others)",
    "principal/local/(others)",
    "plan/(others)",
    "domain/(others)",
    "network/(others)",
    "provider/(others)",
};

static bool is_known(struct ledger *ledger, struct span account)
{
    struct buffer value = BUFFER_EMPTY;
    enum store_result result = store_get(ledger->store, STORE_LIMITS, account, &value);
    buffer_free(&value);
    return result != STORE_ABSENT;
}

/* All up to the last slash is the same. Itself where its kind has one member only. */
static struct span shared_of(struct span account)
{
    for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
        struct span candidate = span_of(shared[i]);
        size_t kind = candidate.size - (sizeof("(others)") - 1);
        if (account.size >= kind && memcmp(account.at, candidate.at, kind) == 0) {
            return candidate;
        }
    }
    return account;
}

static size_t find(const struct charge *charge, struct span account)
{
    size_t at = 0;
    while (at < charge->account_count && !span_is_equal(charge->accounts[at], account)) {
        at++;
    }
    return at;
}

/* The lines of account `from` go to account `to`, and the last account takes its place. */
static void merge(struct charge *charge, size_t from, size_t to)
{
    size_t last = --charge->account_count;
    for (size_t i = 0; i < charge->line_count; i++) {
        size_t *account = &charge->lines[i].account;
        *account = *account == from ? to : *account;
        *account = *account == last ? from : *account;
    }
    charge->accounts[from] = charge->accounts[last];
}

void ledger_overflow(struct ledger *ledger, struct charge *charge)
{
    if (!store_is_full(ledger->store)) {
        return;
    }
    for (size_t i = 0; i < charge->account_count;) {
        struct span account = charge->accounts[i];
        struct span instead = is_known(ledger, account) ? account : shared_of(account);
        size_t other = find(charge, instead);
        charge->accounts[i] = instead;
        if (other < charge->account_count && other != i) {
            merge(charge, i, other);
        } else {
            i++;
        }
    }
}
