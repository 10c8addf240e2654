/*
 * ledger: random schedules against a list of everything that was charged (support/ledger_model.h).
 *
 * Messages come at random times, from two openings of one store in turn, with up to twenty limits
 * each, whose values change on the way. Some come again, some are given back, some only asked for.
 * The machine sleeps and is started anew, and its wall clock is set at will. At each step:
 *
 *   - the answer is the model's: nothing is refused that it accepts at the resolution of slots;
 *   - no stretch of the length of a window ever holds more than a strict limit's value;
 *   - what is told about use, waiting and levels is true, and a level is told once a window;
 *   - what is refused, asked for or comes again leaves no trace but attempts, and recipients that
 *     failed; what is given back is as if it had never been.
 *
 * EGRESS_SEED=N plays another schedule, EGRESS_STEPS=N so many steps.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "limits/ledger.h"
#include "limits/provider.h"
#include "tests/support/ledger_model.h"

#define SECOND_MS UINT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)
#define FREE_MS (4 * HOUR_MS)

enum {
    STEPS = 240000,
    STEPS_LEAST = 45000, /* where 20 seconds do not do for all */
    SECONDS = 20,
    STEPS_OF_A_WALK = 1500,
    RECIPIENTS_MAX = 12,
    PEOPLE = 40,
    KEPT = 64,       /* charges that may come again or be given back */
    FREE_TIMES = 10, /* beyond it a repeated message pays */
    LOOK_EVERY = 8   /* steps, at all of the ledger */
};

/* xorshift: a seed, a schedule. */
static uint64_t seed;
static uint64_t below(uint64_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % limit;
}

static bool one_in(uint64_t times)
{
    return below(times) == 0;
}

/* --- the world ------------------------------------------------------------------------------- */

struct fake_clock {
    struct clock clock; /* first */
    uint64_t boot_ms, boot;
    int64_t wall_s;
    uint8_t random;
};

static int64_t wall_s(const struct clock *clock)
{
    return ((const struct fake_clock *)clock)->wall_s;
}

static uint64_t mono_ns(const struct clock *clock)
{
    (void)clock;
    return 1; /* nothing of the ledger hangs on it */
}

static int32_t utc_offset_s(const struct clock *clock, int64_t at_s)
{
    (void)clock;
    (void)at_s;
    return 0;
}

static void random_bytes(const struct clock *clock, void *bytes_r, size_t size)
{
    (void)clock;
    memset(bytes_r, 0x5a, size);
}

static uint64_t boot_ns(const struct clock *clock, uint64_t *boot_r)
{
    const struct fake_clock *fake = (const struct fake_clock *)clock;
    if (boot_r != NULL) {
        *boot_r = fake->boot;
    }
    return fake->boot_ms * 1000000;
}

static const struct limit limits[MODEL_METERS] = {
    { .name = "minute", .count = LIMIT_MESSAGES, .per_s = 60 },
    { .name = "hour", .count = LIMIT_MESSAGES, .to = LIMIT_TO_ALL, .per_s = 3600 },
    { .name = "month", .count = LIMIT_MESSAGES, .to = LIMIT_TO_INTERNAL, .per_s = 30 * 86400 },
    { .name = "rcpt", .count = LIMIT_RECIPIENTS, .per_s = 3600 },
    { .name = "rcpt-day", .count = LIMIT_RECIPIENTS, .per_s = 86400 },
    { .name = "rcpt-odd", .count = LIMIT_RECIPIENTS, .to = LIMIT_TO_ALL, .per_s = 777 },
    { .name = "bytes", .count = LIMIT_BYTES, .per_s = 3600 },
    { .name = "bytes-day", .count = LIMIT_BYTES, .to = LIMIT_TO_ALL, .per_s = 86400 },
    { .name = "failed", .count = LIMIT_FAILED_RECIPIENTS, .to = LIMIT_TO_ALL, .per_s = 3600 },
    { .name = "paced", .count = LIMIT_RECIPIENTS, .to = LIMIT_TO_INTERNAL, .per_s = 600 },
    { .name = "new", .count = LIMIT_NEW_RECIPIENTS, .per_s = 86400 },
    { .name = "unique", .count = LIMIT_UNIQUE_RECIPIENTS, .per_s = 3600 },
    { .name = "unique-day", .count = LIMIT_UNIQUE_RECIPIENTS, .to = LIMIT_TO_ALL, .per_s = 86400 },
};
enum { PACED = 9, BY_ADDRESS = 10 };

