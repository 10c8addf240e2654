/*
 * ledger_model: lists, walked from end to end.
 */
#include "tests/support/ledger_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits/pace.h"

enum { SLOTS = 13, ATTEMPTS_S = 3600 };

void model_begin(struct model *model, const struct span *accounts, const struct limit *limits)
{
    memset(model, 0, sizeof(*model));
    model->limits = limits;
    model->accounts = accounts;
    for (size_t i = 0; i < MODEL_ACCOUNTS; i++) {
        for (size_t k = 0; k < MODEL_METERS; k++) {
            model->series[i][k].meter = limit_meter_of(&limits[k]);
        }
        model->attempts[i].meter = (struct limit_meter){ .per_s = ATTEMPTS_S };
    }
}

void model_end(struct model *model)
{
    for (size_t i = 0; i < MODEL_ACCOUNTS; i++) {
        for (size_t k = 0; k < MODEL_METERS; k++) {
            free(model->series[i][k].uses);
        }
        free(model->attempts[i].uses);
    }
}

static size_t account_number(const struct model *model, struct span account)
{
    size_t number = 0;
    while (!span_is_equal(model->accounts[number], account)) {
        number++;
    }
    return number;
}

static struct model_series *find_series(struct model *model, const struct charge *charge,
                                        const struct charge_line *line)
{
    size_t account = account_number(model, charge->accounts[line->account]);
    return &model->series[account][line->limit - model->limits];
}

const struct model_series *model_series_of(const struct model *model, const struct charge *charge,
                                           const struct charge_line *line)
{
    return find_series((struct model *)model, charge, line);
}

/* --- what is counted ------------------------------------------------------------------------- */

static uint64_t per_ms(const struct model_series *series)
{
    return (uint64_t)series->meter.per_s * 1000;
}

static bool is_counted(const struct model_series *series, const struct model_use *use,
                       uint64_t now_ms)
{
    uint64_t slot_ms = (per_ms(series) + SLOTS - 2) / (SLOTS - 1);
    return now_ms / slot_ms - use->at_ms / slot_ms < SLOTS;
}

uint64_t model_used(const struct model_series *series, uint64_t now_ms)
{
    uint64_t used = 0;
    for (size_t i = 0; i < series->count; i++) {
        used += is_counted(series, &series->uses[i], now_ms) ? series->uses[i].amount : 0;
    }
    return used;
}

uint64_t model_truly_used(const struct model_series *series, uint64_t now_ms)
{
    uint64_t used = 0;
    for (size_t i = 0; i < series->count; i++) {
        bool is_in = now_ms - series->uses[i].at_ms < per_ms(series);
        used += is_in ? series->uses[i].amount : 0;
    }
    return used;
}

static bool is_of_addresses(const struct model_series *series)
{
    return series->meter.count == LIMIT_UNIQUE_RECIPIENTS;
}

static bool is_meant(const struct model_series *series, const struct charge_recipient *recipient)
{
    return series->meter.to == LIMIT_TO_ALL ||
           (series->meter.to == LIMIT_TO_INTERNAL) == recipient->is_internal;
}

static struct model_use *find(const struct model_series *series, uint64_t fingerprint,
                              uint64_t now_ms)
{
    for (size_t i = 0; i < series->count; i++) {
        struct model_use *use = &series->uses[i];
        if (use->fingerprint == fingerprint && is_counted(series, use, now_ms)) {
            return use;
        }
    }
    return NULL;
}

static uint64_t count_new(const struct model *model, const struct charge *charge,
                          const struct charge_line *line, uint64_t now_ms)
{
    const struct model_series *series = model_series_of(model, charge, line);
    struct novelty known = model->known[account_number(model, charge->accounts[line->account])];
    uint64_t count = 0;
    novelty_advance(&known, now_ms);
    for (size_t i = 0; i < charge->recipient_count; i++) {
        const struct charge_recipient *recipient = &charge->recipients[i];
        count += is_meant(series, recipient) && novelty_is_new(&known, recipient->fingerprint);
    }
    return count;
}

static uint64_t count_different(const struct model_series *series, const struct charge *charge,
                                uint64_t now_ms)
{
    uint64_t count = 0;
    for (size_t i = 0; i < charge->recipient_count; i++) {
        const struct charge_recipient *recipient = &charge->recipients[i];
        count +=
            is_meant(series, recipient) && find(series, recipient->fingerprint, now_ms) == NULL;
    }
    return count;
}

