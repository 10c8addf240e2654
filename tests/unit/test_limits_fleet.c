/*
 * Charges in Redis against the same thing in memory, by the windows and paces of this room: random
 * messages, at times that jump on and back, must get the same answers to the last millisecond. And
 * that an operation counts once. The scripts are those that are shipped, but for where they ask the
 * time: that is a key here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "limits/pace.h"
#include "limits/unique.h"
#include "limits/window.h"
#include "tests/unit/test_fleet_support.h"

#define BEGIN_MS UINT64_C(1764000000000)
#define ACCOUNTS 3
#define ADDRESSES 40

static const struct limit limits[] = {
    { .name = "hour", .count = LIMIT_RECIPIENTS, .per_s = 3600 },
    { .name = "hour-again", .count = LIMIT_RECIPIENTS, .per_s = 3600 },
    { .name = "day", .count = LIMIT_RECIPIENTS, .per_s = 86400 },
    { .name = "messages", .count = LIMIT_MESSAGES, .per_s = 600 },
    { .name = "bytes", .count = LIMIT_BYTES, .to = LIMIT_TO_ALL, .per_s = 2592000 },
    { .name = "different", .count = LIMIT_UNIQUE_RECIPIENTS, .per_s = 7200 },
    { .name = "inside", .count = LIMIT_UNIQUE_RECIPIENTS, .to = LIMIT_TO_INTERNAL, .per_s = 900 },
    { .name = "failed", .count = LIMIT_FAILED_RECIPIENTS, .to = LIMIT_TO_ALL, .per_s = 1800 },
};
#define LIMITS (sizeof(limits) / sizeof(limits[0]))
static const uint64_t maxima[LIMITS] = { 50, 80, 300, 9, 2000000, 25, 6, 7 };

static const char *const names[ACCOUNTS] = { "principal/submission/alice@example.org",
                                             "domain/example.org", "site/" };

/* --- the clock ------------------------------------------------------------------------------- */

struct bench {
    struct redis_server server;
    struct fleet_node node;
    char *texts[FLEET_SCRIPT_COUNT];
    uint64_t now_ms;
    unsigned runs; /* each a microsecond later, as real ones are */
};

static char *with_own_time(const char *text)
{
    static const char asks[] = "redis.call('TIME')";
    static const char reads[] = "redis.call('HMGET', '{egress:test}clock', 's', 'us')";
    struct buffer out = BUFFER_EMPTY;
    for (const char *at; (at = strstr(text, asks)) != NULL; text = at + strlen(asks)) {
        buffer_add(&out, text, (size_t)(at - text));
        buffer_add_text(&out, reads);
    }
    buffer_add_text(&out, text);
    char *copy = strdup(buffer_text(&out));
    buffer_free(&out);
    return copy;
}

static void set_clock(struct bench *bench, uint64_t now_ms)
{
    bench->now_ms = now_ms;
    bench->runs = (bench->runs + 1) % 1000;
    redis_server_say(&bench->server, "HSET {egress:test}clock s %llu us %llu",
                     (unsigned long long)(now_ms / 1000),
                     (unsigned long long)(now_ms % 1000 * 1000 + bench->runs));
}

static int bench_begin(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    *state = bench;
    redis_server_start(&bench->server, NULL);
    const char *address = bench->server.address;
    struct redis_settings settings = node_settings(&address, 1);
    settings.deadline_ms = 5000;
    fleet_node_begin(&bench->node, &settings);
    for (size_t i = 0; i < FLEET_SCRIPT_COUNT; i++) {
        bench->texts[i] = with_own_time(fleet_script_texts[i]);
        redis_script_init(&bench->node.fleet->scripts[i], bench->texts[i]);
    }
    set_clock(bench, BEGIN_MS);
    AWAIT(redis_is_up(bench->node.node.redis));
    return 0;
}

static int bench_end(void **state)
{
    struct bench *bench = *state;
    fleet_node_end(&bench->node);
    redis_server_end(&bench->server);
    for (size_t i = 0; i < FLEET_SCRIPT_COUNT; i++) {
        free(bench->texts[i]);
    }
    free(bench);
    return 0;
}

/* --- messages -------------------------------------------------------------------------------- */

static struct charge one_line(const struct limit *limit, uint64_t amount, uint64_t max)
{
    return charge_of(names[0], limit, amount, max);
}

static void set_id(struct charge *charge, uint8_t id)
{
    memset(charge->id, id, sizeof(charge->id));
}

