/*
 * clamd_server: zINSTREAM, and answers by rules.
 */
#include "tests/support/clamd_server.h"

#include <stdint.h>
#include <string.h>

static bool begins_with(struct span text, struct span begin)
{
    return span_is_equal(span_first(text, begin.size), begin);
}

/* The next chunk, empty at the end; false: it is not there yet. */
static bool cut_chunk(struct span *rest_io, struct span *chunk_r)
{
    const unsigned char *length = (const unsigned char *)rest_io->at;
    if (rest_io->size < 4) {
        return false;
    }
    size_t size =
        (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 | length[3];
    if (rest_io->size < 4 + size) {
        return false;
    }
    *chunk_r = span_first(span_from(*rest_io, 4), size);
    *rest_io = span_from(*rest_io, 4 + size);
    return true;
}

/* Nothing is copied before all is there: large messages come in many pieces. */
static bool is_whole(struct span rest)
{
    struct span chunk;
    while (cut_chunk(&rest, &chunk)) {
        if (chunk.size == 0) {
            return true;
        }
    }
    return false;
}

static bool read_stream(struct span rest, struct buffer *request)
{
    struct span chunk;
    if (!is_whole(rest)) {
        return false;
    }
    buffer_clear(request);
    buffer_add_text(request, "stream:");
    while (cut_chunk(&rest, &chunk)) {
        buffer_add_span(request, chunk);
    }
    return true;
}

static bool next_command(struct buffer *received, struct buffer *request)
{
    static const char instream[] = "zINSTREAM"; /* with its NUL */
    struct span text = buffer_span(received);
    if (!begins_with(text, (struct span){ instream, sizeof(instream) }) ||
        !read_stream(span_from(text, sizeof(instream)), request)) {
        return false;
    }
    buffer_clear(received);
    return true;
}

void clamd_server_start(struct map_server *server, const char *name, map_server_fn answer,
                        void *context)
{
    map_server_start_speaking(server, name, next_command, answer, context);
}

void clamd_server_say(struct buffer *reply, struct span text)
{
    buffer_add_span(reply, text);
    buffer_add_char(reply, '\0');
}

static bool has_words(struct span text, struct span words)
{
    return words.size > 0 && memmem(text.at, text.size, words.at, words.size) != NULL;
}

/* Only \xNN; a rule is written by the test. */
static void say_unescaped(struct buffer *reply, struct span text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < text.size; i++) {
        if (i + 3 < text.size && text.at[i] == '\\' && text.at[i + 1] == 'x') {
            const char *high = strchr(digits, text.at[i + 2]),
                       *low = strchr(digits, text.at[i + 3]);
            buffer_add_char(reply, (char)((high - digits) * 16 + (low - digits)));
            i += 3;
        } else {
            buffer_add_char(reply, text.at[i]);
        }
    }
    buffer_add_char(reply, '\0');
}

bool clamd_server_by_rules(void *context, unsigned number, struct span request,
                           struct buffer *reply)
{
    struct span rest = span_of(context), line;
    (void)number;
    while (span_cut(&rest, '\n', &line)) {
        ptrdiff_t equals = span_find(line, '=');
        if (equals > 0 && has_words(request, span_trim(span_first(line, (size_t)equals)))) {
            say_unescaped(reply, span_trim(span_from(line, (size_t)equals + 1)));
            return false;
        }
    }
    clamd_server_say(reply, SPAN("stream: OK"));
    return false;
}