static const struct span accounts[MODEL_ACCOUNTS] = {
    SPAN("principal/submission/a"),
    SPAN("principal/submission/b"),
    SPAN("principal/submission/c"),
    SPAN("principal/local/a"),
    SPAN("principal/bounce/"),
    SPAN("plan/pro"),
    SPAN("plan/basic"),
    SPAN("domain/a.example"),
    SPAN("domain/b.example"),
    SPAN("network/192.0.2.0/24"),
    SPAN("provider/google"),
    SPAN("site/"),
};

/* A charge that was made, with all it points to. */
struct kept {
    struct charge charge;
    struct charge done; /* as it was answered */
    struct charge_recipient recipients[RECIPIENTS_MAX];
    uint64_t number, charged_ms, times;
    bool is_charged;
};

struct world {
    struct fake_clock clock;
    struct store *store;
    struct ledger *ledgers[2]; /* as of two processes */
    struct model model;
    uint64_t max[MODEL_ACCOUNTS][MODEL_METERS];
    struct kept kept[KEPT];
    uint64_t number;
    uint64_t last_ms;                              /* the ledger's time at the last step */
    uint64_t resets[MODEL_ACCOUNTS][MODEL_METERS]; /* the number of the last charge before */
    uint64_t counts[CHARGE_UNKNOWN + 1], given_back, reboots;
};

static struct ledger *any_ledger(struct world *world)
{
    return world->ledgers[below(2)];
}

static void open_ledgers(struct world *world)
{
    for (size_t i = 0; i < 2; i++) {
        world->ledgers[i] = ledger_new(world->store, &world->clock.clock);
        assert_non_null(world->ledgers[i]);
    }
}

static void close_ledgers(struct world *world)
{
    ledger_free(&world->ledgers[0]);
    ledger_free(&world->ledgers[1]);
}

static void begin(struct world *world)
{
    *world = (struct world){
        .clock = { .clock = { wall_s, mono_ns, utc_offset_s, random_bytes, boot_ns },
                   .boot_ms = below(DAY_MS),
                   .boot = 1,
                   .wall_s = 1772366400 },
        .store = store_in_memory(),
    };
    assert_non_null(world->store);
    open_ledgers(world);
    model_begin(&world->model, accounts, limits);
    for (size_t i = 0; i < MODEL_ACCOUNTS; i++) {
        for (size_t k = 0; k < MODEL_METERS; k++) {
            world->max[i][k] = 1 + below(limits[k].count == LIMIT_BYTES ? 10000000 : 120);
        }
    }
}

static void end(struct world *world)
{
    close_ledgers(world);
    model_end(&world->model);
    store_close(&world->store);
}

/* --- time ------------------------------------------------------------------------------------ */

static uint64_t random_pause_ms(void)
{
    switch (below(20)) {
    case 0:
        return below(2 * HOUR_MS);
    case 1:
        return below(10 * 60 * SECOND_MS);
    case 2:
        return one_in(40) ? below(40 * DAY_MS) : 0; /* the machine sleeps */
    case 3:
    case 4:
        return 0;
    default:
        return below(20 * SECOND_MS);
    }
}

static uint64_t now_ms(const struct world *world)
{
    return ledger_now_ms(world->ledgers[0]);
}

static void let_pass(struct world *world, uint64_t ms)
{
    uint64_t before_ms = now_ms(world);
    world->clock.wall_s += (int64_t)((world->clock.boot_ms % 1000 + ms) / 1000);
    world->clock.boot_ms += ms;
    assert_int_equal(now_ms(world), before_ms + ms);
    assert_int_equal(ledger_now_ms(world->ledgers[1]), before_ms + ms);
}

/* A wall clock that is set changes nothing while the machine runs. */
static void set_wall_clock(struct world *world)
{
    uint64_t before_ms = now_ms(world);
    world->clock.wall_s += (int64_t)below(60 * 86400) - 30 * 86400;
    assert_int_equal(now_ms(world), before_ms);
}

/* The machine is started anew. What passed meanwhile is the wall clock's to say: never less than
 * no time, and as much as it says where nobody has set it since the time was kept. */
static void start_anew(struct world *world)
{
    uint64_t before_ms = now_ms(world), off_ms = below(3 * HOUR_MS);
    bool is_kept = one_in(2), is_wrong = one_in(3);
    if (is_kept) {
        ledger_keep_time(any_ledger(world));
    }
    close_ledgers(world);
    world->clock.boot++;
    world->clock.boot_ms = below(60 * SECOND_MS);
    world->clock.wall_s += (int64_t)(off_ms / 1000);
    world->clock.wall_s -= is_wrong ? (int64_t)below(30 * 86400) : 0;
    open_ledgers(world);
    assert_int_equal(now_ms(world), ledger_now_ms(world->ledgers[1]));
    if (is_kept) {
        assert_true(now_ms(world) >= before_ms);
        assert_true(now_ms(world) <= before_ms + off_ms + SECOND_MS);
        assert_true(is_wrong || now_ms(world) + SECOND_MS >= before_ms + off_ms);
    }
    if (now_ms(world) < before_ms) { /* it stands still until it has caught up */
        world->clock.boot_ms += before_ms - now_ms(world);
    }
    world->reboots++;
}

