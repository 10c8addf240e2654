/*
 * table_rows: the rows of a local table in memory, filled once and then only read.
 *
 * Keys are folded to ASCII lower case on both sides. What all rows together take is bounded.
 */
#ifndef EM_TABLES_TABLE_ROWS_H
#define EM_TABLES_TABLE_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/span.h"

#define TABLE_KEY_MAX 511 /* octets of a key: an address of RFC 5321 fits */

struct table_rows;

enum table_rows_result {
    TABLE_ROWS_ADDED,
    TABLE_ROWS_TWICE, /* the key is there already: *first_line_r tells where */
    TABLE_ROWS_LONG,  /* the key is longer than TABLE_KEY_MAX */
    TABLE_ROWS_FULL,
    TABLE_ROWS_NO_MEMORY,
};

/* NULL: out of memory. */
struct table_rows *table_rows_new(size_t limit_bytes);
void table_rows_free(struct table_rows **rows);
/* Copies both texts. `line` is where the row begins, or 0; first_line_r may be NULL. */
enum table_rows_result table_rows_add(struct table_rows *rows, struct span key, struct span value,
                                      unsigned line, unsigned *first_line_r);
/* False: no such key. The value is the table's and ends in a NUL. */
bool table_rows_get(const struct table_rows *rows, struct span key, struct span *value_r);
bool table_rows_next(const struct table_rows *rows, size_t *position_io, struct span *key_r,
                     struct span *value_r);
size_t table_rows_count(const struct table_rows *rows);

/* Writes the key in lower case; false when it is longer than TABLE_KEY_MAX. */
bool table_key_fold(struct span key, char folded_r[static TABLE_KEY_MAX], struct span *key_r);

#endif
