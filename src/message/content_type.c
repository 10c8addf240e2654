/*
 * content_type: reads "type/subtype; name=value; ..." as strict readers do, and goes on as lenient
 * ones do where it is none, with a defect.
 *
 * Parameters are collected as they are written, a bounded number; content_parameter.c then puts
 * together what belongs together.
 */
#include "message/address_private.h"
#include "message/content_type_private.h"

static bool is_wsp(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* RFC 2045 5.1: token. */
static bool is_token_octet(char c)
{
    return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

struct reader {
    const char *at, *end;
    struct arena *arena;
    unsigned defects;
};

/* A comment (RFC 822 3.4.3, nested); one that is never closed takes the rest. */
static void skip_comment(struct reader *reader)
{
    size_t depth = 0;

    do {
        char c = *reader->at++;

        if (c == '(')
            depth++;
        else if (c == ')')
            depth--;
        else if (c == '\\' && reader->at < reader->end)
            reader->at++;
    } while (depth > 0 && reader->at < reader->end);
    if (depth > 0)
        reader->defects |= CONTENT_ODD;
}

static void skip_cfws(struct reader *reader)
{
    while (reader->at < reader->end && (is_wsp(*reader->at) || *reader->at == '(')) {
        if (*reader->at == '(')
            skip_comment(reader);
        else
            reader->at++;
    }
}

static bool take(struct reader *reader, char c)
{
    skip_cfws(reader);
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static struct span read_token(struct reader *reader)
{
    const char *start;

    skip_cfws(reader);
    start = reader->at;
    while (reader->at < reader->end && is_token_octet(*reader->at))
        reader->at++;
    return (struct span){ start, (size_t)(reader->at - start) };
}

/* A copy in lower case; .at == NULL: the arena is exhausted. */
static struct span lower_copy(struct reader *reader, struct span text)
{
    struct span copy = arena_copy(reader->arena, text);

    for (size_t i = 0; copy.at != NULL && i < copy.size; i++)
        ((char *)copy.at)[i] = ascii_lower(copy.at[i]);
    return copy;
}

/* The closing quote of the string at `at`, or `end`. */
static const char *find_quote(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\' && at + 1 < end)
            at++;
    }
    return at;
}

/* The inside of a quoted string, escapes and folds removed (RFC 822 3.3). */
static bool read_quoted(struct reader *reader, struct span *value_r)
{
    const char *end = find_quote(reader->at, reader->end);
    char *out = arena_alloc(reader->arena, (size_t)(end - reader->at)), *start = out;

    if (out == NULL)
        return false;
    for (reader->at++; reader->at < end; reader->at++) {
        if (*reader->at == '\\' && reader->at + 1 < end)
            reader->at++;
        else if (*reader->at == '\n' || *reader->at == '\r')
            continue;
        *out++ = *reader->at;
    }
    if (end < reader->end)
        reader->at++;
    else
        reader->defects |= CONTENT_ODD;
    *value_r = (struct span){ start, (size_t)(out - start) };
    return true;
}

/* Up to a ';', white space or comment: more than a token may be meant. */
static struct span read_bare(struct reader *reader)
{
    const char *start = reader->at;
    char c;

    for (; reader->at < reader->end; reader->at++) {
        c = *reader->at;
        if (c == ';' || c == '(' || is_wsp(c))
            break;
        if (!is_token_octet(c) && c != '=' && c != '/')
            reader->defects |= CONTENT_ODD;
    }
    if (reader->at == start)
        reader->defects |= CONTENT_ODD;
    return (struct span){ start, (size_t)(reader->at - start) };
}

/* Junk behind a value; a bare one with blanks in it ("name=my file.txt") is taken whole. */
static void skip_junk(struct reader *reader, bool is_quoted, struct span *value_io)
{
    skip_cfws(reader);
    if (reader->at == reader->end || *reader->at == ';')
        return;
    reader->defects |= CONTENT_ODD;
    while (reader->at < reader->end && *reader->at != ';')
        reader->at++;
    if (!is_quoted && value_io->at != NULL)
        *value_io = span_trim((struct span){ value_io->at, (size_t)(reader->at - value_io->at) });
}

static bool read_value(struct reader *reader, struct span *value_r)
{
    bool is_quoted;

    skip_cfws(reader);
    is_quoted = reader->at < reader->end && *reader->at == '"';
    if (!is_quoted)
        *value_r = read_bare(reader);
    else if (!read_quoted(reader, value_r))
        return false;
    skip_junk(reader, is_quoted, value_r);
    if ((text_defects(*value_r) & ADDRESS_8BIT) != 0)
        reader->defects |= CONTENT_ODD;
    return true;
}

/* RFC 2231 7: name ["*" section] ["*"]. A name that is none by that is taken as it stands. */
static void split_name(struct piece *piece)
{
    struct span name = piece->name;
    ptrdiff_t star;

    piece->section = -1;
    if (name.size > 1 && name.at[name.size - 1] == '*') {
        piece->is_extended = true;
        name.size--;
    }
    star = span_find_last(name, '*');
    if (star > 0 && (size_t)star + 1 < name.size && name.size - (size_t)star <= 3) {
        int section = 0;

        for (size_t i = (size_t)star + 1; i < name.size; i++) {
            if (name.at[i] < '0' || name.at[i] > '9')
                return;
            section = section * 10 + (name.at[i] - '0');
        }
        piece->section = section;
        name.size = (size_t)star;
    }
    piece->name = name;
}

/* One parameter behind its ';'. Nothing there is forgiven: many writers end in a ';'. */
static bool read_piece(struct reader *reader, struct piece_list *list)
{
    struct piece piece = { .name = read_token(reader) };

    if (piece.name.size == 0 && (reader->at == reader->end || *reader->at == ';'))
        return true;
    if (piece.name.size == 0 || !take(reader, '=')) {
        struct span none = { NULL, 0 };

        reader->defects |= CONTENT_ODD;
        skip_junk(reader, false, &none);
        return true;
    }
    if (!read_value(reader, &piece.value))
        return false;
    split_name(&piece);
    if (list->count < CONTENT_PARAMETERS_MAX)
        list->at[list->count++] = piece;
    else
        reader->defects |= CONTENT_ODD;
    return true;
}

static bool read_pieces(struct reader *reader, struct piece_list *list)
{
    struct span none = { NULL, 0 };

    skip_junk(reader, true, &none);
    while (take(reader, ';')) {
        if (!read_piece(reader, list))
            return false;
    }
    return true;
}

static bool read_type(struct reader *reader, bool is_disposition, struct content_type *type)
{
    struct span main_type = read_token(reader), subtype = { NULL, 0 };

    if (!is_disposition)
        subtype = take(reader, '/') ? read_token(reader) : subtype;
    if (main_type.size == 0 || (!is_disposition && subtype.size == 0)) {
        reader->defects |= CONTENT_BROKEN;
        return true;
    }
    type->type = lower_copy(reader, main_type);
    if (!is_disposition)
        type->subtype = lower_copy(reader, subtype);
    return type->type.at != NULL && (is_disposition || type->subtype.at != NULL);
}

static bool parse(struct span value, bool is_disposition, struct arena *arena,
                  struct content_type *type_r)
{
    struct reader reader = { .at = value.at,
                             .end = value.at != NULL ? value.at + value.size : NULL,
                             .arena = arena };
    struct piece_list pieces = { .count = 0 };
    bool is_complete;

    *type_r = (struct content_type){ .count = 0 };
    is_complete = read_type(&reader, is_disposition, type_r) && read_pieces(&reader, &pieces);
    type_r->defects = reader.defects;
    return is_complete && content_join_pieces(&pieces, arena, type_r);
}

bool content_type_parse(struct span value, struct arena *arena, struct content_type *type_r)
{
    return parse(value, false, arena, type_r);
}

bool content_disposition_parse(struct span value, struct arena *arena, struct content_type *type_r)
{
    return parse(value, true, arena, type_r);
}

enum content_encoding content_encoding_parse(struct span value)
{
    static const struct {
        struct span name;
        enum content_encoding encoding;
    } encodings[] = {
        { { "7bit", 4 }, ENCODING_7BIT },
        { { "8bit", 4 }, ENCODING_8BIT },
        { { "binary", 6 }, ENCODING_BINARY },
        { { "quoted-printable", 16 }, ENCODING_QUOTED_PRINTABLE },
        { { "base64", 6 }, ENCODING_BASE64 },
    };
    struct reader reader = { .at = value.at,
                             .end = value.at != NULL ? value.at + value.size : NULL };
    struct span token = read_token(&reader);

    skip_cfws(&reader);
    if (reader.at < reader.end)
        return ENCODING_UNKNOWN;
    for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        if (span_is_equal_nocase(token, encodings[i].name))
            return encodings[i].encoding;
    }
    return token.size == 0 ? ENCODING_NONE : ENCODING_UNKNOWN;
}
