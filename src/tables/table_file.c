/*
 * table_file: a map in Postfix source format: KEY blanks VALUE; '#' begins a comment line; a line
 * that begins with a blank goes on with the one before. Fails by naming file, line and what is
 * wrong; never gives half a table.
 */
#include <stdlib.h>

#include "tables/table_private.h"
#include "util/buffer.h"
#include "util/file.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool add_row(struct table *table, struct span line, const char *path, unsigned number,
                    struct error *error)
{
    size_t key_size = 0;
    while (key_size < line.size && !is_blank(line.at[key_size])) {
        key_size++;
    }
    struct span value = span_trim(span_from(line, key_size));
    if (value.size == 0) {
        error_set(error, "%s:%u: \"%.*s\" has no value; valid: KEY, blanks, VALUE", path, number,
                  (int)(key_size < 80 ? key_size : 80), line.at);
        return false;
    }
    char key[TABLE_KEY_MAX];
    if (key_size >= sizeof(key)) {
        error_set(error, "%s:%u: the key is longer than %u octets", path, number,
                  TABLE_KEY_MAX - 1);
        return false;
    }
    for (size_t i = 0; i < key_size; i++) {
        key[i] = ascii_lower(line.at[i]);
    }
    char *copy = span_strdup(value);
    void *previous = NULL;
    if (copy == NULL ||
        !hash_table_put(table->rows, (struct span){ key, key_size }, copy, &previous)) {
        free(copy);
        error_set(error, "%s: out of memory", path);
        return false;
    }
    if (previous != NULL) {
        free(previous);
        error_set(error, "%s:%u: \"%.*s\" stands here a second time", path, number, (int)key_size,
                  key);
        return false;
    }
    return true;
}

/* A logical line is collected in `row` until a line comes that does not continue it. */
static bool read_rows(struct table *table, struct span text, const char *path, struct error *error)
{
    struct buffer row = BUFFER_EMPTY;
    struct span line;
    unsigned number = 0, row_number = 0;
    bool good = true;
    while (good && span_cut(&text, '\n', &line)) {
        number++;
        if (span_trim(line).size == 0 || line.at[0] == '#') {
            continue;
        }
        if (memchr(line.at, '\0', line.size) != NULL) {
            error_set(error, "%s:%u: a NUL byte; this is no text file", path, number);
            good = false;
        } else if (is_blank(line.at[0])) {
            if (row.size == 0) {
                error_set(error, "%s:%u: begins with a blank, but there is no line to go on with",
                          path, number);
                good = false;
            }
            buffer_add_char(&row, ' ');
            buffer_add_span(&row, span_trim(line));
        } else {
            good = row.size == 0 || add_row(table, buffer_span(&row), path, row_number, error);
            buffer_clear(&row);
            buffer_add_span(&row, span_trim(line));
            row_number = number;
        }
    }
    good = good && (row.size == 0 || add_row(table, buffer_span(&row), path, row_number, error));
    if (good && buffer_has_failed(&row)) {
        error_set(error, "%s: out of memory", path);
        good = false;
    }
    buffer_free(&row);
    return good;
}

struct table *table_file_open(const char *path, struct error *error)
{
    struct buffer text = BUFFER_EMPTY;
    if (!file_read(path, TABLE_FILE_MAX, &text, error)) {
        buffer_free(&text);
        return NULL;
    }
    struct table *table = calloc(1, sizeof(*table));
    if (table != NULL) {
        table->rows = hash_table_new();
    }
    if (table == NULL || table->rows == NULL) {
        error_set(error, "%s: out of memory", path);
        free(table);
        table = NULL;
    } else if (!read_rows(table, buffer_span(&text), path, error)) {
        table_free(&table);
    }
    buffer_free(&text);
    return table;
}
