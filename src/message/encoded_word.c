/*
 * encoded_word: finds RFC 2047 words, undoes B (RFC 2045 6.8) and Q (RFC 2047 4.2), and leaves the
 * characters to charset.
 *
 * Adjacent words of one set are first tried as one, since some writers cut characters in two; if
 * that is no text, each is tried alone.
 */
#include "message/encoded_word.h"

#include "message/charset.h"

#define ROOM_FIRST 64

struct word {
    struct span raw;     /* from "=?" to "?=" */
    struct span charset; /* without the language of RFC 2231 5 */
    struct span text;    /* still encoded */
    char encoding;       /* 'b' or 'q' */
};

struct output {
    char *at;
    size_t size, room;
    struct arena *arena;
    bool is_out_of_memory;
};

static void put(struct output *output, struct span text)
{
    if (output->at == NULL || text.size > output->room - output->size) {
        size_t room = (output->size + text.size) * 2 + ROOM_FIRST;
        char *at = arena_alloc(output->arena, room);

        if (at == NULL) {
            output->is_out_of_memory = true;
            return;
        }
        if (output->size > 0)
            memcpy(at, output->at, output->size);
        output->at = at;
        output->room = room;
    }
    if (text.size > 0)
        memcpy(output->at + output->size, text.at, text.size);
    output->size += text.size;
}

static struct span between(const char *start, const char *end)
{
    return (struct span){ start, (size_t)(end - start) };
}

