/*
 * key_row: what is still to be written into the configuration for a key that was just made.
 */
#include <string.h>

#include "ctl/key_row.h"
#include "ctl/key_set.h"
#include "ctl/load.h"

void key_row_print(const char *selector, const char *path, struct buffer *row)
{
    buffer_printf(row, "{ selector = \"%s\"; file = \"%s\"; }", selector, path);
}

static void row_add(struct buffer *row, const char *selector, const char *path)
{
    if (row->size > 0)
        buffer_add_text(row, ", ");
    key_row_print(selector, path, row);
}

/* All keys that lie there for a domain without a row: of two that were made, both are wanted. */
static void row_of_domain(const struct key_place *key, struct buffer *row)
{
    struct key_set set = { NULL, 0, 0 };

    if (key_set_add_files(&set, key->directory, key->domain)) {
        for (size_t i = 0; i < set.count; i++) {
            if (set.at[i].key != NULL && strcmp(set.at[i].selector, key->selector) != 0)
                row_add(row, set.at[i].selector, set.at[i].path);
        }
    }
    row_add(row, key->selector, key->path);
    key_set_free(&set);
}

void key_row_make(const struct ctl *ctl, const struct key_place *key, struct buffer *row,
                  struct buffer *where)
{
    struct site *site = load_site_quietly(ctl);
    const struct dkim_domain *entry =
        site != NULL ? dkim_domains_find(site->domains, span_of(key->domain)) : NULL;
    bool is_own = entry != NULL && strcmp(entry->name, key->domain) == 0, is_found = false;
    bool is_first = site == NULL || dkim_domains_count(site->domains) == 0;
    struct buffer keys = BUFFER_EMPTY;

    /* "dir:" found it, or the row stood there before the key. */
    for (size_t i = 0; is_own && i < entry->key_count; i++)
        is_found = is_found || strcmp(entry->keys[i].selector, key->selector) == 0;
    if (is_own && !is_found) {
        row_add(row, key->selector, key->path);
        buffer_printf(where, "the keys of \"%s\" in domains", key->domain);
    } else if (!is_found) {
        row_of_domain(key, &keys);
        buffer_printf(row, "%s{ name = \"%s\"; keys = ( %s ); }%s", is_first ? "domains = ( " : "",
                      key->domain, buffer_text(&keys), is_first ? " );" : "");
        buffer_add_text(where, "the list domains");
    }
    buffer_free(&keys);
    site_unref(&site);
}