static enum charge_answer charge_anew(struct bench *bench, struct charge *charge,
                                      struct fleet_receipt *receipt)
{
    fleet_operation(bench->node.fleet, receipt);
    set_clock(bench, bench->now_ms);
    return fleet_charge(bench->node.fleet, charge, receipt);
}

static uint64_t used(struct bench *bench, const struct limit *limit)
{
    return fleet_used(bench->node.fleet, names[0], limit);
}

/* --- one thing after the other ------------------------------------------------------------------
 */

static void an_operation_counts_once(void **state)
{
    struct bench *bench = *state;
    struct charge charge = one_line(&limits[0], 5, 50);
    struct fleet_receipt receipt, again;
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_DONE);
    assert_int_equal(receipt.at_us / 1000, bench->now_ms);
    for (int i = 0; i < 3; i++) {
        set_clock(bench, bench->now_ms + 1000);
        again = receipt;
        assert_int_equal(fleet_charge(bench->node.fleet, &charge, &again), CHARGE_DONE);
        assert_int_equal(again.at_us, receipt.at_us);
        assert_int_equal(charge.lines[0].used, 0); /* the first answer */
    }
    assert_int_equal(used(bench, &limits[0]), 5);
    assert_int_equal(charge_anew(bench, &charge, &again), CHARGE_DONE);
    assert_int_equal(charge.lines[0].used, 5);
    assert_true(fleet_give_back(bench->node.fleet, &charge, &receipt));
    assert_true(fleet_give_back(bench->node.fleet, &charge, &receipt));
    assert_int_equal(used(bench, &limits[0]), 5);
    /* What was given back does not come again by a repetition that is late. */
    assert_int_equal(fleet_charge(bench->node.fleet, &charge, &receipt), CHARGE_AGAIN);
    assert_int_equal(used(bench, &limits[0]), 5);
}

static void a_message_counts_once(void **state)
{
    struct bench *bench = *state;
    struct charge charge = one_line(&limits[0], 5, 50);
    struct fleet_receipt receipt, other;
    set_id(&charge, 7);
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_DONE);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(charge_anew(bench, &charge, &other), CHARGE_AGAIN);
        assert_int_equal(charge.lines[0].used, 5);
    }
    assert_int_equal(charge_anew(bench, &charge, &other), CHARGE_DONE); /* no retry any more */
    assert_int_equal(used(bench, &limits[0]), 10);
    struct charge second = charge;
    set_id(&second, 8);
    assert_int_equal(charge_anew(bench, &second, &receipt), CHARGE_DONE);
    assert_true(fleet_give_back(bench->node.fleet, &second, &receipt));
    assert_int_equal(charge_anew(bench, &second, &receipt), CHARGE_DONE); /* it is not known now */
    assert_int_equal(used(bench, &limits[0]), 15);
    /* The verdict of an operation is kept for minutes, its message for hours. */
    redis_server_say(&bench->server, "EVAL \"for _,k in "
                                     "ipairs(redis.call('KEYS','{egress:test}o:*'))do "
                                     "redis.call('DEL',k)end\" 0");
    assert_int_equal(fleet_charge(bench->node.fleet, &second, &receipt), CHARGE_DONE);
    assert_int_equal(used(bench, &limits[0]), 15);
    assert_true(fleet_give_back(bench->node.fleet, &second, &receipt));
    assert_int_equal(used(bench, &limits[0]), 10);
}

static void trying_changes_nothing(void **state)
{
    struct bench *bench = *state;
    struct charge charge = one_line(&limits[0], 30, 50);
    struct fleet_receipt receipt;
    set_id(&charge, 1);
    assert_int_equal(fleet_try(bench->node.fleet, &charge), CHARGE_DONE);
    assert_string_equal(redis_server_say(&bench->server, "DBSIZE"), "2"); /* probe and clock */
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_DONE);
    set_id(&charge, 2);
    assert_int_equal(fleet_try(bench->node.fleet, &charge), CHARGE_EXCEEDED);
    assert_int_equal(charge.lines[0].used, 30);
    assert_true(charge.lines[0].fits_in_ms > 3600000);
    assert_int_equal(used(bench, &limits[0]), 30);
}

