/*
 * words: between the words of a request and its line. What is not written so is refused, never
 * guessed at.
 */
#include "control/words.h"

#include "log/field.h"

#define EMPTY_WORD SPAN("\"\"")
#define ESCAPED_MAX (4 * CONTROL_WORD_MAX)

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octet that begins the text; false: none that log_escape() writes. */
static bool take_octet(struct span *rest_io, char *octet_r)
{
    struct span rest = *rest_io;
    int high, low;
    *octet_r = rest.at[0];
    *rest_io = span_from(rest, 1);
    if (rest.at[0] != '\\') {
        return rest.at[0] > ' ' && rest.at[0] <= '~' && rest.at[0] != '"' && rest.at[0] != '=';
    }
    if (rest.size < 4 || rest.at[1] != 'x') {
        return false;
    }
    high = digit_of(rest.at[2]);
    low = digit_of(rest.at[3]);
    *octet_r = (char)(high * 16 + low);
    *rest_io = span_from(rest, 4);
    return high >= 0 && low >= 0;
}

/* Into `out`, which has room for CONTROL_WORD_MAX. */
static bool unescape(struct span raw, char *out, size_t *size_r)
{
    *size_r = 0;
    if (span_is_equal(raw, EMPTY_WORD)) {
        return true;
    }
    while (raw.size > 0) {
        if (*size_r >= CONTROL_WORD_MAX || !take_octet(&raw, &out[*size_r])) {
            return false;
        }
        ++*size_r;
    }
    return true;
}

bool control_words_read(struct span line, struct control_words *words_r)
{
    struct span rest = span_trim(line), raw;
    char *out = words_r->bytes;
    words_r->count = 0;
    while (rest.size > 0 && span_cut(&rest, ' ', &raw)) {
        size_t size;
        if (raw.size == 0) {
            continue;
        }
        if (words_r->count >= CONTROL_WORDS_MAX || !unescape(raw, out, &size)) {
            return false;
        }
        words_r->at[words_r->count++] = (struct span){ out, size };
        out[size] = '\0';
        out += size + 1;
    }
    return true;
}

void control_words_add(struct buffer *line, struct span word)
{
    char escaped[ESCAPED_MAX + 1];
    if (line->size > 0) {
        buffer_add_char(line, ' ');
    }
    if (word.size == 0) {
        buffer_add_span(line, EMPTY_WORD);
        return;
    }
    word = span_first(word, CONTROL_WORD_MAX);
    buffer_add(line, escaped, log_escape(word, false, escaped, sizeof(escaped)));
}
