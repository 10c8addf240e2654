/*
 * arena: memory of one lifetime (a message, a snapshot), taken piece by piece and given back at
 * once.
 *
 * An arena has a ceiling. An allocation that would pass it returns NULL and marks the arena
 * exhausted; a caller may thus run a whole stage and ask arena_is_exhausted() at its end. Not for
 * use by two threads at once.
 */
#ifndef EM_UTIL_ARENA_H
#define EM_UTIL_ARENA_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/span.h"

struct arena;

/*
 * What several arenas take together, bounded; for any number of threads. An arena asks it for each
 * chunk, so an allocation costs nothing more. All zero but the limit is empty; the limit may change
 * at any time.
 */
struct arena_account {
    atomic_size_t taken_bytes;
    atomic_size_t limit_bytes;
};

/* `ceiling_bytes` bounds what the arena will ever take from the heap, its own bookkeeping aside.
 * NULL: out of memory. */
struct arena *arena_new(size_t ceiling_bytes);
/* The same, drawing on `account`, which outlives it; NULL: on none. */
struct arena *arena_new_within(struct arena_account *account, size_t ceiling_bytes);
/* Gives everything back and clears the pointer; NULL is fine. */
void arena_free(struct arena **arena);
/* Zeroed memory, aligned for any type; NULL when the ceiling is reached or the heap is out. size 0
 * gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);
/* Room for `count` elements; NULL also when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t element_size);
/* A copy that ends in a NUL not counted in .size. .at is NULL on failure. */
struct span arena_copy(struct arena *arena, struct span text);
/* Formatted text, NUL-terminated; NULL on failure. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Raises the ceiling, and passes the account's limit by as much, so that a verdict about an
 * exhausted arena can still be written; clears the marks. */
void arena_grant(struct arena *arena, size_t more_bytes);
/* True once an allocation was denied. */
bool arena_is_exhausted(const struct arena *arena);
/* True once it was not its own ceiling that denied one, but the account or the heap. */
bool arena_is_starved(const struct arena *arena);
/* Bytes taken from the heap so far. */
size_t arena_used(const struct arena *arena);

#endif
