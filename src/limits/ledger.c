/*
 * ledger: one transaction for each message: what its accounts used is read, all lines are tested,
 * then all are charged or none.
 */
#include <stdlib.h>
#include <string.h>

#include "limits/ledger_private.h"
#include "limits/ledger_sets.h"
#include "limits/pace.h"
#include "limits/record.h"
#include "limits/window.h"

enum { NEAR_PERCENT = 80 };

#define SECRET_KEY SPAN(LEDGER_OWN_MARK "secret")

/* --- beginning ------------------------------------------------------------------------------- */

static bool make_secret(struct buffer *value, bool is_found, void *context)
{
    struct ledger *ledger = context;
    if (is_found && value->size == sizeof(ledger->secret)) {
        memcpy(ledger->secret, value->at, sizeof(ledger->secret));
        return false;
    }
    ledger->clock->random(ledger->clock, ledger->secret, sizeof(ledger->secret));
    buffer_clear(value);
    buffer_add(value, ledger->secret, sizeof(ledger->secret));
    return true;
}

struct ledger *ledger_new(struct store *store, const struct clock *clock)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));
    if (ledger == NULL) {
        return NULL;
    }
    ledger->store = store;
    ledger->clock = clock;
    if (!ledger_time_begin(ledger) ||
        !store_update(store, STORE_LIMITS, SECRET_KEY, STORE_SOON, make_secret, ledger)) {
        ledger_free(&ledger);
    }
    return ledger;
}

void ledger_free(struct ledger **ledger)
{
    free(*ledger);
    *ledger = NULL;
}

uint64_t ledger_fingerprint(const struct ledger *ledger, struct span text)
{
    return siphash(ledger->secret, text);
}

/* --- testing and charging -------------------------------------------------------------------- */

/* A message in its transaction. */
struct work {
    struct charge *charge;
    struct record *records; /* one for each account */
    struct ledger_sets sets;
    bool is_trial;
    bool has_id;
    bool is_lost; /* what was counted before is, since so many seconds: */
    uint64_t lost_age_s;
    size_t first_set; /* of the rows: accounts come first, then ids, then sets */
    enum charge_answer answer;
};

static uint64_t per_ms(const struct charge_line *line)
{
    return (uint64_t)line->limit->per_s * 1000;
}

static bool is_unique(const struct charge_line *line)
{
    return line->limit->count == LIMIT_UNIQUE_RECIPIENTS;
}

/* What the MTA refused happened, whatever becomes of the message. */
static bool is_failed(const struct charge_line *line)
{
    return line->limit->count == LIMIT_FAILED_RECIPIENTS;
}

static bool is_paced(const struct charge_line *line)
{
    return line->burst > 0 && line->max > line->burst;
}

static struct pace_rule pace_of(const struct charge_line *line)
{
    return (struct pace_rule){ line->burst, line->max, per_ms(line) };
}

/* NULL: more meters than a record takes, so it is not counted. */
static struct record_meter *meter_of(const struct work *work, const struct charge_line *line)
{
    return record_take(&work->records[line->account], limit_meter_of(line->limit),
                       work->charge->now_ms);
}

static uint64_t latest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Half of a limit holds for one window where nobody knows what was used before. What needs more
 * than the half waits until that is over. */
static void halve(const struct work *work, struct charge_line *line)
{
    if (!work->is_lost || work->lost_age_s >= (uint64_t)line->limit->per_s || line->max == 0) {
        return;
    }
    line->halved_for_ms = ((uint64_t)line->limit->per_s - work->lost_age_s) * 1000;
    line->max = (line->max + 1) / 2;
}

static void test_halved(struct charge_line *line)
{
    if (line->halved_for_ms > 0 && line->fits_in_ms == CHARGE_NEVER &&
        line->amount <= 2 * line->max) {
        line->fits_in_ms = line->halved_for_ms;
    }
}

static void test_line(struct work *work, struct charge_line *line)
{
    struct record_meter *at = meter_of(work, line);
    struct ledger_set *set = ledger_set_of(&work->sets, line);
    uint64_t now_ms = work->charge->now_ms;
    line->reached = CHARGE_CALM;
    if (set != NULL) {
        ledger_set_test(set, now_ms);
    }
    if (set != NULL && is_unique(line)) {
        return;
    }
    line->used = at != NULL ? window_sum(&at->window) : 0;
    line->fits_in_ms = 0;
    if (at == NULL || line->max == 0 || (line->amount == 0 && !is_failed(line))) {
        return;
    }
    line->fits_in_ms =
        window_fits_in_ms(&at->window, now_ms, per_ms(line), line->max, line->amount);
    if (is_failed(line) && line->fits_in_ms == CHARGE_NEVER) {
        line->fits_in_ms = per_ms(line);
    }
    if (is_paced(line)) {
        struct pace_rule rule = pace_of(line);
        /* What is above the burst by itself could never go: it goes when all is paid off. */
        uint64_t amount = line->amount < line->burst ? line->amount : line->burst;
        line->fits_in_ms =
            latest(line->fits_in_ms, pace_fits_in_ms(&rule, at->paid_off_ns, now_ms, amount));
    }
}

