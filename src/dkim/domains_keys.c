/*
 * domains_keys: the keys of one entry: from selector and path template to a loaded key.
 *
 * Each file is read once however many entries name it. A key that cannot be loaded leaves its place
 * in the entry, with the reason; the entry is degraded then.
 */
#include <stdio.h>

#include "dkim/domains_private.h"
#include "util/domain.h"

enum { PATH_ROOM = 1024 };

/* One part of a template: a mark's value, or a byte as it stands. .at == NULL: neither. */
static struct span template_part(struct span rest, const struct dkim_domain *entry,
                                 const char *selector, size_t *step_r)
{
    const struct {
        struct span mark;
        const char *value;
    } marks[] = { { SPAN("{d}"), entry->d },
                  { SPAN("{name}"), domains_is_any(entry->name) ? NULL : entry->name },
                  { SPAN("{selector}"), selector } };
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (span_is_equal(span_first(rest, marks[i].mark.size), marks[i].mark)) {
            *step_r = marks[i].mark.size;
            return span_of(marks[i].value);
        }
    }
    *step_r = 1;
    return rest.at[0] == '{' ? (struct span){ NULL, 0 } : span_first(rest, 1);
}

/* False when a mark is unknown or has no one value, or the path is too long. */
static bool expand_path(const char *pattern, const struct dkim_domain *entry, const char *selector,
                        char out[static PATH_ROOM])
{
    size_t used = 0;
    for (struct span rest = span_of(pattern); rest.size > 0;) {
        size_t step;
        struct span part = template_part(rest, entry, selector, &step);
        if (part.at == NULL || used + part.size >= PATH_ROOM) {
            return false;
        }
        memcpy(out + used, part.at, part.size);
        used += part.size;
        rest = span_from(rest, step);
    }
    out[used] = '\0';
    return true;
}

/* NULL: out of memory. */
static struct loaded_key *load_key(struct dkim_domains *domains, const char *path)
{
    struct loaded_key *loaded = hash_table_get(domains->by_path, span_of(path));
    if (loaded != NULL) {
        return loaded;
    }
    loaded = arena_alloc(domains->arena, sizeof(*loaded));
    if (loaded == NULL || !hash_table_put(domains->by_path, span_of(path), loaded, NULL)) {
        return NULL;
    }
    struct error error;
    loaded->path = arena_copy(domains->arena, span_of(path)).at;
    loaded->key = dkim_key_read(path, &error);
    if (loaded->key == NULL) {
        loaded->fault = arena_copy(domains->arena, span_of(error.text)).at;
        return loaded->path != NULL && loaded->fault != NULL ? loaded : NULL;
    }
    const char *warning = dkim_key_warning(loaded->key);
    if (warning != NULL) {
        loaded->warning = arena_printf(domains->arena, "%s: %s", path, warning);
    }
    return loaded->path != NULL && (warning == NULL || loaded->warning != NULL) ? loaded : NULL;
}

/* One name in DNS holds one key: two files under it would make one of two signatures wrong. */
static bool claim_record(struct dkim_domains *domains, const char *selector, const char *d,
                         struct loaded_key *loaded, const struct config_place *place,
                         const char *setting, struct config_report *report)
{
    char name[DOMAIN_RECORD_ROOM];
    if (!domains_record_name(span_of(selector), span_of(d), name)) {
        config_complain(report, CONFIG_ERROR, place, setting,
                        "the name %s._domainkey.%s is longer than DNS allows", selector, d);
        return false;
    }
    void *previous;
    if (!hash_table_put(domains->by_record, span_of(name), loaded, &previous)) {
        return domains_out_of_memory(report);
    }
    if (previous != NULL && previous != loaded) {
        config_complain(report, CONFIG_ERROR, place, setting,
                        "selector \"%s\" of %s names %s in an earlier entry; one record holds one "
                        "key: take another selector",
                        selector, d, ((const struct loaded_key *)previous)->path);
        return false;
    }
    return true;
}

