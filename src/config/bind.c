/*
 * bind: hangs every setting under the row it belongs to. Leaves the values to fill.c. Reports what
 * has no row, stands twice, is of the wrong type, or is only planned; loading goes on in any case,
 * so that all faults are known at once.
 */
#include "config/load_private.h"

#include <string.h>

#include "config/text_private.h"

/* The rows among which a name is looked up. */
struct scope {
    const char *path; /* of the group; NULL: an entry of a list */
    struct record **records;
    size_t count;
    const struct setting_name *name; /* NULL: top level */
};

/* A row of a record. */
struct match {
    struct record *record;
    size_t index;
};

enum fit { FIT_NONE, FIT_LOOSE, FIT_GOOD };

static bool is_sequence(const config_setting_t *node)
{
    return config_setting_is_array(node) || config_setting_is_list(node);
}

/* A list or array may serve two alternatives; its first entry tells which is meant. */
static enum fit fit_sequence(const config_setting_t *node, bool of_groups)
{
    if (!is_sequence(node)) {
        return FIT_NONE;
    }
    const config_setting_t *first = config_setting_get_elem(node, 0);
    return first == NULL || config_setting_is_group(first) == of_groups ? FIT_GOOD : FIT_LOOSE;
}

static enum fit fit_row(const struct config_row *row, const config_setting_t *node)
{
    int type = config_setting_type(node);
    bool is_text = type == CONFIG_TYPE_STRING;
    bool is_int = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
    switch (row->type) {
    case CONFIG_BOOL:
        return type == CONFIG_TYPE_BOOL ? FIT_GOOD : FIT_NONE;
    case CONFIG_TEXT:
    case CONFIG_CHOICE:
    case CONFIG_MILLISECONDS:
        return is_text ? FIT_GOOD : FIT_NONE;
    case CONFIG_INT:
        return is_int ? FIT_GOOD : FIT_NONE;
    case CONFIG_DURATION:
    case CONFIG_SIZE:
        return is_int || is_text ? FIT_GOOD : FIT_NONE;
    case CONFIG_TEXTS:
        return is_text ? FIT_GOOD : fit_sequence(node, false);
    case CONFIG_LIST:
        return fit_sequence(node, true);
    case CONFIG_GROUP:
        return type == CONFIG_TYPE_GROUP ? FIT_GOOD : FIT_NONE;
    case CONFIG_PLANNED:
        return FIT_GOOD;
    }
    return FIT_NONE;
}

/* Steps through the rows of a scope, `name` NULL: all of them; begin with { NULL, 0 }. */
static bool next_row(const struct scope *scope, const char *name, size_t *record_io,
                     struct match *match_io)
{
    size_t index = match_io->record != NULL ? match_io->index + 1 : 0;
    for (; *record_io < scope->count; (*record_io)++, index = 0) {
        struct record *record = scope->records[*record_io];
        for (; index < record->row_count; index++) {
            if (name == NULL || strcmp(record->rows[index].name, name) == 0) {
                *match_io = (struct match){ record, index };
                return true;
            }
        }
    }
    return false;
}

static const struct config_row *match_row(const struct match *match)
{
    return &match->record->rows[match->index];
}

/* The row that takes the node best; record NULL: none. *is_known_r: some row has the name. */
static struct match choose_row(const struct scope *scope, const config_setting_t *node,
                               bool *is_known_r)
{
    struct match match = { NULL, 0 }, best = { NULL, 0 };
    enum fit best_fit = FIT_NONE;
    size_t at = 0;
    *is_known_r = false;
    while (next_row(scope, config_setting_name(node), &at, &match)) {
        *is_known_r = true;
        enum fit fit = fit_row(match_row(&match), node);
        if (fit > best_fit) {
            best = match;
            best_fit = fit;
        }
    }
    return best;
}

/* --- complaints --- */

static void complain_type(struct loader *loader, const struct scope *scope,
                          const struct source *source, const config_setting_t *node,
                          const struct setting_name *name)
{
    struct buffer expected = BUFFER_EMPTY;
    struct match match = { NULL, 0 };
    size_t at = 0;
    while (next_row(scope, config_setting_name(node), &at, &match)) {
        buffer_add_text(&expected, expected.size > 0 ? ", or " : "");
        value_describe(match_row(&match), &expected);
    }
    loader_complain(loader, source_place(source, node), name, "cannot be %s; valid: %s",
                    value_kind(node), buffer_text(&expected));
    buffer_free(&expected);
}

