/*
 * novelty: filters that grow (Almeida and others, Scalable Bloom Filters, 2007), twice.
 *
 * Sixteen bits and eight hashes an address: a full filter errs in (1 - e^(-1/2))^8 = 0.00057.
 */
#include "limits/novelty.h"

#include <string.h>

#define HASHES 8
#define BITS_EACH 16
#define HEAD_OCTETS 8 /* begun_ms */
#define GENERATION_HEAD_OCTETS 3

static size_t filter_octets(unsigned filter)
{
    return (size_t)NOVELTY_FIRST_OCTETS << filter;
}

/* Where a filter begins; of the number of filters: how long they are together. */
static size_t filter_begin(unsigned filter)
{
    return filter_octets(filter) - NOVELTY_FIRST_OCTETS;
}

static size_t filter_room(unsigned filter)
{
    return filter_octets(filter) * 8 / BITS_EACH;
}

/* The next of a row of numbers that look like chance (Steele and others, SplitMix, 2014). */
static uint64_t next_number(uint64_t *seed_io)
{
    uint64_t number = *seed_io += 0x9e3779b97f4a7c15;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return number ^ (number >> 31);
}

/* Each number serves two hashes; 16 bits are enough for the largest filter. */
static bool filter_has(const uint8_t *octets, size_t size, uint64_t seed)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < HASHES; i++) {
        number = i % 2 == 0 ? next_number(&seed) : number >> 32;
        size_t bit = number % (size * 8);
        if ((octets[bit / 8] & (1 << bit % 8)) == 0) {
            return false;
        }
    }
    return true;
}

static void filter_add(uint8_t *octets, size_t size, uint64_t seed)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < HASHES; i++) {
        number = i % 2 == 0 ? next_number(&seed) : number >> 32;
        size_t bit = number % (size * 8);
        octets[bit / 8] |= (uint8_t)(1 << bit % 8);
    }
}

/* The filters of one generation differ in where they look. */
static uint64_t filter_seed(uint64_t fingerprint, unsigned filter)
{
    return fingerprint ^ ((uint64_t)filter << 56);
}

static bool generation_has(const struct novelty_generation *generation, uint64_t fingerprint)
{
    for (unsigned i = generation->filters; i-- > 0;) {
        if (filter_has(generation->octets + filter_begin(i), filter_octets(i),
                       filter_seed(fingerprint, i))) {
            return true;
        }
    }
    return false;
}

static void begin_generation(struct novelty *novelty, uint64_t now_ms)
{
    novelty->old = novelty->young;
    memset(&novelty->young, 0, sizeof(novelty->young));
    novelty->begun_ms = now_ms;
}

void novelty_advance(struct novelty *novelty, uint64_t now_ms)
{
    uint64_t age_ms = now_ms > novelty->begun_ms ? now_ms - novelty->begun_ms : 0;
    if (age_ms >= 2 * NOVELTY_GENERATION_MS) {
        *novelty = (struct novelty){ .begun_ms = now_ms };
    } else if (age_ms >= NOVELTY_GENERATION_MS) {
        begin_generation(novelty, novelty->begun_ms + NOVELTY_GENERATION_MS);
    }
}

bool novelty_is_new(const struct novelty *novelty, uint64_t fingerprint)
{
    return !generation_has(&novelty->young, fingerprint) &&
           !generation_has(&novelty->old, fingerprint);
}

/* Is there none yet, or no room in the last? */
static bool needs_filter(const struct novelty_generation *generation)
{
    return generation->filters == 0 || generation->used >= filter_room(generation->filters - 1U);
}

void novelty_add(struct novelty *novelty, uint64_t now_ms, uint64_t fingerprint)
{
    struct novelty_generation *young = &novelty->young;
    if (generation_has(young, fingerprint)) {
        return;
    }
    if (needs_filter(young) && young->filters == NOVELTY_FILTERS) {
        begin_generation(novelty, now_ms);
    }
    if (needs_filter(young)) {
        young->filters++;
        young->used = 0;
    }
    unsigned last = young->filters - 1U;
    filter_add(young->octets + filter_begin(last), filter_octets(last),
               filter_seed(fingerprint, last));
    young->used++;
}

/* --- octets ---------------------------------------------------------------------------------- */

static void write_generation(const struct novelty_generation *generation, struct buffer *out)
{
    buffer_add_char(out, (char)generation->filters);
    buffer_add_char(out, (char)generation->used);
    buffer_add_char(out, (char)(generation->used >> 8));
    buffer_add(out, generation->octets, filter_begin(generation->filters));
}

void novelty_write(const struct novelty *novelty, struct buffer *out)
{
    for (unsigned i = 0; i < HEAD_OCTETS; i++) {
        buffer_add_char(out, (char)(novelty->begun_ms >> (8 * i)));
    }
    write_generation(&novelty->young, out);
    write_generation(&novelty->old, out);
}

static bool read_generation(struct span *from, struct novelty_generation *generation_r)
{
    if (from->size < GENERATION_HEAD_OCTETS) {
        return false;
    }
    const uint8_t *at = (const uint8_t *)from->at;
    unsigned filters = at[0], used = at[1] | (unsigned)at[2] << 8;
    size_t size = filter_begin(filters < NOVELTY_FILTERS ? filters : NOVELTY_FILTERS);
    if (filters > NOVELTY_FILTERS || from->size - GENERATION_HEAD_OCTETS < size ||
        used > (filters > 0 ? filter_room(filters - 1) : 0)) {
        return false;
    }
    generation_r->filters = (uint16_t)filters;
    generation_r->used = (uint16_t)used;
    memcpy(generation_r->octets, at + GENERATION_HEAD_OCTETS, size);
    *from = span_from(*from, GENERATION_HEAD_OCTETS + size);
    return true;
}

static bool read_all(struct span *from, struct novelty *novelty_r)
{
    if (from->size < HEAD_OCTETS) {
        return false;
    }
    for (unsigned i = 0; i < HEAD_OCTETS; i++) {
        novelty_r->begun_ms |= (uint64_t)(uint8_t)from->at[i] << (8 * i);
    }
    *from = span_from(*from, HEAD_OCTETS);
    return read_generation(from, &novelty_r->young) && read_generation(from, &novelty_r->old);
}

bool novelty_read(struct span *from, struct novelty *novelty_r)
{
    memset(novelty_r, 0, sizeof(*novelty_r));
    bool is_good = read_all(from, novelty_r);
    if (!is_good) {
        memset(novelty_r, 0, sizeof(*novelty_r));
    }
    return is_good;
}
