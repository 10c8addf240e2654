/*
 * fuzz_xtext: any bytes as the login that Sendmail tells.
 *
 * What is decoded is never longer, holds no NUL that was not there, and is the text itself where
 * nothing in it is encoded; and every text comes back from its encoding.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/xtext.h"
#include "util/buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_xtext: %s\n", what);
        abort();
    }
}

static size_t count_of(struct span text, char byte)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += text.at[i] == byte;
    }
    return count;
}

static void decode(struct span text)
{
    struct arena *arena = arena_new(1 << 20);
    struct span decoded = xtext_decode(text, arena);
    demand(decoded.size <= text.size, "longer than it was");
    demand(count_of(decoded, '\0') <= count_of(text, '\0'), "a NUL out of nothing");
    demand(count_of(text, '+') > 0 || span_is_equal(decoded, text), "not what it says");
    arena_free(&arena);
}

static void come_back(struct span text)
{
    struct arena *arena = arena_new(1 << 20);
    struct buffer encoded = BUFFER_EMPTY;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte > ' ' && byte < 0x7f && byte != '+' && byte != '=') {
            buffer_add_char(&encoded, (char)byte);
        } else if (byte != 0) {
            buffer_printf(&encoded, "+%02X", byte);
        }
    }
    struct span decoded = xtext_decode(buffer_span(&encoded), arena);
    size_t at = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] != '\0') {
            demand(at < decoded.size && decoded.at[at++] == text.at[i], "does not come back");
        }
    }
    demand(at == decoded.size, "more comes back");
    buffer_free(&encoded);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size <= 4096) {
        decode((struct span){ (const char *)data, size });
        come_back((struct span){ (const char *)data, size });
    }
    return 0;
}
