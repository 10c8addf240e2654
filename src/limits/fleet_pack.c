/*
 * fleet_pack: a charge as one array of MessagePack, which the script takes apart in one step. All
 * numbers take nine octets, so that one of them, the age, can be set later where it stands.
 *
 * Amounts stay below 2^49 and what paces weigh below 2^52: scripts count in doubles, which are
 * exact up to 2^53.
 */
#include "limits/fleet_private.h"

#include <stdio.h>
#include <string.h>

#include "limits/provider.h"

#define AMOUNT_MAX (UINT64_C(1) << 49)
#define WEIGHT_MAX (UINT64_C(1) << 52)
#define NS_PER_MS UINT64_C(1000000)
#define HEADER_OCTETS 3
#define NUMBER_OCTETS 9
#define AGE_OFFSET (HEADER_OCTETS + 3 * NUMBER_OCTETS + 1) /* the fourth number's octets */

_Static_assert(LIMIT_UNIQUE_RECIPIENTS == 3 && LIMIT_FAILED_RECIPIENTS == 5,
               "scripts tell them by number");

__extension__ typedef unsigned __int128 wide;

struct writer {
    struct buffer *out;
    unsigned count; /* elements so far */
};

static void put_be(struct buffer *out, uint64_t number, unsigned octets)
{
    for (unsigned i = octets; i > 0; i--) {
        buffer_add_char(out, (char)(number >> (8 * (i - 1))));
    }
}

static void put_number(struct writer *writer, uint64_t number)
{
    buffer_add_char(writer->out, (char)0xcf);
    put_be(writer->out, number, 8);
    writer->count++;
}

static void put_text_head(struct writer *writer, size_t size)
{
    buffer_add_char(writer->out, (char)0xdb);
    put_be(writer->out, size, 4);
    writer->count++;
}

static void put_text(struct writer *writer, struct span text)
{
    put_text_head(writer, text.size);
    buffer_add_span(writer->out, text);
}

static uint64_t least(wide a, uint64_t b)
{
    return a < b ? (uint64_t)a : b;
}

/* --- cells: a meter of an account, once, however many lines look at it -------------------------
 */

struct cells {
    const struct charge *charge;
    const struct charge_line *first[CHARGE_LINES_MAX]; /* by cell */
    size_t of_line[CHARGE_LINES_MAX];
    size_t count;
};

static bool is_same_cell(const struct charge_line *a, const struct charge_line *b)
{
    return a->account == b->account &&
           limit_meter_is_equal(limit_meter_of(a->limit), limit_meter_of(b->limit));
}

/* In the order of their accounts. */
static void find_cells(const struct charge *charge, struct cells *cells)
{
    *cells = (struct cells){ .charge = charge };
    for (size_t account = 0; account < charge->account_count; account++) {
        for (size_t i = 0; i < charge->line_count; i++) {
            const struct charge_line *line = &charge->lines[i];
            size_t at = 0;
            if (line->account != account) {
                continue;
            }
            while (at < cells->count && !is_same_cell(cells->first[at], line)) {
                at++;
            }
            if (at == cells->count) {
                cells->first[cells->count++] = line;
            }
            cells->of_line[i] = at;
        }
    }
}

static bool is_set(const struct charge_line *line)
{
    return line->limit->count == LIMIT_UNIQUE_RECIPIENTS;
}

/* "provider/NAME": whose recipients count; PROVIDER_COUNT: all. */
static unsigned provider_of_account(const struct charge *charge, const struct charge_line *line)
{
    struct span name = charge->accounts[line->account];
    unsigned provider = 0;
    if (line->limit->by != LIMIT_BY_PROVIDER) {
        return PROVIDER_COUNT;
    }
    name = span_from(name, (size_t)(span_find_last(name, '/') + 1));
    while (provider < PROVIDER_COUNT &&
           !span_is_equal(span_of(provider_name((uint8_t)provider)), name)) {
        provider++;
    }
    return provider;
}

static bool counts(const struct charge_line *line, unsigned provider,
                   const struct charge_recipient *recipient)
{
    int to = line->limit->to;
    bool is_meant = to == LIMIT_TO_ALL || (to == LIMIT_TO_INTERNAL) == recipient->is_internal;
    return is_meant && (provider == PROVIDER_COUNT || provider == recipient->provider);
}

static void put_fingerprints(struct writer *writer, const struct charge *charge,
                             const struct charge_line *line)
{
    unsigned provider = provider_of_account(charge, line);
    size_t count = 0;
    for (size_t i = 0; i < charge->recipient_count; i++) {
        count += counts(line, provider, &charge->recipients[i]);
    }
    put_text_head(writer, count * 8);
    for (size_t i = 0; i < charge->recipient_count; i++) {
        if (counts(line, provider, &charge->recipients[i])) {
            put_be(writer->out, charge->recipients[i].fingerprint, 8);
        }
    }
}

static uint64_t slot_ms(uint64_t per_ms)
{
    return per_ms / 12 + (per_ms % 12 > 0);
}

static void put_cell(struct writer *writer, const struct charge *charge,
                     const struct charge_line *line, size_t set)
{
    char field[FLEET_FIELD_MAX];
    uint64_t per_ms = (uint64_t)line->limit->per_s * 1000;
    put_text(writer, fleet_field(limit_meter_of(line->limit), field));
    put_number(writer, slot_ms(per_ms));
    put_number(writer, per_ms);
    put_number(writer, least(line->amount, AMOUNT_MAX));
    put_number(writer, set);
    if (set > 0) {
        put_fingerprints(writer, charge, line);
    } else {
        put_text(writer, SPAN(""));
    }
}

