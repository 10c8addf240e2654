/*
 * known: a list in order, and its octets: the gaps between neighbours in Rice's code (1979), which
 * suits gaps of numbers that lie by chance, and two bits of age.
 */
#include "behaviour/known.h"

#include <endian.h>
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

/* How many low bits of a gap are told as they are: the rest is 1 on the average, or 2. At most 14.
 */
static unsigned low_bits(unsigned count)
{
    unsigned gap = PRINTS / (count + 1), low = 0;
    for (; gap > 2; gap /= 2) {
        low++;
    }
    return low;
}

/* Bits, the first one lowest; fewer than 32 are held back. */
struct writing {
    uint64_t held;
    unsigned count;
    uint8_t octets[KNOWN_OCTETS_MAX];
    size_t size;
};

/* So many, 32 at most. */
static void put_bits(struct writing *writing, uint64_t bits, unsigned count)
{
    writing->held |= bits << writing->count;
    for (writing->count += count; writing->count >= 8; writing->count -= 8) {
        writing->octets[writing->size++] = (uint8_t)writing->held;
        writing->held >>= 8;
    }
}

/* Ones, as many as the gap's upper part says, a zero, its low bits, the age. */
static void put_entry(struct writing *writing, uint32_t gap, uint32_t age, unsigned low)
{
    uint64_t rest = (gap & ((1U << low) - 1)) | age << low;
    uint32_t ones = gap >> low;
    for (; ones >= 15; ones -= 15) {
        put_bits(writing, (1U << 15) - 1, 15);
    }
    put_bits(writing, ((1U << ones) - 1) | rest << (ones + 1), ones + 1 + low + AGE_BITS);
}

void known_write(const struct known *known, struct buffer *out)
{
    struct writing writing;
    unsigned low = low_bits(known->count);
    uint32_t next = 0; /* the least print that may come */
    writing.held = writing.count = 0;
    writing.size = 0;
    varint_put(out, known->step);
    varint_put(out, known->count);
    for (unsigned i = 0; i < known->count; i++) {
        const struct known_entry *entry = &known->all[i];
        put_entry(&writing, entry->print - next, entry->age, low);
        next = entry->print + 1U;
    }
    if (writing.count > 0) {
        put_bits(&writing, 0, 8 - writing.count);
    }
    buffer_add(out, writing.octets, writing.size);
}

/* The same octets; behind the last of them there are zeros for whoever looks ahead. */
struct reading {
    uint8_t octets[KNOWN_OCTETS_MAX + sizeof(uint64_t) + 1];
    size_t at, end; /* bits */
};

/* 57 or more of those that come next. */
static uint64_t look(const struct reading *reading)
{
    uint64_t bits;
    memcpy(&bits, reading->octets + reading->at / 8, sizeof(bits));
    return le64toh(bits) >> reading->at % 8;
}

/* False: no entry is there whole. */
static bool take_entry(struct reading *reading, unsigned low, uint32_t *gap_r, uint32_t *age_r)
{
    uint64_t bits = look(reading);
    uint32_t ones = 0, run;
    while ((run = (uint32_t)__builtin_ctzll(~bits | UINT64_C(1) << 32)) == 32) {
        reading->at += run;
        ones += run;
        bits = look(reading);
    }
    ones += run;
    bits >>= run + 1;
    reading->at += run + 1 + low + AGE_BITS; /* 48 at most */
    *gap_r = ones << low | (uint32_t)(bits & ((1U << low) - 1));
    *age_r = (uint32_t)(bits >> low) & (KNOWN_AGES - 1);
    return reading->at <= reading->end && ones <= PRINTS >> low;
}

static void open_octets(struct reading *reading, struct span from)
{
    struct span octets = span_first(from, KNOWN_OCTETS_MAX);
    if (octets.size > 0) {
        memcpy(reading->octets, octets.at, octets.size);
    }
    memset(reading->octets + octets.size, 0, sizeof(reading->octets) - octets.size);
    reading->at = 0;
    reading->end = octets.size * 8;
}

static bool read_entries(struct span *from, struct known *known_r)
{
    struct reading reading;
    unsigned low = low_bits(known_r->count);
    uint32_t next = 0;
    open_octets(&reading, *from);
    for (unsigned i = 0; i < known_r->count; i++) {
        uint32_t gap, age;
        if (!take_entry(&reading, low, &gap, &age) || next + gap >= PRINTS) {
            return false;
        }
        known_r->all[i] =
            (struct known_entry){ .print = (uint16_t)(next + gap), .age = (uint16_t)age };
        next += gap + 1;
    }
    *from = span_from(*from, (reading.at + 7) / 8);
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
