/*
 * table: a map from text to text that an administrator keeps outside the configuration:
 * "file:/path" (Postfix source format: KEY blanks VALUE, '#' comments, lines that begin with a
 * blank continue the one before).
 *
 * Read whole when opened; immutable afterwards; safe for all threads. Keys are folded to lower
 * case.
 */
#ifndef EM_TABLES_TABLE_H
#define EM_TABLES_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "util/span.h"

struct table;

/* NULL with *error naming the file, the line and what is wrong. A key twice is an error. */
struct table *table_open(const char *spec, struct error *error);
/* Is this a table spec this version can open? For config rows; false with *error filled. */
bool table_accepts(const char *spec, struct error *error);
void table_free(struct table **table);
/* The value, owned by the table; .at == NULL when the key is absent. */
struct span table_get(const struct table *table, struct span key);
size_t table_count(const struct table *table);

#endif
