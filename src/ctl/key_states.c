/*
 * key_states: joins the store's records with the keys of the configuration and of the folder.
 */
#include "ctl/key_states.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/load.h"
#include "state/settings.h"

/* As the watch has it: as long as mail servers commonly try (RFC 5321 4.5.4.1), and for how long a
 * signature without x= is still looked at. */
#define QUEUE_S (5 * INT64_C(86400))
#define NEVER_EXPIRES_S (7 * INT64_C(86400))

/* --- the store ------------------------------------------------------------------------------- */

static const char *directory_of(const struct site *site)
{
    const struct state_settings *settings = config_settings(site->config, &state_settings_table);

    return settings->directory;
}

void key_states_look(const struct site *site, struct key_states *states_r)
{
    int64_t expire_s = site->signing->expire_s > 0 ? site->signing->expire_s : NEVER_EXPIRES_S;

    *states_r =
        (struct key_states){ .why = { "" }, .rules = { .retire_after_s = expire_s + QUEUE_S } };
    states_r->store = store_open_to_read(directory_of(site), &states_r->why);
}

void key_states_trouble(const struct key_states *states, struct error *why_r)
{
    if (!store_trouble(states->store, why_r))
        error_set(why_r, "what is kept of the keys is of a newer version");
}

static void complain_of_trouble(struct ctl *ctl, const struct key_states *states)
{
    struct error why;

    key_states_trouble(states, &why);
    ctl_fail(ctl, CTL_CANNOT_WRITE, "%s", why.text);
}

bool key_states_open(struct ctl *ctl, const struct site *site, struct key_states *states_r)
{
    key_states_look(site, states_r);
    if (states_r->store == NULL) {
        ctl_fail(ctl, CTL_CANNOT_WRITE, "nothing is known of any key yet: %s", states_r->why.text);
        return false;
    }
    store_close(&states_r->store);
    states_r->store = store_open(directory_of(site));
    if (states_r->store != NULL && store_is_shared(states_r->store))
        return true;
    if (states_r->store == NULL)
        ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    else
        complain_of_trouble(ctl, states_r);
    store_close(&states_r->store);
    return false;
}

void key_states_close(struct key_states *states)
{
    store_close(&states->store);
}

/* --- records --------------------------------------------------------------------------------- */

struct filling {
    struct key_set *set;
    const struct site *site;
    const char *domain;
    size_t count; /* entries that were there before: those found may stand twice */
    bool is_done;
};

/* "selector._domainkey.domain" in two. */
static bool name_cut(struct span name, struct span *selector_r, struct span *domain_r)
{
    static const struct span middle = { "._domainkey.", 12 };

    for (size_t i = 1; i + middle.size < name.size; i++) {
        if (span_is_equal(span_first(span_from(name, i), middle.size), middle)) {
            *selector_r = span_first(name, i);
            *domain_r = span_from(name, i + middle.size);
            return true;
        }
    }
    return false;
}

/* The key of an entry that follows the From domain, as it signs for this one. */
static const struct key_entry *find_follower(const struct filling *filling, struct span selector,
                                             struct span domain)
{
    struct dkim_key *key = dkim_domains_key(filling->site->domains, domain, selector);

    for (size_t i = 0; key != NULL && i < filling->count; i++) {
        const struct key_entry *entry = &filling->set->at[i];

        if (entry->key == key && entry->domain[0] == '\0' &&
            span_is_equal_nocase(span_of(entry->selector), selector))
            return entry;
    }
    return NULL;
}

static bool add_unnamed(struct filling *filling, struct span name, const struct key_record *record)
{
    struct span selector, domain;
    const struct key_entry *like;
    struct key_entry *entry;
    struct dkim_key *key = NULL;
    const char *path = NULL;
    char text[KEY_NAME_ROOM], matches[DOMAIN_MAX];

    if (!name_cut(name, &selector, &domain))
        return true;
    snprintf(text, sizeof(text), "%.*s", SPAN_ARG(selector));
    snprintf(matches, sizeof(matches), "%.*s", SPAN_ARG(domain));
    like = find_follower(filling, selector, domain);
    if (like != NULL) {
        key = dkim_key_ref(like->key);
        path = like->path;
        snprintf(matches, sizeof(matches), "%s", like->matches);
    }
    entry = key_set_add(filling->set); /* moves what `like` points to */
    if (entry == NULL || !key_entry_fill(entry, span_of(matches), domain, text, path)) {
        dkim_key_unref(&key);
        return false;
    }
    entry->key = key;
    entry->is_configured = key != NULL;
    entry->is_known = true;
    entry->record = *record;
    return true;
}

