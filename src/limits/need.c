/*
 * need: the rows by what they count, then the largest of each record and set.
 */
#include "limits/need.h"

#include <string.h>

#include "limits/account.h"
#include "limits/ledger.h"
#include "limits/ledger_sets.h"
#include "limits/provider.h"
#include "limits/record.h"

enum { TYPICAL_NAME_OCTETS = 45, SHARED_PART = 10, OTHERS_PART = 16 };

/* What an account has of one meter. */
struct part {
    struct limit_meter meter;
    uint64_t addresses; /* kept apart, at most */
    const struct limit *row;
};

/* Accounts of one kind: what is counted of whoever is not named. */
struct parts {
    const struct limit_set *limits;
    const struct need_facts *facts;
    enum need_kind kind;
    struct part at[RECORD_METERS_MAX];
    size_t count;
    size_t all_count; /* of meters, with those that only some who are named have */
    bool has_memory;  /* of addresses written to */
};

/* --- which rows ------------------------------------------------------------------------------ */

static bool has_submission(const struct config_texts *classes)
{
    for (size_t i = 0; i < classes->count; i++) {
        if (span_is_equal_nocase(span_of(classes->at[i]),
                                 span_of(mail_class_name(CLASS_SUBMISSION)))) {
            return true;
        }
    }
    return classes->count == 0;
}

/* Of several times the same class too: that is only too much. */
static bool has_others(const struct config_texts *classes)
{
    return classes->count != 1 || !has_submission(classes);
}

static bool is_counted(enum need_kind kind, const struct limit *limit)
{
    static const int by[NEED_KIND_COUNT] = {
        [NEED_LOGIN] = LIMIT_BY_PRINCIPAL, [NEED_PRINCIPAL] = LIMIT_BY_PRINCIPAL,
        [NEED_PLAN] = LIMIT_BY_PLAN,       [NEED_DOMAIN] = LIMIT_BY_DOMAIN,
        [NEED_NETWORK] = LIMIT_BY_NETWORK, [NEED_PROVIDER] = LIMIT_BY_PROVIDER,
        [NEED_SITE] = LIMIT_BY_SITE,
    };
    return limit->by == by[kind] && (kind != NEED_LOGIN || has_submission(&limit->classes)) &&
           (kind != NEED_PRINCIPAL || has_others(&limit->classes));
}

/* How many accounts a row is for, by their names; 0: for any number. */
static size_t names_of(enum need_kind kind, const struct limit *limit)
{
    const struct config_texts *texts = kind == NEED_LOGIN || kind == NEED_PRINCIPAL
                                           ? &limit->principals
                                       : kind == NEED_PLAN    ? &limit->plans
                                       : kind == NEED_DOMAIN  ? &limit->domains
                                       : kind == NEED_NETWORK ? &limit->networks
                                                              : NULL;
    for (size_t i = 0; texts != NULL && i < texts->count; i++) {
        if (texts->at[i][0] == '@') {
            return 0;
        }
    }
    return texts != NULL ? texts->count : 0;
}

/* --- how many addresses ---------------------------------------------------------------------- */

/* A set of who is stopped at its limit is as large as that; where a message may pass all the same,
 * the ledger ends it (ledger_sets.c). Only of a login's own account it is clear that a limit acts
 * on all that is counted there. */
static uint64_t addresses_at(const struct parts *parts, const struct limit *limit, uint64_t max)
{
    bool is_strict = !parts->facts->is_lenient && parts->kind == NEED_LOGIN && max > 0 &&
                     (limit->action == ACTION_DEFER || limit->action == ACTION_REJECT);
    uint64_t least = is_strict ? 0 : UNIQUE_CEILING;
    uint64_t most = max < UNIQUE_MAX ? max : UNIQUE_MAX;
    return most > least ? most : least;
}

/* An exception for all of a domain may be for any of them. */
static uint64_t addresses_of(const struct parts *parts, const struct limit *limit)
{
    const struct need_exception *exceptions = parts->facts->exceptions;
    uint64_t most = addresses_at(parts, limit, (uint64_t)limit->max);
    for (size_t i = 0; i < parts->facts->exception_count; i++) {
        if (exceptions[i].limit == limit && !exceptions[i].is_named) {
            uint64_t other = addresses_at(parts, limit, exceptions[i].max);
            most = other > most ? other : most;
        }
    }
    return most;
}