static bool is_wsp(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Up to the next '?' on this line, and behind it. Blanks are forgiven in the text itself only. */
static bool cut_piece(const char **at_io, const char *end, bool has_blanks, struct span *piece_r)
{
    const char *at = *at_io;

    while (at < end && *at != '?' && (!is_wsp(*at) || (has_blanks && (*at == ' ' || *at == '\t'))))
        at++;
    if (at == end || *at != '?')
        return false;
    *piece_r = between(*at_io, at);
    *at_io = at + 1;
    return true;
}

/* RFC 2047 2: "=?" charset ["*" language] "?" encoding "?" encoded-text "?=". */
static bool read_word(const char *at, const char *end, struct word *word_r)
{
    const char *start = at;
    struct span encoding;
    ptrdiff_t star;

    if (end - at < 2 || at[0] != '=' || at[1] != '?')
        return false;
    at += 2;
    if (!cut_piece(&at, end, false, &word_r->charset) || !cut_piece(&at, end, false, &encoding) ||
        !cut_piece(&at, end, true, &word_r->text) || at == end || *at != '=')
        return false;
    word_r->raw = between(start, at + 1);
    star = span_find(word_r->charset, '*');
    if (star >= 0)
        word_r->charset.size = (size_t)star;
    word_r->encoding = encoding.size == 1 ? ascii_lower(encoding.at[0]) : '\0';
    return word_r->encoding == 'b' || word_r->encoding == 'q';
}

static bool put_q(struct output *output, struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        char octet = text.at[i];

        if (octet == '=') {
            int high = i + 2 < text.size ? ascii_hex(text.at[i + 1]) : -1;
            int low = i + 2 < text.size ? ascii_hex(text.at[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            octet = (char)(high << 4 | low);
            i += 2;
        } else if (octet == '_') {
            octet = ' ';
        }
        put(output, (struct span){ &octet, 1 });
    }
    return true;
}

static int base64_value(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/* Padding may be missing, as readers allow; bits that are left over are dropped. */
static bool put_b(struct output *output, struct span text)
{
    unsigned bits = 0, held = 0;
    size_t size = text.size;

    while (size > 0 && text.at[size - 1] == '=')
        size--;
    if (size % 4 == 1 || text.size - size > 3)
        return false;
    for (size_t i = 0; i < size; i++) {
        int value = base64_value(text.at[i]);

        if (value < 0)
            return false;
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        held += 6;
        if (held >= 8) {
            char octet = (char)(bits >> (held -= 8));

            put(output, (struct span){ &octet, 1 });
        }
    }
    return true;
}

static bool put_octets(struct output *output, const struct word *word)
{
    return word->encoding == 'q' ? put_q(output, word->text) : put_b(output, word->text);
}

/* The word that follows with nothing but white space between. */
static bool read_neighbour(const char *at, const char *end, struct word *word_r)
{
    while (at < end && is_wsp(*at))
        at++;
    return read_word(at, end, word_r);
}

/*
 * The words from `first` on that are of its set, as one text; gives the end of the last. Without
 * `is_joined` the first alone. NULL: it is no text.
 */
static const char *put_run(struct output *output, const struct word *first, const char *end,
                           bool is_joined)
{
    struct output octets = { .arena = output->arena };
    struct word word = *first, next;
    struct span text;

    if (!put_octets(&octets, &word))
        return NULL;
    while (is_joined && read_neighbour(word.raw.at + word.raw.size, end, &next) &&
           span_is_equal_nocase(next.charset, first->charset)) {
        word = next;
        if (!put_octets(&octets, &word))
            return NULL;
    }
    output->is_out_of_memory |= octets.is_out_of_memory;
    if (octets.is_out_of_memory ||
        !charset_decode(first->charset, (struct span){ octets.at, octets.size }, output->arena,
                        &text))
        return NULL;
    put(output, text);
    return word.raw.at + word.raw.size;
}

struct reader {
    const char *end;
    const char *alone; /* words before this one are not joined: together they are no text */
    struct output output;
};

/* Where a run of words of one set ends that could not be read as one. */
static const char *run_end(const struct word *first, const char *end)
{
    struct word word = *first, next;

    while (read_neighbour(word.raw.at + word.raw.size, end, &next) &&
           span_is_equal_nocase(next.charset, first->charset))
        word = next;
    return word.raw.at + word.raw.size;
}

/* A word, or as many as are one text; gives what is behind. *is_decoded_r: not as it was written.
 */
static const char *put_word(struct reader *reader, const struct word *word, bool *is_decoded_r)
{
    bool is_joined = reader->alone == NULL || word->raw.at >= reader->alone;
    const char *behind = put_run(&reader->output, word, reader->end, is_joined);

    if (behind == NULL && is_joined) {
        reader->alone = run_end(word, reader->end);
        behind = put_run(&reader->output, word, reader->end, false);
    }
    *is_decoded_r = behind != NULL;
    if (behind != NULL)
        return behind;
    put(&reader->output, word->raw);
    return word->raw.at + word->raw.size;
}

/* Behind the white space between two words (RFC 2047 6.2); `at` where there is no second one. */
static const char *skip_gap(const char *at, const char *end)
{
    struct word next;

    return read_neighbour(at, end, &next) ? next.raw.at : at;
}

struct span encoded_word_decode(struct span text, struct arena *arena)
{
    struct reader reader = { .output = { .arena = arena } };
    const char *at = text.at, *mark;

    if (text.size == 0 || memmem(text.at, text.size, "=?", 2) == NULL)
        return text;
    reader.end = text.at + text.size;
    put(&reader.output, SPAN("")); /* room, so that nothing is an empty text too */
    while ((mark = memmem(at, (size_t)(reader.end - at), "=?", 2)) != NULL) {
        struct word word;
        bool is_decoded;

        put(&reader.output, between(at, mark));
        at = mark + 2;
        if (!read_word(mark, reader.end, &word)) {
            put(&reader.output, between(mark, at));
            continue;
        }
        at = put_word(&reader, &word, &is_decoded);
        if (is_decoded)
            at = skip_gap(at, reader.end);
    }
    put(&reader.output, between(at, reader.end));
    if (reader.output.is_out_of_memory || arena_is_exhausted(arena))
        return (struct span){ NULL, 0 };
    return (struct span){ reader.output.at, reader.output.size };
}
