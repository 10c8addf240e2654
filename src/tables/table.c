/*
 * table: opens a map by the prefix of its spec, and answers from whatever is behind it. A kind of
 * table is one row here and one file.
 */
#include "tables/table.h"

#include <stdlib.h>

#include "tables/table_private.h"

static const char out_of_memory[] = "out of memory";

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

bool table_accepts_local(const char *spec, struct error *error)
{
    return table_accepts(spec, error);
}

static struct table *table_new(const char *spec)
{
    struct table *table = calloc(1, sizeof(*table));
    if (table != NULL) {
        table->spec = strdup(spec);
        if (table->spec == NULL) {
            table_free(&table);
        }
    }
    return table;
}

struct table *table_open(const char *spec, const struct table_options *options, struct error *error)
{
    (void)options;
    if (!table_accepts(spec, error)) {
        return NULL;
    }
    struct table *table = table_new(spec);
    if (table == NULL) {
        error_set(error, "%s: %s", spec, out_of_memory);
    } else if (!table_file_fill(table, spec + sizeof("file:") - 1, error)) {
        table_free(&table);
    }
    return table;
}

struct table *table_broken(const char *spec, const char *why)
{
    struct table *table = table_new(spec);
    if (table != NULL) {
        table->why = strdup(why);
        if (table->why == NULL) {
            table_free(&table);
        }
    }
    return table;
}

void table_free(struct table **table)
{
    if (*table == NULL) {
        return;
    }
    table_rows_free(&(*table)->rows);
    table_source_free(&(*table)->source);
    free((*table)->why);
    free((*table)->spec);
    free(*table);
    *table = NULL;
}

static struct table_answer ask_rows(const struct table_rows *rows, struct span key,
                                    struct arena *arena)
{
    struct table_answer answer = { .result = TABLE_ABSENT };
    struct span value;
    if (table_rows_get(rows, key, &value)) {
        answer.value = arena_copy(arena, value);
        answer.result = answer.value.at != NULL ? TABLE_FOUND : TABLE_UNAVAILABLE;
        answer.why = answer.value.at != NULL ? NULL : out_of_memory;
    }
    return answer;
}

static struct table_answer ask_broken(const char *why, struct arena *arena)
{
    const char *copy = arena_copy(arena, span_of(why)).at;
    return (struct table_answer){ .result = TABLE_UNAVAILABLE,
                                  .why = copy != NULL ? copy : out_of_memory };
}

struct table_answer table_ask(struct table *table, struct span key, struct arena *arena)
{
    struct table_answer answer;
    table_ask_several(table, &key, 1, &answer, arena);
    return answer;
}

void table_ask_several(struct table *table, const struct span *keys, size_t count,
                       struct table_answer *answers_r, struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        answers_r[i] = table->rows != NULL ? ask_rows(table->rows, keys[i], arena)
                                           : ask_broken(table->why, arena);
    }
}

bool table_waits(const struct table *table)
{
    (void)table;
    return false;
}

bool table_is_stale(const struct table *table)
{
    return table_source_is_stale(&table->source);
}

const char *table_spec(const struct table *table)
{
    return table->spec;
}

bool table_is_walkable(const struct table *table)
{
    return table->rows != NULL;
}

bool table_next(const struct table *table, size_t *position_io, struct span *key_r,
                struct span *value_r)
{
    return table->rows != NULL && table_rows_next(table->rows, position_io, key_r, value_r);
}

size_t table_count(const struct table *table)
{
    return table->rows != NULL ? table_rows_count(table->rows) : 0;
}