static bool is_unique(const struct limit *limit)
{
    return limit->count == LIMIT_UNIQUE_RECIPIENTS;
}

/* --- octets ---------------------------------------------------------------------------------- */

static uint64_t record_bytes(size_t meters)
{
    return meters > 0 ? store_bytes_for(1, ACCOUNT_OCTETS_MAX, RECORD_OCTETS_MAX(meters)) : 0;
}

static uint64_t set_bytes(uint64_t addresses)
{
    return store_bytes_for(1, LEDGER_SET_KEY_MAX, UNIQUE_OCTETS_MAX(addresses));
}

static uint64_t memory_bytes(void)
{
    return store_bytes_for(1, LEDGER_SET_KEY_MAX, NOVELTY_OCTETS_MAX);
}

/* --- whoever is not named -------------------------------------------------------------------- */

/* NULL: there is none. */
static struct part *find_part(struct parts *parts, const struct limit *limit)
{
    struct limit_meter meter = limit_meter_of(limit);
    for (size_t i = 0; i < parts->count; i++) {
        if (limit_meter_is_equal(parts->at[i].meter, meter)) {
            return &parts->at[i];
        }
    }
    return NULL;
}

/* More meters than a record takes are counted nowhere. */
static void add_part(struct parts *parts, const struct limit *limit)
{
    uint64_t addresses = is_unique(limit) ? addresses_of(parts, limit) : 0;
    struct part *part = find_part(parts, limit);
    if (part == NULL && parts->count < RECORD_METERS_MAX) {
        part = &parts->at[parts->count++];
        *part = (struct part){ .meter = limit_meter_of(limit), .row = limit };
    }
    if (part != NULL && addresses > part->addresses) {
        part->addresses = addresses;
        part->row = limit;
    }
    parts->has_memory |= limit->count == LIMIT_NEW_RECIPIENTS;
}

static void find_parts(struct parts *parts)
{
    for (size_t i = 0; i < limit_set_size(parts->limits); i++) {
        const struct limit *limit = limit_set_at(parts->limits, i);
        if (is_counted(parts->kind, limit) && names_of(parts->kind, limit) == 0) {
            add_part(parts, limit);
        }
    }
    parts->all_count = parts->count;
    for (size_t i = 0; i < limit_set_size(parts->limits); i++) {
        const struct limit *limit = limit_set_at(parts->limits, i);
        parts->all_count +=
            is_counted(parts->kind, limit) && find_part(parts, limit) == NULL ? 1 : 0;
    }
    if (parts->all_count > RECORD_METERS_MAX) {
        parts->all_count = RECORD_METERS_MAX;
    }
}

static void keep_larger(struct need_share *share, const struct limit *row, uint64_t bytes,
                        uint64_t accounts)
{
    if (bytes * accounts > share->bytes * share->accounts) {
        share->row = row;
        share->bytes = bytes;
        share->accounts = accounts;
    }
}

/* The record, a set for each window of different addresses, one memory of those that were new. */
static uint64_t common_bytes(const struct parts *parts, struct need_share *largest)
{
    uint64_t bytes = record_bytes(parts->count);
    keep_larger(largest, parts->at[0].row, bytes, 1);
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->at[i];
        if (part->addresses > 0) {
            bytes += set_bytes(part->addresses);
            keep_larger(largest, part->row, set_bytes(part->addresses), 1);
        } else if (part->meter.count == LIMIT_NEW_RECIPIENTS) {
            keep_larger(largest, part->row, memory_bytes(), 1);
        }
    }
    return bytes + (parts->has_memory ? memory_bytes() : 0);
}

/* --- those who are --------------------------------------------------------------------------- */

/* What such a limit, with so many addresses, adds to an account that has all the others have. */
static uint64_t bytes_more(struct parts *parts, const struct limit *limit, uint64_t addresses)
{
    const struct part *part = find_part(parts, limit);
    uint64_t had = part != NULL ? part->addresses : 0, bytes = 0;
    if (part == NULL) {
        bytes += record_bytes(parts->all_count) - record_bytes(parts->count);
    }
    if (limit->count == LIMIT_NEW_RECIPIENTS && !parts->has_memory) {
        bytes += memory_bytes();
    }
    if (is_unique(limit) && addresses > had) {
        bytes += set_bytes(addresses) - (had > 0 ? set_bytes(had) : 0);
    }
    return bytes;
}

