/*
 * domains_opendkim_template: "%" in OpenDKIM's tables where a row speaks of many domains: what
 * signs for each, known beforehand. OpenDKIM looks for the key when mail comes; we ask which keys
 * there are: rows of the KeyTable named as a domain, or files where the path says. A domain without
 * one is not signed for, where OpenDKIM would defer its mail.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "dkim/domains_opendkim_private.h"

enum { FILLED_MOST = 100000 };

/* NULL: memory is out. */
static struct hash_table *new_table(struct opendkim_builder *builder)
{
    struct owned_table *owned = arena_alloc(builder->domains->arena, sizeof(*owned));
    struct hash_table *table = owned != NULL ? hash_table_new() : NULL;
    if (table == NULL) {
        domains_out_of_memory(builder->report);
        return NULL;
    }
    *owned = (struct owned_table){ table, builder->opendkim->owned };
    builder->opendkim->owned = owned;
    return table;
}

/* `domain` in A-labels. False: memory is out. */
static bool add_entry(struct opendkim_builder *builder, struct hash_table *table,
                      const struct key_row *row, const char *domain)
{
    struct arena *arena = builder->domains->arena;
    const char *name = arena_copy(arena, span_of(domain)).at;
    char ascii[DOMAIN_MAX];
    const char *d = name;
    if (row->fault == NULL && domain_to_ascii(row->key.domain, ascii)) { /* not "%" */
        d = arena_copy(arena, span_of(ascii)).at;
    }
    struct dkim_domain *entry =
        name != NULL && d != NULL ? opendkim_new_entry(builder, row, name, d, NULL) : NULL;
    return (entry != NULL && hash_table_put(table, span_of(name), entry, NULL) &&
            opendkim_add_key(builder, row, entry, span_of(d))) ||
           domains_out_of_memory(builder->report);
}

const struct hash_table *opendkim_named_keys(struct opendkim_builder *builder)
{
    if (builder->opendkim->named != NULL) {
        return builder->opendkim->named;
    }
    struct hash_table *table = new_table(builder);
    bool is_good = table != NULL;
    builder->opendkim->named = table;
    for (size_t i = 0; is_good && i < builder->key_count; i++) {
        char ascii[DOMAIN_MAX];
        const struct key_row *row = &builder->keys[i];
        if (domain_to_ascii(row->name, ascii) && span_find(row->name, '.') > 0 &&
            hash_table_get(table, span_of(ascii)) == NULL) {
            is_good = add_entry(builder, table, row, ascii);
        }
    }
    return is_good ? table : NULL;
}

/* --- files where the path says --------------------------------------------------------------- */

static bool watch(struct opendkim_builder *builder, const char *path)
{
    return domains_watch(builder->domains, path) || domains_out_of_memory(builder->report);
}

/* The path around its first "%": the folder, and what stands before and behind in the name there.
 */
struct path_parts {
    const char *folder;
    struct span before, behind;
};

static bool split_path(struct span path, struct arena *arena, struct path_parts *parts_r)
{
    size_t mark = (size_t)span_find(path, '%');
    size_t slash = (size_t)span_find_last(span_first(path, mark), '/');
    struct span rest = span_from(path, mark + 1);
    ptrdiff_t end = span_find(rest, '/');
    parts_r->folder = arena_copy(arena, span_first(path, slash > 0 ? slash : 1)).at;
    parts_r->before = span_from(span_first(path, mark), slash + 1);
    parts_r->behind = end >= 0 ? span_first(rest, (size_t)end) : rest;
    return parts_r->folder != NULL;
}

/* The domain in a name; false: the name is none of these. */
static bool name_domain(const struct path_parts *parts, struct span name,
                        char domain[static DOMAIN_MAX])
{
    size_t around = parts->before.size + parts->behind.size;
    if (name.size <= around ||
        !span_is_equal(span_first(name, parts->before.size), parts->before) ||
        !span_is_equal(span_from(name, name.size - parts->behind.size), parts->behind)) {
        return false;
    }
    struct span middle = span_first(span_from(name, parts->before.size), name.size - around);
    return span_find(middle, '.') > 0 && domain_to_ascii(middle, domain) &&
           span_is_equal(span_of(domain), middle);
}

static bool add_file(struct opendkim_builder *builder, struct hash_table *table,
                     const struct key_row *row, const char *domain)
{
    const char *path = opendkim_fill(row->key.file, span_of(domain), builder->domains->arena).at;
    if (path == NULL) {
        return domains_out_of_memory(builder->report);
    }
    if (key_stamp_take(path).inode == 0) { /* not there yet, maybe */
        return watch(builder, path);
    }
    return add_entry(builder, table, row, domain);
}

const struct hash_table *opendkim_filled_keys(struct opendkim_builder *builder, struct key_row *row)
{
    struct path_parts parts;
    if (row->by_path != NULL) {
        return row->by_path;
    }
    struct hash_table *table = new_table(builder);
    if (table == NULL || (!split_path(row->key.file, builder->domains->arena, &parts) &&
                          !domains_out_of_memory(builder->report))) {
        return NULL;
    }
    row->by_path = table;
    bool is_good = watch(builder, parts.folder);
    DIR *folder = opendir(parts.folder);
    if (folder == NULL) {
        opendkim_warn(builder, builder->keys_path, row->line, "key \"%s\": cannot list %s",
                      row->name.at, parts.folder);
    }
    const struct dirent *file;
    while (is_good && folder != NULL && (file = readdir(folder)) != NULL &&
           hash_table_count(table) < FILLED_MOST) {
        char domain[DOMAIN_MAX];
        if (name_domain(&parts, span_of(file->d_name), domain)) {
            is_good = add_file(builder, table, row, domain);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return is_good ? table : NULL;
}
