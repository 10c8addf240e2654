/*
 * key_set: gathers keys from the snapshot and from a directory, in the order they sign in.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/key_set.h"

struct key_entry *key_set_add(struct key_set *set)
{
    if (set->count == set->room) {
        size_t room = set->room > 0 ? set->room * 2 : 16;
        struct key_entry *grown = realloc(set->at, room * sizeof(*grown));

        if (grown == NULL)
            return NULL;
        set->at = grown;
        set->room = room;
    }
    set->at[set->count] = (struct key_entry){ .key = NULL };
    return &set->at[set->count++];
}

/* For whom it signs, and where its record is then. */
static void entry_name(struct key_entry *entry, struct span domain)
{
    snprintf(entry->domain, sizeof(entry->domain), "%.*s", SPAN_ARG(domain));
    if (domain.size == 0 || !key_name(span_of(entry->selector), domain, entry->name))
        entry->name[0] = '\0';
}

bool key_entry_fill(struct key_entry *entry, struct span matches, struct span domain,
                    const char *selector, const char *path)
{
    snprintf(entry->matches, sizeof(entry->matches), "%.*s", SPAN_ARG(matches));
    entry->selector = strdup(selector);
    entry->path = strdup(path != NULL ? path : "");
    if (entry->selector == NULL || entry->path == NULL)
        return false;
    entry_name(entry, domain);
    return true;
}

static bool entry_from_row(struct key_set *set, const struct dkim_domain *row, size_t index,
                           struct span domain)
{
    const struct dkim_domain_key *key = &row->keys[index];
    struct key_entry *entry = key_set_add(set);

    if (entry == NULL ||
        !key_entry_fill(entry, span_of(row->sender != NULL ? row->sender : row->name), domain,
                        key->selector, key->path))
        return false;
    entry->is_configured = true;
    if (key->key != NULL)
        entry->key = dkim_key_ref(key->key);
    if (key->fault != NULL)
        entry->fault = strdup(key->fault);
    if (key->warning != NULL)
        entry->warning = strdup(key->warning);
    return (key->fault == NULL) == (entry->fault == NULL) &&
           (key->warning == NULL) == (entry->warning == NULL);
}

bool key_set_add_configured(struct key_set *set, const struct site *site)
{
    for (size_t i = 0; i < dkim_domains_count(site->domains); i++) {
        const struct dkim_domain *row = dkim_domains_at(site->domains, i);

        for (size_t k = 0; k < row->key_count; k++) {
            if (!entry_from_row(set, row, k, span_of(row->d)))
                return false;
        }
    }
    return true;
}

bool key_set_add_domain(struct key_set *set, const struct site *site, struct span domain)
{
    const struct dkim_domain *row = dkim_domains_find(site->domains, domain);

    for (size_t k = 0; row != NULL && k < row->key_count; k++) {
        if (!entry_from_row(set, row, k, row->d != NULL ? span_of(row->d) : domain))
            return false;
    }
    return true;
}

static bool has_path(const struct key_set *set, const char *path)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->at[i].path, path) == 0)
            return true;
    }
    return false;
}

static bool entry_warn(struct key_entry *entry)
{
    const char *warning = dkim_key_warning(entry->key);

    if (warning != NULL && asprintf(&entry->warning, "%s: %s", entry->path, warning) < 0)
        entry->warning = NULL;
    return warning == NULL || entry->warning != NULL;
}

/* One directory entry; files that are no keys by name are passed over. */
static bool file_add(struct key_set *set, const char *directory, const char *domain,
                     const char *name)
{
    static const struct span ending = { ".pem", 4 };
    struct error error = { "" };
    struct key_entry *entry;
    char *path = NULL, *selector, ascii[DOMAIN_MAX];
    struct span named = span_of(domain_to_ascii(span_of(domain), ascii) ? ascii : domain);
    bool is_done = false;

    if (name[0] == '.' || !span_has_suffix_nocase(span_of(name), ending))
        return true;
    selector = strndup(name, strlen(name) - ending.size);
    if (selector == NULL || asprintf(&path, "%s/%s/%s", directory, domain, name) < 0)
        path = NULL;
    if (path != NULL && has_path(set, path)) {
        is_done = true;
    } else if (path != NULL && (entry = key_set_add(set)) != NULL) {
        is_done = key_entry_fill(entry, named, named, selector, path);
        entry->key = dkim_key_read(path, &error);
        if (entry->key == NULL) {
            entry->fault = strdup(error.text);
            is_done = is_done && entry->fault != NULL;
        } else {
            is_done = entry_warn(entry) && is_done;
        }
    }
    free(selector);
    free(path);
    return is_done;
}

