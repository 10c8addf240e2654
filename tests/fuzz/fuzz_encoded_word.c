/*
 * fuzz_encoded_word: any bytes as a phrase with encoded words. Without "=?" it is as it was; what
 * stands before and behind is not touched; UTF-8 in, UTF-8 out.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/charset.h"
#include "message/encoded_word.h"

#define ARENA_BYTES ((size_t)256 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_encoded_word: %s\n", what);
        abort();
    }
}

static bool is_utf8(struct span text, struct arena *arena)
{
    struct span same;

    return charset_decode(SPAN("utf-8"), text, arena, &same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct span text = { (const char *)data, size }, decoded, wrapped;
    char *copy;

    demand(arena != NULL, "memory");
    copy = arena_alloc(arena, size + 2);
    decoded = encoded_word_decode(text, arena);
    demand(decoded.at != NULL || data == NULL, "memory");
    if (size == 0 || memmem(data, size, "=?", 2) == NULL)
        demand(span_is_equal(decoded, text), "no word, and not as it was");
    if (is_utf8(text, arena))
        demand(is_utf8(decoded, arena), "UTF-8 became something else");
    copy[0] = '(';
    if (size > 0)
        memcpy(copy + 1, data, size);
    copy[size + 1] = ')';
    wrapped = encoded_word_decode((struct span){ copy, size + 2 }, arena);
    demand(wrapped.size == decoded.size + 2 && wrapped.at[0] == '(' &&
               span_is_equal(span_first(span_from(wrapped, 1), decoded.size), decoded),
           "parentheses around it make it another");
    arena_free(&arena);
    return 0;
}
