/*
 * profile_record: the octets of a profile.
 *
 * The layout; times; then sections, each a tag and what it tells, those that are empty left out.
 * All hours are told as so long before the last event, which keeps them short. Windows were brought
 * to its time, so their slots alone are told.
 */
#include <string.h>

#include "behaviour/profile_private.h"
#include "util/varint.h"

#define HOUR_MS UINT64_C(3600000)
#define MINUTE_MS 60000

enum section {
    SECTION_HOURLY, /* + number: baselines */
    SECTION_DAILY = SECTION_HOURLY + HOURLY_COUNT * TIME_COUNT,
    SECTION_HOUR = SECTION_DAILY + DAILY_COUNT * 2, /* windows */
    SECTION_DAY = SECTION_HOUR + METER_COUNT,
    SECTION_HABIT = SECTION_DAY + METER_DAYS,
    SECTION_REPEAT = SECTION_HABIT + HABIT_COUNT,
    SECTION_KNOWN = SECTION_REPEAT + PROFILE_REPEATS,
    SECTION_QUICK,
    SECTION_SLOW,
    SECTION_STRANGE,
    SECTION_MAP,
    SECTION_PAGE, /* this hour and day */
    SECTION_POINTS,
    SECTION_LADDER,
    SECTION_GUESSES,
    SECTION_COUNT
};

/* The baseline of a section; NULL: it is none. */
static struct baseline *baseline_of(struct profile *profile, unsigned section)
{
    if (section < SECTION_DAILY) {
        return &profile->usual.hourly[section / TIME_COUNT][section % TIME_COUNT];
    }
    unsigned number = section - SECTION_DAILY;
    return section < SECTION_HOUR ? &profile->usual.daily[number / 2][number % 2] : NULL;
}

static bool is_of_hour(unsigned section)
{
    return section < SECTION_DAY;
}

/* The window of a section from SECTION_HOUR to before SECTION_HABIT. */
static struct window *window_of(struct profile *profile, unsigned section)
{
    return is_of_hour(section) ? &profile->hour[section - SECTION_HOUR]
                               : &profile->day[section - SECTION_DAY];
}

/* --- writing --------------------------------------------------------------------------------- */

static uint64_t ago(uint64_t last, uint64_t then)
{
    return last > then ? last - then : 0;
}

static void put_tag(struct buffer *out, unsigned section)
{
    buffer_add_char(out, (char)section);
}

static void write_baseline(const struct baseline *baseline, unsigned section, uint32_t last_min,
                           struct buffer *out)
{
    if (baseline->weight > 0) {
        put_tag(out, section);
        varint_put(out, baseline->weight);
        varint_put(out, baseline->mean);
        varint_put(out, baseline->variance);
        varint_put(out, ago(last_min, baseline->at_min));
    }
}

/* Few bits are the rule: their places, behind how many they are; else all octets. */
static unsigned sparse_max(size_t octets)
{
    return (unsigned)octets - 2;
}

static void write_map(const uint8_t *map, size_t octets, struct buffer *out)
{
    unsigned count = profile_map_bits(map, octets);
    bool is_sparse = count <= sparse_max(octets);
    buffer_add_char(out, (char)(is_sparse ? count : sparse_max(octets) + 1));
    if (!is_sparse) {
        buffer_add(out, map, octets);
    }
    for (size_t i = 0; i < octets && is_sparse; i++) {
        for (unsigned left = map[i]; left != 0; left &= left - 1) {
            buffer_add_char(out, (char)(8 * i + (unsigned)__builtin_ctz(left)));
        }
    }
}

#define REPEAT_H 24 /* older ones are forgotten when they are next looked at */
#define REPEAT_OCTETS sizeof(uint64_t)
#define DIGEST_OCTETS sizeof(uint32_t)

static void write_low(uint64_t number, size_t octets, uint8_t *out)
{
    for (size_t octet = 0; octet < octets; octet++) {
        out[octet] = (uint8_t)(number >> (8 * octet));
    }
}

static uint64_t read_low(const uint8_t *octets, size_t count)
{
    uint64_t number = 0;
    for (size_t octet = 0; octet < count; octet++) {
        number |= (uint64_t)octets[octet] << (8 * octet);
    }
    return number;
}

static void write_repeat(const struct profile_repeat *repeat, struct buffer *out)
{
    uint8_t digest[DIGEST_OCTETS], map[REPEAT_OCTETS];
    write_low(repeat->digest, sizeof(digest), digest);
    buffer_add(out, digest, sizeof(digest));
    write_low(repeat->map, sizeof(map), map);
    write_map(map, sizeof(map), out);
}

