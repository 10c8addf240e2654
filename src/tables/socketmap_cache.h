/*
 * socketmap_cache: answers of a server that still count. Bounded in number and bytes; what does not
 * fit is asked again. For all threads.
 */
#ifndef EM_TABLES_SOCKETMAP_CACHE_H
#define EM_TABLES_SOCKETMAP_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/clock.h"
#include "util/span.h"

#define SOCKETMAP_CACHE_ENTRIES 8192
#define SOCKETMAP_CACHE_ENTRY_BYTES 4096 /* key and value together; larger ones are not kept */

struct socketmap_cache;

enum socketmap_cached { SOCKETMAP_CACHED_NOT, SOCKETMAP_CACHED_VALUE, SOCKETMAP_CACHED_ABSENT };

/* NULL: out of memory. */
struct socketmap_cache *socketmap_cache_new(void);
void socketmap_cache_free(struct socketmap_cache **cache);
/* Copies the value into the arena; one that does not fit there is CACHED_NOT. */
enum socketmap_cached socketmap_cache_get(struct socketmap_cache *cache, struct span key,
                                          uint64_t now_ns, struct arena *arena,
                                          struct span *value_r);
/* value.at == NULL: there is no such key. What is too large, or finds no memory, is not kept. */
void socketmap_cache_put(struct socketmap_cache *cache, struct span key, struct span value,
                         uint64_t until_ns);

#endif
