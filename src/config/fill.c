/*
 * fill: what hangs under the rows of a record becomes the members of its struct. Reports values
 * refused, what is required and missing, and entries of one name. A refused value leaves the
 * default, a refused text of a list is left out.
 */
#include "config/load_private.h"

#include <string.h>

#include "util/hash_table.h"

/* The next entry of the lists and arrays found for one row; a single text is its own only entry. */
struct entries {
    const struct found *found;
    int next; /* of found */
};

static size_t entry_count(const struct found_list *list)
{
    size_t count = 0;
    for (const struct found *found = list->first; found != NULL; found = found->next) {
        bool is_one = config_setting_type(found->node) == CONFIG_TYPE_STRING;
        count += is_one ? 1 : (size_t)config_setting_length(found->node);
    }
    return count;
}

static bool entry_next(struct entries *entries, struct found *entry_r)
{
    while (entries->found != NULL) {
        const struct found *found = entries->found;
        bool is_one = config_setting_type(found->node) == CONFIG_TYPE_STRING;
        config_setting_t *node =
            is_one ? (entries->next == 0 ? found->node : NULL)
                   : config_setting_get_elem(found->node, (unsigned)entries->next);
        if (node != NULL) {
            entries->next++;
            *entry_r = (struct found){ found->source, node, NULL };
            return true;
        }
        *entries = (struct entries){ found->next, 0 };
    }
    return false;
}

static void fill_texts(struct loader *loader, const struct record *record,
                       const struct config_row *row, const struct found_list *list,
                       const struct setting_name *name)
{
    const char **texts =
        loader_array(loader, loader->config->arena, entry_count(list), sizeof(char *));
    if (texts == NULL) {
        return;
    }
    struct config_texts result = { texts, 0 };
    struct entries entries = { list->first, 0 };
    struct found entry;
    for (size_t i = 0; entry_next(&entries, &entry); i++) {
        struct setting_name entry_name = { .parent = name, .index = i };
        bool is_one = config_setting_type(list->first->node) == CONFIG_TYPE_STRING;
        const char *text = value_text(loader, row, &entry, is_one ? name : &entry_name);
        if (text != NULL) {
            texts[result.count++] = text;
        }
    }
    *(struct config_texts *)record_member(record, row) = result;
}

/* The row whose value names an entry; NULL: the entries are nameless. */
static const struct config_row *key_row(const struct config_row *row)
{
    for (const struct config_row *key = row->rows; row->key != NULL && key->name != NULL; key++) {
        if (key->type == CONFIG_TEXT && strcmp(key->name, row->key) == 0) {
            return key;
        }
    }
    return NULL;
}

/* Reports an entry that bears the name of an earlier one. */
static void check_key(struct loader *loader, struct hash_table *names, struct record *entry,
                      const struct config_row *key, const struct setting_name *entry_name)
{
    const char *text = *(const char *const *)record_member(entry, key);
    if (text == NULL || text[0] == '\0') {
        return;
    }
    struct config_place *place = &entry->places[key - entry->rows];
    if (place->file == NULL) { /* a name that is a default stands where its entry stands */
        place = &entry->place;
    }
    const struct config_place *earlier = hash_table_get(names, span_of(text));
    if (earlier != NULL) {
        struct setting_name name = { .parent = entry_name, .name = key->name };
        loader_complain(loader, *place, &name, "\"%s\" already set at %s:%u", text, earlier->file,
                        earlier->line);
    } else if (!hash_table_put(names, span_of(text), place, NULL)) {
        loader->out_of_memory = true;
    }
}

static void fill_entry(struct loader *loader, const struct config_row *row, struct record *record,
                       const struct found *found, const struct setting_name *name)
{
    bool has_place = row->place_offset != 0 && row->place_offset != SIZE_MAX;
    if (has_place) {
        memcpy(record->at + row->place_offset, &record->place, sizeof(record->place));
    }
    if (config_setting_is_group(found->node)) {
        bind_entry(loader, record, found->source, found->node, name);
        fill_record(loader, record, name);
        return;
    }
    loader_complain(loader, record->place, name, "cannot be %s; valid: a group { }",
                    value_kind(found->node));
    for (size_t i = 0; i < record->row_count; i++) { /* so that a check finds what rows promise */
        value_default(loader, record, &record->rows[i], name);
    }
}