/* --- lines ----------------------------------------------------------------------------------- */

/* As limits/pace.c weighs. */
static uint64_t weight_ns(const struct charge_line *line, uint64_t amount)
{
    wide per_ns = (wide)line->limit->per_s * 1000 * NS_PER_MS;
    wide unit_ns = (per_ns + line->max - 1) / line->max;
    return least(unit_ns * amount, WEIGHT_MAX);
}

static void put_line(struct writer *writer, const struct charge_line *line, size_t cell)
{
    char field[FLEET_FIELD_MAX], extra[FLEET_FIELD_MAX + 32];
    bool is_paced = line->burst > 0 && line->max > line->burst;
    uint64_t part = line->amount < line->burst ? line->amount : line->burst;
    fleet_field(limit_meter_of(line->limit), field);
    snprintf(extra, sizeof(extra), "x:%s:%llu", field, (unsigned long long)line->max);
    put_number(writer, cell + 1);
    put_number(writer, least(line->max, AMOUNT_MAX));
    put_number(writer, line->is_strict);
    put_number(writer, is_paced ? weight_ns(line, line->amount) : 0);
    put_number(writer, is_paced ? weight_ns(line, part) : 0);
    put_number(writer, is_paced ? weight_ns(line, line->burst) : 0);
    put_text(writer, span_of(extra));
}

/* --- all of it ------------------------------------------------------------------------------- */

static void put_hex(char *out, const uint8_t *octets)
{
    for (size_t i = 0; i < FLEET_OPERATION_BYTES; i++) {
        snprintf(out + 2 * i, 3, "%02x", octets[i]);
    }
}

static void add_keys(const struct fleet *fleet, const struct charge *charge,
                     struct fleet_pack *pack)
{
    static const uint8_t none[CHARGE_ID_BYTES];
    char id[2 * CHARGE_ID_BYTES + 1];
    pack->has_id = memcmp(charge->id, none, sizeof(none)) != 0;
    put_hex(id, charge->id);
    fleet_keys_add(&pack->keys, fleet, "o:", span_of(pack->operation));
    /* Without an id there must be some key all the same; it is not looked at. */
    fleet_keys_add(&pack->keys, fleet,
                   pack->has_id ? "m:" : "o:", span_of(pack->has_id ? id : pack->operation));
    for (size_t i = 0; i < charge->account_count; i++) {
        fleet_keys_add(&pack->keys, fleet, "a:", charge->accounts[i]);
    }
}

static void put_cells(struct writer *writer, const struct fleet *fleet, const struct cells *cells,
                      struct fleet_pack *pack)
{
    const struct charge *charge = cells->charge;
    size_t at = 0;
    put_number(writer, charge->account_count);
    for (size_t account = 0; account < charge->account_count; account++) {
        size_t end = at;
        while (end < cells->count && cells->first[end]->account == account) {
            end++;
        }
        put_number(writer, end - at);
        for (; at < end; at++) {
            const struct charge_line *line = cells->first[at];
            if (is_set(line)) {
                fleet_set_key(&pack->keys, fleet, limit_meter_of(line->limit),
                              charge->accounts[account]);
            }
            put_cell(writer, charge, line, is_set(line) ? pack->keys.count : 0);
        }
    }
}

bool fleet_pack_make(const struct fleet *fleet, const struct charge *charge,
                     const struct fleet_receipt *receipt, struct fleet_pack *pack_r)
{
    struct writer writer = { .out = &pack_r->numbers };
    struct cells cells;
    *pack_r = (struct fleet_pack){ .has_id = false };
    put_hex(pack_r->operation, receipt->operation);
    find_cells(charge, &cells);
    add_keys(fleet, charge, pack_r);
    buffer_add(&pack_r->numbers, "\xdc\0\0", HEADER_OCTETS);
    put_number(&writer, pack_r->has_id);
    put_number(&writer, FLEET_OPERATION_TTL_S);
    put_number(&writer, FLEET_ID_TTL_S);
    put_number(&writer, 0); /* age */
    put_number(&writer, receipt->at_us);
    put_cells(&writer, fleet, &cells, pack_r);
    put_number(&writer, charge->line_count);
    for (size_t i = 0; i < charge->line_count; i++) {
        put_line(&writer, &charge->lines[i], cells.of_line[i]);
    }
    if (buffer_has_failed(&pack_r->numbers) || !fleet_keys_close(&pack_r->keys)) {
        fleet_pack_free(pack_r);
        return false;
    }
    pack_r->numbers.at[1] = (char)(writer.count >> 8);
    pack_r->numbers.at[2] = (char)writer.count;
    return true;
}

void fleet_pack_free(struct fleet_pack *pack)
{
    fleet_keys_free(&pack->keys);
    buffer_free(&pack->numbers);
}

void fleet_pack_set_age(struct buffer *numbers, uint64_t age_ms)
{
    for (unsigned i = 0; i < 8 && AGE_OFFSET + i < numbers->size; i++) {
        numbers->at[AGE_OFFSET + i] = (char)(age_ms >> (56 - 8 * i));
    }
}
