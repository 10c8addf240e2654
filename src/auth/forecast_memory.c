/*
 * forecast_memory: sets of a few entries; a key belongs to one set, and a new entry takes the place
 * of the one in it that ends first. What all entries take together is bounded: one that would pass
 * the bound drives out others of its set, or is not kept. The hash is keyed, so that nobody who
 * chooses domains can aim at a set.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "auth/forecast_private.h"
#include "util/siphash.h"

#define WAYS 8
#define USUAL_ENTRY_BYTES 512 /* a policy, its record and texts */
#define NS_PER_S 1000000000u

struct kept {
    uint64_t until_ns;
    size_t key_size, value_size;
    char octets[]; /* key, value */
};

struct forecast_memory {
    const struct clock *clock;
    uint64_t seed[2];
    size_t limit_bytes;
    atomic_uint_fast64_t generation; /* written under the lock */
    pthread_mutex_t lock;
    size_t taken_bytes;
    size_t set_count;
    struct kept *places[]; /* set_count times WAYS */
};

struct forecast_memory *forecast_memory_new(const struct clock *clock, size_t limit_bytes)
{
    size_t set_count = limit_bytes / (WAYS * USUAL_ENTRY_BYTES) + 1;
    struct forecast_memory *memory =
        calloc(1, sizeof(*memory) + set_count * WAYS * sizeof(memory->places[0]));
    if (memory != NULL) {
        memory->clock = clock;
        memory->limit_bytes = limit_bytes;
        memory->set_count = set_count;
        pthread_mutex_init(&memory->lock, NULL);
        clock_system.random(&clock_system, memory->seed, sizeof(memory->seed));
    }
    return memory;
}

void forecast_memory_free(struct forecast_memory **memory)
{
    if (*memory == NULL) {
        return;
    }
    for (size_t i = 0; i < (*memory)->set_count * WAYS; i++) {
        free((*memory)->places[i]);
    }
    pthread_mutex_destroy(&(*memory)->lock);
    free(*memory);
    *memory = NULL;
}

uint64_t forecast_memory_digest(const struct forecast_memory *memory, struct span octets)
{
    return siphash(memory->seed, octets);
}

static struct kept **set_of(struct forecast_memory *memory, struct span key)
{
    return &memory->places[siphash(memory->seed, key) % memory->set_count * WAYS];
}

static bool is_of(const struct kept *entry, struct span key)
{
    return entry != NULL && span_is_equal((struct span){ entry->octets, entry->key_size }, key);
}

static struct kept *find(struct kept **set, struct span key)
{
    for (size_t i = 0; i < WAYS; i++) {
        if (is_of(set[i], key)) {
            return set[i];
        }
    }
    return NULL;
}

bool forecast_memory_get(struct forecast_memory *memory, struct span key, struct arena *arena,
                         struct span *value_r)
{
    *value_r = (struct span){ NULL, 0 };
    uint64_t now_ns = clock_mono_ns(memory->clock);
    struct kept **set = set_of(memory, key);
    pthread_mutex_lock(&memory->lock);
    const struct kept *entry = find(set, key);
    if (entry != NULL && now_ns < entry->until_ns) {
        *value_r =
            arena_copy(arena, (struct span){ entry->octets + entry->key_size, entry->value_size });
    }
    pthread_mutex_unlock(&memory->lock);
    return value_r->at != NULL;
}

static size_t bytes_of(const struct kept *entry)
{
    return sizeof(*entry) + entry->key_size + entry->value_size;
}

static void drop(struct forecast_memory *memory, struct kept **place)
{
    if (*place != NULL) {
        memory->taken_bytes -= bytes_of(*place);
        free(*place);
        *place = NULL;
    }
}

void forecast_memory_follow(struct forecast_memory *memory, uint64_t generation)
{
    if (memory == NULL || atomic_load(&memory->generation) >= generation) {
        return;
    }
    pthread_mutex_lock(&memory->lock);
    bool is_newer = generation > atomic_load(&memory->generation);
    for (size_t i = 0; is_newer && i < memory->set_count * WAYS; i++) {
        drop(memory, &memory->places[i]);
    }
    if (is_newer) {
        atomic_store(&memory->generation, generation);
    }
    pthread_mutex_unlock(&memory->lock);
}

/* The place of the key, else a free one, else that of what ends first. */
static struct kept **place_of(struct kept **set, struct span key)
{
    struct kept **place = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (is_of(set[i], key)) {
            return &set[i];
        }
        if (*place != NULL && (set[i] == NULL || set[i]->until_ns < (*place)->until_ns)) {
            place = &set[i];
        }
    }
    return place;
}

/* False: it does not fit beside what other sets hold. */
static bool make_room(struct forecast_memory *memory, struct kept **set, size_t bytes)
{
    for (size_t i = 0; i < WAYS && memory->taken_bytes + bytes > memory->limit_bytes; i++) {
        drop(memory, &set[i]);
    }
    return memory->taken_bytes + bytes <= memory->limit_bytes;
}

static struct kept *kept_new(struct span key, struct span value, uint64_t until_ns)
{
    struct kept *entry = malloc(sizeof(*entry) + key.size + value.size);
    if (entry != NULL) {
        *entry = (struct kept){ until_ns, key.size, value.size };
        memcpy(entry->octets, key.at, key.size);
        memcpy(entry->octets + key.size, value.at, value.size);
    }
    return entry;
}

static uint64_t kept_ns(uint32_t ttl_s, bool is_failure)
{
    uint32_t s = ttl_s < FORECAST_KEPT_MIN_S   ? FORECAST_KEPT_MIN_S
                 : ttl_s > FORECAST_KEPT_MAX_S ? FORECAST_KEPT_MAX_S
                                               : ttl_s;
    return (uint64_t)(is_failure ? FORECAST_FAILURE_S : s) * NS_PER_S;
}

void forecast_memory_put(struct forecast_memory *memory, struct span key, struct span value,
                         uint32_t ttl_s, bool is_failure)
{
    if (key.size > FORECAST_KEY_MAX || value.size > FORECAST_VALUE_MAX) {
        return;
    }
    struct kept *entry =
        kept_new(key, value, clock_mono_ns(memory->clock) + kept_ns(ttl_s, is_failure));
    if (entry == NULL) {
        return;
    }
    struct kept **set = set_of(memory, key);
    pthread_mutex_lock(&memory->lock);
    struct kept **place = place_of(set, key);
    drop(memory, place);
    if (make_room(memory, set, bytes_of(entry))) {
        memory->taken_bytes += bytes_of(entry);
        *place = entry;
        entry = NULL;
    }
    pthread_mutex_unlock(&memory->lock);
    free(entry);
}