static bool is_of_domain(struct span name, const char *domain)
{
    struct span selector, found;

    return domain == NULL ||
           (name_cut(name, &selector, &found) && span_is_equal_nocase(found, span_of(domain)));
}

static bool note_record(struct span name, const struct key_record *record, void *context)
{
    struct filling *filling = context;
    bool is_found = false;

    if (!is_of_domain(name, filling->domain))
        return true;
    for (size_t i = 0; i < filling->count; i++) {
        struct key_entry *entry = &filling->set->at[i];

        if (!span_is_equal(span_of(entry->name), name))
            continue;
        entry->is_known = true;
        entry->record = *record;
        is_found = true;
    }
    filling->is_done = is_found || add_unnamed(filling, name, record);
    return filling->is_done;
}

bool key_states_fill(struct key_states *states, const struct site *site, const char *domain,
                     struct key_set *set)
{
    struct filling filling = { set, site, domain, set->count, true };

    if (states->store != NULL && !key_record_walk(states->store, note_record, &filling) &&
        filling.is_done)
        error_set(&states->why, "what is kept of the keys cannot be read");
    return filling.is_done;
}

/* --- who signs ------------------------------------------------------------------------------- */

static const struct dkim_domain *row_of(const struct site *site, const struct key_entry *entry)
{
    for (size_t i = 0; i < dkim_domains_count(site->domains); i++) {
        const struct dkim_domain *row = dkim_domains_at(site->domains, i);

        if (strcmp(row->name, entry->matches) == 0)
            return row;
    }
    return NULL;
}

/* False: out of memory. */
static bool mark_entry(struct key_proofs *proofs, const struct site *site, struct key_entry *entry)
{
    const struct dkim_domain *row = row_of(site, entry);
    bool *uses = row != NULL ? calloc(row->key_count + 1, sizeof(*uses)) : NULL;

    if (row == NULL)
        return true;
    if (uses == NULL)
        return false;
    if (key_proofs_choose(proofs, row, span_of(entry->domain), site->signing->require_published,
                          uses) == KEY_CHOICE_SIGN) {
        for (size_t i = 0; i < row->key_count; i++) {
            if (strcmp(row->keys[i].selector, entry->selector) == 0)
                entry->signs = uses[i];
        }
    }
    free(uses);
    return true;
}

bool key_states_mark_signing(const struct site *site, struct key_set *set)
{
    struct key_proofs *proofs = key_proofs_new();
    bool is_done = proofs != NULL;

    for (size_t i = 0; i < set->count && is_done; i++) {
        if (set->at[i].is_known)
            is_done = key_proofs_set(proofs, span_of(set->at[i].name), &set->at[i].record);
    }
    for (size_t i = 0; i < set->count && is_done; i++) {
        struct key_entry *entry = &set->at[i];

        if (!entry->is_configured || entry->key == NULL)
            continue;
        if (entry->domain[0] != '\0')
            is_done = mark_entry(proofs, site, entry);
        else
            entry->signs = !site->signing->require_published; /* as for a domain never met */
    }
    key_proofs_free(&proofs);
    return is_done;
}

bool key_states_gather(const struct ctl *ctl, const struct site *site, struct key_states *states,
                       struct key_set *set)
{
    struct buffer directory = BUFFER_EMPTY;
    bool is_done;

    load_key_directory(ctl, site, &directory);
    is_done = key_set_add_configured(set, site) && key_set_add_beside(set) &&
              key_set_add_folders(set, buffer_text(&directory)) &&
              key_states_fill(states, site, NULL, set) && key_states_mark_signing(site, set);
    buffer_free(&directory);
    return is_done;
}