static void attempts_and_levels(void **state)
{
    struct bench *bench = *state;
    struct fleet_receipt receipt;
    struct charge charge = one_line(&limits[0], 39, 50);
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_DONE);
    assert_int_equal(charge.lines[0].reached, CHARGE_CALM);
    charge.lines[0].amount = 1;
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_DONE);
    assert_int_equal(charge.lines[0].reached, CHARGE_NEAR);
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_DONE);
    assert_int_equal(charge.lines[0].reached, CHARGE_CALM); /* told */
    charge.lines[0].amount = 20;
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_EXCEEDED);
    assert_int_equal(charge.lines[0].reached, CHARGE_FULL);
    assert_int_equal(charge.lines[0].used, 41);
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_EXCEEDED);
    assert_int_equal(charge.lines[0].reached, CHARGE_CALM);
    struct fleet_use uses[FLEET_USES_MAX];
    size_t count;
    uint64_t attempts;
    assert_true(fleet_uses(bench->node.fleet, span_of(names[0]), uses, &count, &attempts));
    assert_int_equal(attempts, 2);
    assert_int_equal(uses[0].used, 41);
    set_clock(bench, bench->now_ms + 3600000 + 300000);
    charge.lines[0].amount = 45;
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_DONE);
    assert_int_equal(charge.lines[0].reached, CHARGE_NEAR); /* another window */
    charge.lines[0].amount = 60;
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_EXCEEDED);
    assert_true(charge.lines[0].fits_in_ms == CHARGE_NEVER);
}

static void failed_recipients(void **state)
{
    struct bench *bench = *state;
    struct fleet_receipt receipt;
    struct charge charge = one_line(&limits[0], 60, 50); /* it does not go */
    charge.lines[1] = (struct charge_line){ .limit = &limits[7], .amount = 6, .max = 7 };
    charge.line_count = 2;
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_EXCEEDED);
    assert_int_equal(charge.lines[1].reached, CHARGE_NEAR);
    assert_int_equal(used(bench, &limits[0]), 0);
    assert_int_equal(used(bench, &limits[7]), 6);
    /* Asked again, and merged after that, they are known. */
    assert_int_equal(fleet_charge(bench->node.fleet, &charge, &receipt), CHARGE_EXCEEDED);
    assert_int_equal(charge.lines[1].used, 6);
    assert_int_equal(used(bench, &limits[7]), 6);
    charge.now_ms = bench->now_ms;
    struct fleet_merged merged;
    receipt.may_be_done = true;
    assert_true(fleet_remember(bench->node.fleet, &charge, &receipt));
    fleet_merge(bench->node.fleet, bench->now_ms, 5000, &merged);
    assert_int_equal(merged.merged, 1);
    assert_int_equal(used(bench, &limits[0]), 60);
    assert_int_equal(used(bench, &limits[7]), 6);
    /* Nothing goes any more once too many failed, also where none does in this message. */
    charge = one_line(&limits[7], 8, 7);
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_EXCEEDED);
    assert_int_equal(charge.lines[0].fits_in_ms, 1800000);
    assert_int_equal(charge.lines[0].reached, CHARGE_FULL);
    assert_int_equal(used(bench, &limits[7]), 14);
    charge.lines[0].amount = 0;
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_EXCEEDED);
    assert_int_equal(used(bench, &limits[7]), 14);
}

static void everything_goes_by_itself(void **state)
{
    struct bench *bench = *state;
    struct fleet_receipt receipt;
    static const struct charge_recipient recipients[] = { { 1, false, 0 }, { 2, false, 0 } };
    struct charge charge = one_line(&limits[0], 2, 3);
    charge.lines[1] = (struct charge_line){ .limit = &limits[5], .max = 9, .is_strict = true };
    charge.line_count = 2;
    charge.recipients = recipients;
    charge.recipient_count = 2;
    set_id(&charge, 3);
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_DONE);
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_AGAIN);
    set_id(&charge, 4);
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_EXCEEDED);
    /* No key but the clock stays for ever. */
    assert_string_equal(redis_server_say(&bench->server,
                                         "EVAL \"local n=0 for _,k in "
                                         "ipairs(redis.call('KEYS','*'))do "
                                         "if redis.call('PTTL',k)<0 then n=n+1 end end "
                                         "return n\" 0"),
                        "1");
    struct limit_meter meter = limit_meter_of(&limits[5]);
    assert_int_equal(used(bench, &limits[5]), 2);
    assert_true(fleet_reset(bench->node.fleet, span_of(names[0]), &meter));
    assert_int_equal(used(bench, &limits[5]), 0);
    assert_int_equal(used(bench, &limits[0]), 2);
    assert_true(fleet_reset(bench->node.fleet, span_of(names[0]), NULL));
    assert_int_equal(used(bench, &limits[0]), 0);
}

