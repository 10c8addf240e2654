/*
 * arena: memory of one lifetime, cut from chunks.
 *
 * A new arena holds no chunk, so a connection without a message costs only struct arena. Chunks
 * grow from 2 KiB to 32 KiB; a piece that would waste much of a chunk gets a block of its own, and
 * the chunk being filled stays. Under AddressSanitizer all that was not handed out is poisoned,
 * with a gap behind every piece, so that a step over its end is seen.
 *
 * An account is charged for each chunk with its bookkeeping; two threads that charge at once may
 * both be denied where one would have fitted.
 *
 * Fails by NULL and by arena_is_exhausted().
 */
#include "util/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define ARENA_GAP_BYTES 16
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ARENA_GAP_BYTES 0
#endif

#define CHUNK_MIN_BYTES ((size_t)2048)
#define CHUNK_MAX_BYTES ((size_t)32768)
#define ALIGNMENT alignof(max_align_t)

struct chunk {
    struct chunk *older;
    size_t size; /* of bytes[] */
    size_t used; /* may exceed size by the gap and the alignment */
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct chunk *filling; /* the newest shared chunk, and all before it */
    struct chunk *alone;   /* blocks of one big piece each */
    size_t next_chunk_bytes;
    size_t ceiling_bytes;
    size_t taken_bytes;
    struct arena_account *account; /* NULL: none */
    size_t charged_bytes;          /* to the account */
    size_t credit_bytes;           /* may be charged beyond its limit */
    bool exhausted;
    bool starved;
};

struct arena *arena_new(size_t ceiling_bytes)
{
    return arena_new_within(NULL, ceiling_bytes);
}

struct arena *arena_new_within(struct arena_account *account, size_t ceiling_bytes)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (arena == NULL)
        return NULL;
    arena->account = account;
    arena->ceiling_bytes = ceiling_bytes;
    arena->next_chunk_bytes = CHUNK_MIN_BYTES;
    return arena;
}

static void chunks_free(struct chunk *chunk)
{
    while (chunk != NULL) {
        struct chunk *older = chunk->older;

        ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, chunk->size);
        free(chunk);
        chunk = older;
    }
}

void arena_free(struct arena **arena)
{
    if (*arena == NULL)
        return;
    chunks_free((*arena)->filling);
    chunks_free((*arena)->alone);
    if ((*arena)->account != NULL)
        atomic_fetch_sub(&(*arena)->account->taken_bytes, (*arena)->charged_bytes);
    free(*arena);
    *arena = NULL;
}

static void *arena_deny(struct arena *arena)
{
    arena->exhausted = true;
    return NULL;
}

/* False: the account has not so much left. */
static bool charge(struct arena *arena, size_t size)
{
    struct arena_account *account = arena->account;
    size_t taken;

    if (account == NULL)
        return true;
    taken = atomic_fetch_add(&account->taken_bytes, size) + size;
    if (taken > atomic_load_explicit(&account->limit_bytes, memory_order_relaxed)) {
        if (size > arena->credit_bytes) {
            atomic_fetch_sub(&account->taken_bytes, size);
            return false;
        }
        arena->credit_bytes -= size;
    }
    arena->charged_bytes += size;
    return true;
}

/* A chunk of `size` bytes put before *list_io; NULL when the ceiling or the heap forbids. */
static struct chunk *chunk_add(struct arena *arena, size_t size, struct chunk **list_io)
{
    struct chunk *chunk;

    if (size > arena->ceiling_bytes - arena->taken_bytes || size > SIZE_MAX - sizeof(struct chunk))
        return NULL;
    chunk = charge(arena, sizeof(*chunk) + size) ? malloc(sizeof(*chunk) + size) : NULL;
    if (chunk == NULL) {
        arena->starved = true; /* what was charged for nothing is given back at the end */
        return NULL;
    }
    chunk->older = *list_io;
    chunk->size = size;
    chunk->used = 0;
    *list_io = chunk;
    arena->taken_bytes += size;
    ASAN_POISON_MEMORY_REGION(chunk->bytes, size);
    return chunk;
}

static void *chunk_take(struct chunk *chunk, size_t size)
{
    char *piece = chunk->bytes + chunk->used;

    chunk->used += size + ARENA_GAP_BYTES;
    chunk->used += -chunk->used & (ALIGNMENT - 1);
    ASAN_UNPOISON_MEMORY_REGION(piece, size);
    memset(piece, 0, size);
    return piece;
}

static bool chunk_fits(const struct chunk *chunk, size_t size)
{
    return chunk != NULL && chunk->used <= chunk->size && size <= chunk->size - chunk->used;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t left_bytes = arena->ceiling_bytes - arena->taken_bytes;
    size_t wanted_bytes = arena->next_chunk_bytes - sizeof(struct chunk);
    struct chunk *chunk;

    if (size == 0)
        size = 1; /* distinct, and never one past the end of a chunk */
    if (chunk_fits(arena->filling, size))
        return chunk_take(arena->filling, size);
    if (size > wanted_bytes / 4) {
        chunk = chunk_add(arena, size, &arena->alone);
        return chunk != NULL ? chunk_take(chunk, size) : arena_deny(arena);
    }
    if (wanted_bytes > left_bytes)
        wanted_bytes = left_bytes; /* the last chunk before the ceiling is a short one */
    if (wanted_bytes < size)
        return arena_deny(arena);
    chunk = chunk_add(arena, wanted_bytes, &arena->filling);
    if (chunk == NULL)
        return arena_deny(arena);
    if (arena->next_chunk_bytes < CHUNK_MAX_BYTES)
        arena->next_chunk_bytes *= 2;
    return chunk_take(chunk, size);
}

void *arena_array(struct arena *arena, size_t count, size_t element_size)
{
    size_t size;

    if (__builtin_mul_overflow(count, element_size, &size))
        return arena_deny(arena);
    return arena_alloc(arena, size);
}

struct span arena_copy(struct arena *arena, struct span text)
{
    char *copy = text.size < SIZE_MAX ? arena_alloc(arena, text.size + 1) : arena_deny(arena);

    if (copy == NULL)
        return (struct span){ NULL, 0 };
    if (text.size > 0)
        memcpy(copy, text.at, text.size);
    return (struct span){ copy, text.size };
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    char local[256]; /* most texts are short: formatted once, then copied */
    va_list again;
    int size;
    char *text;

    va_copy(again, args);
    size = vsnprintf(local, sizeof(local), format, args);
    text = size >= 0 ? arena_alloc(arena, (size_t)size + 1) : arena_deny(arena);
    if (text != NULL) {
        if ((size_t)size < sizeof(local))
            memcpy(text, local, (size_t)size);
        else
            vsnprintf(text, (size_t)size + 1, format, again);
    }
    va_end(again);
    return text;
}

void arena_grant(struct arena *arena, size_t more_bytes)
{
    if (__builtin_add_overflow(arena->ceiling_bytes, more_bytes, &arena->ceiling_bytes))
        arena->ceiling_bytes = SIZE_MAX;
    arena->credit_bytes += more_bytes;
    arena->exhausted = false;
    arena->starved = false;
}

bool arena_is_exhausted(const struct arena *arena)
{
    return arena->exhausted;
}

bool arena_is_starved(const struct arena *arena)
{
    return arena->starved;
}

size_t arena_used(const struct arena *arena)
{
    return arena->taken_bytes;
}
