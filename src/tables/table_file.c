/*
 * table_file: a map in Postfix source format, as postmap(1) reads it: KEY blanks VALUE; a line
 * whose first octet that is no blank is '#', and an empty line, count for nothing; a line that
 * begins with a blank goes on with the one before. The key ends at the first blank outside double
 * quotes; quotes and backslashes stay part of it, as they do for Postfix.
 *
 * Where postmap warns and goes on we fail, since half a table says of half the users that they own
 * nothing: a key without a value, a key twice, an open quote. Fails by naming file and line; never
 * gives half a table.
 */
#include <stdio.h>

#include "tables/table_private.h"

#define FILE_MAX_BYTES ((size_t)64 << 20)
#define ROWS_MAX_BYTES ((size_t)256 << 20)
#define KEY_SHOWN_BYTES 80

struct file_reader {
    struct table_rows *rows;
    const char *path;
    struct error *error;
    struct buffer row; /* the logical line so far */
    unsigned row_line; /* where it began */
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Where the key ends; false: a quote is open at the end. */
static bool key_measure(struct span row, size_t *size_r)
{
    bool is_quoted = false;
    size_t at = 0;
    for (; at < row.size && (is_quoted || !is_blank(row.at[at])); at++) {
        if (row.at[at] == '\\' && at + 1 < row.size) {
            at++;
        } else if (row.at[at] == '"') {
            is_quoted = !is_quoted;
        }
    }
    *size_r = at;
    return !is_quoted;
}

static bool refuse(const struct file_reader *reader, struct span key, const char *what)
{
    size_t size = key.size < KEY_SHOWN_BYTES ? key.size : KEY_SHOWN_BYTES;
    error_set(reader->error, "%s:%u: \"%.*s\" %s", reader->path, reader->row_line, (int)size,
              key.at, what);
    return false;
}

static bool put_row(struct file_reader *reader, struct span key, struct span value)
{
    char where[80];
    unsigned first = 0;
    switch (table_rows_add(reader->rows, key, value, reader->row_line, &first)) {
    case TABLE_ROWS_ADDED:
        return true;
    case TABLE_ROWS_TWICE:
        snprintf(where, sizeof(where), "stands here a second time; the first is line %u", first);
        return refuse(reader, key, where);
    case TABLE_ROWS_LONG:
        snprintf(where, sizeof(where), "is longer than %u octets", TABLE_KEY_MAX);
        return refuse(reader, key, where);
    case TABLE_ROWS_FULL:
        error_set(reader->error, "%s: the rows take more than %zu bytes", reader->path,
                  ROWS_MAX_BYTES);
        return false;
    case TABLE_ROWS_NO_MEMORY:
        break;
    }
    error_set(reader->error, "%s: out of memory", reader->path);
    return false;
}

/* What was collected is a row now. */
static bool finish_row(struct file_reader *reader)
{
    struct span row = buffer_span(&reader->row);
    size_t key_size;
    if (buffer_has_failed(&reader->row)) {
        error_set(reader->error, "%s: out of memory", reader->path);
        return false;
    }
    if (row.size == 0) {
        return true;
    }
    if (!key_measure(row, &key_size)) {
        return refuse(reader, row, "has a quote that does not end");
    }
    struct span key = span_first(row, key_size), value = span_from(row, key_size);
    while (value.size > 0 && is_blank(value.at[0])) {
        value = span_from(value, 1);
    }
    if (value.size == 0) {
        return refuse(reader, key, "has no value; valid: KEY, blanks, VALUE");
    }
    bool good = put_row(reader, key, value);
    buffer_clear(&reader->row);
    return good;
}

static bool take_line(struct file_reader *reader, struct span line, unsigned number)
{
    struct span text = span_trim(line);
    if (text.size == 0 || text.at[0] == '#') {
        return true;
    }
    if (memchr(line.at, '\0', line.size) != NULL) {
        error_set(reader->error, "%s:%u: a NUL byte; this is no text file", reader->path, number);
        return false;
    }
    if (!is_blank(line.at[0])) {
        if (!finish_row(reader)) {
            return false;
        }
        reader->row_line = number;
    } else if (reader->row.size == 0) {
        error_set(reader->error, "%s:%u: begins with a blank, but there is no line to go on with",
                  reader->path, number);
        return false;
    } else {
        buffer_add_char(&reader->row, ' ');
    }
    buffer_add_span(&reader->row, text);
    return true;
}

bool table_file_parse(struct table_rows *rows, struct span text, const char *path,
                      struct error *error)
{
    struct file_reader reader = { .rows = rows, .path = path, .error = error, .row = BUFFER_EMPTY };
    struct span line;
    unsigned number = 0;
    bool good = true;
    if (span_has_prefix_nocase(text, SPAN("\xef\xbb\xbf"))) { /* some editors' UTF-8 mark */
        text = span_from(text, 3);
    }
    while (good && span_cut(&text, '\n', &line)) {
        good = take_line(&reader, line, ++number);
    }
    good = good && finish_row(&reader);
    buffer_free(&reader.row);
    return good;
}

bool table_file_fill(struct table *table, const char *path, struct error *error)
{
    struct buffer text = BUFFER_EMPTY;
    bool good = table_source_read(&table->source, path, FILE_MAX_BYTES, SOURCE_FREE, &text, error);
    if (good) {
        table->rows = table_rows_new(ROWS_MAX_BYTES);
        if (table->rows == NULL) {
            error_set(error, "%s: out of memory", path);
        }
        good =
            table->rows != NULL && table_file_parse(table->rows, buffer_span(&text), path, error);
    }
    buffer_free(&text);
    return good;
}
