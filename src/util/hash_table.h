/*
 * hash_table: text keys to pointers. Keys are compared byte for byte; fold case before.
 *
 * The hash is keyed with a random seed per table, so that keys chosen by a stranger cannot pile up
 * in one bucket. Reading from several threads is fine while nobody writes.
 */
#ifndef EM_UTIL_HASH_TABLE_H
#define EM_UTIL_HASH_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/span.h"

struct hash_table;

struct hash_table *hash_table_new(void);
/* Frees the table and its copies of the keys; values are the caller's. Clears the pointer; NULL is
 * fine. */
void hash_table_free(struct hash_table **table);
/* Copies the key. The previous value of that key, or NULL, goes to *previous_r (may be NULL).
 * False: out of memory. */
bool hash_table_put(struct hash_table *table, struct span key, void *value, void **previous_r);
/* NULL when absent. */
void *hash_table_get(const struct hash_table *table, struct span key);
size_t hash_table_count(const struct hash_table *table);
/*
 * Walks all entries in insertion order: start with *position_io = 0; false at the end. key_r may be
 * NULL.
 */
bool hash_table_next(const struct hash_table *table, size_t *position_io, struct span *key_r,
                     void **value_r);

#endif
