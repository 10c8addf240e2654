/*
 * table_rows: folded keys in a hash table, values in one arena; an index entry points to the value
 * with its length and line.
 */
#include "tables/table_rows.h"

#include <stdint.h>
#include <stdlib.h>

#include "util/arena.h"
#include "util/hash_table.h"

/* What a row takes besides its texts: entry, slots and the head of the value. */
#define ROW_OVERHEAD_BYTES 64

struct row {
    size_t size;
    unsigned line;
    char text[]; /* ends in a NUL */
};

struct table_rows {
    struct hash_table *index;
    struct arena *values;
    size_t used_bytes;
    size_t limit_bytes;
};

struct table_rows *table_rows_new(size_t limit_bytes)
{
    struct table_rows *rows = calloc(1, sizeof(*rows));
    if (rows == NULL) {
        return NULL;
    }
    rows->limit_bytes = limit_bytes;
    rows->index = hash_table_new();
    rows->values = arena_new(SIZE_MAX);
    if (rows->index == NULL || rows->values == NULL) {
        table_rows_free(&rows);
    }
    return rows;
}

void table_rows_free(struct table_rows **rows)
{
    if (*rows == NULL) {
        return;
    }
    hash_table_free(&(*rows)->index);
    arena_free(&(*rows)->values);
    free(*rows);
    *rows = NULL;
}

bool table_key_fold(struct span key, char folded_r[static TABLE_KEY_MAX], struct span *key_r)
{
    if (key.size > TABLE_KEY_MAX) {
        return false;
    }
    for (size_t i = 0; i < key.size; i++) {
        folded_r[i] = ascii_lower(key.at[i]);
    }
    *key_r = (struct span){ folded_r, key.size };
    return true;
}

static struct row *row_new(struct table_rows *rows, struct span value, unsigned line)
{
    struct row *row = arena_alloc(rows->values, sizeof(*row) + value.size + 1);
    if (row != NULL) {
        row->size = value.size;
        row->line = line;
        memcpy(row->text, value.at, value.size); /* the NUL is there: arenas give zeroes */
    }
    return row;
}

enum table_rows_result table_rows_add(struct table_rows *rows, struct span key, struct span value,
                                      unsigned line, unsigned *first_line_r)
{
    char folded[TABLE_KEY_MAX];
    struct span name;
    if (!table_key_fold(key, folded, &name)) {
        return TABLE_ROWS_LONG;
    }
    const struct row *first = hash_table_get(rows->index, name);
    if (first != NULL) {
        if (first_line_r != NULL) {
            *first_line_r = first->line;
        }
        return TABLE_ROWS_TWICE;
    }
    size_t cost_bytes = ROW_OVERHEAD_BYTES + name.size + value.size;
    if (cost_bytes > rows->limit_bytes - rows->used_bytes) {
        return TABLE_ROWS_FULL;
    }
    struct row *row = row_new(rows, value, line);
    if (row == NULL || !hash_table_put(rows->index, name, row, NULL)) {
        return TABLE_ROWS_NO_MEMORY;
    }
    rows->used_bytes += cost_bytes;
    return TABLE_ROWS_ADDED;
}

bool table_rows_get(const struct table_rows *rows, struct span key, struct span *value_r)
{
    char folded[TABLE_KEY_MAX];
    struct span name;
    if (!table_key_fold(key, folded, &name)) {
        return false;
    }
    const struct row *row = hash_table_get(rows->index, name);
    if (row == NULL) {
        return false;
    }
    *value_r = (struct span){ row->text, row->size };
    return true;
}

bool table_rows_next(const struct table_rows *rows, size_t *position_io, struct span *key_r,
                     struct span *value_r)
{
    void *found;
    if (!hash_table_next(rows->index, position_io, key_r, &found)) {
        return false;
    }
    const struct row *row = found;
    *value_r = (struct span){ row->text, row->size };
    return true;
}

size_t table_rows_count(const struct table_rows *rows)
{
    return hash_table_count(rows->index);
}
