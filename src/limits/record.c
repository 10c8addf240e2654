/*
 * record: the octets of an account: the layout, the attempts, then each meter.
 */
#include "limits/record.h"

#include <string.h>

#include "util/varint.h"

static uint64_t per_ms(struct limit_meter meter)
{
    return (uint64_t)meter.per_s * 1000;
}

static bool read_meter(struct span *from, struct record_meter *at)
{
    uint64_t kind, per_s, told;
    if (!varint_take(from, &kind) || !varint_take(from, &per_s) ||
        kind >= LIMIT_COUNT_COUNT * LIMIT_TO_COUNT || per_s == 0 || per_s > UINT32_MAX) {
        return false;
    }
    at->meter = (struct limit_meter){ .count = (uint8_t)(kind / LIMIT_TO_COUNT),
                                      .to = (uint8_t)(kind % LIMIT_TO_COUNT),
                                      .per_s = (uint32_t)per_s };
    if (!window_read(from, &at->window) || !varint_take(from, &at->paid_off_ns) ||
        !varint_take(from, &told) || told > CHARGE_FULL) {
        return false;
    }
    at->told = (uint8_t)told;
    at->told_until_ms = 0;
    return told == CHARGE_CALM || varint_take(from, &at->told_until_ms);
}

static bool read_all(struct span octets, struct record *record)
{
    uint64_t layout;
    record->count = 0;
    if (!varint_take(&octets, &layout) || layout != RECORD_LAYOUT ||
        !window_read(&octets, &record->attempts)) {
        return false;
    }
    for (; octets.size > 0; record->count++) {
        if (record->count == RECORD_METERS_MAX ||
            !read_meter(&octets, &record->meters[record->count])) {
            return false;
        }
    }
    return true;
}

bool record_read(struct span octets, struct record *record_r)
{
    if (read_all(octets, record_r)) {
        return true;
    }
    record_r->count = 0;
    record_r->attempts = (struct window){ 0 };
    return false;
}

void record_advance(struct record *record, uint64_t now_ms)
{
    window_advance(&record->attempts, now_ms, RECORD_ATTEMPTS_PER_MS);
    for (size_t i = 0; i < record->count; i++) {
        struct record_meter *at = &record->meters[i];
        window_advance(&at->window, now_ms, per_ms(at->meter));
        if (at->told_until_ms <= now_ms) {
            at->told = CHARGE_CALM;
        }
    }
}

/* What a window holds no longer was paid off before (limits/pace.h). What was told counts until its
 * own time is over. */
static bool is_meter_empty(const struct record_meter *at)
{
    return window_sum(&at->window) == 0 && at->told == CHARGE_CALM;
}

bool record_is_empty(const struct record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        if (!is_meter_empty(&record->meters[i])) {
            return false;
        }
    }
    return window_sum(&record->attempts) == 0;
}

/* What a window holds no longer was paid off before, for a burst is below what the window takes. */
static void write_meter(const struct record_meter *at, uint64_t now_ms, struct buffer *out)
{
    bool is_told = at->told != CHARGE_CALM && at->told_until_ms > now_ms;
    varint_put(out, (uint64_t)at->meter.count * LIMIT_TO_COUNT + at->meter.to);
    varint_put(out, at->meter.per_s);
    window_write(&at->window, out);
    varint_put(out, at->paid_off_ns);
    varint_put(out, is_told ? at->told : CHARGE_CALM);
    if (is_told) {
        varint_put(out, at->told_until_ms);
    }
}

void record_write(const struct record *record, uint64_t now_ms, struct buffer *out)
{
    buffer_clear(out);
    varint_put(out, RECORD_LAYOUT);
    window_write(&record->attempts, out);
    for (size_t i = 0; i < record->count; i++) {
        const struct record_meter *at = &record->meters[i];
        if (!is_meter_empty(at) || (at->told != CHARGE_CALM && at->told_until_ms > now_ms)) {
            write_meter(at, now_ms, out);
        }
    }
}

struct record_meter *record_find(struct record *record, struct limit_meter meter)
{
    for (size_t i = 0; i < record->count; i++) {
        if (limit_meter_is_equal(record->meters[i].meter, meter)) {
            return &record->meters[i];
        }
    }
    return NULL;
}

struct record_meter *record_take(struct record *record, struct limit_meter meter, uint64_t now_ms)
{
    struct record_meter *at = record_find(record, meter);
    if (at == NULL && record->count < RECORD_METERS_MAX) {
        at = &record->meters[record->count++];
        *at = (struct record_meter){ .meter = meter };
        window_advance(&at->window, now_ms, per_ms(meter));
    }
    return at;
}