uint64_t model_amount(const struct model *model, const struct charge *charge,
                      const struct charge_line *line, uint64_t now_ms)
{
    switch (line->limit->count) {
    case LIMIT_UNIQUE_RECIPIENTS:
        return count_different(model_series_of(model, charge, line), charge, now_ms);
    case LIMIT_NEW_RECIPIENTS:
        return count_new(model, charge, line, charge->now_ms);
    default:
        return line->amount;
    }
}

/* --- asking ---------------------------------------------------------------------------------- */

static struct pace_rule pace_of(const struct charge_line *line)
{
    return (struct pace_rule){ line->burst, line->max, (uint64_t)line->limit->per_s * 1000 };
}

static bool is_paced(const struct charge_line *line)
{
    return line->burst > 0 && line->max > line->burst;
}

/* What the MTA refused happened: it counts whatever becomes of the message, and stops the next one,
 * too, that has none. */
static bool is_failed(const struct charge_line *line)
{
    return line->limit->count == LIMIT_FAILED_RECIPIENTS;
}

bool model_fits(const struct model *model, const struct charge *charge,
                const struct charge_line *line, uint64_t now_ms)
{
    const struct model_series *series = model_series_of(model, charge, line);
    uint64_t amount = model_amount(model, charge, line, now_ms);
    bool is_free = model_amount(model, charge, line, charge->now_ms) == 0 && !is_failed(line);
    if (line->max == 0 || is_free) {
        return true;
    }
    bool fits = model_used(series, now_ms) + amount <= line->max;
    if (is_paced(line)) {
        struct pace_rule rule = pace_of(line);
        amount = amount < line->burst ? amount : line->burst;
        fits &= pace_fits_in_ms(&rule, series->paid_off_ns, now_ms, amount) == 0;
    }
    return fits;
}

enum charge_answer model_ask(const struct model *model, const struct charge *charge)
{
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        if (line->is_strict && !model_fits(model, charge, line, charge->now_ms)) {
            return CHARGE_EXCEEDED;
        }
    }
    return CHARGE_DONE;
}

static bool is_told(const struct model_series *series, enum charge_level level, uint64_t now_ms)
{
    for (enum charge_level at = level; at <= CHARGE_FULL; at++) {
        if (series->told_ms[at] > 0 && now_ms < series->told_ms[at] - 1 + per_ms(series)) {
            return true;
        }
    }
    return false;
}

/* Four fifths, or all of it; each once until a window is over. */
enum charge_level model_level(struct model *model, const struct charge *charge,
                              const struct charge_line *line, enum charge_answer answer)
{
    struct model_series *series = find_series(model, charge, line);
    uint64_t now_ms = charge->now_ms;
    uint64_t amount = model_amount(model, charge, line, now_ms);
    uint64_t used = model_used(series, now_ms) + amount;
    enum charge_level level = CHARGE_CALM;
    bool is_by_address =
        line->limit->count == LIMIT_UNIQUE_RECIPIENTS || line->limit->count == LIMIT_NEW_RECIPIENTS;
    bool is_charged = (answer == CHARGE_DONE || is_failed(line)) && (amount > 0 || is_by_address);
    bool is_exceeded =
        answer == CHARGE_EXCEEDED && line->is_strict && !model_fits(model, charge, line, now_ms);
    if (line->max == 0 || (!is_charged && !is_exceeded)) {
        return CHARGE_CALM;
    }
    if (is_exceeded || used >= line->max) {
        level = CHARGE_FULL;
    } else if (used * 5 >= line->max * 4) {
        level = CHARGE_NEAR;
    }
    if (level == CHARGE_CALM || is_told(series, level, now_ms)) {
        return CHARGE_CALM;
    }
    series->told_ms[level] = now_ms + 1;
    return level;
}

/* --- charging -------------------------------------------------------------------------------- */

/* What is out of every window goes, or the lists would never end. */
static void prune(struct model_series *series, uint64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < series->count; i++) {
        if (is_counted(series, &series->uses[i], now_ms)) {
            series->uses[kept++] = series->uses[i];
        }
    }
    series->count = kept;
}

static void add(struct model_series *series, struct model_use use)
{
    if (series->count == series->room) {
        series->room = series->room > 0 ? series->room * 2 : 16;
        series->uses = realloc(series->uses, series->room * sizeof(use));
        if (series->uses == NULL) {
            abort();
        }
    }
    series->uses[series->count++] = use;
}

