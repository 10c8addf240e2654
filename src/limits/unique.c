/*
 * unique: one array of words, slot after slot. A word is a fingerprint without its lowest bit; that
 * bit says that it was used by more than one charge.
 */
#include "limits/unique.h"

#include <stdlib.h>
#include <string.h>

#define IS_USED_AGAIN UINT64_C(1)
#define WORD_OCTETS 8
#define SLOT_MAX (UINT64_MAX / 2) /* no clock comes so far */

static uint64_t word_of(uint64_t fingerprint)
{
    return fingerprint & ~IS_USED_AGAIN;
}

static uint64_t oldest_slot(const struct unique *set)
{
    uint64_t newest = set->window.newest;
    return newest < WINDOW_SLOTS - 1 ? 0 : newest - (WINDOW_SLOTS - 1);
}

static size_t in_slot(const struct unique *set, uint64_t slot)
{
    return (size_t)set->window.used[slot % WINDOW_SLOTS];
}

void unique_free(struct unique *set)
{
    free(set->all);
    *set = (struct unique){ .all = NULL };
}

size_t unique_count(const struct unique *set)
{
    return (size_t)window_sum(&set->window);
}

bool unique_is_saturated(const struct unique *set)
{
    return set->lost_slot > oldest_slot(set);
}

/* The slots that go are the first in the array. */
void unique_advance(struct unique *set, uint64_t now_ms, uint64_t per_ms)
{
    size_t before = unique_count(set);
    window_advance(&set->window, now_ms, per_ms);
    size_t after = unique_count(set);
    set->lost_slot = unique_is_saturated(set) ? set->lost_slot : 0;
    if (after > 0 && after < before) {
        memmove(set->all, set->all + (before - after), after * sizeof(set->all[0]));
    }
}

static int by_word(const void *a, const void *b)
{
    uint64_t one = word_of(*(const uint64_t *)a), two = word_of(*(const uint64_t *)b);
    return one < two ? -1 : one > two;
}

/* Where it stands, and in which slot; NULL: nowhere. The newest slot first: most are there. */
static uint64_t *find(const struct unique *set, uint64_t fingerprint, uint64_t *slot_r)
{
    size_t end = unique_count(set);
    for (uint64_t back = 0; end > 0; back++) {
        uint64_t slot = set->window.newest - back;
        size_t count = in_slot(set, slot);
        end -= count;
        uint64_t *found =
            count > 0 ? bsearch(&fingerprint, set->all + end, count, sizeof(set->all[0]), by_word)
                      : NULL;
        if (found != NULL) {
            *slot_r = slot;
            return found;
        }
    }
    return NULL;
}

size_t unique_new(const struct unique *set, const uint64_t *fingerprints, size_t count)
{
    size_t absent = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t slot;
        absent += find(set, fingerprints[i], &slot) == NULL;
    }
    return absent;
}

uint64_t unique_fits_in_ms(const struct unique *set, uint64_t now_ms, uint64_t per_ms, uint64_t max,
                           const uint64_t *fingerprints, size_t count)
{
    /* These count in any case, whether they stay, leave or come. */
    struct window others = set->window;
    for (size_t i = 0; i < count; i++) {
        uint64_t slot;
        if (find(set, fingerprints[i], &slot) != NULL) {
            others.used[slot % WINDOW_SLOTS]--;
        }
    }
    return window_fits_in_ms(&others, now_ms, per_ms, max, count);
}

/* --- charging -------------------------------------------------------------------------------- */

static bool make_room(struct unique *set, size_t count)
{
    if (count <= set->room) {
        return true;
    }
    size_t room = count + count / 8;
    uint64_t *all = realloc(set->all, room * sizeof(all[0]));
    if (all == NULL) {
        return false;
    }
    set->all = all;
    set->room = room;
    return true;
}

/* Takes those at these places, in order of places, out of all slots. */
static void take_out(struct unique *set, const uint64_t *places, size_t count, uint64_t *words_r)
{
    size_t at = 0, kept = 0, taken = 0;
    for (uint64_t slot = oldest_slot(set); count > 0 && slot <= set->window.newest; slot++) {
        for (size_t left = in_slot(set, slot); left > 0; left--, at++) {
            if (taken < count && places[taken] == at) {
                words_r[taken++] = set->all[at];
                set->window.used[slot % WINDOW_SLOTS]--;
            } else {
                set->all[kept++] = set->all[at];
            }
        }
    }
}

/* The newest slot is the end of the array: both are merged from their ends. */
static void add_words(struct unique *set, const uint64_t *words, size_t count)
{
    size_t total = unique_count(set) + count, left = in_slot(set, set->window.newest);
    uint64_t *old = set->all + (total - count - left);
    uint64_t *end = set->all + total;
    window_charge(&set->window, count);
    while (count > 0) {
        bool is_old = left > 0 && by_word(&old[left - 1], &words[count - 1]) > 0;
        *--end = is_old ? old[--left] : words[--count];
    }
}

static int by_number(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;
    return one < two ? -1 : one > two;
}

/* What is in the newest slot stays there; for what is in others: the places. */
static size_t mark_known(struct unique *set, const uint64_t *fingerprints, size_t count,
                         uint64_t *fresh_r, uint64_t *places_r, size_t *place_count_r)
{
    size_t fresh = 0, places = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t slot, *found = find(set, fingerprints[i], &slot);
        if (found == NULL) {
            fresh_r[fresh++] = word_of(fingerprints[i]);
            continue;
        }
        *found |= IS_USED_AGAIN;
        if (slot != set->window.newest) {
            places_r[places++] = (uint64_t)(found - set->all);
        }
    }
    qsort(places_r, places, sizeof(places_r[0]), by_number);
    *place_count_r = places;
    return fresh;
}

