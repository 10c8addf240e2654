/*
 * domains_opendkim_find: which rows of an OpenDKIM SigningTable sign for an address, in OpenDKIM's
 * own order (opendkim.conf(5), SigningTable).
 *
 * A flat table is asked for user@host, host, user@.parent and .parent for every parent, user@* and
 * *. In a table of patterns the first that matches counts: rows are filed under the end of their
 * domain, so that only those are compared that may match, and ten thousand domains cost no more
 * than ten. A row that signs with the key of the From domain, where there is none, is passed over.
 */
#include <string.h>

#include "dkim/domains_opendkim_private.h"

enum { ADDRESS_ROOM = 1024, LOCAL_MOST = 512 };

/* What is found, in order. */
struct hits {
    const struct dkim_domain **at;
    const struct sender_row **rows;
    size_t count, room;
};

enum { FOUND_MOST = 16 };

static const struct dkim_domain *row_entry(const struct sender_row *row, struct span domain)
{
    return row->by_domain != NULL ? hash_table_get(row->by_domain, domain) : row->entry;
}

/* The same signature a second time? */
static bool is_there(const struct hits *hits, const struct dkim_domain *entry)
{
    for (size_t i = 0; i < hits->count; i++) {
        const struct dkim_domain *other = hits->at[i];
        if (other == entry || (other->key_count > 0 && entry->key_count > 0 &&
                               span_is_equal(span_of(other->d), span_of(entry->d)) &&
                               span_is_equal_nocase(span_of(other->keys[0].selector),
                                                    span_of(entry->keys[0].selector)))) {
            return true;
        }
    }
    return false;
}

/* Patterns in the order of the file, keys of a flat table in the order they are asked for. */
static void put(const struct opendkim *opendkim, struct hits *hits, const struct sender_row *row,
                struct span domain)
{
    const struct dkim_domain *entry = row_entry(row, domain);
    if (entry == NULL || (opendkim->is_multiple && is_there(hits, entry))) {
        return;
    }
    size_t at = hits->count;
    while (opendkim->is_pattern && at > 0 && hits->rows[at - 1]->line > row->line) {
        at--;
    }
    if (at == hits->room) {
        return;
    }
    if (hits->count < hits->room) {
        hits->count++;
    }
    for (size_t i = hits->count - 1; i > at; i--) {
        hits->at[i] = hits->at[i - 1];
        hits->rows[i] = hits->rows[i - 1];
    }
    hits->at[at] = entry;
    hits->rows[at] = row;
}

/* --- flat tables ----------------------------------------------------------------------------- */

/* "LOCAL@REST", or REST alone; false: it does not fit, so it is no key. */
static bool flat_key(struct span local, bool has_local, struct span rest,
                     char out[static ADDRESS_ROOM], struct span *key_r)
{
    size_t size = 0;
    if (local.size + 1 + rest.size > ADDRESS_ROOM) {
        return false;
    }
    if (has_local) {
        memcpy(out, local.at, local.size);
        out[local.size] = '@';
        size = local.size + 1;
    }
    memcpy(out + size, rest.at, rest.size);
    *key_r = (struct span){ out, size + rest.size };
    return true;
}

static bool flat_try(const struct opendkim *opendkim, struct hits *hits, struct span local,
                     bool has_local, struct span rest, struct span domain)
{
    char text[ADDRESS_ROOM];
    struct span key;
    if (flat_key(local, has_local, rest, text, &key)) {
        const struct sender_list *list = hash_table_get(opendkim->by_address, key);
        if (list != NULL) {
            put(opendkim, hits, list->first, domain);
        }
    }
    return hits->count > 0 && !opendkim->is_multiple;
}

