/*
 * replay_limits: a ledger in memory, whose clock is the log's, charged with what was sent. What
 * would have been stopped costs nothing there, and nobody tries it again.
 *
 * A log tells how many recipients a message had, not whom: limits that go by addresses, by what the
 * mail server refused or by provider are left out. Overrides are the daemon's and are not asked.
 */
#include <stdlib.h>

#include "ctl/replay.h"
#include "limits/bill.h"
#include "limits/ledger.h"
#include "limits/provider.h"
#include "site/limit_value.h"
#include "site/plans.h"

enum { MESSAGE_MEMORY_MAX = 256 * 1024, TIDY_EACH = 64 };

struct replay_limits {
    const struct site *site;
    struct clock_fixed clock;
    int64_t begin_s;
    bool has_begun;
    struct store *store;
    struct ledger *ledger;
    struct replay_effect effect;
};

struct replay_limits *replay_limits_new(const struct site *site)
{
    struct replay_limits *limits = calloc(1, sizeof(*limits));

    if (limits == NULL) {
        return NULL;
    }
    limits->site = site;
    clock_fixed_init(&limits->clock, 0);
    limits->store = store_in_memory();
    limits->ledger = limits->store != NULL ? ledger_new(limits->store, &limits->clock.clock) : NULL;
    limits->effect.rows = tally_new(TALLY_ROWS_MAX);
    if (limits->ledger == NULL || limits->effect.rows == NULL) {
        replay_limits_free(&limits);
    }
    return limits;
}

void replay_limits_free(struct replay_limits **limits)
{
    if (*limits == NULL) {
        return;
    }
    ledger_free(&(*limits)->ledger);
    store_close(&(*limits)->store);
    tally_free(&(*limits)->effect.rows);
    free(*limits);
    *limits = NULL;
}

const struct replay_effect *replay_limits_effect(const struct replay_limits *limits)
{
    return &limits->effect;
}

/* --- one message ----------------------------------------------------------------------------- */

struct passing {
    struct replay_limits *limits;
    const struct past_message *message;
};

static bool other_max(const struct limit *limit, uint64_t *max_r, void *context)
{
    const struct passing *passing = context;
    struct limit_value value;

    limit_value_of(passing->limits->site, NULL, limit, passing->message->user,
                   passing->message->time_s, &value);
    *max_r = value.max;
    return true;
}

static uint64_t recipients_of(const struct past_message *message, const struct limit *limit)
{
    switch (limit->to) {
    case LIMIT_TO_EXTERNAL:
        return message->external;
    case LIMIT_TO_INTERNAL:
        return message->internal;
    default:
        return message->external + message->internal;
    }
}

/* 0: a log cannot tell. */
static uint64_t amount_of(const struct past_message *message, const struct limit *limit)
{
    uint64_t recipients = recipients_of(message, limit);

    if (limit->by == LIMIT_BY_PROVIDER) {
        return 0;
    }
    switch (limit->count) {
    case LIMIT_MESSAGES:
        return recipients > 0;
    case LIMIT_RECIPIENTS:
        return recipients;
    case LIMIT_BYTES:
        return recipients * message->size_bytes;
    default:
        return 0;
    }
}

/* The bill was written for one recipient of each kind. */
static void amounts_set(struct replay_limits *limits, const struct past_message *message,
                        struct charge *charge)
{
    size_t kept = 0;

    for (size_t i = 0; i < charge->line_count; i++) {
        struct charge_line line = charge->lines[i];

        line.amount = amount_of(message, line.limit);
        if (line.amount > 0) {
            charge->lines[kept++] = line;
        } else {
            limits->effect.leaves_out |=
                line.limit->by == LIMIT_BY_PROVIDER || line.limit->count >= LIMIT_UNIQUE_RECIPIENTS;
        }
    }
    charge->line_count = kept;
    charge->recipient_count = 0;
}

static bool bill(struct passing *passing, struct charge *charge, struct arena *arena)
{
    static const struct charge_recipient both[] = {
        { .fingerprint = 1, .is_internal = false, .provider = PROVIDER_OTHER },
        { .fingerprint = 2, .is_internal = true, .provider = PROVIDER_OTHER },
    };
    const struct past_message *message = passing->message;
    const struct site *site = passing->limits->site;
    const struct network_settings *network = NULL;
    struct bill_facts facts = { .subject = { .mail_class = message->mail_class,
                                             .principal = message->user,
                                             .network = message->network },
                                .size_bytes = 1,
                                .recipients = both,
                                .recipient_count = 2,
                                .failed = 1,
                                .other_max = other_max,
                                .context = passing };

    for (size_t i = 0; i < site->network_count && message->network.size > 0; i++) {
        if (span_is_equal(span_of(site->networks[i].settings->name), message->network)) {
            network = site->networks[i].settings;
        }
    }
    if (limit_set_asks_plan(site->limits)) {
        facts.subject.plan = plans_of(site, network, message->user, arena);
    }
    if (message->domain.size > 0 && site_is_ours(site, message->domain)) {
        facts.subject.domain = message->domain;
    }
    if (!bill_write(site->limits, &facts, charge, arena)) {
        return false;
    }
    amounts_set(passing->limits, message, charge);
    return true;
}

