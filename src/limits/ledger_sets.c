/*
 * ledger_sets: what is counted by address: which addresses a window has (limits/unique.h), and
 * which were written to before (limits/novelty.h). Such a set is a row of its own beside its
 * account's; there is none where no limit asks for it.
 *
 *   !u/ACCOUNT NUL METER   the addresses of a window
 *   !n/ACCOUNT             those written to lately
 */
#include "limits/ledger_sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits/ledger_private.h"
#include "limits/provider.h"

bool ledger_counts_addresses(const struct charge_line *line)
{
    return line->limit->count == LIMIT_UNIQUE_RECIPIENTS ||
           line->limit->count == LIMIT_NEW_RECIPIENTS;
}

static uint64_t per_ms(const struct charge_line *line)
{
    return (uint64_t)line->limit->per_s * 1000;
}

/* --- the rows -------------------------------------------------------------------------------- */

size_t ledger_set_key(struct span account, const struct limit_meter *meter,
                      char key_r[STORE_KEY_MAX])
{
    int size = meter->count == LIMIT_UNIQUE_RECIPIENTS
                   ? snprintf(key_r, STORE_KEY_MAX, LEDGER_UNIQUE_MARK "%.*s%c%u.%u",
                              SPAN_ARG(account), '\0', meter->to, meter->per_s)
                   : snprintf(key_r, STORE_KEY_MAX, LEDGER_NOVELTY_MARK "%.*s", SPAN_ARG(account));
    return size > 0 && size < STORE_KEY_MAX ? (size_t)size : 0;
}

static bool counts(const struct charge_line *line, const struct charge_recipient *recipient)
{
    bool is_asked = line->limit->to == LIMIT_TO_ALL ||
                    (line->limit->to == LIMIT_TO_INTERNAL) == recipient->is_internal;
    return is_asked && (line->provider == PROVIDER_COUNT || line->provider == recipient->provider);
}

static bool gather(const struct charge *charge, struct ledger_set *set)
{
    set->fingerprints = calloc(charge->recipient_count + 1, sizeof(*set->fingerprints));
    if (set->fingerprints == NULL) {
        return false;
    }
    for (size_t i = 0; i < charge->recipient_count; i++) {
        if (counts(set->line, &charge->recipients[i])) {
            set->fingerprints[set->count++] = charge->recipients[i].fingerprint;
        }
    }
    return true;
}

/* Several limits on new recipients of one account share what is known. */
static struct ledger_set *find_row(struct ledger_sets *sets, const char *key, size_t size)
{
    for (size_t i = 0; i < sets->count; i++) {
        if (span_is_equal((struct span){ sets->at[i].key, sets->at[i].key_size },
                          (struct span){ key, size })) {
            return &sets->at[i];
        }
    }
    return NULL;
}

static bool open_set(struct ledger_sets *sets, struct charge *charge, struct charge_line *line)
{
    struct limit_meter meter = limit_meter_of(line->limit);
    struct ledger_set *set = &sets->at[sets->count];
    set->line = line;
    set->key_size = ledger_set_key(charge->accounts[line->account], &meter, set->key);
    struct ledger_set *same = find_row(sets, set->key, set->key_size);
    set->row = same != NULL ? same->row : sets->row_count++;
    set->shares = same;
    set->novelty = NULL;
    if (meter.count == LIMIT_NEW_RECIPIENTS && same == NULL) {
        set->novelty = calloc(1, sizeof(*set->novelty));
    } else if (same != NULL) {
        set->novelty = same->novelty;
    }
    sets->count++;
    return gather(charge, set) && (meter.count != LIMIT_NEW_RECIPIENTS || set->novelty != NULL);
}

bool ledger_sets_begin(struct ledger_sets *sets, struct charge *charge)
{
    size_t needed = 0;
    *sets = (struct ledger_sets){ .at = NULL };
    for (size_t i = 0; i < charge->line_count; i++) {
        needed += ledger_counts_addresses(&charge->lines[i]);
    }
    if (needed == 0) {
        return true;
    }
    needed = needed < LEDGER_SETS_MAX ? needed : LEDGER_SETS_MAX;
    sets->at = calloc(needed, sizeof(*sets->at));
    for (size_t i = 0; sets->at != NULL && i < charge->line_count && sets->count < needed; i++) {
        if (ledger_counts_addresses(&charge->lines[i]) &&
            !open_set(sets, charge, &charge->lines[i])) {
            ledger_sets_end(sets);
            return false;
        }
    }
    return sets->at != NULL;
}

void ledger_sets_end(struct ledger_sets *sets)
{
    for (size_t i = 0; i < sets->count; i++) {
        struct ledger_set *set = &sets->at[i];
        free(set->fingerprints);
        unique_free(&set->unique);
        if (set->shares == NULL) {
            free(set->novelty);
        }
    }
    free(sets->at);
    *sets = (struct ledger_sets){ .at = NULL };
}