/* What may stand in a scope, and what of it was probably meant. */
struct suggestion {
    struct span written;
    struct buffer valid; /* "a, b, c" */
    struct span near;
};

static void suggest(struct suggestion *suggestion, struct span name)
{
    /* Alternatives are one name, and so is a group of several tables. */
    struct span rest = buffer_span(&suggestion->valid), piece;
    while (span_cut(&rest, ',', &piece)) {
        if (span_is_equal(span_trim(piece), name)) {
            return;
        }
    }
    buffer_printf(&suggestion->valid, "%s%.*s", suggestion->valid.size > 0 ? ", " : "",
                  SPAN_ARG(name));
    if (suggestion->near.size == 0 && text_is_near(suggestion->written, name)) {
        suggestion->near = name;
    }
}

static void complain_unknown(struct loader *loader, const struct scope *scope,
                             const struct source *source, const config_setting_t *node,
                             const struct setting_name *name)
{
    struct suggestion suggestion = { .written = span_of(config_setting_name(node)),
                                     .valid = BUFFER_EMPTY };
    struct match match = { NULL, 0 };
    size_t at = 0;
    while (next_row(scope, NULL, &at, &match)) {
        if (match_row(&match)->type != CONFIG_PLANNED) {
            suggest(&suggestion, span_of(match_row(&match)->name));
        }
    }
    const struct config *config = loader->config;
    for (size_t i = 0; scope->path != NULL && i < config->table_count; i++) {
        struct span child = table_child(span_of(scope->path), config->tables[i]);
        if (child.size > 0) {
            suggest(&suggestion, child);
        }
    }
    if (suggestion.valid.size == 0) { /* all of it is planned only */
        buffer_add_text(&suggestion.valid, "nothing yet");
    }
    bool is_near = suggestion.near.size > 0;
    loader_complain(loader, source_place(source, node), name,
                    "unknown setting; valid here: %s%s%.*s%s", buffer_text(&suggestion.valid),
                    is_near ? "; did you mean " : "", SPAN_ARG(suggestion.near),
                    is_near ? "?" : "");
    buffer_free(&suggestion.valid);
}

/* --- binding --- */

/* Two lists of one row are joined; everything else stands once. */
static bool is_joined(const struct match *earlier, const struct match *match,
                      const config_setting_t *node)
{
    if (earlier->record != match->record || earlier->index != match->index) {
        return false;
    }
    const struct found *first = match->record->found[match->index].first;
    return is_sequence(node) && first != NULL && is_sequence(first->node);
}

/* False: the name is set already, and reported. */
static bool may_be_set(struct loader *loader, const struct scope *scope, const struct match *match,
                       const struct source *source, const config_setting_t *node,
                       const struct setting_name *name)
{
    struct match earlier = { NULL, 0 };
    size_t at = 0;
    while (next_row(scope, config_setting_name(node), &at, &earlier)) {
        const struct config_place *place = &earlier.record->places[earlier.index];
        if (place->file != NULL && !is_joined(&earlier, match, node)) {
            loader_complain(loader, source_place(source, node), name, "already set at %s:%u",
                            place->file, place->line);
            return false;
        }
    }
    return true;
}

static void bind_match(struct loader *loader, const struct match *match,
                       const struct source *source, config_setting_t *node)
{
    struct found *found = loader_array(loader, loader->scratch, 1, sizeof(*found));
    if (found == NULL) {
        return;
    }
    *found = (struct found){ source, node, NULL };
    struct found_list *list = &match->record->found[match->index];
    if (list->last != NULL) {
        list->last->next = found;
    } else {
        list->first = found;
        match->record->places[match->index] = source_place(source, node);
    }
    list->last = found;
    list->count++;
}