bool key_set_add_files(struct key_set *set, const char *directory, const char *domain)
{
    char *path = NULL;
    struct dirent **names = NULL;
    int count;
    bool is_done = true;

    if (asprintf(&path, "%s/%s", directory, domain) < 0)
        return false;
    count = scandir(path, &names, NULL, alphasort);
    free(path);
    if (count < 0)
        return errno != ENOMEM;
    for (int i = 0; i < count; i++) {
        is_done = is_done && file_add(set, directory, domain, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return is_done;
}

bool key_set_add_folders(struct key_set *set, const char *directory)
{
    struct dirent **names = NULL;
    int count = scandir(directory, &names, NULL, alphasort);
    bool is_done = count >= 0 || errno != ENOMEM;

    for (int i = 0; i < count; i++) {
        char ascii[DOMAIN_MAX];

        if (names[i]->d_name[0] != '.' && domain_to_ascii(span_of(names[i]->d_name), ascii))
            is_done = is_done && key_set_add_files(set, directory, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return is_done;
}

bool key_entry_folder(const struct key_entry *entry, struct span *folder_r, size_t *cut_r)
{
    struct span path = span_of(entry->path), folder, name;
    char file[DOMAIN_MAX + 8], ascii[DOMAIN_MAX];
    ptrdiff_t slash = span_find_last(path, '/'), cut;

    snprintf(file, sizeof(file), "/%.*s.pem", DOMAIN_MAX, entry->selector);
    if (slash <= 0 || !span_is_equal_nocase(span_from(path, (size_t)slash), span_of(file)))
        return false;
    folder = span_first(path, (size_t)slash);
    cut = span_find_last(folder, '/');
    name = span_from(folder, (size_t)(cut + 1));
    if (cut <= 0 || !domain_to_ascii(name, ascii) ||
        (strcmp(ascii, entry->domain) != 0 && strcmp(ascii, entry->matches) != 0))
        return false;
    *folder_r = folder;
    if (cut_r != NULL)
        *cut_r = (size_t)cut;
    return true;
}

bool key_set_add_beside(struct key_set *set)
{
    size_t count = set->count;

    for (size_t i = 0; i < count; i++) {
        size_t before = set->count, cut;
        struct span folder;
        char *directory, *name;
        bool is_done;

        if (!key_entry_folder(&set->at[i], &folder, &cut))
            continue;
        directory = span_strdup(span_first(folder, cut));
        name = span_strdup(span_from(folder, cut + 1));
        is_done = directory != NULL && name != NULL && key_set_add_files(set, directory, name);
        free(directory);
        free(name);
        if (!is_done)
            return false;
        for (size_t k = before; k < set->count; k++)
            entry_name(&set->at[k], span_of(set->at[i].domain));
    }
    return true;
}

void key_set_cut(struct key_set *set, size_t count)
{
    while (set->count > count) {
        struct key_entry *entry = &set->at[--set->count];

        free(entry->selector);
        free(entry->path);
        free(entry->fault);
        free(entry->warning);
        dkim_key_unref(&entry->key);
    }
}

void key_set_free(struct key_set *set)
{
    key_set_cut(set, 0);
    free(set->at);
    *set = (struct key_set){ NULL, 0, 0 };
}

static bool selector_is_valid(const char *selector)
{
    char ascii[DOMAIN_MAX];

    return strspn(selector, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
               strlen(selector) &&
           selector[0] != '-' && domain_to_ascii(span_of(selector), ascii);
}

bool key_selector_accept(struct ctl *ctl, const char *selector)
{
    if (selector == NULL || selector_is_valid(selector))
        return true;
    ctl_fail(ctl, CTL_USAGE, "--selector %s: letters, digits, hyphens and dots only", selector);
    return false;
}

bool key_domain_read(struct ctl *ctl, const char *text, char domain_r[static DOMAIN_MAX])
{
    if (domain_to_ascii(span_of(text), domain_r))
        return true;
    ctl_fail(ctl, CTL_USAGE, "%s is no domain name", text);
    return false;
}

bool key_algorithm_read(struct ctl *ctl, const char *name, enum dkim_algorithm *algorithm_r)
{
    if (name == NULL)
        return true;
    if (strcmp(name, "rsa") != 0 && strcmp(name, "ed25519") != 0) {
        ctl_fail(ctl, CTL_USAGE, "--algorithm is rsa or ed25519");
        return false;
    }
    *algorithm_r = strcmp(name, "rsa") == 0 ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256;
    return true;
}
