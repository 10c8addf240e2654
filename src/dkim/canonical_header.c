/*
 * canonical_header: header canonicalization, one field at a time (RFC 6376 sections 3.4.1, 3.4.2).
 * It cannot fail and takes no heap.
 */
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "dkim/canonical.h"

#define GATHER_SIZE 1024

struct gather {
    canonical_sink *sink;
    void *context;
    size_t used;
    char bytes[GATHER_SIZE];
};

static void gather_flush(struct gather *gather)
{
    if (gather->used > 0) {
        gather->sink(gather->context, gather->bytes, gather->used);
        gather->used = 0;
    }
}

static void gather_add(struct gather *gather, const char *at, size_t size)
{
    if (size > GATHER_SIZE - gather->used) {
        gather_flush(gather);
        if (size > GATHER_SIZE) {
            gather->sink(gather->context, at, size);
            return;
        }
    }
    if (size > 0) {
        memcpy(gather->bytes + gather->used, at, size);
        gather->used += size;
    }
}

static void add_name_lower(struct gather *gather, struct span name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = ascii_lower(name.at[i]);
        gather_add(gather, &c, 1);
    }
}

/* White space as relaxed sees it in a value: a fold's line end is nothing, its SP or TAB counts. */
static bool is_white_or_fold(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/*
 * How many octets from `at` on are the same in relaxed form. May end early (at any control byte,
 * at a SP before one), never late.
 */
static size_t clean_run(const char *at, size_t size)
{
    size_t i = 0;
#ifdef __SSE2__
    const __m128i space = _mm_set1_epi8(' ');
    const __m128i control = _mm_set1_epi8(0x1f);
    for (; i + 17 <= size; i += 16) {
        __m128i here = _mm_loadu_si128((const __m128i *)(const void *)(at + i));
        __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(at + i + 1));
        __m128i next_ends = _mm_cmpeq_epi8(_mm_min_epu8(next, space), next);
        __m128i changes = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(here, control), here),
                                       _mm_and_si128(_mm_cmpeq_epi8(here, space), next_ends));
        unsigned mask = (unsigned)_mm_movemask_epi8(changes);
        if (mask != 0) {
            return i + (unsigned)__builtin_ctz(mask);
        }
    }
#endif
    for (; i < size; i++) {
        unsigned char c = (unsigned char)at[i];
        if (c < ' ' || (c == ' ' && (i + 1 == size || (unsigned char)at[i + 1] <= ' '))) {
            break;
        }
    }
    return i;
}

static void add_relaxed_value(struct gather *gather, struct span value)
{
    const char *at = value.at;
    const char *end = at + value.size;
    while (at < end && is_white_or_fold(*at)) {
        at++;
    }
    while (at < end) {
        size_t clean = clean_run(at, (size_t)(end - at));
        gather_add(gather, at, clean);
        at += clean;
        bool has_white = false;
        while (at < end && is_white_or_fold(*at)) {
            has_white |= *at != '\n';
            at++;
        }
        if (at < end && has_white) {
            gather_add(gather, " ", 1);
        }
        if (at < end && (unsigned char)*at < ' ') { /* some other control byte: data */
            gather_add(gather, at, 1);
            at++;
        }
    }
}

static void add_simple_value(struct gather *gather, struct span value)
{
    const char *at = value.at;
    const char *end = at + value.size;
    while (at < end) {
        const char *fold = memchr(at, '\n', (size_t)(end - at));
        if (fold == NULL) {
            gather_add(gather, at, (size_t)(end - at));
            return;
        }
        gather_add(gather, at, (size_t)(fold - at));
        gather_add(gather, "\r\n", 2);
        at = fold + 1;
    }
}

void canonical_header(enum canonical form, struct span name, struct span value, bool is_last,
                      canonical_sink *sink, void *context)
{
    struct gather gather;
    gather.sink = sink;
    gather.context = context;
    gather.used = 0;
    if (form == CANONICAL_RELAXED) {
        add_name_lower(&gather, name);
        gather_add(&gather, ":", 1);
        add_relaxed_value(&gather, value);
    } else {
        gather_add(&gather, name.at, name.size);
        gather_add(&gather, ":", 1);
        add_simple_value(&gather, value);
    }
    if (!is_last) {
        gather_add(&gather, "\r\n", 2);
    }
    gather_flush(&gather);
}
