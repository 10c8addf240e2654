/*
 * fleet: the object, and what an account has used, for whoever looks.
 *
 * Below the prefix of the fleet lie
 *
 *     o:OPERATION      the verdict of a charge, for ten minutes
 *     m:MESSAGE        by which operation a message was charged, for four hours
 *     a:ACCOUNT        a hash: "count.to.per" a window, of addresses the time of the last; in
 *                      "x:count.to.per:max" what was told of a limit, and its pace; "a" attempts
 *     u:METER:ACCOUNT  addresses, by their last use
 *     r: v: x: KIND    records, their versions, when they end
 *     records          epoch and version of all records
 *     l:NAME           who has a lease
 *
 * Each of the first four goes by itself when it is out of its windows.
 */
#include "limits/fleet_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "util/siphash.h"

/* All nodes make the same of an address. Whoever knows the fleet's name could look for addresses
 * that count as one: for 2^32 tries he gets two. */
static void make_hash_key(struct fleet *fleet)
{
    static const uint64_t keys[2][2] = { { 1, 0x666c656574206b65 }, { 2, 0x666c656574206b65 } };
    for (size_t i = 0; i < 2; i++) {
        fleet->hash_key[i] = siphash(keys[i], span_of(redis_key_prefix(fleet->redis)));
    }
}

struct fleet *fleet_new(struct redis *redis, struct store *store, const struct clock *clock,
                        unsigned share_percent)
{
    struct fleet *fleet = calloc(1, sizeof(*fleet));
    if (fleet == NULL) {
        return NULL;
    }
    *fleet = (struct fleet){
        .redis = redis, .store = store, .clock = clock, .share_percent = share_percent
    };
    make_hash_key(fleet);
    for (size_t i = 0; i < FLEET_SCRIPT_COUNT; i++) {
        if (!redis_script_init(&fleet->scripts[i], fleet_script_texts[i])) {
            fleet_free(&fleet);
            return NULL;
        }
    }
    return fleet;
}

void fleet_free(struct fleet **fleet)
{
    free(*fleet);
    *fleet = NULL;
}

uint64_t fleet_fingerprint(const struct fleet *fleet, struct span text)
{
    return siphash(fleet->hash_key, text);
}

void fleet_look(struct fleet *fleet, struct redis_state *state_r)
{
    redis_look(fleet->redis, state_r);
}

const char *fleet_name(const struct fleet *fleet)
{
    return redis_fleet(fleet->redis);
}

const char *fleet_node(const struct fleet *fleet)
{
    return redis_node(fleet->redis);
}

uint64_t fleet_share_of(const struct fleet *fleet, uint64_t max)
{
    uint64_t share = max / 100 * fleet->share_percent + max % 100 * fleet->share_percent / 100;
    return max > 0 && share == 0 ? 1 : share;
}

void fleet_operation(const struct fleet *fleet, struct fleet_receipt *receipt_r)
{
    *receipt_r = (struct fleet_receipt){ .at_us = 0 };
    fleet->clock->random(fleet->clock, receipt_r->operation, sizeof(receipt_r->operation));
}

/* --- keys ------------------------------------------------------------------------------------ */

size_t fleet_keys_add(struct fleet_keys *keys, const struct fleet *fleet, const char *kind,
                      struct span name)
{
    buffer_add_text(&keys->text, redis_key_prefix(fleet->redis));
    buffer_add_text(&keys->text, kind);
    buffer_add_span(&keys->text, name);
    keys->ends[keys->count] = keys->text.size;
    return ++keys->count;
}

bool fleet_keys_close(struct fleet_keys *keys)
{
    size_t begin = 0;
    if (buffer_has_failed(&keys->text)) {
        return false;
    }
    for (size_t i = 0; i < keys->count; i++) {
        keys->at[i] = (struct span){ keys->text.at + begin, keys->ends[i] - begin };
        begin = keys->ends[i];
    }
    return true;
}

void fleet_keys_free(struct fleet_keys *keys)
{
    buffer_free(&keys->text);
}

struct span fleet_field(struct limit_meter meter, char out[static FLEET_FIELD_MAX])
{
    int size = snprintf(out, FLEET_FIELD_MAX, "%u.%u.%u", meter.count, meter.to, meter.per_s);
    return (struct span){ out, (size_t)size };
}

