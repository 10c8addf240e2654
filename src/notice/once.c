/*
 * once: one record a kind: an octet with the layout, then entries of time and name, the oldest
 * first. A name is kept as a number; whoever finds another with the same keeps one notice back.
 */
#include "notice/once.h"

#include <stdio.h>
#include <string.h>

#include "util/siphash.h"

#define LAYOUT '1'

struct entry {
    int64_t told_s;
    uint64_t whom;
};

struct asking {
    struct entry now;
    int64_t pause_s;
    bool is_due;
};

static uint64_t number_of(enum notice_kind kind, struct span about)
{
    const uint64_t key[2] = { 0x6e6f74696365, (uint64_t)kind };
    return siphash(key, about);
}

/* Those of the record that still count, at most ONCE_MAX - 1, so that there is room for one. */
static size_t read_entries(struct span bytes, const struct asking *asking,
                           struct entry entries[static ONCE_MAX])
{
    size_t count = 0, all = bytes.size / sizeof(struct entry);
    if (bytes.size == 0 || bytes.at[0] != LAYOUT || bytes.size != 1 + all * sizeof(struct entry)) {
        return 0; /* of another layout, or damaged: as if nothing were there */
    }
    for (size_t i = all > ONCE_MAX - 1 ? all - (ONCE_MAX - 1) : 0; i < all; i++) {
        struct entry entry;
        memcpy(&entry, bytes.at + 1 + i * sizeof(entry), sizeof(entry));
        int64_t age_s = asking->now.told_s - entry.told_s;
        if (age_s >= 0 && age_s < asking->pause_s) {
            entries[count++] = entry;
        }
    }
    return count;
}

static bool ask(struct buffer *value_io, bool is_found, void *context)
{
    struct asking *asking = context;
    struct entry entries[ONCE_MAX];
    (void)is_found;
    size_t count = read_entries(buffer_span(value_io), asking, entries);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].whom == asking->now.whom) {
            asking->is_due = false;
            return false;
        }
    }
    entries[count++] = asking->now;
    buffer_clear(value_io);
    buffer_add_char(value_io, LAYOUT);
    buffer_add(value_io, entries, count * sizeof(*entries));
    return !buffer_has_failed(value_io);
}

bool notice_is_due(struct store *store, enum notice_kind kind, struct span about, int64_t now_s,
                   int64_t pause_s)
{
    char key[64];
    int size = snprintf(key, sizeof(key), "once/%s", notice_kinds[kind].name);
    struct asking asking = { .now = { now_s, number_of(kind, about) },
                             .pause_s = pause_s,
                             .is_due = true };
    store_update(store, STORE_NOTICES, (struct span){ key, (size_t)size }, STORE_SOON, ask,
                 &asking);
    return asking.is_due;
}
