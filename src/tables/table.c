/*
 * table: opens a map by the prefix of its spec, and answers from whatever is behind it. A kind of
 * table is one row here and one file.
 */
#include "tables/table.h"

#include <stdlib.h>

#include "tables/socketmap_place.h"
#include "tables/table_private.h"

static const char out_of_memory[] = "out of memory";

static bool accepts_path(const char *path, struct error *error)
{
    if (path[0] == '/') {
        return true;
    }
    error_set(error, "a table's file is named from / on; valid: \"file:/path\", \"lmdb:/path\"");
    return false;
}

static bool fill_file(struct table *table, const char *path, const struct table_options *options,
                      struct error *error)
{
    (void)options;
    return table_file_fill(table, path, error);
}

static bool fill_lmdb(struct table *table, const char *path, const struct table_options *options,
                      struct error *error)
{
    (void)options;
    return table_lmdb_fill(table, path, error);
}

static bool fill_socketmap(struct table *table, const char *place,
                           const struct table_options *options, struct error *error)
{
    table->socketmap = socketmap_new(table->spec, place, options, error);
    return table->socketmap != NULL;
}

/* What stands behind the prefix is the kind's own. */
static const struct table_kind {
    const char *prefix;
    const char *ending; /* of the file, behind what the spec names; NULL: it is not a local kind */
    bool (*accepts)(const char *rest, struct error *error);
    bool (*fill)(struct table *table, const char *rest, const struct table_options *options,
                 struct error *error);
} kinds[] = {
    { "file:", "", accepts_path, fill_file },
    { "lmdb:", TABLE_LMDB_ENDING, accepts_path, fill_lmdb },
    { "socketmap:", NULL, socketmap_place_accepts, fill_socketmap },
};

/* NULL: no kind has this prefix. */
static const struct table_kind *kind_of(const char *spec, const char **rest_r)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct span prefix = span_of(kinds[i].prefix);
        if (span_has_prefix_nocase(span_of(spec), prefix)) {
            *rest_r = spec + prefix.size;
            return &kinds[i];
        }
    }
    return NULL;
}

bool table_accepts(const char *spec, struct error *error)
{
    const char *rest;
    const struct table_kind *kind = kind_of(spec, &rest);
    if (kind == NULL) {
        error_set(error, "not a table; valid: \"file:/path\", \"lmdb:/path\", "
                         "\"socketmap:unix:/path:NAME\", \"socketmap:inet:HOST:PORT:NAME\"");
        return false;
    }
    return kind->accepts(rest, error);
}

bool table_accepts_local(const char *spec, struct error *error)
{
    const char *rest;
    const struct table_kind *kind = kind_of(spec, &rest);
    if (kind == NULL || kind->ending == NULL) {
        error_set(error, "%s; valid: \"file:/path\", \"lmdb:/path\"",
                  kind == NULL ? "not a table" : "asked where nobody may wait for a server");
        return false;
    }
    return kind->accepts(rest, error);
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
    if (!table_accepts(spec, error)) {
        return NULL;
    }
    const char *rest;
    const struct table_kind *kind = kind_of(spec, &rest);
    struct table *table = table_new(spec);
    if (table == NULL) {
        error_set(error, "%s: %s", spec, out_of_memory);
    } else if (!kind->fill(table, rest, options, error)) {
        table_free(&table);
    }
    return table;
}

/* The file that a local spec names is watched all the same: it may be mended. */
static bool watch_file(struct table *table)
{
    const char *rest;
    const struct table_kind *kind = kind_of(table->spec, &rest);
    if (kind == NULL || kind->ending == NULL) {
        return true;
    }
    struct buffer path = BUFFER_EMPTY;
    buffer_printf(&path, "%s%s", rest, kind->ending);
    bool good = !buffer_has_failed(&path) && table_source_watch(&table->source, buffer_text(&path));
    buffer_free(&path);
    return good;
}

struct table *table_broken(const char *spec, const char *why)
{
    struct table *table = table_new(spec);
    if (table != NULL) {
        table->why = strdup(why);
        if (table->why == NULL || !watch_file(table)) {
            table_free(&table);
        }
    }
    return table;
}

const char *table_trouble(const struct table *table)
{
    return table->why;
}

void table_free(struct table **table)
{
    if (*table == NULL) {
        return;
    }
    table_rows_free(&(*table)->rows);
    table_source_free(&(*table)->source);
    socketmap_free(&(*table)->socketmap);
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
    if (table->socketmap != NULL) {
        socketmap_ask(table->socketmap, keys, count, answers_r, arena);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        answers_r[i] = table->rows != NULL ? ask_rows(table->rows, keys[i], arena)
                                           : ask_broken(table->why, arena);
    }
}

bool table_waits(const struct table *table)
{
    return table->socketmap != NULL;
}

bool table_is_stale(const struct table *table)
{
    return table_source_is_stale(&table->source);
}

uint64_t table_mark(const struct table *table)
{
    return table_source_mark(&table->source);
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
