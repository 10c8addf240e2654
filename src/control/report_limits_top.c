/*
 * report_limits_top: who sends most, and who has least left, of all accounts.
 *
 * A walk over everything that is counted, so it must be cheap: which limit holds for an account is
 * asked only where the smallest value that any limit has would bring it among those told.
 */
#include "control/report_limits_top_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits/account.h"
#include "site/plans.h"
#include "util/hash_table.h"

enum { OVERRIDE_KEY_ROOM = 640, TOP_MAX = 1000, WEIGH_MEMORY_MAX = 64 * 1024 };

/* The smallest value that anybody may have of what is counted so. */
struct top_bound {
    enum limit_by by;
    struct limit_meter meter;
    uint64_t max; /* 0: nobody is limited */
};

/* --- what to go by --------------------------------------------------------------------------- */

/* Recipients before messages before all else, outside before all, the shortest time first. */
static unsigned meter_weight(const struct limit *limit)
{
    static const unsigned weights[LIMIT_COUNT_COUNT] = {
        [LIMIT_RECIPIENTS] = 2, [LIMIT_MESSAGES] = 1
    };
    return weights[limit->count] * 4 + (limit->to == LIMIT_TO_EXTERNAL) * 2;
}

static void meter_choose(struct top *top)
{
    const struct limit_set *set = top->inquiry->site->limits;
    const struct limit *best = NULL;
    for (size_t i = 0; i < limit_set_size(set); i++) {
        const struct limit *limit = limit_set_at(set, i);
        bool is_better = best == NULL || meter_weight(limit) > meter_weight(best) ||
                         (meter_weight(limit) == meter_weight(best) && limit->per_s < best->per_s);
        if (limit->by == LIMIT_BY_PRINCIPAL && is_better) {
            best = limit;
        }
    }
    top->has_meter = best != NULL;
    if (best != NULL) {
        top->meter = limit_meter_of(best);
    }
}

static void bound_lower(struct top *top, const struct limit *limit, uint64_t max)
{
    struct limit_meter meter = limit_meter_of(limit);
    size_t at = 0;
    while (at < top->bound_count && (top->bounds[at].by != (enum limit_by)limit->by ||
                                     !limit_meter_is_equal(top->bounds[at].meter, meter))) {
        at++;
    }
    if (at == top->bound_count) {
        top->bounds[top->bound_count++] =
            (struct top_bound){ (enum limit_by)limit->by, meter, max };
    } else if (max > 0 && (top->bounds[at].max == 0 || max < top->bounds[at].max)) {
        top->bounds[at].max = max;
    }
}

static struct span override_key(struct span principal, const char *limit,
                                char room[static OVERRIDE_KEY_ROOM])
{
    size_t size = 0;
    principal = span_first(principal, OVERRIDE_KEY_ROOM / 2);
    if (principal.size > 0) { /* else there may be none */
        memcpy(room, principal.at, principal.size);
    }
    size = principal.size + 1;
    room[size - 1] = '\0';
    size += (size_t)snprintf(room + size, OVERRIDE_KEY_ROOM - size, "%s", limit);
    return (struct span){ room, size };
}

/* Kept for the walk, and its value lowers what to expect. */
static bool take_override(const struct override *override, void *context)
{
    struct top *top = context;
    struct limits_inquiry *inquiry = top->inquiry;
    const struct limit *limit = limit_set_find(inquiry->site->limits, span_of(override->limit));
    char room[OVERRIDE_KEY_ROOM];
    uint64_t *max;
    if (limit == NULL || override_is_over(override, inquiry->wall_s)) {
        return true;
    }
    bound_lower(top, limit, override->max);
    max = arena_alloc(inquiry->arena, sizeof(*max));
    if (max == NULL) {
        return false;
    }
    *max = override->max;
    return hash_table_put(top->overrides,
                          override_key(span_of(override->principal), override->limit, room), max,
                          NULL);
}

/* False: no memory. */
static bool bounds_make(struct top *top)
{
    const struct site *site = top->inquiry->site;
    const struct exception_settings *exceptions = site->exceptions->rows.at;
    size_t count = limit_set_size(site->limits);
    top->bounds = arena_array(top->inquiry->arena, count + 1, sizeof(*top->bounds));
    if (top->bounds == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct limit *limit = limit_set_at(site->limits, i);
        bound_lower(top, limit, (uint64_t)limit->max);
    }
    for (size_t i = 0; i < site->exceptions->rows.count; i++) {
        const struct limit *limit = limit_set_find(site->limits, span_of(exceptions[i].limit));
        if (limit != NULL) {
            bound_lower(top, limit, (uint64_t)exceptions[i].max);
        }
    }
    top->overrides = hash_table_new();
    return top->overrides != NULL && override_walk(top->inquiry->host->store, take_override, top);
}

/* --- accounts -------------------------------------------------------------------------------- */

static uint64_t use_of(const struct ledger_use *uses, size_t count, struct limit_meter meter)
{
    for (size_t i = 0; i < count; i++) {
        if (limit_meter_is_equal(uses[i].meter, meter)) {
            return uses[i].used;
        }
    }
    return 0;
}

/* The most of any limit that could be used. */
static double bound_of(const struct top *top, enum limit_by by, const struct ledger_use *uses,
                       size_t count)
{
    double most = 0;
    for (size_t i = 0; i < top->bound_count; i++) {
        const struct top_bound *bound = &top->bounds[i];
        if (bound->by == by && bound->max > 0) {
            double part = (double)use_of(uses, count, bound->meter) / (double)bound->max;
            most = part > most ? part : most;
        }
    }
    return most;
}

