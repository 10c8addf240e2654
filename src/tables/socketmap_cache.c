/*
 * socketmap_cache: sets of a few entries; a key belongs to one set, and a new entry takes the place
 * of the one in it that ends first. The hash is keyed, so that nobody can aim at a set.
 */
#include "tables/socketmap_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "util/siphash.h"

#define WAYS 8
#define SETS (SOCKETMAP_CACHE_ENTRIES / WAYS)

struct cached {
    uint64_t until_ns;
    bool is_absent;
    size_t key_size, value_size;
    char text[]; /* key, value */
};

struct socketmap_cache {
    pthread_mutex_t lock;
    uint64_t seed[2];
    struct cached *sets[SETS][WAYS];
};

struct socketmap_cache *socketmap_cache_new(void)
{
    struct socketmap_cache *cache = calloc(1, sizeof(*cache));
    if (cache != NULL) {
        pthread_mutex_init(&cache->lock, NULL);
        clock_system.random(&clock_system, cache->seed, sizeof(cache->seed));
    }
    return cache;
}

void socketmap_cache_free(struct socketmap_cache **cache)
{
    if (*cache == NULL) {
        return;
    }
    for (size_t i = 0; i < SETS; i++) {
        for (size_t j = 0; j < WAYS; j++) {
            free((*cache)->sets[i][j]);
        }
    }
    pthread_mutex_destroy(&(*cache)->lock);
    free(*cache);
    *cache = NULL;
}

static struct cached **set_of(struct socketmap_cache *cache, struct span key)
{
    return cache->sets[siphash(cache->seed, key) % SETS];
}

/* Where the key is, or where it should be put: a free place, or that of what ends first. */
static struct cached **place_of(struct cached **set, struct span key)
{
    struct cached **place = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        const struct cached *entry = set[i];
        if (entry != NULL && span_is_equal((struct span){ entry->text, entry->key_size }, key)) {
            return &set[i];
        }
        if (*place != NULL && (entry == NULL || entry->until_ns < (*place)->until_ns)) {
            place = &set[i];
        }
    }
    return place;
}

static enum socketmap_cached answer_of(const struct cached *entry, struct arena *arena,
                                       struct span *value_r)
{
    if (entry->is_absent) {
        return SOCKETMAP_CACHED_ABSENT;
    }
    *value_r = arena_copy(arena, (struct span){ entry->text + entry->key_size, entry->value_size });
    return value_r->at != NULL ? SOCKETMAP_CACHED_VALUE : SOCKETMAP_CACHED_NOT;
}

enum socketmap_cached socketmap_cache_get(struct socketmap_cache *cache, struct span key,
                                          uint64_t now_ns, struct arena *arena,
                                          struct span *value_r)
{
    enum socketmap_cached cached = SOCKETMAP_CACHED_NOT;
    pthread_mutex_lock(&cache->lock);
    const struct cached *entry = *place_of(set_of(cache, key), key);
    if (entry != NULL && span_is_equal((struct span){ entry->text, entry->key_size }, key) &&
        now_ns < entry->until_ns) {
        cached = answer_of(entry, arena, value_r);
    }
    pthread_mutex_unlock(&cache->lock);
    return cached;
}

static struct cached *cached_new(struct span key, struct span value, uint64_t until_ns)
{
    struct cached *entry = malloc(sizeof(*entry) + key.size + value.size);
    if (entry != NULL) {
        *entry = (struct cached){ until_ns, value.at == NULL, key.size, value.size };
        memcpy(entry->text, key.at, key.size);
        if (value.size > 0) {
            memcpy(entry->text + key.size, value.at, value.size);
        }
    }
    return entry;
}

void socketmap_cache_put(struct socketmap_cache *cache, struct span key, struct span value,
                         uint64_t until_ns)
{
    if (key.size + value.size > SOCKETMAP_CACHE_ENTRY_BYTES) {
        return;
    }
    struct cached *entry = cached_new(key, value, until_ns);
    if (entry == NULL) {
        return;
    }
    pthread_mutex_lock(&cache->lock);
    struct cached **place = place_of(set_of(cache, key), key);
    struct cached *before = *place;
    *place = entry;
    pthread_mutex_unlock(&cache->lock);
    free(before);
}