/* Somebody else's value where ours should be is told apart from an outage of ours. */
static void a_foreign_value(void **state)
{
    struct bench *bench = *state;
    struct fleet_receipt receipt;
    struct charge charge = one_line(&limits[0], 1, 50);
    redis_server_say(&bench->server, "SET {egress:test}a:%s x", names[0]);
    assert_int_equal(charge_anew(bench, &charge, &receipt), CHARGE_UNKNOWN);
    assert_false(receipt.may_be_done);
}

/* --- any messages at any times ---------------------------------------------------------------- */

/* The same in memory. */
struct model {
    struct window windows[ACCOUNTS][LIMITS];
    uint64_t paid_ns[ACCOUNTS][LIMITS];
    struct unique sets[ACCOUNTS][LIMITS];
};

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static uint64_t below(uint64_t *seed, uint64_t end)
{
    return next(seed) % end;
}

static size_t limit_index(const struct charge_line *line)
{
    return (size_t)(line->limit - limits);
}

/* Limits 0 and 1 have the same meter: one count. */
static size_t cell_index(const struct charge_line *line)
{
    size_t at = limit_index(line);
    return at == 1 ? 0 : at;
}

static struct pace_rule pace_of(const struct charge_line *line)
{
    return (struct pace_rule){ line->burst, line->max, (uint64_t)line->limit->per_s * 1000 };
}

static size_t gather(const struct charge *charge, const struct charge_line *line, uint64_t *out)
{
    size_t count = 0;
    for (size_t i = 0; i < charge->recipient_count; i++) {
        if (charge->recipients[i].is_internal == (line->limit->to == LIMIT_TO_INTERNAL)) {
            out[count++] = charge->recipients[i].fingerprint;
        }
    }
    return count;
}

static bool is_set(const struct charge_line *line)
{
    return line->limit->count == LIMIT_UNIQUE_RECIPIENTS;
}

/* They count also with a message that does not go. */
static bool is_failed(const struct charge_line *line)
{
    return line->limit->count == LIMIT_FAILED_RECIPIENTS;
}

/* To look at without changing it: looking drops what is too old, and a clock may go back. */
static struct unique copy_set(const struct unique *set)
{
    struct buffer octets = BUFFER_EMPTY;
    struct unique copy = { .room = 0 };
    unique_write(set, &octets);
    struct span from = buffer_span(&octets);
    assert_true(unique_read(&from, &copy));
    buffer_free(&octets);
    return copy;
}

/* The other way to say it: what must be found in the line after the script. */
struct expected {
    uint64_t used, amount, fits_in_ms;
};

static void expect_line(struct model *model, const struct charge *charge,
                        const struct charge_line *line, uint64_t now_ms, struct expected *out)
{
    size_t cell = cell_index(line);
    uint64_t per_ms = (uint64_t)line->limit->per_s * 1000;
    *out = (struct expected){ .amount = line->amount };
    if (is_set(line)) {
        struct unique set = copy_set(&model->sets[line->account][cell]);
        uint64_t prints[ADDRESSES];
        size_t count = gather(charge, line, prints);
        unique_advance(&set, now_ms, per_ms);
        out->used = unique_count(&set);
        out->amount = unique_new(&set, prints, count);
        if (line->max > 0 && out->amount > 0) {
            out->fits_in_ms = unique_fits_in_ms(&set, now_ms, per_ms, line->max, prints, count);
        }
        unique_free(&set);
        return;
    }
    struct window window = model->windows[line->account][cell];
    window_advance(&window, now_ms, per_ms);
    out->used = window_sum(&window);
    if (line->max == 0 || (line->amount == 0 && !is_failed(line))) {
        return;
    }
    out->fits_in_ms = window_fits_in_ms(&window, now_ms, per_ms, line->max, line->amount);
    if (is_failed(line) && out->fits_in_ms == WINDOW_NEVER) {
        out->fits_in_ms = per_ms; /* another time it may be sent */
    }
    if (line->burst > 0 && line->max > line->burst) {
        struct pace_rule rule = pace_of(line);
        uint64_t part = line->amount < line->burst ? line->amount : line->burst;
        uint64_t pace_ms =
            pace_fits_in_ms(&rule, model->paid_ns[line->account][limit_index(line)], now_ms, part);
        out->fits_in_ms = pace_ms > out->fits_in_ms ? pace_ms : out->fits_in_ms;
    }
}

