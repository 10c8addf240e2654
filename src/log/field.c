/*
 * field: one logfmt line in a fixed space.
 *
 * The line is full from the first field that was cut or left out: what follows would stand behind a
 * gap that nobody sees. Escapes are never cut in two.
 */
#include "log/field.h"

#include <inttypes.h>
#include <stdio.h>

#include "log/log_private.h"

#define ESCAPE_SIZE 4 /* \xNN */

enum escape_style {
    ESCAPE_LINE,   /* a whole line: only what is not printable */
    ESCAPE_WORD,   /* a bare value */
    ESCAPE_QUOTED, /* between quotes: space and '=' stay */
    ESCAPE_ITEM    /* in a list: a comma would make two items of one */
};

static bool needs_escape(char c, enum escape_style style)
{
    if (c < 0x20 || c > 0x7e)
        return true;
    if (style == ESCAPE_LINE)
        return false;
    if (c == '"' || c == '\\')
        return true;
    if (style == ESCAPE_QUOTED)
        return false;
    return c == ' ' || c == '=' || (style == ESCAPE_ITEM && c == ',');
}

static size_t escaped_size(struct span value, enum escape_style style)
{
    size_t size = 0;

    for (size_t i = 0; i < value.size; i++)
        size += needs_escape(value.at[i], style) ? ESCAPE_SIZE : 1;
    return size;
}

static size_t put_escape(char c, char *out)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)c;

    out[0] = '\\';
    out[1] = 'x';
    out[2] = digits[byte >> 4];
    out[3] = digits[byte & 15];
    return ESCAPE_SIZE;
}

/* At most `max` bytes, without a NUL; a value that is longer ends in "~". *cut_r tells. */
static size_t put_escaped(struct span value, enum escape_style style, char *out, size_t max,
                          bool *cut_r)
{
    size_t size = 0, fits = 0; /* fits: where "~" can still be put */

    for (size_t i = 0; i < value.size; i++) {
        bool escape = needs_escape(value.at[i], style);

        if (size + (escape ? ESCAPE_SIZE : 1) > max) {
            *cut_r = true;
            if (max > 0)
                out[fits++] = '~';
            return fits;
        }
        if (escape)
            size += put_escape(value.at[i], out + size);
        else
            out[size++] = value.at[i];
        if (size < max)
            fits = size;
    }
    *cut_r = false;
    return size;
}

size_t log_escape(struct span value, bool keep_space, char *out, size_t out_size)
{
    size_t size;
    bool cut;

    if (out_size == 0)
        return 0;
    size = put_escaped(value, keep_space ? ESCAPE_QUOTED : ESCAPE_WORD, out, out_size - 1, &cut);
    out[size] = '\0';
    return size;
}

size_t log_escape_line(struct span text, char out[static LOG_LINE_MAX + 1])
{
    bool cut;
    size_t size = put_escaped(text, ESCAPE_LINE, out, LOG_LINE_MAX, &cut);

    out[size] = '\0';
    return size;
}

void log_fields_init(struct log_fields *fields)
{
    fields->text[0] = '\0';
    fields->size = 0;
    fields->is_full = false;
}

static size_t room_left(const struct log_fields *fields)
{
    return fields->is_full ? 0 : LOG_LINE_MAX - fields->size;
}

static void put_text(struct log_fields *fields, const char *text, size_t size)
{
    memcpy(fields->text + fields->size, text, size);
    fields->size += size;
    fields->text[fields->size] = '\0';
}

void log_fields_raw(struct log_fields *fields, const char *text)
{
    size_t size = strlen(text), room = room_left(fields);

    if (size > room) {
        size = room;
        fields->is_full = true;
    }
    put_text(fields, text, size);
}

/* " key=" if that and `value_size` bytes more have room; else the line is full. */
static bool put_key(struct log_fields *fields, const char *key, size_t value_size)
{
    size_t key_size = strlen(key);
    bool space = fields->size > 0 && fields->text[fields->size - 1] != ' ';

    if (space + key_size + 1 + value_size > room_left(fields)) {
        fields->is_full = true;
        return false;
    }
    if (space)
        put_text(fields, " ", 1);
    put_text(fields, key, key_size);
    put_text(fields, "=", 1);
    return true;
}

/* What must have room so that a key is not left with nothing but "~". */
static size_t least_size(struct span value, enum escape_style style)
{
    size_t size = escaped_size(span_first(value, 1), style);

    return value.size > 1 ? size + 1 : size;
}

static void put_value(struct log_fields *fields, struct span value, enum escape_style style,
                      size_t reserve)
{
    bool cut;

    fields->size +=
        put_escaped(value, style, fields->text + fields->size, room_left(fields) - reserve, &cut);
    fields->text[fields->size] = '\0';
    fields->is_full = cut;
}

void log_fields_add(struct log_fields *fields, const char *key, struct span value)
{
    if (value.at == NULL)
        return;
    if (value.size == 0)
        value = SPAN("-");
    if (put_key(fields, key, least_size(value, ESCAPE_WORD)))
        put_value(fields, value, ESCAPE_WORD, 0);
}

void log_fields_add_quoted(struct log_fields *fields, const char *key, struct span value)
{
    if (value.at == NULL || !put_key(fields, key, least_size(value, ESCAPE_QUOTED) + 2))
        return;
    put_text(fields, "\"", 1);
    put_value(fields, value, ESCAPE_QUOTED, 1);
    put_text(fields, "\"", 1);
}

void log_fields_add_number(struct log_fields *fields, const char *key, uint64_t value)
{
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, value);

    /* Half a number would be another number. */
    if (put_key(fields, key, (size_t)size))
        put_text(fields, digits, (size_t)size);
}

/* "+N", nothing for 0. */
static size_t print_rest(size_t rest, char out[static 24])
{
    out[0] = '\0';
    return rest > 0 ? (size_t)snprintf(out, 24, "+%zu", rest) : 0;
}

static struct span list_item(const struct span *items, size_t i)
{
    return items[i].size > 0 ? items[i] : SPAN("-");
}

/* How many items have room in `max` bytes together with the "+N" of the others. */
static size_t count_fitting(const struct span *items, size_t count, size_t max, size_t *size_r)
{
    char rest[24];
    size_t size = 0;

    *size_r = print_rest(count, rest);
    for (size_t i = 0; i < count; i++) {
        size_t rest_size = print_rest(count - i - 1, rest);

        size += escaped_size(list_item(items, i), ESCAPE_ITEM) + (i > 0);
        if (size + rest_size > max)
            return i;
        *size_r = size + rest_size;
    }
    return count;
}

void log_fields_add_list(struct log_fields *fields, const char *key, const struct span *items,
                         size_t count, size_t max_bytes)
{
    size_t room = room_left(fields), key_size = strlen(key) + 2;
    size_t fitting, size;
    char rest[24];

    if (count == 0)
        return;
    room = room > key_size ? room - key_size : 0;
    fitting = count_fitting(items, count, max_bytes < room ? max_bytes : room, &size);
    if (!put_key(fields, key, size))
        return;
    for (size_t i = 0; i < fitting; i++) {
        if (i > 0)
            put_text(fields, ",", 1);
        put_value(fields, list_item(items, i), ESCAPE_ITEM, 0);
    }
    put_text(fields, rest, print_rest(count - fitting, rest));
}

struct span log_fields_span(const struct log_fields *fields)
{
    return (struct span){ fields->text, fields->size };
}
