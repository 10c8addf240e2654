/*
 * receipt: the octets: a layout, the time, the id, how a fleet knows it, then each account with its
 * lines.
 */
#include "limits/receipt.h"

#include <stdlib.h>
#include <string.h>

#include "limits/provider.h"
#include "util/varint.h"

enum { RECEIPT_LAYOUT = 1 };

/* --- writing --------------------------------------------------------------------------------- */

static void write_line(const struct charge_line *line, struct buffer *out)
{
    struct limit_meter meter = limit_meter_of(line->limit);
    varint_put(out, (uint64_t)meter.count * LIMIT_TO_COUNT + meter.to);
    varint_put(out, meter.per_s);
    varint_put(out, line->amount);
    varint_put(out, line->max);
    varint_put(out, line->burst);
}

static void write_account(const struct charge *charge, size_t account, struct buffer *out)
{
    struct buffer lines = BUFFER_EMPTY;
    uint64_t count = 0;
    for (size_t i = 0; i < charge->line_count; i++) {
        if (charge->lines[i].account == account) {
            write_line(&charge->lines[i], &lines);
            count++;
        }
    }
    if (out->size + lines.size + charge->accounts[account].size + 20 <= RECEIPT_MAX) {
        varint_put(out, charge->accounts[account].size);
        buffer_add_span(out, charge->accounts[account]);
        varint_put(out, count);
        buffer_add_span(out, buffer_span(&lines));
    }
    buffer_free(&lines);
}

void receipt_write(const struct charge *charge, const struct fleet_receipt *fleet,
                   struct buffer *out)
{
    varint_put(out, RECEIPT_LAYOUT);
    varint_put(out, charge->now_ms);
    buffer_add(out, charge->id, sizeof(charge->id));
    buffer_add(out, fleet->operation, sizeof(fleet->operation));
    varint_put(out, fleet->at_us);
    for (size_t i = 0; i < charge->account_count; i++) {
        write_account(charge, i, out);
    }
}

/* --- reading --------------------------------------------------------------------------------- */

struct reading {
    struct charge charge;
    struct fleet_receipt fleet;
    struct limit limits[CHARGE_LINES_MAX];
};

static bool read_line(struct span *from, struct reading *reading)
{
    struct charge *charge = &reading->charge;
    struct charge_line *line = &charge->lines[charge->line_count];
    struct limit *limit = &reading->limits[charge->line_count];
    uint64_t kind, per_s;
    if (charge->line_count == CHARGE_LINES_MAX || !varint_take(from, &kind) ||
        !varint_take(from, &per_s) || !varint_take(from, &line->amount) ||
        !varint_take(from, &line->max) || !varint_take(from, &line->burst) ||
        kind >= LIMIT_COUNT_COUNT * LIMIT_TO_COUNT || per_s == 0 || per_s > UINT32_MAX) {
        return false;
    }
    *limit = (struct limit){ .count = (int)(kind / LIMIT_TO_COUNT),
                             .to = (int)(kind % LIMIT_TO_COUNT),
                             .per_s = (int64_t)per_s };
    line->limit = limit;
    line->provider = PROVIDER_COUNT;
    line->account = charge->account_count;
    charge->line_count++;
    return true;
}

static bool read_account(struct span *from, struct reading *reading)
{
    struct charge *charge = &reading->charge;
    uint64_t size, count;
    if (charge->account_count == CHARGE_ACCOUNTS_MAX || !varint_take(from, &size) || size == 0 ||
        size > STORE_KEY_MAX || size > from->size) {
        return false;
    }
    charge->accounts[charge->account_count] = span_first(*from, (size_t)size);
    *from = span_from(*from, (size_t)size);
    if (!varint_take(from, &count)) {
        return false;
    }
    for (; count > 0; count--) {
        if (!read_line(from, reading)) {
            return false;
        }
    }
    charge->account_count++;
    return true;
}

static bool take_octets(struct span *from, uint8_t *octets_r, size_t size)
{
    if (from->size < size) {
        return false;
    }
    memcpy(octets_r, from->at, size);
    *from = span_from(*from, size);
    return true;
}

static bool read_all(struct span octets, struct reading *reading)
{
    struct charge *charge = &reading->charge;
    uint64_t layout;
    if (!varint_take(&octets, &layout) || layout != RECEIPT_LAYOUT ||
        !varint_take(&octets, &charge->now_ms) ||
        !take_octets(&octets, charge->id, sizeof(charge->id)) ||
        !take_octets(&octets, reading->fleet.operation, sizeof(reading->fleet.operation)) ||
        !varint_take(&octets, &reading->fleet.at_us)) {
        return false;
    }
    while (octets.size > 0) {
        if (!read_account(&octets, reading)) {
            return false;
        }
    }
    return true;
}

bool receipt_give_back(const struct books *books, struct span octets, bool *is_good_r)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    *is_good_r = true;
    if (reading == NULL) {
        return false;
    }
    *is_good_r = read_all(octets, reading);
    bool is_done = *is_good_r && books_give_back(books, &reading->charge, &reading->fleet);
    free(reading);
    return is_done;
}