static void pass_time(struct world *world)
{
    let_pass(world, random_pause_ms());
    if (one_in(50)) {
        set_wall_clock(world);
    }
    if (one_in(200)) {
        start_anew(world);
    }
    assert_true(now_ms(world) >= world->last_ms);
    world->last_ms = now_ms(world);
}

/* --- what the ledger holds ------------------------------------------------------------------- */

struct look {
    struct world *world;
    size_t seen;
};

static size_t account_number(struct span account)
{
    size_t number = 0;
    while (number < MODEL_ACCOUNTS && !span_is_equal(accounts[number], account)) {
        number++;
    }
    assert_true(number < MODEL_ACCOUNTS);
    return number;
}

static uint64_t use_of(const struct ledger_use *uses, size_t count, struct limit_meter meter)
{
    uint64_t used = 0;
    for (size_t i = 0; i < count; i++) {
        used += limit_meter_is_equal(uses[i].meter, meter) ? uses[i].used : 0;
    }
    return used;
}

static bool look_at(struct span account, const struct ledger_use *uses, size_t count,
                    uint64_t attempts_1h, void *context)
{
    struct look *look = context;
    struct model *model = &look->world->model;
    size_t number = account_number(account);
    for (size_t k = 0; k < MODEL_METERS; k++) {
        const struct model_series *series = &model->series[number][k];
        assert_int_equal(use_of(uses, count, series->meter),
                         model_used(series, look->world->last_ms));
    }
    assert_int_equal(attempts_1h, model_used(&model->attempts[number], look->world->last_ms));
    look->seen++;
    return true;
}

static bool holds_anything(const struct world *world, size_t account)
{
    bool found = model_used(&world->model.attempts[account], world->last_ms) > 0;
    for (size_t k = 0; k < MODEL_METERS; k++) {
        found |= model_used(&world->model.series[account][k], world->last_ms) > 0;
    }
    return found;
}

static void assert_all_is_as_in_the_model(struct world *world)
{
    struct look look = { .world = world };
    size_t expected = 0;
    assert_true(ledger_walk(any_ledger(world), SPAN(""), look_at, &look));
    for (size_t i = 0; i < MODEL_ACCOUNTS; i++) {
        expected += holds_anything(world, i);
    }
    assert_int_equal(look.seen, expected);
}

/* --- a message ------------------------------------------------------------------------------- */

static uint64_t random_amount(const struct limit *limit)
{
    uint64_t amount = limit->count == LIMIT_BYTES ? below(1000000) : below(8);
    return limit->count == LIMIT_MESSAGES ? 1 : one_in(60) ? amount * 20 : amount;
}

static uint64_t meant(const struct charge *charge, const struct limit *limit)
{
    uint64_t found = 0;
    for (size_t i = 0; i < charge->recipient_count; i++) {
        found += limit->to == LIMIT_TO_ALL || !charge->recipients[i].is_internal;
    }
    return found;
}

static void add_line(struct world *world, struct kept *kept, size_t account, size_t meter)
{
    struct charge *charge = &kept->charge;
    uint64_t *max = &world->max[account_number(charge->accounts[account])][meter];
    if (one_in(40)) { /* somebody edits it */
        *max = one_in(5) ? 0 : *max > 1 && one_in(2) ? *max / 2 : 1 + *max * 2;
    }
    charge->lines[charge->line_count++] = (struct charge_line){
        .limit = &limits[meter],
        .account = account,
        .amount =
            meter >= BY_ADDRESS ? meant(charge, &limits[meter]) : random_amount(&limits[meter]),
        .max = *max,
        .burst = meter == PACED ? 5 : 0,
        .is_strict = !one_in(6),
        .provider = PROVIDER_COUNT,
    };
}

