/*
 * fleet_merge: charges that were let pass while the fleet was away, kept in the store as the script
 * will get them, until they are in the fleet's counts.
 *
 * A record: the operation is its key; its value is
 *
 *     layout 1 | flags 1 (1: has an id, 2: is taken back) | charged 8 | sent 8 | keys 1 |
 *     (size 2, key)... | numbers
 *
 * `sent` is when it may have reached the server without our knowing, 0 when it cannot have. The
 * server knows an operation for ten minutes, that of a message with an id for four hours; up to
 * then repeating it is harmless, and later nobody can tell.
 */
#include "limits/fleet_private.h"

#include <stdlib.h>
#include <string.h>

#include "log/counter.h"

#define LAYOUT 1
#define HAS_ID 1
#define IS_REVOKED 2
#define HEAD_OCTETS 19
#define SENT_OFFSET 10
#define VALUE_MAX ((size_t)256 << 10)
#define PART 32   /* records in one go */
#define SURE_S 60 /* of the server's memory: not used up to the end */

static void put_be(struct buffer *out, uint64_t number, unsigned octets)
{
    for (unsigned i = octets; i > 0; i--) {
        buffer_add_char(out, (char)(number >> (8 * (i - 1))));
    }
}

static uint64_t get_be(const char *at, unsigned octets)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < octets; i++) {
        number = number << 8 | (uint8_t)at[i];
    }
    return number;
}

static struct span key_of(const struct fleet_receipt *receipt)
{
    return (struct span){ (const char *)receipt->operation, sizeof(receipt->operation) };
}

/* --- remembering ----------------------------------------------------------------------------- */

static void write_record(const struct fleet_pack *pack, const struct charge *charge,
                         const struct fleet_receipt *receipt, unsigned flags, struct buffer *out)
{
    put_be(out, LAYOUT, 1);
    put_be(out, flags | (pack->has_id ? HAS_ID : 0), 1);
    put_be(out, charge->now_ms, 8);
    put_be(out, receipt->may_be_done ? charge->now_ms : 0, 8);
    put_be(out, pack->keys.count, 1);
    for (size_t i = 0; i < pack->keys.count; i++) {
        put_be(out, pack->keys.at[i].size, 2);
        buffer_add_span(out, pack->keys.at[i]);
    }
    buffer_add_span(out, buffer_span(&pack->numbers));
}

/* False: there are as many already, or the store failed. */
static bool keep(struct fleet *fleet, const struct charge *charge,
                 const struct fleet_receipt *receipt, unsigned flags)
{
    struct fleet_pack pack;
    struct buffer value = BUFFER_EMPTY;
    if (fleet_merges(fleet) >= FLEET_MERGES_MAX ||
        !fleet_pack_make(fleet, charge, receipt, &pack)) {
        return false;
    }
    write_record(&pack, charge, receipt, flags, &value);
    bool is_done =
        !buffer_has_failed(&value) && value.size <= VALUE_MAX &&
        store_put(fleet->store, STORE_MERGES, key_of(receipt), buffer_span(&value), STORE_SOON);
    buffer_free(&value);
    fleet_pack_free(&pack);
    return is_done;
}

bool fleet_remember(struct fleet *fleet, const struct charge *charge,
                    const struct fleet_receipt *receipt)
{
    bool is_done = charge->account_count == 0 || keep(fleet, charge, receipt, 0);
    counter_add(COUNTER_FLEET_LOST, is_done ? 0 : 1);
    return is_done;
}

bool fleet_revoke(struct fleet *fleet, const struct charge *charge,
                  const struct fleet_receipt *receipt)
{
    return charge->account_count == 0 || !receipt->may_be_done ||
           keep(fleet, charge, receipt, IS_REVOKED);
}

static bool note_found(struct buffer *value, bool is_found, void *context)
{
    (void)value;
    *(bool *)context = is_found;
    return false;
}