static bool is_exceeded(const struct charge_line *line)
{
    return line->is_strict && line->fits_in_ms > 0;
}

/* Once for each level and window. */
static void reach(struct record_meter *at, struct charge_line *line, enum charge_level level,
                  uint64_t now_ms)
{
    bool is_told = at->told_until_ms > now_ms && at->told >= (uint8_t)level;
    if (level != CHARGE_CALM && !is_told) {
        at->told = (uint8_t)level;
        at->told_until_ms = now_ms + per_ms(line);
        line->reached = level;
    }
}

static enum charge_level level_of(const struct charge_line *line, uint64_t used)
{
    if (line->max == 0) {
        return CHARGE_CALM;
    }
    if (used >= line->max) {
        return CHARGE_FULL;
    }
    return used >= line->max - line->max * (100 - NEAR_PERCENT) / 100 ? CHARGE_NEAR : CHARGE_CALM;
}

static void charge_line(struct work *work, struct charge_line *line)
{
    struct record_meter *at = meter_of(work, line);
    struct ledger_set *set = ledger_set_of(&work->sets, line);
    uint64_t now_ms = work->charge->now_ms;
    if (set != NULL && !ledger_set_charge(set, now_ms)) {
        work->answer = CHARGE_UNKNOWN; /* out of memory */
        return;
    }
    if (at == NULL || (line->amount == 0 && set == NULL)) {
        return;
    }
    if (set == NULL || !is_unique(line)) {
        window_charge(&at->window, line->amount);
    } else {
        at->window = set->unique.window;
    }
    if (is_paced(line)) {
        struct pace_rule rule = pace_of(line);
        at->paid_off_ns = pace_charge(&rule, at->paid_off_ns, now_ms, line->amount);
    }
    reach(at, line, level_of(line, line->used + line->amount), now_ms);
}

/* What did not fit is told, and that somebody tried. */
static void note_attempt(struct work *work)
{
    struct charge *charge = work->charge;
    for (size_t i = 0; i < charge->line_count; i++) {
        struct charge_line *line = &charge->lines[i];
        if (is_failed(line)) {
            charge_line(work, line);
        }
        if (is_exceeded(line)) {
            reach(meter_of(work, line), line, CHARGE_FULL, charge->now_ms);
        }
    }
    if (charge->account_count > 0) {
        window_charge(&work->records[0].attempts, 1);
    }
}

static void read_records(struct work *work, const struct store_row *rows)
{
    for (size_t i = 0; i < work->charge->account_count; i++) {
        record_read(buffer_span(&rows[i].value), &work->records[i]);
        record_advance(&work->records[i], work->charge->now_ms);
    }
    ledger_sets_read(&work->sets, rows + work->first_set, work->charge->now_ms);
}

static void write_records(struct work *work, struct store_row *rows)
{
    for (size_t i = 0; i < work->charge->account_count; i++) {
        record_write(&work->records[i], work->charge->now_ms, &rows[i].value);
        rows[i].edit = STORE_EDIT_SET;
    }
}

static bool test_all(struct work *work)
{
    bool all_fit = true;
    for (size_t i = 0; i < work->charge->line_count; i++) {
        halve(work, &work->charge->lines[i]);
        test_line(work, &work->charge->lines[i]);
        test_halved(&work->charge->lines[i]);
        all_fit &= !is_exceeded(&work->charge->lines[i]);
    }
    return all_fit;
}

static void decide(struct store_row *rows, size_t count, void *context)
{
    struct work *work = context;
    struct charge *charge = work->charge;
    struct store_row *ids = rows + charge->account_count;
    (void)count;
    read_records(work, rows);
    bool all_fit = test_all(work);
    if (work->has_id && ledger_ids_find(ids, charge, work->is_trial)) {
        work->answer = CHARGE_AGAIN;
        return;
    }
    work->answer = all_fit ? CHARGE_DONE : CHARGE_EXCEEDED;
    if (work->is_trial) {
        return;
    }
    if (all_fit) {
        for (size_t i = 0; i < charge->line_count; i++) {
            charge_line(work, &charge->lines[i]);
        }
        if (work->answer == CHARGE_UNKNOWN) {
            return; /* out of memory: nothing is written */
        }
        ledger_sets_write(&work->sets, rows + work->first_set);
        if (work->has_id) {
            ledger_ids_note(ids, charge);
        }
    } else {
        note_attempt(work);
    }
    write_records(work, rows);
}