/* Some accounts, some limits on each. */
static void make_charge(struct world *world, struct kept *kept)
{
    struct charge *charge = &kept->charge;
    *kept = (struct kept){ .number = ++world->number };
    uint64_t first = below(PEOPLE);
    charge->recipients = kept->recipients;
    charge->recipient_count = below(RECIPIENTS_MAX + 1);
    for (uint64_t i = 0; i < charge->recipient_count; i++) {
        uint64_t person = (first + i * 7) % PEOPLE;
        kept->recipients[i] =
            (struct charge_recipient){ .fingerprint = (person + 1) * 0x9e3779b97f4a7c15,
                                       .is_internal = person % 5 == 0 };
    }
    size_t account_count = 1 + below(4), account = below(MODEL_ACCOUNTS);
    for (size_t i = 0; i < account_count; i++) {
        charge->accounts[charge->account_count++] = accounts[account];
        account = (account + 5) % MODEL_ACCOUNTS;
        for (size_t k = 0; k < MODEL_METERS; k++) {
            if (one_in(3)) {
                add_line(world, kept, i, k);
            }
        }
    }
    if (!one_in(5)) {
        memcpy(charge->id, &kept->number, sizeof(kept->number));
    }
}

static bool comes_again(const struct kept *kept, uint64_t at_ms)
{
    static const uint8_t none[CHARGE_ID_BYTES];
    return kept->is_charged && memcmp(kept->charge.id, none, sizeof(none)) != 0 &&
           at_ms < kept->charged_ms + FREE_MS && kept->times < FREE_TIMES;
}

static bool is_failed(const struct charge_line *line)
{
    return line->limit->count == LIMIT_FAILED_RECIPIENTS;
}

/* More failed than may fail is no message too large: another time it may be sent. */
static void assert_wait_is_true(const struct model *model, const struct charge *charge,
                                const struct charge_line *line)
{
    uint64_t wait_ms = line->fits_in_ms;
    assert_int_equal(wait_ms == 0, model_fits(model, charge, line, charge->now_ms));
    if (is_failed(line) && line->amount > line->max && line->max > 0) {
        assert_int_equal(wait_ms, (uint64_t)line->limit->per_s * 1000);
    } else if (wait_ms == CHARGE_NEVER) {
        bool is_unique = line->limit->count == LIMIT_UNIQUE_RECIPIENTS;
        assert_true((is_unique ? meant(charge, line->limit) : line->amount) > line->max);
    } else if (wait_ms > 0) {
        assert_true(model_fits(model, charge, line, charge->now_ms + wait_ms));
        assert_false(model_fits(model, charge, line, charge->now_ms + wait_ms - 1));
    }
}

static void assert_told_is_true(const struct model *model, const struct charge *charge)
{
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        const struct model_series *series = model_series_of(model, charge, line);
        assert_int_equal(line->used, model_used(series, charge->now_ms));
        assert_int_equal(line->amount, model_amount(model, charge, line, charge->now_ms));
        assert_wait_is_true(model, charge, line);
    }
}

static void assert_levels(struct model *model, const struct charge *charge,
                          enum charge_answer answer, bool is_trial)
{
    bool is_quiet = is_trial || answer == CHARGE_AGAIN;
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        enum charge_level expected =
            is_quiet ? CHARGE_CALM : model_level(model, charge, line, answer);
        assert_int_equal(line->reached, expected);
    }
}

static void assert_never_more(const struct model *model, const struct charge *charge)
{
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        const struct model_series *series = model_series_of(model, charge, line);
        if (line->is_strict && line->max > 0 && line->amount > 0 && !is_failed(line)) {
            assert_true(model_truly_used(series, charge->now_ms) <= line->max);
        }
    }
}

static void note_in_model(struct world *world, struct kept *kept, enum charge_answer answer)
{
    if (answer == CHARGE_DONE) {
        model_charge(&world->model, &kept->charge, kept->number);
        assert_never_more(&world->model, &kept->charge);
        kept->done = kept->charge;
        kept->is_charged = true;
        kept->charged_ms = kept->charge.now_ms;
        kept->times = 0;
    } else if (answer == CHARGE_EXCEEDED) {
        model_note_attempt(&world->model, &kept->charge, kept->number);
    } else {
        kept->times++;
    }
}

/* Puts the question to the ledger and to the model. */
static void ask(struct world *world, struct kept *kept)
{
    struct charge *charge = &kept->charge;
    bool is_trial = one_in(8);
    charge->now_ms = now_ms(world);
    enum charge_answer expected =
        comes_again(kept, charge->now_ms) ? CHARGE_AGAIN : model_ask(&world->model, charge);
    enum charge_answer answer =
        is_trial ? ledger_try(any_ledger(world), charge) : ledger_charge(any_ledger(world), charge);
    assert_int_equal(answer, expected);
    assert_told_is_true(&world->model, charge);
    assert_levels(&world->model, charge, answer, is_trial);
    assert_int_equal(charge_reason(charge) != NULL,
                     model_ask(&world->model, charge) == CHARGE_EXCEEDED);
    if (!is_trial) {
        note_in_model(world, kept, answer);
        world->counts[answer]++;
    }
}

