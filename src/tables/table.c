/*
 * table: opens a map by the prefix of its spec. A kind of table is one row here and one file.
 */
#include "tables/table.h"

#include <stdlib.h>

#include "tables/table_private.h"

/* Kinds the user contract names that this version has not. */
static const char *const planned[] = { "lmdb:", "socketmap:" };

bool table_accepts(const char *spec, struct error *error)
{
    struct span text = span_of(spec);
    if (span_has_prefix_nocase(text, SPAN("file:/"))) {
        return true;
    }
    for (size_t i = 0; i < sizeof(planned) / sizeof(planned[0]); i++) {
        if (span_has_prefix_nocase(text, span_of(planned[i]))) {
            error_set(error, "this version has no %s tables yet; valid: \"file:/path\"",
                      planned[i]);
            return false;
        }
    }
    error_set(error, "not a table; valid: \"file:/path\"");
    return false;
}

struct table *table_open(const char *spec, struct error *error)
{
    if (!table_accepts(spec, error)) {
        return NULL;
    }
    return table_file_open(spec + sizeof("file:") - 1, error);
}

void table_free(struct table **table)
{
    if (*table == NULL) {
        return;
    }
    size_t position = 0;
    void *value;
    while (hash_table_next((*table)->rows, &position, NULL, &value)) {
        free(value);
    }
    hash_table_free(&(*table)->rows);
    free(*table);
    *table = NULL;
}

struct span table_get(const struct table *table, struct span key)
{
    char folded[TABLE_KEY_MAX];
    if (key.size >= sizeof(folded)) {
        return (struct span){ NULL, 0 };
    }
    for (size_t i = 0; i < key.size; i++) {
        folded[i] = ascii_lower(key.at[i]);
    }
    return span_of(hash_table_get(table->rows, (struct span){ folded, key.size }));
}

size_t table_count(const struct table *table)
{
    return hash_table_count(table->rows);
}