/* --- what came of it ------------------------------------------------------------------------- */

static void row_count(struct replay_limits *limits, const struct past_message *message,
                      const struct charge_line *line, enum action action)
{
    struct tally_row *row =
        tally_row(limits->effect.rows, message->user, span_of(line->limit->name));

    if (row == NULL) {
        return;
    }
    row->messages++;
    row->recipients += message->external + message->internal;
    row->reject += action == ACTION_REJECT;
    row->hold += action == ACTION_HOLD;
    row->defer += action == ACTION_DEFER;
    if (row->last_s < 0) {
        row->first_s = message->time_s;
    }
    row->last_s = message->time_s;
    if (line->fits_in_ms != CHARGE_NEVER && line->fits_in_ms > row->longest_ms) {
        row->longest_ms = line->fits_in_ms;
    }
}

/* What nobody would read a reply to: a log does not tell how local mail was handed in, so all of it
 * counts as by sendmail(1). */
static enum action carried_out(const struct replay_limits *limits,
                               const struct past_message *message, enum action action)
{
    bool is_sender_ours = message->domain.size > 0 && site_is_ours(limits->site, message->domain);

    if (message->mail_class != CLASS_LOCAL || action < ACTION_DEFER) {
        return action;
    }
    return action == ACTION_REJECT && is_sender_ours ? ACTION_REJECT : ACTION_HOLD;
}

static enum action action_of(const struct replay_limits *limits, const struct past_message *message,
                             const struct charge_line *line)
{
    enum action action = line->is_acting ? (enum action)line->limit->action : ACTION_OBSERVE;

    if (action == ACTION_DEFER && line->fits_in_ms == CHARGE_NEVER) {
        action = ACTION_REJECT;
    }
    return carried_out(limits, message, action);
}

/* The strongest action of all that does not fit; each such limit has its row. */
static void effect_note(struct replay_limits *limits, const struct past_message *message,
                        const struct charge *charge)
{
    enum action strongest = ACTION_OFF;

    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];

        if (line->fits_in_ms > 0) {
            enum action action = action_of(limits, message, line);

            row_count(limits, message, line, action);
            strongest = action > strongest ? action : strongest;
        }
    }
    limits->effect.rejected += strongest == ACTION_REJECT;
    limits->effect.deferred += strongest == ACTION_DEFER;
    limits->effect.held += strongest == ACTION_HOLD;
    limits->effect.told += strongest == ACTION_OBSERVE;
}

/* The ledger's clock goes on with the log, and never back. */
static void clock_move(struct replay_limits *limits, int64_t time_s)
{
    uint64_t now_ns;

    if (!limits->has_begun) {
        limits->begin_s = time_s;
        limits->has_begun = true;
    }
    now_ns = time_s > limits->begin_s ? (uint64_t)(time_s - limits->begin_s) * 1000000000u : 0;
    if (now_ns > limits->clock.now_ns) {
        limits->clock.now_ns = now_ns;
        limits->clock.now_s = time_s;
    }
}

void replay_limits_take(struct replay_limits *limits, const struct past_message *message)
{
    struct passing passing = { limits, message };
    struct arena *arena = arena_new(MESSAGE_MEMORY_MAX);
    struct charge *charge = arena != NULL ? arena_alloc(arena, sizeof(*charge)) : NULL;
    bool is_known = false;

    clock_move(limits, message->time_s);
    if (charge != NULL && bill(&passing, charge, arena)) {
        charge->now_ms = ledger_now_ms(limits->ledger);
        is_known = ledger_charge(limits->ledger, charge) != CHARGE_UNKNOWN;
    }
    if (is_known) {
        effect_note(limits, message, charge);
    }
    limits->effect.unknown += !is_known;
    if (limits->effect.messages++ % TIDY_EACH == 0) {
        ledger_tidy(limits->ledger);
    }
    arena_free(&arena);
}
