/*
 * fuzz_table: any bytes as a table in Postfix source format. Every row that was read is found
 * again, and the rows written down one by one are read as the same rows.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tables/table_private.h"

#define ROWS_MAX_BYTES ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_table: %s\n", what);
        abort();
    }
}

/* The first line is empty: a mark of UTF-8 at the beginning would be taken off once more. */
static struct buffer write_down(const struct table_rows *rows)
{
    struct buffer text = BUFFER_EMPTY;
    struct span key, value, found;
    size_t position = 0;
    buffer_add_char(&text, '\n');
    while (table_rows_next(rows, &position, &key, &value)) {
        demand(key.size > 0 && value.size > 0, "half a row");
        demand(table_rows_get(rows, key, &found) && span_is_equal(found, value), "not found");
        buffer_add_span(&text, key);
        buffer_add_char(&text, ' ');
        buffer_add_span(&text, value);
        buffer_add_char(&text, '\n');
    }
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { size > 0 ? (const char *)data : "", size };
    struct error error = { "" };
    struct table_rows *rows = table_rows_new(ROWS_MAX_BYTES);
    if (table_file_parse(rows, text, "table", &error)) {
        struct buffer once = write_down(rows);
        struct table_rows *again = table_rows_new(ROWS_MAX_BYTES);
        demand(table_file_parse(again, buffer_span(&once), "table", &error), error.text);
        struct buffer twice = write_down(again);
        demand(span_is_equal(buffer_span(&once), buffer_span(&twice)), "read in two ways");
        buffer_free(&once);
        buffer_free(&twice);
        table_rows_free(&again);
    } else {
        demand(error.text[0] != '\0', "refused without a word");
    }
    table_rows_free(&rows);
    return 0;
}
