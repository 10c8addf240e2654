/*
 * habit: a short list.
 */
#include "behaviour/habit.h"

#include <string.h>

#include "util/varint.h"

#define HOUR_MS 3600000
#define VALUE_OCTETS 3
#define GAINED 0x80 /* beside trust in an octet */

/* What is kept of a value; never 0. */
static uint32_t kept(uint32_t value)
{
    uint32_t low = value & ((1U << 8 * VALUE_OCTETS) - 1);
    return low != 0 ? low : 1;
}

static struct habit_entry *find(struct habit *habit, uint32_t value)
{
    for (unsigned i = 0; i < habit->count; i++) {
        if (habit->all[i].value == value) {
            return &habit->all[i];
        }
    }
    return NULL;
}

static bool is_forgotten(const struct habit_entry *entry, uint32_t now_h)
{
    return now_h > entry->seen_h && now_h - entry->seen_h > HABIT_FORGOTTEN_H;
}

unsigned habit_trust(const struct habit *habit, uint32_t value, uint64_t now_ms)
{
    uint32_t now_h = (uint32_t)(now_ms / HOUR_MS);
    if (value == 0) {
        return HABIT_TRUST_MAX;
    }
    for (unsigned i = 0; i < habit->count; i++) {
        const struct habit_entry *entry = &habit->all[i];
        if (entry->value == kept(value)) {
            return is_forgotten(entry, now_h) ? 0 : entry->trust;
        }
    }
    return 0;
}

bool habit_has_usual(const struct habit *habit, uint64_t now_ms)
{
    for (unsigned i = 0; i < habit->count; i++) {
        if (habit_trust(habit, habit->all[i].value, now_ms) >= HABIT_TRUST_USUAL) {
            return true;
        }
    }
    return false;
}

/* Trust, less one for each day it was not seen. */
static int worth(const struct habit_entry *entry, uint32_t now_h)
{
    uint32_t days = now_h > entry->seen_h ? (now_h - entry->seen_h) / 24 : 0;
    return entry->trust - (int)(days < HABIT_FORGOTTEN_H / 24 ? days : HABIT_FORGOTTEN_H / 24);
}

/* The one that is worth least, of those the one not seen for longest. So who comes from everywhere
 * pushes out himself and not the owner's places. */
static struct habit_entry *least(struct habit *habit, uint32_t now_h)
{
    struct habit_entry *least = &habit->all[0];
    for (unsigned i = 1; i < habit->count; i++) {
        struct habit_entry *at = &habit->all[i];
        int more = worth(at, now_h) - worth(least, now_h);
        least = more < 0 || (more == 0 && at->seen_h < least->seen_h) ? at : least;
    }
    return least;
}

static struct habit_entry *take(struct habit *habit, uint32_t value, unsigned room, uint32_t now_h)
{
    struct habit_entry *entry = find(habit, value);
    if (entry == NULL) {
        entry = habit->count < room ? &habit->all[habit->count++] : least(habit, now_h);
        *entry = (struct habit_entry){ .value = value };
    } else if (is_forgotten(entry, now_h)) {
        entry->trust = 0;
    }
    if (now_h > entry->seen_h) {
        entry->seen_h = now_h;
        entry->has_gained = false;
    }
    return entry;
}

void habit_use(struct habit *habit, uint32_t value, unsigned room, int gain, uint64_t now_ms)
{
    if (value == 0) {
        return;
    }
    struct habit_entry *entry = take(habit, kept(value), room, (uint32_t)(now_ms / HOUR_MS));
    bool counts = gain < 0 ? entry->trust < HABIT_TRUST_MAX : !entry->has_gained;
    if (counts) {
        int trust = entry->trust + gain;
        entry->trust = (uint8_t)(trust < 0 ? 0 : trust < HABIT_TRUST_MAX ? trust : HABIT_TRUST_MAX);
        entry->has_gained = entry->has_gained || gain > 0;
    }
}

/* --- octets ---------------------------------------------------------------------------------- */

void habit_write(const struct habit *habit, uint32_t base_h, struct buffer *out)
{
    varint_put(out, habit->count);
    for (unsigned i = 0; i < habit->count; i++) {
        const struct habit_entry *entry = &habit->all[i];
        for (unsigned octet = 0; octet < VALUE_OCTETS; octet++) {
            buffer_add_char(out, (char)(entry->value >> (8 * octet)));
        }
        buffer_add_char(out, (char)(entry->trust | (entry->has_gained ? GAINED : 0)));
        varint_put(out, base_h > entry->seen_h ? base_h - entry->seen_h : 0);
    }
}

static bool read_entry(struct span *from, uint32_t base_h, struct habit_entry *entry_r)
{
    uint64_t ago_h;
    if (from->size < VALUE_OCTETS + 1) {
        return false;
    }
    for (unsigned octet = 0; octet < VALUE_OCTETS; octet++) {
        entry_r->value |= (uint32_t)(uint8_t)from->at[octet] << (8 * octet);
    }
    entry_r->trust = (uint8_t)from->at[VALUE_OCTETS] & (GAINED - 1);
    entry_r->has_gained = ((uint8_t)from->at[VALUE_OCTETS] & GAINED) != 0;
    *from = span_from(*from, VALUE_OCTETS + 1);
    if (!varint_take(from, &ago_h) || ago_h > base_h || entry_r->value == 0 ||
        entry_r->trust > HABIT_TRUST_MAX) {
        return false;
    }
    entry_r->seen_h = base_h - (uint32_t)ago_h;
    return true;
}

static bool read_all(struct span *from, uint32_t base_h, struct habit *habit_r)
{
    uint64_t count;
    if (!varint_take(from, &count) || count > HABIT_ROOM) {
        return false;
    }
    habit_r->count = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        if (!read_entry(from, base_h, &habit_r->all[i])) {
            return false;
        }
    }
    return true;
}

bool habit_read(struct span *from, uint32_t base_h, struct habit *habit_r)
{
    memset(habit_r, 0, sizeof(*habit_r));
    bool is_good = read_all(from, base_h, habit_r);
    if (!is_good) {
        memset(habit_r, 0, sizeof(*habit_r));
    }
    return is_good;
}
