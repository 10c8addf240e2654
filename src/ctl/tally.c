/*
 * tally: a hash table with a ceiling. A key is both texts behind the size of the first, so that no
 * octet in one of them can move the border. Fails by leaving out, and counts that.
 */
#include "ctl/tally.h"

#include <stdlib.h>

#include "util/arena.h"
#include "util/hash_table.h"

#define TEXT_MAX 1024 /* of one text; nothing on a line of ours is longer */
#define BORDER 2      /* octets of the size in front */

struct tally {
    struct hash_table *table;
    struct arena *rows;
    size_t rows_max;
    size_t text_bytes;
    uint64_t left_out;
};

struct tally *tally_new(size_t rows_max)
{
    struct tally *tally = calloc(1, sizeof(*tally));

    if (tally == NULL)
        return NULL;
    tally->rows_max = rows_max;
    tally->table = hash_table_new();
    tally->rows = arena_new(SIZE_MAX);
    if (tally->table == NULL || tally->rows == NULL)
        tally_free(&tally);
    return tally;
}

void tally_free(struct tally **tally)
{
    if (*tally == NULL)
        return;
    hash_table_free(&(*tally)->table);
    arena_free(&(*tally)->rows);
    free(*tally);
    *tally = NULL;
}

static struct tally_row *row_add(struct tally *tally, struct span key)
{
    struct tally_row *row = NULL;

    if (hash_table_count(tally->table) < tally->rows_max &&
        tally->text_bytes + key.size <= TALLY_TEXT_MAX)
        row = arena_alloc(tally->rows, sizeof(*row));
    if (row == NULL || !hash_table_put(tally->table, key, row, NULL)) {
        tally->left_out++;
        return NULL;
    }
    tally->text_bytes += key.size;
    row->last_s = -1;
    return row;
}

struct tally_row *tally_row(struct tally *tally, struct span first, struct span second)
{
    char bytes[BORDER + 2 * TEXT_MAX];
    struct span key;
    struct tally_row *row;

    first = span_first(first, TEXT_MAX);
    second = span_first(second, TEXT_MAX);
    bytes[0] = (char)(first.size >> 8);
    bytes[1] = (char)(first.size & 0xff);
    if (first.size > 0)
        memcpy(bytes + BORDER, first.at, first.size);
    if (second.size > 0)
        memcpy(bytes + BORDER + first.size, second.at, second.size);
    key = (struct span){ bytes, BORDER + first.size + second.size };
    row = hash_table_get(tally->table, key);
    return row != NULL ? row : row_add(tally, key);
}

uint64_t tally_left_out(const struct tally *tally)
{
    return tally->left_out;
}

static void texts_fill(struct tally_row *row, struct span key)
{
    size_t size = (size_t)(unsigned char)key.at[0] << 8 | (unsigned char)key.at[1];

    row->first = span_first(span_from(key, BORDER), size);
    row->second = span_from(key, BORDER + size);
}

struct tally_row **tally_rows(struct tally *tally, int (*compare)(const void *, const void *),
                              size_t *count_r)
{
    size_t count = hash_table_count(tally->table), position = 0, at = 0;
    struct tally_row **rows =
        count > 0 ? reallocarray(NULL, count, sizeof(struct tally_row *)) : NULL;
    struct span key;
    void *row;

    *count_r = count;
    if (rows == NULL)
        return NULL;
    while (hash_table_next(tally->table, &position, &key, &row)) {
        rows[at] = row;
        texts_fill(rows[at++], key);
    }
    qsort(rows, count, sizeof(struct tally_row *), compare);
    return rows;
}

int tally_compare_text(struct span a, struct span b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size > 0 ? memcmp(a.at, b.at, size) : 0;

    if (order != 0)
        return order < 0 ? -1 : 1;
    return (a.size > b.size) - (a.size < b.size);
}
