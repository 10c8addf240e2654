/*
 * hash_table: an array of entries in insertion order, and an index of entry numbers with open
 * addressing (linear probing, at most half full). Keys lie in an arena of the table; nothing is
 * ever removed.
 */
#include "util/hash_table.h"

#include <stdint.h>
#include <stdlib.h>

#include "util/arena.h"
#include "util/clock.h"
#include "util/siphash.h"

#define SLOTS_MIN 16
#define ENTRIES_MAX ((size_t)1 << 30)

struct entry {
    uint64_t hash;
    struct span key;
    void *value;
};

struct hash_table {
    uint64_t seed[2];
    struct arena *keys;
    struct entry *entries; /* room for slot_count / 2 */
    size_t count;
    uint32_t *slots;   /* entry number + 1; 0 is free */
    size_t slot_count; /* a power of two, or 0 before the first put */
};

struct hash_table *hash_table_new(void)
{
    struct hash_table *table = calloc(1, sizeof(*table));

    if (table == NULL)
        return NULL;
    table->keys = arena_new(SIZE_MAX);
    if (table->keys == NULL) {
        free(table);
        return NULL;
    }
    clock_system.random(&clock_system, table->seed, sizeof(table->seed));
    return table;
}

void hash_table_free(struct hash_table **table)
{
    if (*table == NULL)
        return;
    arena_free(&(*table)->keys);
    free((*table)->entries);
    free((*table)->slots);
    free(*table);
    *table = NULL;
}

/* The slot that holds the key, or the free one where it belongs. Needs slot_count > 0. */
static uint32_t *slot_find(const struct hash_table *table, uint64_t hash, struct span key)
{
    size_t mask = table->slot_count - 1;

    for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
        const struct entry *entry;

        if (table->slots[at] == 0)
            return &table->slots[at];
        entry = &table->entries[table->slots[at] - 1];
        if (entry->hash == hash && span_is_equal(entry->key, key))
            return &table->slots[at];
    }
}

static bool table_grow(struct hash_table *table)
{
    size_t slot_count = table->slot_count > 0 ? table->slot_count * 2 : SLOTS_MIN;
    struct entry *entries;
    uint32_t *slots;

    if (slot_count / 2 > ENTRIES_MAX)
        return false;
    entries = reallocarray(table->entries, slot_count / 2, sizeof(*entries));
    if (entries == NULL)
        return false;
    table->entries = entries; /* larger than the index says: harmless if the next step fails */
    slots = calloc(slot_count, sizeof(*slots));
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < table->count; i++) {
        size_t at = (size_t)entries[i].hash & (slot_count - 1);

        while (slots[at] != 0)
            at = (at + 1) & (slot_count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    return true;
}

bool hash_table_put(struct hash_table *table, struct span key, void *value, void **previous_r)
{
    uint64_t hash = siphash(table->seed, key);
    uint32_t *slot = table->slot_count > 0 ? slot_find(table, hash, key) : NULL;
    struct span copy;

    if (previous_r != NULL)
        *previous_r = NULL;
    if (slot != NULL && *slot != 0) {
        if (previous_r != NULL)
            *previous_r = table->entries[*slot - 1].value;
        table->entries[*slot - 1].value = value;
        return true;
    }
    if (table->count >= table->slot_count / 2) {
        if (!table_grow(table))
            return false;
        slot = slot_find(table, hash, key);
    }
    copy = arena_copy(table->keys, key);
    if (copy.at == NULL)
        return false;
    table->entries[table->count] = (struct entry){ hash, copy, value };
    *slot = (uint32_t)++table->count;
    return true;
}

void *hash_table_get(const struct hash_table *table, struct span key)
{
    uint32_t slot;

    if (table->slot_count == 0)
        return NULL;
    slot = *slot_find(table, siphash(table->seed, key), key);
    return slot != 0 ? table->entries[slot - 1].value : NULL;
}

size_t hash_table_count(const struct hash_table *table)
{
    return table->count;
}

bool hash_table_next(const struct hash_table *table, size_t *position_io, struct span *key_r,
                     void **value_r)
{
    const struct entry *entry;

    if (*position_io >= table->count)
        return false;
    entry = &table->entries[(*position_io)++];
    if (key_r != NULL)
        *key_r = entry->key;
    if (value_r != NULL)
        *value_r = entry->value;
    return true;
}