static void write_repeats(const struct profile *profile, struct buffer *out)
{
    uint32_t last_h = (uint32_t)(profile->last_ms / HOUR_MS);
    for (unsigned i = 0; i < PROFILE_REPEATS; i++) {
        const struct profile_repeat *repeat = &profile->repeats[i];
        if (repeat->digest != 0 && ago(last_h, repeat->seen_h) < REPEAT_H) {
            put_tag(out, SECTION_REPEAT + i);
            varint_put(out, ago(last_h, repeat->seen_h));
            write_repeat(repeat, out);
        }
    }
}

/* Numbers, if any is not 0. */
static void write_numbers(unsigned section, const uint32_t *numbers, size_t count,
                          struct buffer *out)
{
    uint32_t any = 0;
    for (size_t i = 0; i < count; i++) {
        any |= numbers[i];
    }
    if (any != 0) {
        put_tag(out, section);
        for (size_t i = 0; i < count; i++) {
            varint_put(out, numbers[i]);
        }
    }
}

enum { PAGE_NUMBERS = 2 + HOURLY_COUNT + DAILY_COUNT };

static void page_numbers(const struct profile *profile, uint32_t numbers_r[static PAGE_NUMBERS])
{
    numbers_r[0] = profile->local_hour;
    numbers_r[1] = (uint32_t)profile->is_hour_marked | (uint32_t)profile->is_day_marked << 1;
    memcpy(numbers_r + 2, profile->in_hour, sizeof(profile->in_hour));
    memcpy(numbers_r + 2 + HOURLY_COUNT, profile->in_day, sizeof(profile->in_day));
}

static void write_rest(const struct profile *profile, struct buffer *out)
{
    static const uint8_t empty[PROFILE_MAP_OCTETS];
    const uint32_t strange[3] = { profile->slow_origin, profile->slow_identity,
                                  profile->slow_strange };
    const uint32_t guesses[2] = { profile->guesses.count, profile->guesses.networks };
    uint32_t page[PAGE_NUMBERS], points[FAMILY_COUNT];
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        points[i] = profile->points[i];
    }
    page_numbers(profile, page);
    write_numbers(SECTION_QUICK, profile->quick.of, OUTCOME_COUNT, out);
    write_numbers(SECTION_SLOW, profile->slow.of, OUTCOME_COUNT, out);
    write_numbers(SECTION_STRANGE, strange, 3, out);
    if (memcmp(profile->map, empty, sizeof(empty)) != 0) {
        put_tag(out, SECTION_MAP);
        write_map(profile->map, PROFILE_MAP_OCTETS, out);
    }
    write_numbers(SECTION_PAGE, page, PAGE_NUMBERS, out);
    write_numbers(SECTION_POINTS, points, FAMILY_COUNT, out);
    const struct profile_ladder *ladder = &profile->ladder;
    if (ladder->step != 0 || ladder->told != 0 || ladder->grace_until_ms != 0) {
        put_tag(out, SECTION_LADDER);
        varint_put(out, ladder->step);
        varint_put(out, ladder->told);
        varint_put(out, ladder->told_would);
        varint_put(out, ladder->since_ms);
        varint_put(out, ladder->told_ms);
        varint_put(out, ladder->grace_until_ms);
        varint_put(out, ladder->pardon_s);
    }
    write_numbers(SECTION_GUESSES, guesses, 2, out);
}

static void write_windows(const struct profile *profile, struct buffer *out)
{
    for (unsigned section = SECTION_HOUR; section < SECTION_HABIT; section++) {
        const struct window *window = window_of((struct profile *)profile, section);
        if (window_sum(window) > 0) {
            put_tag(out, section);
            window_write_slots(window, out);
        }
    }
}

void profile_write(const struct profile *profile, struct buffer *out)
{
    uint32_t last_h = (uint32_t)(profile->last_ms / HOUR_MS);
    buffer_clear(out);
    varint_put(out, PROFILE_LAYOUT);
    varint_put(out, profile->last_ms);
    varint_put(out, ago(last_h, profile->begun_ms / HOUR_MS));
    varint_put(out, profile->learnt);
    for (unsigned section = 0; section < SECTION_HOUR; section++) {
        write_baseline(baseline_of((struct profile *)profile, section), section,
                       (uint32_t)(profile->last_ms / MINUTE_MS), out);
    }
    write_windows(profile, out);
    for (unsigned i = 0; i < HABIT_COUNT; i++) {
        if (profile->habits[i].count > 0) {
            put_tag(out, SECTION_HABIT + i);
            habit_write(&profile->habits[i], last_h, out);
        }
    }
    write_repeats(profile, out);
    if (profile->known.count > 0) {
        put_tag(out, SECTION_KNOWN);
        known_write(&profile->known, out);
    }
    write_rest(profile, out);
}