bool fleet_merge_forget(struct fleet *fleet, const struct fleet_receipt *receipt)
{
    bool is_found = false;
    if (fleet_merges(fleet) == 0) {
        return false;
    }
    store_update(fleet->store, STORE_MERGES, key_of(receipt), STORE_SOON, note_found, &is_found);
    return is_found && store_remove(fleet->store, STORE_MERGES, key_of(receipt));
}

uint64_t fleet_merges(struct fleet *fleet)
{
    return store_count(fleet->store, STORE_MERGES);
}

/* --- reading --------------------------------------------------------------------------------- */

static bool read_keys(struct span *from_io, size_t count, struct fleet_keys *keys)
{
    for (size_t i = 0; i < count; i++) {
        if (from_io->size < 2) {
            return false;
        }
        size_t size = get_be(from_io->at, 2);
        *from_io = span_from(*from_io, 2);
        if (from_io->size < size) {
            return false;
        }
        buffer_add_span(&keys->text, span_first(*from_io, size));
        keys->ends[keys->count++] = keys->text.size;
        *from_io = span_from(*from_io, size);
    }
    return fleet_keys_close(keys);
}

bool fleet_merge_read(struct span key, struct span value, struct fleet_merge_record *record_r)
{
    static const char digits[] = "0123456789abcdef";
    *record_r = (struct fleet_merge_record){ .charged_ms = 0 };
    if (key.size != FLEET_OPERATION_BYTES || value.size < HEAD_OCTETS || value.at[0] != LAYOUT ||
        (uint8_t)value.at[HEAD_OCTETS - 1] > FLEET_KEYS_MAX) {
        return false;
    }
    for (size_t i = 0; i < key.size; i++) {
        record_r->pack.operation[2 * i] = digits[(uint8_t)key.at[i] >> 4];
        record_r->pack.operation[2 * i + 1] = digits[(uint8_t)key.at[i] & 0xf];
    }
    record_r->pack.has_id = (value.at[1] & HAS_ID) != 0;
    record_r->is_revoked = (value.at[1] & IS_REVOKED) != 0;
    record_r->charged_ms = get_be(value.at + 2, 8);
    record_r->sent_ms = get_be(value.at + SENT_OFFSET, 8);
    struct span rest = span_from(value, HEAD_OCTETS);
    bool is_good = read_keys(&rest, (uint8_t)value.at[HEAD_OCTETS - 1], &record_r->pack.keys);
    buffer_add_span(&record_r->pack.numbers, rest);
    if (!is_good || buffer_has_failed(&record_r->pack.numbers)) {
        fleet_pack_free(&record_r->pack);
        return false;
    }
    return true;
}

/* --- merging --------------------------------------------------------------------------------- */

struct part {
    struct buffer keys[PART], values[PART];
    size_t count;
};

static bool gather(struct span key, struct span value, void *context)
{
    struct part *part = context;
    if (part->count == PART) {
        return false;
    }
    buffer_add_span(&part->keys[part->count], key);
    buffer_add_span(&part->values[part->count], value);
    part->count++;
    return true;
}

static void part_free(struct part *part)
{
    for (size_t i = 0; i < part->count; i++) {
        buffer_free(&part->keys[i]);
        buffer_free(&part->values[i]);
    }
    part->count = 0;
}

static bool mark_sent(struct buffer *value, bool is_found, void *context)
{
    uint64_t now_ms = *(const uint64_t *)context;
    if (!is_found || value->size < HEAD_OCTETS) {
        return false;
    }
    for (unsigned i = 0; i < 8; i++) {
        value->at[SENT_OFFSET + i] = (char)(now_ms >> (56 - 8 * i));
    }
    return true;
}

/* Could the server have it without knowing it any more? To take that back is tried all the same. */
static bool is_unsure(const struct fleet_merge_record *record, uint64_t now_ms)
{
    if (record->is_revoked) {
        return false;
    }
    uint64_t known_s = record->pack.has_id ? FLEET_ID_TTL_S : FLEET_OPERATION_TTL_S;
    return record->sent_ms > 0 && now_ms > record->sent_ms + (known_s - SURE_S) * 1000;
}