static void flat_find(const struct opendkim *opendkim, struct hits *hits, struct span local,
                      struct span domain)
{
    if (flat_try(opendkim, hits, local, true, domain, domain) ||
        flat_try(opendkim, hits, local, false, domain, domain)) {
        return;
    }
    struct span rest = domain; /* then from each dot on */
    ptrdiff_t dot;
    while ((dot = span_find(span_from(rest, 1), '.')) >= 0) {
        rest = span_from(rest, (size_t)dot + 1);
        if (flat_try(opendkim, hits, local, true, rest, domain) ||
            flat_try(opendkim, hits, local, false, rest, domain)) {
            return;
        }
    }
    if (!flat_try(opendkim, hits, local, true, SPAN("*"), domain)) {
        flat_try(opendkim, hits, local, false, SPAN("*"), domain);
    }
}

/* --- tables of patterns ---------------------------------------------------------------------- */

static void list_find(const struct opendkim *opendkim, struct hits *hits,
                      const struct sender_list *list, struct span address, struct span domain)
{
    const struct sender_row *row = list != NULL ? list->first : NULL;
    for (; row != NULL; row = row->next) {
        if (opendkim_matches(row->pattern, address) && row_entry(row, domain) != NULL) {
            put(opendkim, hits, row, domain);
            if (!opendkim->is_multiple) {
                return;
            }
        }
    }
}

/* The next name under which rows may be filed: the domain, each parent, "". False: no more. */
static bool next_ending(struct span *ending_io)
{
    if (ending_io->size == 0) {
        return false;
    }
    ptrdiff_t dot = span_find(*ending_io, '.');
    *ending_io = dot >= 0 ? span_from(*ending_io, (size_t)dot + 1) : span_first(*ending_io, 0);
    return true;
}

static void pattern_find(const struct opendkim *opendkim, struct hits *hits, struct span local,
                         struct span domain)
{
    char text[ADDRESS_ROOM];
    struct span address, ending = domain;
    if (!flat_key(local, true, domain, text, &address)) {
        return;
    }
    list_find(opendkim, hits, hash_table_get(opendkim->by_address, address), address, domain);
    do {
        list_find(opendkim, hits, hash_table_get(opendkim->by_ending, ending), address, domain);
    } while (next_ending(&ending));
    if (!opendkim->is_multiple && hits->count > 1) {
        hits->count = 1;
    }
}

/* --- questions ------------------------------------------------------------------------------- */

static bool is_first(const struct dkim_domain *a, const struct dkim_domain *b, struct span from)
{
    int rank[2];
    const struct dkim_domain *entries[2] = { a, b };
    for (size_t i = 0; i < 2; i++) {
        const struct dkim_domain *entry = entries[i];
        bool is_aligned = entry->d == NULL || span_is_equal(span_of(entry->d), from) ||
                          domain_is_below(span_of(entry->d), from) ||
                          domain_is_below(from, span_of(entry->d));
        bool is_rsa = entry->key_count > 0 && entry->keys[0].key != NULL &&
                      dkim_key_algorithm(entry->keys[0].key) == DKIM_RSA_SHA256;
        rank[i] = (is_aligned ? 0 : 2) + (is_rsa ? 0 : 1);
    }
    return rank[0] < rank[1];
}

/* Stable, and there are few. */
static void put_in_order(const struct dkim_domain **at, size_t count, struct span from)
{
    for (size_t i = 1; i < count; i++) {
        const struct dkim_domain *entry = at[i];
        size_t to = i;
        for (; to > 0 && is_first(entry, at[to - 1], from); to--) {
            at[to] = at[to - 1];
        }
        at[to] = entry;
    }
}

size_t domains_opendkim_find(const struct opendkim *opendkim, struct span local, struct span domain,
                             const struct dkim_domain **found_r, size_t room)
{
    char folded[LOCAL_MOST];
    const struct sender_row *rows[FOUND_MOST];
    struct hits hits = { found_r, rows, 0, room < FOUND_MOST ? room : FOUND_MOST };
    if (domain.size == 0 || domain.size >= DOMAIN_MAX || domain.at[0] == '[' || room == 0) {
        return 0;
    }
    if (opendkim->broken != NULL) {
        found_r[0] = opendkim->broken;
        return 1;
    }
    local = span_first(local, LOCAL_MOST);
    for (size_t i = 0; i < local.size; i++) {
        folded[i] = ascii_lower(local.at[i]);
    }
    local.at = folded;
    if (opendkim->is_pattern) {
        pattern_find(opendkim, &hits, local, domain);
    } else {
        flat_find(opendkim, &hits, local, domain);
    }
    put_in_order(found_r, hits.count, domain);
    return hits.count;
}