static uint64_t named_bytes(struct parts *parts, struct need_share *largest)
{
    const struct need_exception *exceptions = parts->facts->exceptions;
    uint64_t bytes = 0;
    for (size_t i = 0; i < limit_set_size(parts->limits); i++) {
        const struct limit *limit = limit_set_at(parts->limits, i);
        size_t names = is_counted(parts->kind, limit) ? names_of(parts->kind, limit) : 0;
        uint64_t more =
            names > 0 ? bytes_more(parts, limit, is_unique(limit) ? addresses_of(parts, limit) : 0)
                      : 0;
        bytes += names * more;
        keep_larger(largest, limit, more, names);
    }
    for (size_t i = 0; i < parts->facts->exception_count; i++) {
        const struct limit *limit = exceptions[i].limit;
        if (exceptions[i].is_named && is_counted(parts->kind, limit)) {
            uint64_t more = bytes_more(parts, limit, addresses_at(parts, limit, exceptions[i].max));
            bytes += more;
            keep_larger(largest, limit, more, 1);
        }
    }
    return bytes;
}

void need_of(const struct limit_set *limits, const struct need_facts *facts, struct need *need_r)
{
    *need_r = (struct need){ 0 };
    for (int i = 0; i < NEED_KIND_COUNT; i++) {
        enum need_kind kind = (enum need_kind)i;
        struct parts parts = { .limits = limits, .facts = facts, .kind = kind };
        need_r->of[i].common.kind = need_r->of[i].named.kind = kind;
        need_r->of[i].named.is_named = true;
        find_parts(&parts);
        need_r->of[i].common_bytes = common_bytes(&parts, &need_r->of[i].common);
        need_r->of[i].named_bytes = named_bytes(&parts, &need_r->of[i].named);
    }
}

/* --- all accounts ---------------------------------------------------------------------------- */

static uint64_t sum_of(uint64_t a, uint64_t b)
{
    return a < UINT64_MAX - b ? a + b : UINT64_MAX;
}

static uint64_t product_of(uint64_t a, uint64_t b)
{
    return b == 0 || a <= UINT64_MAX / b ? a * b : UINT64_MAX;
}

uint64_t need_shared(uint64_t logins)
{
    return (logins + SHARED_PART - 1) / SHARED_PART;
}

static uint64_t accounts_of(enum need_kind kind, uint64_t logins)
{
    return kind == NEED_LOGIN      ? logins
           : kind == NEED_PROVIDER ? PROVIDER_COUNT
           : kind == NEED_SITE     ? 1
                                   : need_shared(logins);
}

uint64_t need_bytes(const struct need *need, uint64_t logins)
{
    uint64_t bytes = 0;
    for (int i = 0; i < NEED_KIND_COUNT; i++) {
        uint64_t accounts = accounts_of((enum need_kind)i, logins);
        bytes = sum_of(bytes, product_of(accounts, need->of[i].common_bytes));
        bytes = sum_of(bytes, need->of[i].named_bytes);
    }
    return bytes;
}

struct need_share need_largest(const struct need *need, uint64_t logins)
{
    struct need_share largest = { .row = &limit_default };
    for (int i = 0; i < NEED_KIND_COUNT; i++) {
        struct need_share shares[] = { need->of[i].common, need->of[i].named };
        shares[0].accounts = accounts_of((enum need_kind)i, logins);
        for (size_t k = 0; k < 2; k++) {
            if (product_of(shares[k].accounts, shares[k].bytes) >
                product_of(largest.accounts, largest.bytes)) {
                largest = shares[k];
            }
        }
    }
    return largest;
}

uint64_t need_room(uint64_t store_bytes)
{
    return store_bytes - store_bytes / OTHERS_PART - ledger_ids_bytes(store_bytes);
}

uint64_t need_typical_bytes(void)
{
    return store_bytes_for(1, TYPICAL_NAME_OCTETS, RECORD_OCTETS_TYPICAL);
}