static void model_apply(struct model *model, const struct charge *charge, bool goes,
                        uint64_t now_ms, uint64_t slots_r[CHARGE_LINES_MAX])
{
    bool is_charged[ACCOUNTS][LIMITS] = { { false } };
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        size_t cell = cell_index(line);
        if (!goes && !is_failed(line)) {
            continue;
        }
        if (line->burst > 0 && line->max > line->burst && line->amount > 0) {
            struct pace_rule rule = pace_of(line);
            uint64_t *paid = &model->paid_ns[line->account][limit_index(line)];
            *paid = pace_charge(&rule, *paid, now_ms, line->amount);
        }
        if (is_charged[line->account][cell] || (line->amount == 0 && !is_set(line))) {
            slots_r[i] = UINT64_MAX;
            continue;
        }
        is_charged[line->account][cell] = true;
        if (is_set(line)) {
            uint64_t prints[ADDRESSES];
            size_t count = gather(charge, line, prints);
            struct unique *set = &model->sets[line->account][cell];
            unique_advance(set, now_ms, (uint64_t)line->limit->per_s * 1000);
            assert_true(unique_charge(set, prints, count, UNIQUE_MAX));
            slots_r[i] = set->window.newest;
        } else {
            struct window *window = &model->windows[line->account][cell];
            window_advance(window, now_ms, (uint64_t)line->limit->per_s * 1000);
            slots_r[i] = window_charge(window, line->amount);
        }
    }
}

static void random_charge(struct charge *charge, struct charge_recipient *recipients,
                          uint64_t *seed)
{
    *charge = (struct charge){ .account_count = 1 + below(seed, ACCOUNTS) };
    for (size_t i = 0; i < charge->account_count; i++) {
        charge->accounts[i] = span_of(names[i]);
    }
    charge->recipients = recipients;
    for (uint64_t i = 0; i < ADDRESSES; i++) {
        if (below(seed, 8) == 0) {
            recipients[charge->recipient_count++] =
                (struct charge_recipient){ .fingerprint = i * UINT64_C(0x9e3779b97f4a7c15),
                                           .is_internal = i % 4 == 0 };
        }
    }
    uint64_t external = 0;
    for (size_t i = 0; i < charge->recipient_count; i++) {
        external += !recipients[i].is_internal;
    }
    for (size_t i = 0; i < LIMITS; i++) {
        struct charge_line *line = &charge->lines[charge->line_count];
        if (below(seed, 4) == 0) {
            continue;
        }
        *line = (struct charge_line){ .limit = &limits[i],
                                      .account = below(seed, charge->account_count),
                                      .max = below(seed, 20) == 0 ? 0 : maxima[i],
                                      .is_strict = below(seed, 5) > 0 };
        line->amount = i == 3   ? 1
                       : i == 4 ? below(seed, 300000)
                       : i == 7 ? below(seed, 9) * below(seed, 2)
                                : external;
        line->burst = i == 0 || i == 3 ? 4 : i == 7 ? 3 : 0;
        charge->line_count++;
    }
}

static void jump(struct bench *bench, uint64_t *seed)
{
    static const uint64_t steps[] = { 10, 3000, 90000, 700000, 4000000, 50000000 };
    uint64_t step = below(seed, steps[below(seed, sizeof(steps) / sizeof(steps[0]))]);
    uint64_t now_ms = bench->now_ms;
    if (below(seed, 60) == 0) {
        now_ms -= below(seed, 2000000); /* a server's clock may do that */
    } else {
        now_ms += step;
    }
    set_clock(bench, now_ms);
}

static void compare(struct bench *bench, struct model *model, struct charge *charge,
                    enum charge_answer answer, uint64_t now_ms)
{
    bool is_exceeded = false;
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        struct expected expected;
        expect_line(model, charge, line, now_ms, &expected);
        if (line->used != expected.used || line->fits_in_ms != expected.fits_in_ms) {
            fail_msg("%s, %llu ms: used %llu of %llu, fits in %llu ms; expected %llu and %llu",
                     line->limit->name, (unsigned long long)now_ms, (unsigned long long)line->used,
                     (unsigned long long)line->max, (unsigned long long)line->fits_in_ms,
                     (unsigned long long)expected.used, (unsigned long long)expected.fits_in_ms);
        }
        is_exceeded |= line->is_strict && expected.fits_in_ms > 0;
    }
    (void)bench;
    assert_int_equal(answer, is_exceeded ? CHARGE_EXCEEDED : CHARGE_DONE);
}