/* The first row that speaks of the domain; `or_any`: one that speaks of every domain, too. */
static const struct sender_row *row_of(const struct opendkim *opendkim, struct span domain,
                                       bool or_any)
{
    const struct sender_row *found = hash_table_get(opendkim->by_domain, domain);
    struct span ending = domain;
    do {
        const struct sender_list *list = hash_table_get(opendkim->by_ending, ending);
        const struct sender_row *row = list != NULL ? list->first : NULL;
        for (; row != NULL && (found == NULL || row->line < found->line); row = row->next) {
            bool is_named =
                row->by_domain != NULL || or_any || !span_is_equal(row->domain, SPAN("*"));
            if (is_named && opendkim_matches(row->domain, domain) &&
                row_entry(row, domain) != NULL) {
                found = row;
            }
        }
    } while (next_ending(&ending));
    return found;
}

const struct dkim_domain *domains_opendkim_find_any(const struct opendkim *opendkim,
                                                    struct span domain)
{
    const struct dkim_domain *found[1];
    if (domains_opendkim_find(opendkim, SPAN(""), domain, found, 1) > 0) {
        return found[0];
    }
    const struct sender_row *row =
        domain.size > 0 && domain.at[0] != '[' ? row_of(opendkim, domain, true) : NULL;
    return row != NULL ? row_entry(row, domain) : NULL;
}

bool domains_opendkim_has(const struct opendkim *opendkim, struct span domain)
{
    return domain.size > 0 && domain.at[0] != '[' && row_of(opendkim, domain, false) != NULL;
}

/* --- filing ---------------------------------------------------------------------------------- */

/* The labels at the end of a pattern that are the same in every domain it matches. */
static struct span fixed_ending(struct span domain)
{
    ptrdiff_t star = span_find_last(domain, '*');
    if (star < 0) {
        return domain;
    }
    struct span tail = span_from(domain, (size_t)star + 1);
    ptrdiff_t dot = span_find(tail, '.');
    return dot >= 0 ? span_from(tail, (size_t)dot + 1) : span_first(tail, 0);
}

static bool file_under(struct hash_table *table, struct span name, struct arena *arena,
                       struct sender_row *row)
{
    struct sender_list *list = hash_table_get(table, name);
    if (list == NULL) {
        list = arena_alloc(arena, sizeof(*list));
        if (list == NULL || !hash_table_put(table, name, list, NULL)) {
            return false;
        }
        list->first = row;
    } else {
        list->last->next = row;
    }
    list->last = row;
    return true;
}

/* A flat row is found by its key; it is filed under its ending only to tell which domains it speaks
 * of, so a copy is. */
static bool file_twice(struct opendkim *opendkim, struct arena *arena, struct sender_row *row)
{
    struct sender_row *copy = arena_alloc(arena, sizeof(*copy));
    if (copy == NULL) {
        return false;
    }
    *copy = *row;
    return file_under(opendkim->by_address, row->pattern, arena, row) &&
           file_under(opendkim->by_ending, fixed_ending(row->domain), arena, copy);
}

bool opendkim_file_row(struct opendkim *opendkim, struct arena *arena, struct sender_row *row)
{
    bool is_address = span_find(row->pattern, '@') >= 0 && span_find(row->domain, '*') < 0 &&
                      (!opendkim->is_pattern || span_find(row->pattern, '*') < 0);
    if (!is_address) {
        return opendkim->is_pattern
                   ? file_under(opendkim->by_ending, fixed_ending(row->domain), arena, row)
                   : file_twice(opendkim, arena, row);
    }
    return file_under(opendkim->by_address, row->pattern, arena, row) &&
           (hash_table_get(opendkim->by_domain, row->domain) != NULL ||
            hash_table_put(opendkim->by_domain, row->domain, row, NULL));
}