void ledger_sets_rows(struct ledger_sets *sets, struct store_row *rows)
{
    for (size_t i = 0; i < sets->count; i++) {
        struct ledger_set *set = &sets->at[i];
        rows[set->row] =
            (struct store_row){ .table = STORE_LIMITS, .key = { set->key, set->key_size } };
    }
}

struct ledger_set *ledger_set_of(struct ledger_sets *sets, const struct charge_line *line)
{
    for (size_t i = 0; i < sets->count; i++) {
        if (sets->at[i].line == line) {
            return &sets->at[i];
        }
    }
    return NULL;
}

/* --- in the transaction ---------------------------------------------------------------------- */

void ledger_sets_read(struct ledger_sets *sets, const struct store_row *rows, uint64_t now_ms)
{
    for (size_t i = 0; i < sets->count; i++) {
        struct ledger_set *set = &sets->at[i];
        struct span value = buffer_span(&rows[set->row].value);
        if (set->novelty == NULL) {
            unique_read(&value, &set->unique);
            unique_advance(&set->unique, now_ms, per_ms(set->line));
        } else if (set->shares == NULL) {
            novelty_read(&value, set->novelty);
            novelty_advance(set->novelty, now_ms);
        }
    }
}

void ledger_set_test(struct ledger_set *set, uint64_t now_ms)
{
    struct charge_line *line = set->line;
    line->amount = 0;
    if (set->novelty != NULL) {
        for (size_t i = 0; i < set->count; i++) {
            line->amount += novelty_is_new(set->novelty, set->fingerprints[i]);
        }
        return;
    }
    line->amount = unique_new(&set->unique, set->fingerprints, set->count);
    line->used = unique_count(&set->unique);
    line->fits_in_ms = line->max == 0 || line->amount == 0
                           ? 0
                           : unique_fits_in_ms(&set->unique, now_ms, per_ms(line), line->max,
                                               set->fingerprints, set->count);
}

/* One that only tells counts on behind its maximum, as far as there is room. */
static size_t ceiling_of(const struct charge_line *line)
{
    size_t least = line->is_strict && line->max > 0 ? 0 : UNIQUE_CEILING;
    size_t max = line->max < UNIQUE_MAX ? (size_t)line->max : UNIQUE_MAX;
    return max > least ? max : least;
}

bool ledger_set_charge(struct ledger_set *set, uint64_t now_ms)
{
    if (set->novelty == NULL) {
        return unique_charge(&set->unique, set->fingerprints, set->count, ceiling_of(set->line));
    }
    for (size_t i = 0; i < set->count; i++) {
        novelty_add(set->novelty, now_ms, set->fingerprints[i]);
    }
    return true;
}

void ledger_set_give_back(struct ledger_set *set, uint64_t charged_ms)
{
    if (set->novelty == NULL) {
        (void)unique_give_back(&set->unique, window_slot(charged_ms, per_ms(set->line)),
                               set->fingerprints, set->count);
    }
}

void ledger_sets_write(struct ledger_sets *sets, struct store_row *rows)
{
    for (size_t i = 0; i < sets->count; i++) {
        struct ledger_set *set = &sets->at[i];
        struct store_row *row = &rows[set->row];
        if (set->shares != NULL) {
            continue;
        }
        buffer_clear(&row->value);
        if (set->novelty != NULL) {
            novelty_write(set->novelty, &row->value);
        } else {
            unique_write(&set->unique, &row->value);
        }
        row->edit = STORE_EDIT_SET;
    }
}

/* --- what is out of date --------------------------------------------------------------------- */

static bool is_unique_empty(struct span key, struct span value, uint64_t now_ms)
{
    ptrdiff_t nul = span_find(key, '\0');
    struct unique set = { .all = NULL };
    unsigned to, per_s;
    char meter[32];
    if (nul < 0) {
        return true;
    }
    snprintf(meter, sizeof(meter), "%.*s", SPAN_ARG(span_from(key, (size_t)nul + 1)));
    if (sscanf(meter, "%u.%u", &to, &per_s) != 2 || per_s == 0) {
        return true;
    }
    bool is_readable = unique_read(&value, &set);
    unique_advance(&set, now_ms, (uint64_t)per_s * 1000);
    bool is_empty = !is_readable || unique_count(&set) == 0;
    unique_free(&set);
    return is_empty;
}

static bool is_novelty_empty(struct span value, uint64_t now_ms)
{
    struct novelty *novelty = malloc(sizeof(*novelty));
    if (novelty == NULL) {
        return false;
    }
    bool is_readable = novelty_read(&value, novelty);
    novelty_advance(novelty, now_ms);
    bool is_empty = !is_readable || (novelty->young.filters == 0 && novelty->old.filters == 0);
    free(novelty);
    return is_empty;
}

bool ledger_set_is_empty(struct span key, struct span value, uint64_t now_ms)
{
    if (span_has_prefix_nocase(key, SPAN(LEDGER_UNIQUE_MARK))) {
        return is_unique_empty(key, value, now_ms);
    }
    return span_has_prefix_nocase(key, SPAN(LEDGER_NOVELTY_MARK)) &&
           is_novelty_empty(value, now_ms);
}