/* Did somebody forget, since, what this was charged to? Then there is nothing to give back. */
static bool was_reset_since(const struct world *world, const struct kept *kept)
{
    for (size_t i = 0; i < kept->charge.line_count; i++) {
        const struct charge_line *line = &kept->charge.lines[i];
        size_t account = account_number(kept->charge.accounts[line->account]);
        if (world->resets[account][line->limit - limits] >= kept->number) {
            return true;
        }
    }
    return false;
}

static void give_back(struct world *world, struct kept *kept)
{
    if (!kept->is_charged || was_reset_since(world, kept)) {
        return;
    }
    assert_true(ledger_give_back(any_ledger(world), &kept->done));
    model_give_back(&world->model, &kept->done, kept->number, world->last_ms);
    kept->is_charged = false;
    world->given_back++;
    assert_all_is_as_in_the_model(world);
}

static void reset(struct world *world)
{
    size_t account = below(MODEL_ACCOUNTS), meter = below(2 * MODEL_METERS);
    struct limit_meter one = limit_meter_of(&limits[meter % MODEL_METERS]);
    const struct limit_meter *which = meter < MODEL_METERS ? &one : NULL;
    assert_true(ledger_reset(any_ledger(world), accounts[account], which));
    model_reset(&world->model, account, which);
    for (size_t k = 0; k < MODEL_METERS; k++) {
        if (which == NULL || k == meter) {
            world->resets[account][k] = world->number;
        }
    }
    assert_all_is_as_in_the_model(world);
}

/* A charge that comes again was charged under the same number, or is a new one. */
static void step(struct world *world)
{
    struct kept *kept = &world->kept[below(KEPT)];
    pass_time(world);
    switch (below(30)) {
    case 0:
        give_back(world, kept);
        break;
    case 1:
        ledger_tidy(world->ledgers[0]);
        break;
    case 2:
        if (one_in(10)) {
            reset(world);
        }
        break;
    case 3:
    case 4:
    case 5:
        if (comes_again(kept, world->last_ms)) {
            ask(world, kept);
        }
        break;
    default:
        make_charge(world, kept);
        ask(world, kept);
        break;
    }
    if (one_in(LOOK_EVERY)) {
        assert_all_is_as_in_the_model(world);
    }
}

static uint64_t number_of(const char *name, uint64_t standard)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : standard;
}

static void test_random_schedules(void **state)
{
    static struct world world;
    uint64_t steps = number_of("EGRESS_STEPS", STEPS),
             least = number_of("EGRESS_STEPS", STEPS_LEAST);
    uint64_t done = 0;
    time_t end_s = time(NULL) + SECONDS;
    uint64_t counts[CHARGE_UNKNOWN + 1] = { 0 }, given_back = 0, reboots = 0;
    seed = number_of("EGRESS_SEED", UINT64_C(0x9e3779b97f4a7c15));
    seed += seed == 0;
    for (; done < steps && (done < least || time(NULL) < end_s); done += STEPS_OF_A_WALK) {
        *(uint64_t *)*state = seed; /* a walk begins anew, so this plays it as the first */
        begin(&world);
        for (uint64_t i = 0; i < STEPS_OF_A_WALK; i++) {
            step(&world);
        }
        for (size_t i = 0; i <= CHARGE_UNKNOWN; i++) {
            counts[i] += world.counts[i];
        }
        given_back += world.given_back;
        reboots += world.reboots;
        end(&world);
    }
    print_message(
        "%llu steps: %llu charged, %llu came again, %llu exceeded, %llu given back, %llu starts\n",
        (unsigned long long)done, (unsigned long long)counts[CHARGE_DONE],
        (unsigned long long)counts[CHARGE_AGAIN], (unsigned long long)counts[CHARGE_EXCEEDED],
        (unsigned long long)given_back, (unsigned long long)reboots);
    /* A schedule in which nothing happens proves nothing. */
    assert_true(counts[CHARGE_DONE] > done / 10 && counts[CHARGE_EXCEEDED] > done / 10);
    assert_true(counts[CHARGE_AGAIN] > 0 && given_back > 0 && reboots > 0);
}

static uint64_t walk_seed;

static int setup(void **state)
{
    *state = &walk_seed;
    return 0;
}

static int tell_seed(void **state)
{
    (void)state;
    print_message("the last walk was EGRESS_SEED=%#llx\n", (unsigned long long)walk_seed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_schedules, setup, tell_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
