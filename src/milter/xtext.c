/*
 * xtext: see xtext.h.
 */
#include "milter/xtext.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that is written at `at`; -1: none. */
static int byte_at(struct span text, size_t at)
{
    if (text.at[at] != '+' || text.size - at < 3) {
        return -1;
    }
    int high = digit_of(text.at[at + 1]);
    int low = digit_of(text.at[at + 2]);
    int byte = 16 * high + low;
    return high >= 0 && low >= 0 && byte != 0 ? byte : -1;
}

struct span xtext_decode(struct span text, struct arena *arena)
{
    if (span_find(text, '+') < 0) {
        return text;
    }
    char *out = arena_alloc(arena, text.size);
    size_t size = 0;
    for (size_t i = 0; out != NULL && i < text.size; i++) {
        int byte = byte_at(text, i);
        out[size++] = byte >= 0 ? (char)byte : text.at[i];
        i += byte >= 0 ? 2 : 0;
    }
    return (struct span){ out, size };
}
