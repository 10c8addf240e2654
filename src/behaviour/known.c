/*
 * known: ten bits an address and six hashes; a full filter errs in 9 of 1000.
 */
#include "behaviour/known.h"

#include <string.h>

#include "util/varint.h"

#define HASHES 6
#define BITS_EACH 10
#define GENERATION_H (45 * 24)
#define HOUR_MS 3600000

static size_t filter_octets(unsigned filter)
{
    return (size_t)KNOWN_FIRST_OCTETS << filter;
}

static size_t filter_begin(unsigned filter)
{
    return filter_octets(filter) - KNOWN_FIRST_OCTETS;
}

/* Two halves of a fingerprint make as many hashes as are wanted (Kirsch and Mitzenmacher, 2006);
 * the filters of a generation differ in them. */
static size_t bit_of(uint64_t fingerprint, unsigned filter, unsigned hash)
{
    uint64_t mixed = fingerprint * (0x9e3779b97f4a7c15 + 2 * filter);
    uint32_t first = (uint32_t)(mixed >> 32), step = (uint32_t)mixed | 1;
    return (first + hash * step) % (filter_octets(filter) * 8);
}

static size_t filter_room(unsigned filter)
{
    return filter_octets(filter) * 8 / BITS_EACH;
}

static bool filter_has(const uint8_t *octets, uint64_t fingerprint, unsigned filter)
{
    for (unsigned i = 0; i < HASHES; i++) {
        size_t bit = bit_of(fingerprint, filter, i);
        if ((octets[bit / 8] & 1 << bit % 8) == 0) {
            return false;
        }
    }
    return true;
}

static bool generation_has(const struct known_generation *generation, uint64_t fingerprint)
{
    for (unsigned i = generation->filters; i-- > 0;) {
        if (filter_has(generation->octets + filter_begin(i), fingerprint, i)) {
            return true;
        }
    }
    return false;
}

static void begin_generation(struct known *known, uint32_t now_h)
{
    known->old = known->young;
    memset(&known->young, 0, sizeof(known->young));
    known->begun_h = now_h;
}

void known_advance(struct known *known, uint64_t now_ms)
{
    uint32_t now_h = (uint32_t)(now_ms / HOUR_MS);
    uint32_t age_h = now_h > known->begun_h ? now_h - known->begun_h : 0;
    if (age_h >= 2 * GENERATION_H) {
        memset(known, 0, sizeof(*known));
        known->begun_h = now_h;
    } else if (age_h >= GENERATION_H) {
        begin_generation(known, known->begun_h + GENERATION_H);
    }
}

bool known_has(const struct known *known, uint64_t fingerprint)
{
    return generation_has(&known->young, fingerprint) || generation_has(&known->old, fingerprint);
}

static bool needs_filter(const struct known_generation *generation)
{
    return generation->filters == 0 || generation->used >= filter_room(generation->filters - 1U);
}

void known_add(struct known *known, uint64_t now_ms, uint64_t fingerprint)
{
    struct known_generation *young = &known->young;
    if (generation_has(young, fingerprint)) {
        return;
    }
    if (needs_filter(young) && young->filters == KNOWN_FILTERS) {
        begin_generation(known, (uint32_t)(now_ms / HOUR_MS));
    }
    if (needs_filter(young)) {
        young->filters++;
        young->used = 0;
    }
    unsigned last = young->filters - 1U;
    uint8_t *octets = young->octets + filter_begin(last);
    for (unsigned i = 0; i < HASHES; i++) {
        size_t bit = bit_of(fingerprint, last, i);
        octets[bit / 8] |= (uint8_t)(1 << bit % 8);
    }
    young->used++;
}

/* --- octets ---------------------------------------------------------------------------------- */

static void write_generation(const struct known_generation *generation, struct buffer *out)
{
    varint_put(out, generation->filters);
    if (generation->filters > 0) {
        varint_put(out, generation->used);
        buffer_add(out, generation->octets, filter_begin(generation->filters));
    }
}

void known_write(const struct known *known, struct buffer *out)
{
    varint_put(out, known->begun_h);
    write_generation(&known->young, out);
    write_generation(&known->old, out);
}

static bool read_generation(struct span *from, struct known_generation *generation_r)
{
    uint64_t filters, used = 0;
    if (!varint_take(from, &filters) || filters > KNOWN_FILTERS) {
        return false;
    }
    size_t size = filter_begin((unsigned)filters);
    if (filters > 0 && (!varint_take(from, &used) || used > filter_room((unsigned)filters - 1) ||
                        from->size < size)) {
        return false;
    }
    generation_r->filters = (uint16_t)filters;
    generation_r->used = (uint16_t)used;
    if (size > 0) {
        memcpy(generation_r->octets, from->at, size);
        *from = span_from(*from, size);
    }
    return true;
}

bool known_read(struct span *from, struct known *known_r)
{
    uint64_t begun_h;
    memset(known_r, 0, sizeof(*known_r));
    bool is_good = varint_take(from, &begun_h) && begun_h <= UINT32_MAX &&
                   read_generation(from, &known_r->young) && read_generation(from, &known_r->old);
    if (!is_good) {
        memset(known_r, 0, sizeof(*known_r));
        return false;
    }
    known_r->begun_h = (uint32_t)begun_h;
    return true;
}