static void use_addresses(struct model_series *series, const struct charge *charge, uint64_t number)
{
    for (size_t i = 0; i < charge->recipient_count; i++) {
        const struct charge_recipient *recipient = &charge->recipients[i];
        struct model_use *use = find(series, recipient->fingerprint, charge->now_ms);
        if (!is_meant(series, recipient)) {
            continue;
        }
        if (use != NULL) {
            use->at_ms = charge->now_ms;
            use->is_used_again = true;
        } else {
            add(series, (struct model_use){ .at_ms = charge->now_ms,
                                            .amount = 1,
                                            .fingerprint = recipient->fingerprint,
                                            .number = number });
        }
    }
}

static void charge_line(struct model *model, const struct charge *charge,
                        const struct charge_line *line, uint64_t number)
{
    struct model_series *series = find_series(model, charge, line);
    uint64_t amount = model_amount(model, charge, line, charge->now_ms);
    prune(series, charge->now_ms);
    series->paid_off_ns =
        series->count > 0 ? series->paid_off_ns : 0; /* nothing is owed for ever */
    if (is_paced(line) && amount > 0) {
        struct pace_rule rule = pace_of(line);
        series->paid_off_ns = pace_charge(&rule, series->paid_off_ns, charge->now_ms, amount);
    }
    if (is_of_addresses(series)) {
        use_addresses(series, charge, number);
    } else if (amount > 0) {
        add(series,
            (struct model_use){ .at_ms = charge->now_ms, .amount = amount, .number = number });
    }
}

static void know(struct model *model, const struct charge *charge, const struct charge_line *line)
{
    const struct model_series *series = model_series_of(model, charge, line);
    struct novelty *known = &model->known[account_number(model, charge->accounts[line->account])];
    novelty_advance(known, charge->now_ms);
    for (size_t i = 0; i < charge->recipient_count; i++) {
        if (is_meant(series, &charge->recipients[i])) {
            novelty_add(known, charge->now_ms, charge->recipients[i].fingerprint);
        }
    }
}

void model_charge(struct model *model, const struct charge *charge, uint64_t number)
{
    for (size_t i = 0; i < charge->line_count; i++) {
        charge_line(model, charge, &charge->lines[i], number);
    }
    for (size_t i = 0; i < charge->line_count; i++) {
        if (charge->lines[i].limit->count == LIMIT_NEW_RECIPIENTS) {
            know(model, charge, &charge->lines[i]);
        }
    }
}

void model_note_attempt(struct model *model, const struct charge *charge, uint64_t number)
{
    struct model_series *attempts = &model->attempts[account_number(model, charge->accounts[0])];
    prune(attempts, charge->now_ms);
    add(attempts, (struct model_use){ .at_ms = charge->now_ms, .amount = 1 });
    for (size_t i = 0; i < charge->line_count; i++) {
        if (is_failed(&charge->lines[i])) {
            charge_line(model, charge, &charge->lines[i], number);
        }
    }
}

static void take_out(struct model_series *series, uint64_t number, uint64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < series->count; i++) {
        const struct model_use *use = &series->uses[i];
        bool goes = use->number == number && !use->is_used_again && is_counted(series, use, now_ms);
        if (!goes) {
            series->uses[kept++] = *use;
        }
    }
    series->count = kept;
}

void model_give_back(struct model *model, const struct charge *charge, uint64_t number,
                     uint64_t now_ms)
{
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        struct model_series *series = find_series(model, charge, line);
        take_out(series, number, now_ms);
        if (is_paced(line) && line->amount > 0) {
            struct pace_rule rule = pace_of(line);
            series->paid_off_ns = pace_give_back(&rule, series->paid_off_ns, line->amount);
        }
    }
}

static void forget(struct model_series *series)
{
    series->count = 0;
    series->paid_off_ns = 0;
    memset(series->told_ms, 0, sizeof(series->told_ms));
}

void model_reset(struct model *model, size_t account, const struct limit_meter *meter)
{
    for (size_t k = 0; k < MODEL_METERS; k++) {
        struct model_series *series = &model->series[account][k];
        if (meter == NULL || limit_meter_is_equal(series->meter, *meter)) {
            forget(series);
        }
    }
    if (meter == NULL) {
        forget(&model->attempts[account]);
        model->known[account] = (struct novelty){ .begun_ms = 0 };
    }
}