static void fill_entries(struct loader *loader, const struct config_row *row,
                         struct record *records, char *at, const struct found_list *list,
                         const struct setting_name *name)
{
    const struct config_row *key = key_row(row);
    struct hash_table *names = key != NULL ? hash_table_new() : NULL;
    loader->out_of_memory |= key != NULL && names == NULL;
    struct entries entries = { list->first, 0 };
    struct found found;
    for (size_t i = 0; !loader->out_of_memory && entry_next(&entries, &found); i++) {
        struct setting_name entry_name = { .parent = name, .index = i };
        if (record_init(loader, &records[i], row->rows, at + i * row->element_size,
                        source_place(found.source, found.node))) {
            fill_entry(loader, row, &records[i], &found, &entry_name);
            if (names != NULL) {
                check_key(loader, names, &records[i], key, &entry_name);
            }
        }
    }
    hash_table_free(&names);
}

static void fill_list(struct loader *loader, struct record *record, const struct config_row *row,
                      const struct found_list *list, const struct setting_name *name)
{
    struct arena *arena = loader->config->arena;
    size_t count = entry_count(list);
    struct record *records = loader_array(loader, arena, count, sizeof(struct record));
    char *at = loader_array(loader, arena, count, row->element_size);
    if (records == NULL || at == NULL) {
        return;
    }
    record->entries[row - record->rows] = records;
    fill_entries(loader, row, records, at, list, name);
    *(struct config_list *)record_member(record, row) = (struct config_list){ at, count };
}

/* One entry that has the row's own name. */
static void fill_group(struct loader *loader, struct record *record, const struct config_row *row,
                       const struct found *found, const struct setting_name *name)
{
    struct arena *arena = loader->config->arena;
    struct record *entry = loader_array(loader, arena, 1, sizeof(struct record));
    char *at = loader_array(loader, arena, 1, row->element_size);
    if (entry == NULL || at == NULL ||
        !record_init(loader, entry, row->rows, at, source_place(found->source, found->node))) {
        return;
    }
    record->entries[row - record->rows] = entry;
    fill_entry(loader, row, entry, found, name);
    *(struct config_list *)record_member(record, row) = (struct config_list){ at, 1 };
}

/* A required name must stand; of alternatives, one of them. */
static void check_required(struct loader *loader, const struct record *record,
                           const struct config_row *row, const struct setting_name *name)
{
    bool is_set = false, is_repeated = false;
    for (size_t i = 0; i < record->row_count; i++) {
        bool is_same = strcmp(record->rows[i].name, row->name) == 0;
        is_set |= is_same && record->places[i].file != NULL;
        is_repeated |= is_same && record->rows[i].required && &record->rows[i] < row;
    }
    if (is_set || is_repeated) {
        return;
    }
    struct buffer expected = BUFFER_EMPTY;
    value_describe(row, &expected);
    loader_complain(loader, record->place, name, "must be set: %s", buffer_text(&expected));
    buffer_free(&expected);
}

static void fill_row(struct loader *loader, struct record *record, const struct config_row *row,
                     const struct found_list *list, const struct setting_name *name)
{
    value_default(loader, record, row, name);
    if (list->count == 0) {
        if (row->required && loader->is_whole) {
            check_required(loader, record, row, name);
        }
    } else if (row->type == CONFIG_TEXTS) {
        fill_texts(loader, record, row, list, name);
    } else if (row->type == CONFIG_LIST) {
        fill_list(loader, record, row, list, name);
    } else if (row->type == CONFIG_GROUP) {
        fill_group(loader, record, row, list->first, name);
    } else {
        value_fill(loader, record, row, list->first, name);
    }
}

void fill_record(struct loader *loader, struct record *record, const struct setting_name *name)
{
    for (size_t i = 0; i < record->row_count && !loader->out_of_memory; i++) {
        struct setting_name row_name = { .parent = name, .name = record->rows[i].name };
        fill_row(loader, record, &record->rows[i], &record->found[i], &row_name);
    }
}

bool config_texts_have(const struct config_texts *texts, struct span text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (span_is_equal(span_of(texts->at[i]), text)) {
            return true;
        }
    }
    return false;
}
