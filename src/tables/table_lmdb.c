/*
 * table_lmdb: a map as `postmap lmdb:/path` writes it to /path.lmdb. Read whole when opened, so
 * that a writer never meets a reader afterwards.
 *
 * Keys and values lose one NUL at their end: Postfix writes it, other programs do not. Two keys
 * that differ only in case are an error: which of them would count? postmap folds keys itself.
 */
#include "state/lmdb_pages.h"
#include "tables/table_private.h"

#define FILE_MAX_BYTES ((size_t)512 << 20)
#define ROWS_MAX_BYTES ((size_t)256 << 20)
#define KEY_SHOWN_BYTES 80

struct lmdb_reader {
    struct table_rows *rows;
    struct error *error;
};

static struct span without_nul(struct span text)
{
    return text.size > 0 && text.at[text.size - 1] == '\0' ? span_first(text, text.size - 1) : text;
}

static bool refuse(struct lmdb_reader *reader, struct span key, const char *what)
{
    error_set(reader->error, "\"%.*s\" %s", SPAN_ARG(span_first(key, KEY_SHOWN_BYTES)), what);
    return false;
}

static bool take_row(void *context, struct span stored_key, struct span stored_value)
{
    struct lmdb_reader *reader = context;
    struct span key = without_nul(stored_key), value = without_nul(stored_value);
    if (span_find(key, '\0') >= 0 || span_find(value, '\0') >= 0) {
        return refuse(reader, key, "has a NUL byte within; this is no table of texts");
    }
    switch (table_rows_add(reader->rows, key, value, 0, NULL)) {
    case TABLE_ROWS_ADDED:
        return true;
    case TABLE_ROWS_TWICE:
        return refuse(reader, key, "is there a second time in other letter case");
    case TABLE_ROWS_LONG:
        return refuse(reader, key, "is a key longer than 511 octets");
    case TABLE_ROWS_FULL:
        error_set(reader->error, "the rows take more than %zu bytes", ROWS_MAX_BYTES);
        return false;
    case TABLE_ROWS_NO_MEMORY:
        break;
    }
    error_set(reader->error, "out of memory");
    return false;
}

static bool read_rows(struct table *table, struct span file, struct error *error)
{
    table->rows = table_rows_new(ROWS_MAX_BYTES);
    if (table->rows == NULL) {
        error_set(error, "out of memory");
        return false;
    }
    struct lmdb_reader reader = { table->rows, error };
    return lmdb_pages_walk(file, take_row, &reader, error);
}

bool table_lmdb_fill(struct table *table, const char *rest, struct error *error)
{
    struct buffer path = BUFFER_EMPTY, file = BUFFER_EMPTY;
    buffer_printf(&path, "%s" TABLE_LMDB_ENDING, rest);
    bool good = !buffer_has_failed(&path);
    if (!good) {
        error_set(error, "%s: out of memory", rest);
    } else {
        good = table_source_read(&table->source, buffer_text(&path), FILE_MAX_BYTES, SOURCE_LOCKED,
                                 &file, error);
        if (good && !read_rows(table, buffer_span(&file), error)) {
            error_prefix(error, "%s", buffer_text(&path));
            good = false;
        }
    }
    buffer_free(&file);
    buffer_free(&path);
    return good;
}
