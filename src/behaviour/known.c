/*
 * known: a list in order, and its octets: the gaps between neighbours in Rice's code (1979), which
 * suits gaps of numbers that lie by chance, and two bits of age.
 */
#include "behaviour/known.h"

#include <string.h>

#include "util/varint.h"

#define HOUR_MS 3600000
#define AGE_BITS 2
#define PRINTS UINT32_C(65536)

static uint16_t print_of(uint64_t fingerprint)
{
    return (uint16_t)(fingerprint >> 24);
}

/* Where it is, or where it belongs. */
static unsigned place_of(const struct known *known, uint16_t print)
{
    unsigned low = 0, high = known->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (known->all[middle].print < print) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const struct known *known, unsigned place, uint16_t print)
{
    return place < known->count && known->all[place].print == print;
}

void known_advance(struct known *known, uint64_t now_ms)
{
    uint32_t step = (uint32_t)(now_ms / HOUR_MS / KNOWN_STEP_H);
    if (step <= known->step) {
        return;
    }
    uint32_t older = step - known->step;
    unsigned kept = 0;
    for (unsigned i = 0; i < known->count; i++) {
        struct known_entry entry = known->all[i];
        if (older < (uint32_t)KNOWN_AGES - entry.age) {
            entry.age = (uint16_t)(entry.age + older);
            known->all[kept++] = entry;
        }
    }
    memset(&known->all[kept], 0, (known->count - kept) * sizeof(known->all[0]));
    known->count = (uint16_t)kept;
    known->step = step;
}

bool known_has(const struct known *known, uint64_t fingerprint)
{
    uint16_t print = print_of(fingerprint);
    return is_at(known, place_of(known, print), print);
}

/* One of the oldest goes: the next from this place on. */
static void make_room(struct known *known, unsigned place)
{
    unsigned oldest = place % known->count;
    for (unsigned i = 0; i < known->count; i++) {
        unsigned at = (place + i) % known->count;
        oldest = known->all[at].age > known->all[oldest].age ? at : oldest;
    }
    memmove(&known->all[oldest], &known->all[oldest + 1],
            (known->count - oldest - 1U) * sizeof(known->all[0]));
    known->count--;
}

void known_add(struct known *known, uint64_t fingerprint)
{
    uint16_t print = print_of(fingerprint);
    unsigned place = place_of(known, print);
    if (!is_at(known, place, print)) {
        if (known->count == KNOWN_MAX) {
            make_room(known, place);
            place = place_of(known, print);
        }
        memmove(&known->all[place + 1], &known->all[place],
                (known->count - place) * sizeof(known->all[0]));
        known->all[place].print = print;
        known->count++;
    }
    known->all[place].age = 0;
}

/* --- octets ---------------------------------------------------------------------------------- */

/* Bits, the first one lowest; written to `octets`, or taken from `from`. */
struct bits {
    uint64_t held;
    unsigned count;
    uint8_t octets[KNOWN_OCTETS_MAX];
    size_t size;
    struct span from;
};

static void put_bits(struct bits *bits, uint64_t value, unsigned count)
{
    bits->held |= value << bits->count;
    for (bits->count += count; bits->count >= 8; bits->count -= 8) {
        bits->octets[bits->size++] = (uint8_t)bits->held;
        bits->held >>= 8;
    }
}

/* As many whole octets as there is room for and are there. */
static void fill_bits(struct bits *bits)
{
    for (; bits->count <= 56 && bits->from.size > 0; bits->count += 8) {
        bits->held |= (uint64_t)(uint8_t)bits->from.at[0] << bits->count;
        bits->from.at++;
        bits->from.size--;
    }
}

static bool take_bits(struct bits *bits, unsigned count, uint32_t *value_r)
{
    if (bits->count < count) {
        fill_bits(bits);
    }
    if (bits->count < count) {
        return false;
    }
    *value_r = (uint32_t)(bits->held & ((UINT64_C(1) << count) - 1));
    bits->held >>= count;
    bits->count -= count;
    return true;
}

/* How many ones come before the next zero, which is taken, too; 24 of them at a time. */
static bool take_ones(struct bits *bits, uint32_t most, uint32_t *ones_r)
{
    uint32_t run, ignored;
    *ones_r = 0;
    do {
        fill_bits(bits);
        run = (uint32_t)__builtin_ctzll(~bits->held | UINT64_C(1) << 24);
        if (run > bits->count || (*ones_r += run) > most || !take_bits(bits, run, &ignored)) {
            return false;
        }
    } while (run == 24);
    return take_bits(bits, 1, &ignored);
}

/* How many low bits of a gap are told as they are: the rest is 1 on the average, or 2. */
static unsigned low_bits(unsigned count)
{
    unsigned gap = PRINTS / (count + 1), low = 0;
    for (; gap > 2; gap /= 2) {
        low++;
    }
    return low;
}

static void put_gap(struct bits *bits, uint32_t gap, unsigned low)
{
    uint32_t ones = gap >> low;
    for (; ones >= 24; ones -= 24) {
        put_bits(bits, (1U << 24) - 1, 24);
    }
    put_bits(bits, (1U << ones) - 1, ones + 1);
    put_bits(bits, gap & ((1U << low) - 1), low);
}

static bool take_gap(struct bits *bits, unsigned low, uint32_t *gap_r)
{
    uint32_t ones;
    if (!take_ones(bits, PRINTS >> low, &ones) || !take_bits(bits, low, gap_r)) {
        return false;
    }
    *gap_r |= ones << low;
    return true;
}

void known_write(const struct known *known, struct buffer *out)
{
    struct bits bits;
    unsigned low = low_bits(known->count);
    uint32_t next = 0; /* the least print that may come */
    bits.held = bits.count = 0;
    bits.size = 0;
    varint_put(out, known->step);
    varint_put(out, known->count);
    for (unsigned i = 0; i < known->count; i++) {
        put_gap(&bits, known->all[i].print - next, low);
        put_bits(&bits, known->all[i].age, AGE_BITS);
        next = known->all[i].print + 1U;
    }
    if (bits.count > 0) {
        put_bits(&bits, 0, 8 - bits.count);
    }
    buffer_add(out, bits.octets, bits.size);
}

static bool read_entries(struct span *from, struct known *known_r)
{
    struct bits bits;
    unsigned low = low_bits(known_r->count);
    uint32_t next = 0;
    bits.held = bits.count = 0;
    bits.from = *from;
    for (unsigned i = 0; i < known_r->count; i++) {
        uint32_t gap, age;
        if (!take_gap(&bits, low, &gap) || next + gap >= PRINTS ||
            !take_bits(&bits, AGE_BITS, &age)) {
            return false;
        }
        known_r->all[i] =
            (struct known_entry){ .print = (uint16_t)(next + gap), .age = (uint16_t)age };
        next += gap + 1;
    }
    /* Whole octets that were only looked at go back. */
    *from = span_from(*from, from->size - bits.from.size - bits.count / 8);
    return true;
}

bool known_read(struct span *from, struct known *known_r)
{
    uint64_t step, count = 0;
    memset(known_r, 0, sizeof(*known_r));
    if (varint_take(from, &step) && step <= UINT32_MAX && varint_take(from, &count) &&
        count <= KNOWN_MAX) {
        known_r->step = (uint32_t)step;
        known_r->count = (uint16_t)count;
        if (read_entries(from, known_r)) {
            return true;
        }
    }
    memset(known_r, 0, sizeof(*known_r));
    return false;
}