bool fleet_number(struct span *from_io, uint64_t *number_r)
{
    uint64_t number = 0;
    size_t i = 0;
    for (; i < from_io->size && from_io->at[i] >= '0' && from_io->at[i] <= '9'; i++) {
        unsigned digit = (unsigned)(from_io->at[i] - '0');
        if (number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *number_r = number;
    *from_io = span_from(*from_io, i);
    return i > 0;
}

static bool take_dot(struct span *from_io)
{
    bool is_dot = from_io->size > 0 && from_io->at[0] == '.';
    *from_io = span_from(*from_io, 1);
    return is_dot;
}

bool fleet_field_read(struct span field, struct limit_meter *meter_r)
{
    uint64_t count, to, per_s;
    if (!fleet_number(&field, &count) || !take_dot(&field) || !fleet_number(&field, &to) ||
        !take_dot(&field) || !fleet_number(&field, &per_s) || field.size > 0 ||
        count >= LIMIT_COUNT_COUNT || to >= LIMIT_TO_COUNT || per_s == 0 || per_s > UINT32_MAX) {
        return false;
    }
    *meter_r = (struct limit_meter){ (uint8_t)count, (uint8_t)to, (uint32_t)per_s };
    return true;
}

void fleet_set_key(struct fleet_keys *keys, const struct fleet *fleet, struct limit_meter meter,
                   struct span account)
{
    char field[FLEET_FIELD_MAX], kind[FLEET_FIELD_MAX + 4];
    fleet_field(meter, field);
    snprintf(kind, sizeof(kind), "u:%s:", field);
    fleet_keys_add(keys, fleet, kind, account);
}

enum redis_answer fleet_call(struct fleet *fleet, enum fleet_script script,
                             const struct fleet_keys *keys, const struct span *arguments,
                             size_t argument_count, uint64_t deadline_ms,
                             struct redis_reply *reply_r)
{
    struct redis_call call = { .script = &fleet->scripts[script],
                               .keys = keys->at,
                               .key_count = keys->count,
                               .arguments = arguments,
                               .argument_count = argument_count,
                               .deadline_ms = deadline_ms };
    return redis_call(fleet->redis, &call, reply_r);
}

/* --- uses ------------------------------------------------------------------------------------ */

struct uses {
    struct fleet_use *at;
    size_t count;
    uint64_t attempts;
};

static bool is_set(struct limit_meter meter)
{
    return meter.count == LIMIT_UNIQUE_RECIPIENTS;
}

/* Pairs of a field and what was used; that of sets is asked for by itself. */
static void read_uses(const struct redis_reply *reply, struct uses *uses)
{
    for (size_t i = 0; i + 1 < reply->count; i += 2) {
        struct span field = reply->words[i], used = reply->words[i + 1];
        struct limit_meter meter;
        uint64_t number = 0;
        fleet_number(&used, &number);
        if (span_is_equal(field, SPAN("a"))) {
            uses->attempts = number;
        } else if (uses->count < FLEET_USES_MAX && fleet_field_read(field, &meter)) {
            uses->at[uses->count++] = (struct fleet_use){ meter, number };
        }
    }
}

static bool ask_sets(struct fleet *fleet, struct span account, struct uses *uses)
{
    struct fleet_keys keys = { .count = 0 };
    struct redis_reply reply = { .reason = REDIS_FINE };
    char texts[FLEET_USES_MAX][16];
    struct span pers[FLEET_USES_MAX];
    size_t which[FLEET_USES_MAX];
    for (size_t i = 0; i < uses->count; i++) {
        if (is_set(uses->at[i].meter)) {
            size_t n = keys.count;
            fleet_set_key(&keys, fleet, uses->at[i].meter, account);
            snprintf(texts[n], sizeof(texts[n]), "%u", uses->at[i].meter.per_s);
            pers[n] = span_of(texts[n]);
            which[n] = i;
        }
    }
    bool is_done = fleet_keys_close(&keys) &&
                   (keys.count == 0 || fleet_call(fleet, FLEET_SETS, &keys, pers, keys.count,
                                                  FLEET_PATIENT_MS, &reply) == REDIS_ANSWERED);
    for (size_t n = 0; is_done && n < keys.count && n < reply.count; n++) {
        struct span number = reply.words[n];
        fleet_number(&number, &uses->at[which[n]].used);
    }
    redis_reply_free(&reply);
    fleet_keys_free(&keys);
    return is_done;
}

static bool ask_uses(struct fleet *fleet, struct span account, struct uses *uses)
{
    struct fleet_keys keys = { .count = 0 };
    struct redis_reply reply = { .reason = REDIS_FINE };
    fleet_keys_add(&keys, fleet, "a:", account);
    bool is_done =
        fleet_keys_close(&keys) &&
        fleet_call(fleet, FLEET_USES, &keys, NULL, 0, FLEET_PATIENT_MS, &reply) == REDIS_ANSWERED;
    if (is_done) {
        read_uses(&reply, uses);
    }
    redis_reply_free(&reply);
    fleet_keys_free(&keys);
    return is_done;
}

bool fleet_uses(struct fleet *fleet, struct span account, struct fleet_use *uses_r, size_t *count_r,
                uint64_t *attempts_1h_r)
{
    struct uses uses = { .at = uses_r };
    bool is_done = ask_uses(fleet, account, &uses) && ask_sets(fleet, account, &uses);
    *count_r = uses.count;
    *attempts_1h_r = uses.attempts;
    return is_done;
}

/* The sets are keys of their own, so that it must be known which there are. */
bool fleet_reset(struct fleet *fleet, struct span account, const struct limit_meter *meter)
{
    struct fleet_use at[FLEET_USES_MAX];
    struct uses uses = { .at = at };
    struct fleet_keys keys = { .count = 0 };
    struct redis_reply reply = { .reason = REDIS_FINE };
    char text[FLEET_FIELD_MAX];
    struct span field = meter != NULL ? fleet_field(*meter, text) : SPAN("");
    bool is_done = meter != NULL || ask_uses(fleet, account, &uses);
    fleet_keys_add(&keys, fleet, "a:", account);
    if (meter != NULL && is_set(*meter)) {
        fleet_set_key(&keys, fleet, *meter, account);
    }
    for (size_t i = 0; i < uses.count; i++) {
        if (is_set(at[i].meter)) {
            fleet_set_key(&keys, fleet, at[i].meter, account);
        }
    }
    is_done = is_done && fleet_keys_close(&keys) &&
              fleet_call(fleet, FLEET_RESET, &keys, &field, 1, FLEET_PATIENT_MS, &reply) ==
                  REDIS_ANSWERED;
    redis_reply_free(&reply);
    fleet_keys_free(&keys);
    return is_done;
}