static void any_messages(void **state)
{
    struct bench *bench = *state;
    struct model model = { .paid_ns = { { 0 } } };
    const char *wanted = getenv("EGRESS_SEED");
    uint64_t seed = wanted != NULL ? strtoull(wanted, NULL, 10) : 88172645463325252u;
    unsigned done = 0, exceeded = 0, rounds = getenv("EGRESS_LONG") != NULL ? 40000 : 4000;
    uint64_t latest_ms = 0;
    for (unsigned i = 0; i < rounds; i++) {
        struct charge charge;
        struct charge_recipient recipients[ADDRESSES];
        struct fleet_receipt receipt;
        uint64_t slots[CHARGE_LINES_MAX];
        random_charge(&charge, recipients, &seed);
        jump(bench, &seed);
        latest_ms = bench->now_ms > latest_ms ? bench->now_ms : latest_ms;
        bool is_trial = below(&seed, 6) == 0;
        fleet_operation(bench->node.fleet, &receipt);
        enum charge_answer answer = is_trial ? fleet_try(bench->node.fleet, &charge)
                                             : fleet_charge(bench->node.fleet, &charge, &receipt);
        compare(bench, &model, &charge, answer, bench->now_ms);
        done += answer == CHARGE_DONE;
        exceeded += answer == CHARGE_EXCEEDED;
        if (is_trial) {
            continue;
        }
        model_apply(&model, &charge, answer == CHARGE_DONE, bench->now_ms, slots);
        if (answer != CHARGE_DONE || below(&seed, 5) > 0 || bench->now_ms < latest_ms) {
            continue;
        }
        assert_true(fleet_give_back(bench->node.fleet, &charge, &receipt));
        for (size_t n = 0; n < charge.line_count; n++) {
            const struct charge_line *line = &charge.lines[n];
            size_t cell = cell_index(line);
            if (line->burst > 0 && line->max > line->burst && line->amount > 0) {
                struct pace_rule rule = pace_of(line);
                uint64_t *paid = &model.paid_ns[line->account][limit_index(line)];
                *paid = pace_give_back(&rule, *paid, line->amount);
            }
            if (slots[n] == UINT64_MAX) {
                continue;
            }
            if (is_set(line)) {
                uint64_t prints[ADDRESSES];
                size_t count = gather(&charge, line, prints);
                assert_true(
                    unique_give_back(&model.sets[line->account][cell], slots[n], prints, count));
            } else {
                window_give_back(&model.windows[line->account][cell], slots[n], line->amount);
            }
        }
    }
    if (done < rounds / 10 || exceeded < rounds / 10) {
        fail_msg("%u done, %u exceeded: no test of both", done, exceeded);
    }
    for (size_t i = 0; i < ACCOUNTS; i++) {
        for (size_t n = 0; n < LIMITS; n++) {
            unique_free(&model.sets[i][n]);
        }
    }
}

/* --- what the server says ----------------------------------------------------------------------
 */

static void verdicts(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        { "D 17 1:0:0 2:-:2", true },
        { "D 17", true },
        { "X 17 1:0:0 2:5:1", true },
        { "A 17 1:0:0 2:5:1|01", true },
        { "K", true },
        { "", false },
        { "Z 17", false },
        { "DD 17", false },
        { "D x", false },
        { "D 17 1:0:0", false },
        { "D 17 1:0:0 2:0:0 3:0:0", false },
        { "D 17 1:0:0 2:0:3", false },
        { "D 17 1:0:0 2:0", false },
        { "D 17 1:0:0 2:x:0", false },
        { "D 17 1:0:0 99999999999999999999:0:0", false },
        { "D 17 1:0:0 -1:0:0", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct charge charge = { .line_count = 2 };
        char kind;
        uint64_t at_us;
        if (fleet_verdict_read(span_of(cases[i].text), &charge, &kind, &at_us) !=
            cases[i].is_good) {
            fail_msg("\"%s\"", cases[i].text);
        }
    }
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, bench_begin, bench_end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),      ON_BENCH(an_operation_counts_once),
        ON_BENCH(a_message_counts_once), ON_BENCH(trying_changes_nothing),
        ON_BENCH(attempts_and_levels),   ON_BENCH(everything_goes_by_itself),
        ON_BENCH(a_foreign_value),       ON_BENCH(failed_recipients),
        ON_BENCH(any_messages),
    };
    if (!redis_wire_is_built() || !redis_server_is_there()) {
        puts("SKIPPED: no redis-server on this machine, or no hiredis in this build");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
