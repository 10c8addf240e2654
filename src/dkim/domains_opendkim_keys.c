/*
 * domains_opendkim_keys: the KeyTable of OpenDKIM: from the name of a key to what signs.
 *
 * A row without its three parts refuses the table, for it may be half written. A row that is whole
 * but wrong (no domain, no selector, a file that is not there) is at fault alone.
 */
#include <stdio.h>

#include "dkim/domains_opendkim_private.h"
#include "util/file.h"

static const char *key_fault(const struct opendkim_key *key)
{
    char domain[DOMAIN_MAX];
    if (!span_is_equal(key->domain, SPAN("%")) && !domain_to_ascii(key->domain, domain)) {
        return "its domain is none; valid: a domain name, or % for that of the sender";
    }
    char selector[DOMAIN_MAX];
    snprintf(selector, sizeof(selector), "%.*s", SPAN_ARG(key->selector));
    if (key->selector.size >= sizeof(selector) || !domains_selector_is_valid(selector)) {
        return "its selector is none; valid: letters, digits and inner hyphens, in labels joined "
               "by "
               "dots";
    }
    if (key->file.at != NULL && key->file.at[0] != '/') {
        return "its path is not absolute";
    }
    return NULL;
}

/* False: an error was complained of. */
static bool add_row(struct opendkim_builder *builder, const struct opendkim_row *row,
                    bool is_pattern, struct key_row *key)
{
    struct error error;
    const struct config_place place = { builder->keys_path, row->line };
    *key = (struct key_row){ .name = row->key, .line = row->line };
    if (!opendkim_key_read(row->value, &key->key, &error)) {
        config_complain(builder->report, builder->severity, &place, NULL, "\"%s\" is %s",
                        row->key.at, error.text);
        return false;
    }
    key->fault = key_fault(&key->key);
    if (key->fault != NULL) {
        opendkim_warn(builder, builder->keys_path, row->line, "key \"%s\": %s", row->key.at,
                      key->fault);
    }
    if (is_pattern && span_find(row->key, '*') >= 0) {
        builder->has_key_patterns = true;
        return true;
    }
    const struct key_row *first = hash_table_get(builder->key_by_name, row->key);
    if (first != NULL) {
        opendkim_warn(builder, builder->keys_path, row->line,
                      "\"%s\" stands here a second time; line %u counts", row->key.at, first->line);
        return true;
    }
    return hash_table_put(builder->key_by_name, row->key, key, NULL) ||
           domains_out_of_memory(builder->report);
}

bool opendkim_read_keys(struct opendkim_builder *builder, const struct opendkim_source *source,
                        struct span text)
{
    struct opendkim_rows rows;
    struct arena *arena = builder->domains->arena;
    bool is_good = opendkim_read_rows(builder, text, builder->keys_path, &rows);
    builder->keys = is_good ? arena_array(arena, rows.count, sizeof(*builder->keys)) : NULL;
    if (is_good && builder->keys == NULL) {
        return domains_out_of_memory(builder->report);
    }
    builder->key_count = rows.count;
    for (size_t i = 0; is_good && i < rows.count; i++) {
        is_good = add_row(builder, &rows.at[i], source->is_pattern, &builder->keys[i]);
    }
    return is_good;
}

struct key_row *opendkim_find_key(const struct opendkim_builder *builder, struct span name)
{
    struct key_row *found = hash_table_get(builder->key_by_name, name);
    for (size_t i = 0; builder->has_key_patterns && i < builder->key_count; i++) {
        struct key_row *row = &builder->keys[i];
        if (found != NULL && found->line < row->line) {
            break;
        }
        if (span_find(row->name, '*') >= 0 && opendkim_matches(row->name, name)) {
            return row;
        }
    }
    return found;
}

/* --- what signs ------------------------------------------------------------------------------ */

struct dkim_domain *opendkim_new_entry(struct opendkim_builder *builder, const struct key_row *row,
                                       const char *name, const char *d, const char *sender)
{
    struct dkim_domain *entry = domains_new_entry(builder->domains);
    if (entry != NULL) {
        entry->name = name;
        entry->d = d;
        entry->sender = sender;
        entry->third_party = true; /* whatever the table says; it is warned of */
        entry->on_failure = DKIM_ON_FAILURE_DEFER;
        entry->is_degraded = row == NULL || row->fault != NULL;
    }
    return entry;
}

/* A key in the table itself is a secret of the table. */
static bool is_table_private(struct opendkim_builder *builder, const struct key_row *row,
                             struct dkim_domain *entry)
{
    struct error error;
    if (file_is_private(builder->keys_path, "private key", &error)) {
        return true;
    }
    opendkim_warn(builder, builder->keys_path, row->line, "key \"%s\": %s", row->name.at,
                  error.text);
    entry->is_degraded = true;
    return false;
}

bool opendkim_add_key(struct opendkim_builder *builder, const struct key_row *row,
                      struct dkim_domain *entry, struct span domain)
{
    struct arena *arena = builder->domains->arena;
    char setting[120];
    if (row->fault != NULL) {
        return true;
    }
    struct key_settings key = { .is_path = true,
                                .is_row = true,
                                .selector = arena_copy(arena, row->key.selector).at,
                                .place = { builder->keys_path, row->line } };
    if (row->key.file.at != NULL) {
        key.file = opendkim_fill(row->key.file, domain, arena).at;
    } else {
        if (!is_table_private(builder, row, entry)) {
            return true;
        }
        key.text = row->key.text;
        key.file = arena_printf(arena, "%s:%u", builder->keys_path, row->line);
    }
    if (key.selector == NULL || key.file == NULL) {
        return domains_out_of_memory(builder->report);
    }
    struct domain_settings settings = { .keys = { &key, 1 } };
    snprintf(setting, sizeof(setting), "key \"%.*s\"",
             (int)(row->name.size < 100 ? row->name.size : 100), row->name.at);
    return domains_add_keys(builder->domains, &settings, entry, setting, builder->report);
}