/* --- reading --------------------------------------------------------------------------------- */

static bool take(struct span *from, uint64_t most, uint64_t *number_r)
{
    return varint_take(from, number_r) && *number_r <= most;
}

static bool read_baseline(struct span *from, uint32_t last_min, struct baseline *baseline_r)
{
    uint64_t weight, mean, variance, ago_min;
    if (!take(from, UINT16_MAX, &weight) || !take(from, UINT16_MAX, &mean) ||
        !take(from, UINT16_MAX, &variance) || !take(from, last_min, &ago_min)) {
        return false;
    }
    *baseline_r = (struct baseline){ .weight = (uint16_t)weight,
                                     .mean = (uint16_t)mean,
                                     .variance = (uint16_t)variance,
                                     .at_min = last_min - (uint32_t)ago_min };
    return true;
}

static bool take_octets(struct span *from, size_t count, const uint8_t **octets_r)
{
    if (from->size < count) {
        return false;
    }
    *octets_r = (const uint8_t *)from->at;
    *from = span_from(*from, count);
    return true;
}

/* `map_r` is empty before. */
static bool read_map(struct span *from, uint8_t *map_r, size_t size)
{
    const uint8_t *octets;
    if (!take_octets(from, 1, &octets) || octets[0] > sparse_max(size) + 1) {
        return false;
    }
    bool is_sparse = octets[0] <= sparse_max(size);
    size_t count = is_sparse ? octets[0] : size;
    if (!take_octets(from, count, &octets)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = is_sparse ? octets[i] / 8 % size : i;
        map_r[at] |= (uint8_t)(is_sparse ? 1U << octets[i] % 8 : octets[i]);
    }
    return true;
}

static bool read_repeat(struct span *from, uint32_t last_h, struct profile_repeat *repeat_r)
{
    const uint8_t *digest;
    uint8_t map[REPEAT_OCTETS] = { 0 };
    uint64_t ago_h;
    if (!take(from, last_h, &ago_h) || !take_octets(from, DIGEST_OCTETS, &digest) ||
        !read_map(from, map, sizeof(map))) {
        return false;
    }
    *repeat_r = (struct profile_repeat){ .digest = (uint32_t)read_low(digest, DIGEST_OCTETS),
                                         .seen_h = last_h - (uint32_t)ago_h,
                                         .map = read_low(map, sizeof(map)) };
    return true;
}

static bool read_numbers(struct span *from, uint32_t most, uint32_t *numbers_r, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        if (!take(from, most, &number)) {
            return false;
        }
        numbers_r[i] = (uint32_t)number;
    }
    return true;
}

static bool read_page(struct span *from, struct profile *profile)
{
    uint32_t page[PAGE_NUMBERS];
    if (!read_numbers(from, UINT32_MAX / 2, page, PAGE_NUMBERS) || page[1] > 3) {
        return false;
    }
    for (size_t i = 2; i < PAGE_NUMBERS; i++) {
        page[i] = page[i] < PROFILE_COUNT_MAX ? page[i] : PROFILE_COUNT_MAX;
    }
    profile->local_hour = page[0];
    profile->local_day = page[0] / 24;
    profile->is_hour_marked = (page[1] & 1) != 0;
    profile->is_day_marked = (page[1] & 2) != 0;
    memcpy(profile->in_hour, page + 2, sizeof(profile->in_hour));
    memcpy(profile->in_day, page + 2 + HOURLY_COUNT, sizeof(profile->in_day));
    return true;
}

static bool read_points(struct span *from, struct profile *profile)
{
    uint32_t points[FAMILY_COUNT];
    if (!read_numbers(from, UINT16_MAX, points, FAMILY_COUNT)) {
        return false;
    }
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        profile->points[i] = (uint16_t)points[i];
    }
    return true;
}