static void subject_fill(const struct top *top, enum limit_by by, struct span name,
                         struct arena *arena, struct limit_subject *subject)
{
    const struct site *site = top->inquiry->site;
    const struct network_settings *network = inquiry_network(top->inquiry, name);
    switch (by) {
    case LIMIT_BY_PRINCIPAL:
        subject->principal = name;
        subject->domain = inquiry_domain(top->inquiry, name);
        subject->plan = plans_wait(site) && (network == NULL || network->plan == NULL)
                            ? span_of(site->plans->fallback)
                            : plans_of(site, network, name, arena);
        if (network != NULL) {
            subject->network = name;
        }
        break;
    case LIMIT_BY_PLAN:
        subject->plan = name;
        break;
    case LIMIT_BY_DOMAIN:
        subject->domain = name;
        break;
    case LIMIT_BY_NETWORK:
        subject->network = name;
        break;
    default:
        break;
    }
}

static uint64_t max_of(const struct top *top, const struct limit *limit, struct span principal)
{
    char room[OVERRIDE_KEY_ROOM];
    const uint64_t *max =
        hash_table_get(top->overrides, override_key(principal, limit->name, room));
    struct limit_value value;
    if (max != NULL) {
        return *max;
    }
    limit_value_of(top->inquiry->site, NULL, limit, principal, top->inquiry->wall_s, &value);
    return value.max;
}

/* Which limit has least left, and how much of it is used. */
static void weigh(const struct top *top, struct span account, struct top_entry *entry)
{
    struct limit_choice choices[CHARGE_LINES_MAX];
    struct limit_subject subject = { .mail_class = CLASS_SUBMISSION };
    struct arena *arena = arena_new(WEIGH_MEMORY_MAX);
    enum limit_by by;
    struct span name;
    size_t count;
    if (arena == NULL || !account_parse(account, &by, &subject.mail_class, &name)) {
        arena_free(&arena);
        return;
    }
    subject_fill(top, by, name, arena, &subject);
    count = limit_choose(top->inquiry->site->limits, &subject, choices, CHARGE_LINES_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct limit *limit = choices[i].limit;
        uint64_t used = use_of(entry->uses, entry->use_count, limit_meter_of(limit));
        uint64_t max = limit->by == (int)by ? max_of(top, limit, subject.principal) : 0;
        if (max > 0 && (double)used / (double)max > entry->rank) {
            entry->rank = (double)used / (double)max;
            entry->limit = limit;
            entry->used = used;
            entry->max = max;
        }
    }
    arena_free(&arena);
}

/* The rank that another one must be above. */
static double least(const struct top *top)
{
    return top->count < top->most ? 0 : top->entries[top->count - 1].rank;
}

static void entry_insert(struct top *top, const struct top_entry *entry)
{
    size_t at = top->count < top->most ? top->count++ : top->count - 1;
    while (at > 0 && top->entries[at - 1].rank < entry->rank) {
        top->entries[at] = top->entries[at - 1];
        at--;
    }
    top->entries[at] = *entry;
}

static bool entry_take(struct span account, const struct ledger_use *uses, size_t count,
                       uint64_t attempts_1h, void *context)
{
    struct top *top = context;
    struct top_entry entry;
    enum mail_class mail_class;
    enum limit_by by;
    struct span name;
    top->accounts++;
    if (!account_parse(account, &by, &mail_class, &name) || account.size > STORE_KEY_MAX ||
        (!top->is_nearest && by != LIMIT_BY_PRINCIPAL)) {
        return true;
    }
    entry.rank =
        top->is_nearest ? bound_of(top, by, uses, count) : (double)use_of(uses, count, top->meter);
    if (entry.rank <= least(top)) {
        return true;
    }
    memcpy(entry.account, account.at, account.size);
    entry.account[account.size] = '\0';
    entry.attempts_1h = attempts_1h;
    entry.limit = NULL;
    entry.used = entry.max = 0;
    entry.use_count = count < TOP_USES_MAX ? count : TOP_USES_MAX;
    memcpy(entry.uses, uses, entry.use_count * sizeof(*uses));
    if (top->is_nearest) {
        entry.rank = 0;
        weigh(top, account, &entry);
    }
    if (entry.rank > least(top)) {
        entry_insert(top, &entry);
    }
    return true;
}

/* --- the answer ------------------------------------------------------------------------------ */

enum control_exit report_limits_top(struct limits_inquiry *inquiry)
{
    struct top top = { .inquiry = inquiry };
    uint64_t most;
    bool is_done;
    top.is_nearest = span_is_equal(inquiry->args[1], SPAN("nearest"));
    if (!span_number(inquiry->args[0], TOP_MAX, &most) || most == 0 ||
        (!top.is_nearest && !span_is_equal(inquiry->args[1], SPAN("used")))) {
        return inquiry_refuse(inquiry, CONTROL_USAGE,
                              "limits top wants a number from 1 to %d, and used or nearest",
                              TOP_MAX);
    }
    top.most = most;
    top.entries = arena_array(inquiry->arena, most, sizeof(*top.entries));
    meter_choose(&top);
    is_done = top.entries != NULL && bounds_make(&top) &&
              ledger_walk(inquiry->host->ledger, SPAN(""), entry_take, &top);
    hash_table_free(&top.overrides);
    if (!is_done) {
        return inquiry_refuse(inquiry, CONTROL_INTERNAL, "what is counted cannot be read");
    }
    if (inquiry->is_json) {
        report_limits_top_json(&top);
    } else {
        report_limits_top_text(&top);
    }
    return CONTROL_GOOD;
}
