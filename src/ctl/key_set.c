/*
 * key_set: gathers keys from the snapshot and from a directory, in the order they sign in.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/key_set.h"

static struct key_entry *entry_add(struct key_set *set)
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

static bool entry_fill(struct key_entry *entry, struct span matches, struct span domain,
                       const char *selector, const char *path)
{
    snprintf(entry->matches, sizeof(entry->matches), "%.*s", SPAN_ARG(matches));
    snprintf(entry->domain, sizeof(entry->domain), "%.*s", SPAN_ARG(domain));
    entry->selector = strdup(selector);
    entry->path = strdup(path != NULL ? path : "");
    return entry->selector != NULL && entry->path != NULL;
}

static bool entry_from_row(struct key_set *set, const struct dkim_domain *row, size_t index,
                           struct span domain)
{
    const struct dkim_domain_key *key = &row->keys[index];
    struct key_entry *entry = entry_add(set);

    if (entry == NULL || !entry_fill(entry, span_of(row->name), domain, key->selector, key->path))
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
    char *path = NULL, *selector;
    bool is_done = false;

    if (name[0] == '.' || !span_has_suffix_nocase(span_of(name), ending))
        return true;
    selector = strndup(name, strlen(name) - ending.size);
    if (selector == NULL || asprintf(&path, "%s/%s/%s", directory, domain, name) < 0)
        path = NULL;
    if (path != NULL && has_path(set, path)) {
        is_done = true;
    } else if (path != NULL && (entry = entry_add(set)) != NULL) {
        is_done = entry_fill(entry, span_of(domain), span_of(domain), selector, path);
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

void key_set_free(struct key_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->at[i].selector);
        free(set->at[i].path);
        free(set->at[i].fault);
        free(set->at[i].warning);
        dkim_key_unref(&set->at[i].key);
    }
    free(set->at);
    *set = (struct key_set){ NULL, 0, 0 };
}

bool key_selector_is_valid(const char *selector)
{
    char ascii[DOMAIN_MAX];

    return strspn(selector, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
               strlen(selector) &&
           selector[0] != '-' && domain_to_ascii(span_of(selector), ascii);
}

bool key_domain_read(struct ctl *ctl, const char *text, char domain_r[static DOMAIN_MAX])
{
    if (domain_to_ascii(span_of(text), domain_r))
        return true;
    ctl_fail(ctl, CTL_USAGE, "%s is no domain name", text);
    return false;
}
