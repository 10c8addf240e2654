/*
 * domains_keys: the keys of one entry: from selector and path template to a loaded key.
 *
 * Each file is read once however many entries name it, and not at all where the table before had
 * the same. A key that cannot be loaded leaves its place in the entry, with the reason; the entry
 * is degraded then.
 */
#include <stdio.h>
#include <string.h>

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

/* The key of the table before, if its file is still the same; else NULL. What could not be used is
 * tried again: the reason may lie elsewhere. */
static struct dkim_key *previous_key(const struct dkim_domains *domains,
                                     const struct loaded_key *loaded)
{
    const struct loaded_key *before =
        domains->previous != NULL
            ? hash_table_get(domains->previous->by_path, span_of(loaded->path))
            : NULL;
    bool is_same = before != NULL && before->key != NULL && !before->is_text &&
                   key_stamp_is_equal(&before->stamp, &loaded->stamp);
    return is_same ? dkim_key_ref(before->key) : NULL;
}

static struct dkim_key *read_file(const struct dkim_domains *domains, struct loaded_key *loaded,
                                  struct error *error)
{
    loaded->stamp = key_stamp_settle(loaded->path);
    struct dkim_key *key = previous_key(domains, loaded);
    return key != NULL ? key : dkim_key_read(loaded->path, error);
}

/* `text` absent: it lies in the file. NULL: out of memory. */
static struct loaded_key *load_key(struct dkim_domains *domains, const char *path, struct span text)
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
    if (loaded->path == NULL) {
        return NULL;
    }
    loaded->is_text = text.at != NULL;
    loaded->key = loaded->is_text ? dkim_key_parse_line(text, path, &error)
                                  : read_file(domains, loaded, &error);
    if (loaded->key == NULL) {
        loaded->fault = arena_copy(domains->arena, span_of(error.text)).at;
        return loaded->fault != NULL ? loaded : NULL;
    }
    const char *warning = dkim_key_warning(loaded->key);
    if (warning != NULL) {
        loaded->warning = arena_printf(domains->arena, "%s: %s", path, warning);
    }
    return warning == NULL || loaded->warning != NULL ? loaded : NULL;
}

/*
 * A row of a table that others write is at fault, not the configuration: the entry goes on without
 * it. Always false unless it is such a row.
 */
static bool refuse_key(struct dkim_domains *domains, struct dkim_domain_key *row,
                       const struct key_settings *settings, const char *setting,
                       struct config_report *report, const char *fault)
{
    if (!settings->is_row) {
        config_complain(report, CONFIG_ERROR, &settings->place, setting, "%s", fault);
        return false;
    }
    config_complain(report, CONFIG_WARNING, &settings->place, setting, "%s", fault);
    row->key = NULL;
    row->fault = arena_copy(domains->arena, span_of(fault)).at;
    return row->fault != NULL || domains_out_of_memory(report);
}

/* One name in DNS holds one key: two files under it would make one of two signatures wrong. */
static bool claim_record(struct dkim_domains *domains, struct dkim_domain_key *row, const char *d,
                         struct loaded_key *loaded, const struct key_settings *settings,
                         const char *setting, struct config_report *report)
{
    struct error error;
    char name[DOMAIN_RECORD_ROOM];
    if (!domains_record_name(span_of(row->selector), span_of(d), name)) {
        error_set(&error, "the name %s._domainkey.%s is longer than DNS allows", row->selector, d);
        return refuse_key(domains, row, settings, setting, report, error.text);
    }
    const struct loaded_key *first = hash_table_get(domains->by_record, span_of(name));
    if (first != NULL && first != loaded) {
        error_set(&error,
                  "selector \"%s\" of %s names %s in an earlier entry; one record holds one key: "
                  "take another selector",
                  row->selector, d, first->path);
        return refuse_key(domains, row, settings, setting, report, error.text);
    }
    return first != NULL || hash_table_put(domains->by_record, span_of(name), loaded, NULL) ||
           domains_out_of_memory(report);
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
        snprintf(path, sizeof(path), "%s", settings->file); /* one that is cut does not exist */
    } else if (!expand_path(settings->file, entry, row->selector, path)) {
        config_complain(report, CONFIG_ERROR, &settings->place, setting,
                        "\"%s\" makes no path; valid marks: {selector}, and {d}, {name} where the "
                        "entry has one d, one name",
                        settings->file);
        return false;
    }
    struct loaded_key *loaded = load_key(domains, path, settings->text);
    if (loaded == NULL) {
        return domains_out_of_memory(report);
    }
    row->path = loaded->path;
    row->key = loaded->key;
    row->fault = loaded->fault;
    row->warning = loaded->warning;
    const char *said = row->fault != NULL ? row->fault : row->warning;
    if (said != NULL) {
        config_complain(report, CONFIG_WARNING, &settings->place, setting, "%s", said);
    }
    bool is_good =
        entry->d == NULL || claim_record(domains, row, entry->d, loaded, settings, setting, report);
    entry->is_degraded |= row->key == NULL;
    return is_good;
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
    size_t had = entry->key_count;
    struct dkim_domain_key *rows = arena_array(domains->arena, had + count, sizeof(*rows));
    if (rows == NULL) {
        return domains_out_of_memory(report);
    }
    if (had > 0) {
        memcpy(rows, entry->keys, had * sizeof(*rows));
    }
    bool is_good = true;
    for (size_t i = 0; i < count; i++) {
        char name[160];
        snprintf(name, sizeof(name), keys[i].is_row ? "%s" : "%s.keys[%zu]", setting, i);
        is_good &= add_key(domains, entry, &rows[had + i], &keys[i], name, report);
    }
    put_rsa_first(rows, had + count);
    entry->keys = rows;
    entry->key_count = had + count;
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