/* `words` and `places` have room for all that are charged. */
static void charge(struct unique *set, const uint64_t *fingerprints, size_t count, size_t ceiling,
                   uint64_t *words, uint64_t *places)
{
    size_t place_count, total = unique_count(set);
    size_t fresh = mark_known(set, fingerprints, count, words, places, &place_count);
    size_t fit = total < ceiling ? ceiling - total : 0;
    if (fresh > fit) {
        fresh = fit;
        set->lost_slot = set->window.newest + 1;
    }
    take_out(set, places, place_count, words + fresh);
    qsort(words, fresh + place_count, sizeof(words[0]), by_word);
    if (fresh + place_count > 0) {
        add_words(set, words, fresh + place_count);
    }
}

bool unique_charge(struct unique *set, const uint64_t *fingerprints, size_t count, size_t ceiling)
{
    if (count == 0) {
        return true;
    }
    ceiling = ceiling < UNIQUE_MAX ? ceiling : UNIQUE_MAX;
    size_t total = unique_count(set);
    size_t fit = total < ceiling ? ceiling - total : 0;
    uint64_t *scratch = calloc(count, 2 * sizeof(scratch[0]));
    bool is_good = scratch != NULL && make_room(set, total + (count < fit ? count : fit));
    if (is_good) {
        charge(set, fingerprints, count, ceiling, scratch, scratch + count);
    }
    free(scratch);
    return is_good;
}

/* Used once, and in this slot: then it was this charge that used it. */
static size_t find_once_used(const struct unique *set, uint64_t slot, const uint64_t *fingerprints,
                             size_t count, uint64_t *places_r)
{
    size_t places = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t last_slot, *found = find(set, fingerprints[i], &last_slot);
        if (found != NULL && last_slot == slot && (*found & IS_USED_AGAIN) == 0) {
            places_r[places++] = (uint64_t)(found - set->all);
        }
    }
    qsort(places_r, places, sizeof(places_r[0]), by_number);
    return places;
}

bool unique_give_back(struct unique *set, uint64_t slot, const uint64_t *fingerprints, size_t count)
{
    uint64_t *scratch = calloc(count + 1, 2 * sizeof(scratch[0]));
    if (scratch == NULL) {
        return false;
    }
    uint64_t *places = scratch + count;
    take_out(set, places, find_once_used(set, slot, fingerprints, count, places), scratch);
    free(scratch);
    return true;
}

/* --- octets ---------------------------------------------------------------------------------- */

/* How long ago it was, from one on; 0: not in this window. */
static char lost_octet(const struct unique *set)
{
    return unique_is_saturated(set) ? (char)(set->window.newest + 2 - set->lost_slot) : 0;
}

static void write_word(uint64_t word, char *at)
{
    for (unsigned k = 0; k < WORD_OCTETS; k++) {
        at[k] = (char)(word >> (8 * k));
    }
}

void unique_write(const struct unique *set, struct buffer *out)
{
    window_write(&set->window, out);
    buffer_add_char(out, lost_octet(set));
    char octets[64 * WORD_OCTETS]; /* many at a time */
    size_t count = unique_count(set), used = 0;
    for (size_t i = 0; i < count; i++) {
        write_word(set->all[i], octets + used);
        used += WORD_OCTETS;
        if (used == sizeof(octets) || i + 1 == count) {
            buffer_add(out, octets, used);
            used = 0;
        }
    }
}

static uint64_t read_word(const char *at)
{
    uint64_t word = 0;
    for (unsigned k = 0; k < WORD_OCTETS; k++) {
        word |= (uint64_t)(uint8_t)at[k] << (8 * k);
    }
    return word;
}

static bool is_in_order(const struct unique *set)
{
    const uint64_t *at = set->all;
    for (uint64_t slot = oldest_slot(set); slot <= set->window.newest; slot++) {
        for (size_t i = 1; i < in_slot(set, slot); i++) {
            if (by_word(&at[i - 1], &at[i]) > 0) {
                return false;
            }
        }
        at += in_slot(set, slot);
    }
    return true;
}

static bool read_words(struct span *from, struct unique *set)
{
    size_t count = unique_count(set);
    if (count > UNIQUE_MAX || from->size / WORD_OCTETS < count || !make_room(set, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        set->all[i] = read_word(from->at + i * WORD_OCTETS);
    }
    *from = span_from(*from, count * WORD_OCTETS);
    return is_in_order(set);
}

static bool read_set(struct span *from, struct unique *set)
{
    if (!window_read(from, &set->window) || set->window.newest > SLOT_MAX || from->size == 0) {
        return false;
    }
    uint8_t ago = (uint8_t)from->at[0];
    if (ago > WINDOW_SLOTS || ago > set->window.newest + 1) {
        return false;
    }
    set->lost_slot = ago > 0 ? set->window.newest + 2 - ago : 0;
    *from = span_from(*from, 1);
    return read_words(from, set);
}

bool unique_read(struct span *from, struct unique *set_io)
{
    set_io->lost_slot = 0;
    bool is_good = read_set(from, set_io);
    if (!is_good) {
        set_io->window = (struct window){ .newest = 0 };
        set_io->lost_slot = 0;
    }
    return is_good;
}