/* A value of the wrong type is there all the same: nobody shall call the setting missing. */
static void mark_set(const struct scope *scope, const struct source *source,
                     const config_setting_t *node)
{
    struct match match = { NULL, 0 };
    size_t at = 0;
    if (next_row(scope, config_setting_name(node), &at, &match) &&
        match.record->places[match.index].file == NULL) {
        match.record->places[match.index] = source_place(source, node);
    }
}

static void bind_setting(struct loader *loader, const struct scope *scope,
                         const struct source *source, config_setting_t *node)
{
    struct setting_name name = { .parent = scope->name, .name = config_setting_name(node) };
    bool is_known;
    struct match match = choose_row(scope, node, &is_known);
    if (!is_known) {
        complain_unknown(loader, scope, source, node, &name);
    } else if (match.record == NULL) {
        complain_type(loader, scope, source, node, &name);
        mark_set(scope, source, node);
    } else if (match_row(&match)->type == CONFIG_PLANNED) {
        loader_complain(loader, source_place(source, node), &name,
                        "this version does not have it yet; remove the %s",
                        config_setting_is_aggregate(node) ? "setting" : "line");
    } else if (may_be_set(loader, scope, &match, source, node, &name)) {
        bind_match(loader, &match, source, node);
    }
}

void bind_entry(struct loader *loader, struct record *record, const struct source *source,
                config_setting_t *group, const struct setting_name *name)
{
    struct record *records[] = { record };
    struct scope scope = { .records = records, .count = 1, .name = name };
    for (int i = 0; i < config_setting_length(group); i++) {
        bind_setting(loader, &scope, source, config_setting_get_elem(group, (unsigned)i));
    }
}

/* Does a table have this path, or one below it? */
static bool is_group_path(const struct config *config, const char *path)
{
    for (size_t i = 0; i < config->table_count; i++) {
        const struct config_table *table = config->tables[i];
        if (strcmp(table->path, path) == 0 || table_child(span_of(path), table).size > 0) {
            return true;
        }
    }
    return false;
}

static void bind_group(struct loader *loader, const struct source *source, config_setting_t *group,
                       const char *path, const struct setting_name *name);

/* True: the node is, or should be, a group that tables describe. */
static bool bind_subgroup(struct loader *loader, const struct scope *scope,
                          const struct source *source, config_setting_t *node)
{
    struct setting_name name = { .parent = scope->name, .name = config_setting_name(node) };
    const char *path = arena_printf(loader->scratch, "%s%s%s", scope->path,
                                    scope->path[0] != '\0' ? "." : "", name.name);
    if (path == NULL) {
        loader->out_of_memory = true;
        return true;
    }
    if (!is_group_path(loader->config, path)) {
        return false;
    }
    if (config_setting_is_group(node)) {
        bind_group(loader, source, node, path, &name);
    } else {
        loader_complain(loader, source_place(source, node), &name,
                        "cannot be %s; valid: a group { }", value_kind(node));
    }
    return true;
}

/* The records of all tables of this path, in a scope. */
static bool open_scope(struct loader *loader, const char *path, struct scope *scope)
{
    struct config *config = loader->config;
    scope->path = path;
    scope->records = loader_array(loader, loader->scratch, config->table_count, sizeof(void *));
    if (scope->records == NULL) {
        return false;
    }
    for (size_t i = 0; i < config->table_count; i++) {
        if (strcmp(config->tables[i]->path, path) == 0) {
            scope->records[scope->count++] = &config->records[i];
        }
    }
    return true;
}

static void bind_group(struct loader *loader, const struct source *source, config_setting_t *group,
                       const char *path, const struct setting_name *name)
{
    struct scope scope = { .name = name };
    if (!open_scope(loader, path, &scope)) {
        return;
    }
    for (size_t i = 0; i < scope.count; i++) {
        if (scope.records[i]->place.file == NULL) {
            scope.records[i]->place = source_place(source, group);
        }
    }
    for (int i = 0; i < config_setting_length(group); i++) {
        config_setting_t *node = config_setting_get_elem(group, (unsigned)i);
        if (!bind_subgroup(loader, &scope, source, node)) {
            bind_setting(loader, &scope, source, node);
        }
    }
}

void bind_source(struct loader *loader, const struct source *source)
{
    bind_group(loader, source, config_root_setting(&source->tree), "", NULL);
}