static bool read_ladder(struct span *from, struct profile_ladder *ladder_r)
{
    uint64_t step, told, told_would;
    if (!take(from, PROFILE_STEP_MAX, &step) || !take(from, PROFILE_STEP_MAX, &told) ||
        !take(from, PROFILE_STEP_MAX, &told_would) || !varint_take(from, &ladder_r->since_ms) ||
        !varint_take(from, &ladder_r->told_ms) || !varint_take(from, &ladder_r->grace_until_ms) ||
        !varint_take(from, &ladder_r->pardon_s)) {
        return false;
    }
    ladder_r->step = (uint8_t)step;
    ladder_r->told = (uint8_t)told;
    ladder_r->told_would = (uint8_t)told_would;
    return true;
}

static bool read_guesses(struct span *from, struct profile_guesses *guesses_r)
{
    uint32_t numbers[2];
    if (!read_numbers(from, UINT32_MAX, numbers, 2)) {
        return false;
    }
    guesses_r->count = numbers[0] < PROFILE_COUNT_MAX ? numbers[0] : PROFILE_COUNT_MAX;
    guesses_r->networks = numbers[1];
    return true;
}

static bool read_rest(struct span *from, unsigned section, struct profile *profile)
{
    uint32_t strange[3];
    switch (section) {
    case SECTION_KNOWN:
        return known_read(from, &profile->known);
    case SECTION_QUICK:
        return read_numbers(from, PROFILE_COUNT_MAX, profile->quick.of, OUTCOME_COUNT);
    case SECTION_SLOW:
        return read_numbers(from, PROFILE_COUNT_MAX, profile->slow.of, OUTCOME_COUNT);
    case SECTION_STRANGE:
        if (!read_numbers(from, PROFILE_COUNT_MAX, strange, 3)) {
            return false;
        }
        profile->slow_origin = strange[0];
        profile->slow_identity = strange[1];
        profile->slow_strange = strange[2];
        return true;
    case SECTION_MAP:
        return read_map(from, profile->map, PROFILE_MAP_OCTETS);
    case SECTION_PAGE:
        return read_page(from, profile);
    case SECTION_POINTS:
        return read_points(from, profile);
    case SECTION_LADDER:
        return read_ladder(from, &profile->ladder);
    case SECTION_GUESSES:
        return read_guesses(from, &profile->guesses);
    default:
        return false;
    }
}

static bool read_section(struct span *from, unsigned section, struct profile *profile)
{
    uint32_t last_h = (uint32_t)(profile->last_ms / HOUR_MS);
    if (section < SECTION_HOUR) {
        return read_baseline(from, (uint32_t)(profile->last_ms / MINUTE_MS),
                             baseline_of(profile, section));
    }
    if (section < SECTION_HABIT) {
        return window_read_slots(
            from, window_slot(profile->last_ms, is_of_hour(section) ? HOUR_MS : 24 * HOUR_MS),
            window_of(profile, section));
    }
    if (section < SECTION_REPEAT) {
        return habit_read(from, last_h, &profile->habits[section - SECTION_HABIT]);
    }
    if (section < SECTION_KNOWN) {
        return read_repeat(from, last_h, &profile->repeats[section - SECTION_REPEAT]);
    }
    return read_rest(from, section, profile);
}

/* Hours and minutes of the last event have to fit into 32 bits. */
#define LAST_MS_MAX (UINT64_C(1) << 46)

static bool read_all(struct span octets, struct profile *profile)
{
    uint64_t layout, age_h, learnt;
    if (!varint_take(&octets, &layout) || layout != PROFILE_LAYOUT ||
        !take(&octets, LAST_MS_MAX, &profile->last_ms) ||
        !take(&octets, profile->last_ms / HOUR_MS, &age_h) ||
        !take(&octets, PROFILE_RIPE_HOURS, &learnt)) {
        return false;
    }
    profile->begun_ms = (profile->last_ms / HOUR_MS - age_h) * HOUR_MS;
    profile->learnt = (uint16_t)learnt;
    for (int section = -1; octets.size > 0;) {
        int next = (uint8_t)octets.at[0];
        octets = span_from(octets, 1);
        if (next <= section || !read_section(&octets, (unsigned)next, profile)) {
            return false; /* out of order, twice, or nothing of ours */
        }
        section = next;
    }
    return true;
}

bool profile_read(struct span octets, struct profile *profile_r)
{
    memset(profile_r, 0, sizeof(*profile_r));
    if (read_all(octets, profile_r)) {
        return true;
    }
    memset(profile_r, 0, sizeof(*profile_r));
    return false;
}