enum merge_step { STEP_NEXT, STEP_STOP };

static enum merge_step judge(const struct fleet_merge_record *record, enum redis_answer answer,
                             const struct redis_reply *reply, struct fleet_merged *merged)
{
    bool is_added = !record->is_revoked;
    if (answer == REDIS_ANSWERED) {
        bool was_known =
            reply->count == 1 && reply->words[0].size > 0 && reply->words[0].at[0] == 'K';
        merged->known += is_added && was_known;
        merged->merged += is_added && !was_known;
        return STEP_NEXT;
    }
    /* One that it will never take must not keep the others waiting. */
    if (answer == REDIS_REFUSED && reply->reason == REDIS_ERROR) {
        merged->lost += is_added;
        return STEP_NEXT;
    }
    merged->is_away = true;
    return STEP_STOP;
}

static enum merge_step merge_one(struct fleet *fleet, struct span key, struct span value,
                                 uint64_t now_ms, struct fleet_merged *merged)
{
    struct fleet_merge_record record;
    struct redis_reply reply;
    if (!fleet_merge_read(key, value, &record)) {
        merged->lost++;
        store_remove(fleet->store, STORE_MERGES, key);
        return STEP_NEXT;
    }
    enum merge_step step = STEP_NEXT;
    if (is_unsure(&record, now_ms)) {
        merged->lost++;
    } else {
        uint64_t age_ms = now_ms > record.charged_ms ? now_ms - record.charged_ms : 0;
        fleet_pack_set_age(&record.pack.numbers, age_ms);
        enum redis_answer answer = fleet_send_pack(fleet, record.is_revoked ? "back" : "force",
                                                   &record.pack, FLEET_PATIENT_MS, &reply);
        step = judge(&record, answer, &reply, merged);
        redis_reply_free(&reply);
        if (answer == REDIS_LATE) {
            store_update(fleet->store, STORE_MERGES, key, STORE_SOON, mark_sent, &now_ms);
        }
    }
    if (step == STEP_NEXT) {
        store_remove(fleet->store, STORE_MERGES, key);
    }
    fleet_pack_free(&record.pack);
    return step;
}

/* False: that was all, or it must end. */
static bool merge_part(struct fleet *fleet, uint64_t now_ms, uint64_t end_ns,
                       struct fleet_merged *merged)
{
    struct part *part = calloc(1, sizeof(*part));
    bool goes_on = part != NULL && store_walk(fleet->store, STORE_MERGES, SPAN(""), gather, part) &&
                   part->count > 0;
    for (size_t i = 0; goes_on && i < part->count; i++) {
        goes_on = merge_one(fleet, buffer_span(&part->keys[i]), buffer_span(&part->values[i]),
                            now_ms, merged) == STEP_NEXT &&
                  clock_mono_ns(fleet->clock) < end_ns;
    }
    if (part != NULL) {
        part_free(part);
        free(part);
    }
    return goes_on;
}

void fleet_merge(struct fleet *fleet, uint64_t now_ms, unsigned budget_ms,
                 struct fleet_merged *merged_r)
{
    uint64_t end_ns = clock_mono_ns(fleet->clock) + budget_ms * UINT64_C(1000000);
    *merged_r = (struct fleet_merged){ .merged = 0 };
    if (fleet_merges(fleet) == 0) {
        return;
    }
    merged_r->is_away = !redis_is_up(fleet->redis);
    while (!merged_r->is_away && merge_part(fleet, now_ms, end_ns, merged_r)) {
    }
    counter_add(COUNTER_FLEET_MERGED, (int64_t)merged_r->merged);
    counter_add(COUNTER_FLEET_LOST, (int64_t)merged_r->lost);
}