/* As it is published and signed: as written, U-labels as A-labels. */
static const char *keep_selector(struct dkim_domains *domains, const char *written)
{
    char ascii[DOMAIN_MAX];
    if (!domain_to_ascii(span_of(written), ascii)) {
        return NULL; /* its row accepted it, so libidn2 is out of memory */
    }
    bool is_ascii = span_is_equal_nocase(span_of(written), span_of(ascii));
    return arena_copy(domains->arena, span_of(is_ascii ? written : ascii)).at;
}

static bool add_key(struct dkim_domains *domains, struct dkim_domain *entry,
                    struct dkim_domain_key *row, const struct key_settings *settings,
                    const char *setting, struct config_report *report)
{
    char path[PATH_ROOM];
    row->selector = keep_selector(domains, settings->selector);
    if (row->selector == NULL) {
        return domains_out_of_memory(report);
    }
    if (settings->is_path) {
        snprintf(path, sizeof(path), "%s", settings->file);
    } else if (!expand_path(settings->file, entry, row->selector, path)) {
        config_complain(report, CONFIG_ERROR, &settings->place, setting,
                        "\"%s\" makes no path; valid marks: {selector}, and {d}, {name} where the "
                        "entry has one d, one name",
                        settings->file);
        return false;
    }
    struct loaded_key *loaded = load_key(domains, path);
    if (loaded == NULL) {
        return domains_out_of_memory(report);
    }
    row->path = loaded->path;
    row->key = loaded->key;
    row->fault = loaded->fault;
    row->warning = loaded->warning;
    entry->is_degraded |= row->key == NULL;
    const char *said = row->fault != NULL ? row->fault : row->warning;
    if (said != NULL) {
        config_complain(report, CONFIG_WARNING, &settings->place, setting, "%s", said);
    }
    return entry->d == NULL || claim_record(domains, row->selector, entry->d, loaded,
                                            &settings->place, setting, report);
}

static bool is_rsa(const struct dkim_domain_key *row)
{
    return row->key != NULL && dkim_key_algorithm(row->key) == DKIM_RSA_SHA256;
}

/* RSA first, otherwise as written: some receivers look at the first signature only. */
static void put_rsa_first(struct dkim_domain_key *rows, size_t count)
{
    size_t front = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_rsa(&rows[i])) {
            struct dkim_domain_key moved = rows[i];
            memmove(&rows[front + 1], &rows[front], (i - front) * sizeof(*rows));
            rows[front++] = moved;
        }
    }
}

bool domains_add_keys(struct dkim_domains *domains, const struct domain_settings *settings,
                      struct dkim_domain *entry, const char *setting, struct config_report *report)
{
    size_t count = settings->keys.count;
    const struct key_settings *keys = settings->keys.at;
    if (count == 0 && !entry->is_degraded) {
        config_complain(report, CONFIG_ERROR, &settings->place, setting,
                        "has no keys; add keys = ( { selector = \"s\"; file = \"/path\"; } )");
        return false;
    }
    struct dkim_domain_key *rows = arena_array(domains->arena, count, sizeof(*rows));
    if (rows == NULL) {
        return domains_out_of_memory(report);
    }
    bool is_good = true;
    for (size_t i = 0; i < count; i++) {
        char name[160];
        snprintf(name, sizeof(name), "%s.keys[%zu]", setting, i);
        is_good &= add_key(domains, entry, &rows[i], &keys[i], name, report);
    }
    put_rsa_first(rows, count);
    entry->keys = rows;
    entry->key_count = count;
    return is_good;
}

void domains_drop_keys(struct dkim_domains *domains)
{
    size_t position = 0;
    void *value;
    while (domains->by_path != NULL && hash_table_next(domains->by_path, &position, NULL, &value)) {
        dkim_key_unref(&((struct loaded_key *)value)->key);
    }
}