/* The rows of a charge: its accounts, then those of its id, then those of its sets. */
static size_t list_rows(struct work *work, struct ledger_ids *ids, struct store_row *rows)
{
    const struct charge *charge = work->charge;
    size_t count = 0;
    for (; count < charge->account_count; count++) {
        rows[count] = (struct store_row){ .table = STORE_LIMITS, .key = charge->accounts[count] };
    }
    if (work->has_id) {
        ledger_ids_rows(ids, charge, rows + count);
        count += LEDGER_ID_ROWS;
    }
    work->first_set = count;
    ledger_sets_rows(&work->sets, rows + count);
    return count + work->sets.row_count;
}

static bool run(struct ledger *ledger, struct work *work, store_change_rows *change)
{
    struct store_row rows[CHARGE_ACCOUNTS_MAX + LEDGER_ID_ROWS + LEDGER_SETS_MAX];
    struct ledger_ids ids;
    if (!ledger_sets_begin(&work->sets, work->charge)) {
        return false;
    }
    size_t count = list_rows(work, &ids, rows);
    work->records = malloc((work->charge->account_count + 1) * sizeof(*work->records));
    bool is_done = work->records != NULL &&
                   store_update_rows(ledger->store, rows, count, STORE_SOON, change, work);
    free(work->records);
    ledger_sets_end(&work->sets);
    return is_done;
}

static void note_loss(struct ledger *ledger, struct work *work)
{
    int64_t since_s = 0;
    work->is_lost = store_history(ledger->store, &since_s) == STORE_LOST;
    int64_t age_s = clock_wall_s(ledger->clock) - since_s;
    work->lost_age_s = work->is_lost && age_s > 0 ? (uint64_t)age_s : 0;
}

static enum charge_answer ask(struct ledger *ledger, struct charge *charge, bool is_trial)
{
    struct work work = { .charge = charge, .is_trial = is_trial, .answer = CHARGE_UNKNOWN };
    if (charge->account_count == 0) {
        return CHARGE_DONE;
    }
    work.has_id = ledger_has_id(charge) && ledger_ids_have_room(ledger);
    note_loss(ledger, &work);
    ledger_overflow(ledger, charge);
    return run(ledger, &work, decide) ? work.answer : CHARGE_UNKNOWN;
}

enum charge_answer ledger_charge(struct ledger *ledger, struct charge *charge)
{
    return ask(ledger, charge, false);
}

enum charge_answer ledger_try(struct ledger *ledger, struct charge *charge)
{
    return ask(ledger, charge, true);
}

const struct charge_line *charge_reason(const struct charge *charge)
{
    const struct charge_line *reason = NULL;
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        if (is_exceeded(line) && (reason == NULL || line->fits_in_ms > reason->fits_in_ms)) {
            reason = line;
        }
    }
    return reason;
}

struct attempt {
    uint64_t now_ms;
    struct record record;
};

static void add_attempt(struct store_row *row, size_t count, void *context)
{
    struct attempt *attempt = context;
    (void)count;
    record_read(buffer_span(&row->value), &attempt->record);
    record_advance(&attempt->record, attempt->now_ms);
    window_charge(&attempt->record.attempts, 1);
    record_write(&attempt->record, attempt->now_ms, &row->value);
    row->edit = STORE_EDIT_SET;
}

void ledger_note_attempt(struct ledger *ledger, struct span account)
{
    struct store_row row = { .table = STORE_LIMITS, .key = account };
    struct attempt *attempt = malloc(sizeof(*attempt));
    if (attempt == NULL) {
        return; /* only told to whoever looks */
    }
    attempt->now_ms = ledger_now_ms(ledger);
    store_update_rows(ledger->store, &row, 1, STORE_SOON, add_attempt, attempt);
    free(attempt);
}

/* --- giving back ----------------------------------------------------------------------------- */

static void take_back(struct store_row *rows, size_t count, void *context)
{
    struct work *work = context;
    struct charge *charge = work->charge;
    (void)count;
    read_records(work, rows);
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        struct record_meter *at =
            record_find(&work->records[line->account], limit_meter_of(line->limit));
        struct ledger_set *set = ledger_set_of(&work->sets, line);
        if (set != NULL) {
            ledger_set_give_back(set, charge->now_ms);
        }
        if (at == NULL) {
            continue;
        }
        if (set != NULL && is_unique(line)) {
            at->window = set->unique.window;
        } else {
            window_give_back(&at->window, window_slot(charge->now_ms, per_ms(line)), line->amount);
        }
        if (is_paced(line)) {
            struct pace_rule rule = pace_of(line);
            at->paid_off_ns = pace_give_back(&rule, at->paid_off_ns, line->amount);
        }
    }
    if (work->has_id) {
        ledger_ids_forget(rows + charge->account_count);
    }
    ledger_sets_write(&work->sets, rows + work->first_set);
    write_records(work, rows);
}

bool ledger_give_back(struct ledger *ledger, const struct charge *charge)
{
    struct charge copy = *charge;
    struct work work = { .charge = &copy, .has_id = ledger_has_id(charge) };
    if (charge->account_count == 0) {
        return true;
    }
    return run(ledger, &work, take_back);
}
