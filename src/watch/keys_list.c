/*
 * keys_list: whose records are looked at.
 *
 * There are the keys of entries with a fixed d, and those of "{from}" and "*" for the From domains
 * that mail was signed for (key_proofs_choose() notes them; the store keeps them). A name is about
 * one key: with another file under it everything begins anew.
 */
#include "watch/keys_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_LIFETIME_S (5 * 86400)
#define NEVER_EXPIRES_S (7 * 86400) /* for how long a signature without x= is still looked at */

static void look_free(struct key_look *look)
{
    dkim_key_unref(&look->key);
    free(look->path);
    free(look);
}

void keys_free(struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        look_free(keys->all[i]);
    }
    hash_table_free(&keys->by_name);
    free(keys->all);
    free(keys);
}

struct keys *keys_new(void)
{
    struct keys *keys = calloc(1, sizeof(*keys));
    if (keys != NULL) {
        keys->by_name = hash_table_new();
        if (keys->by_name == NULL) {
            keys_free(keys);
            keys = NULL;
        }
    }
    return keys;
}

bool keys_claim(struct key_record *record_io, bool is_found, void *context)
{
    const struct key_claim *claim = context;
    if (record_io->key_id == claim->look->key_id) {
        return false;
    }
    if (!is_found || record_io->key_id != 0) {
        *record_io = (struct key_record){ .state = KEY_NEW, .since_s = claim->now_s };
        snprintf(record_io->reason, sizeof(record_io->reason), "%s",
                 is_found ? "another key has taken its place" : "");
    }
    record_io->key_id = claim->look->key_id;
    return true;
}

void keys_show(struct watch *watch, const struct key_look *look, struct key_record *record_r)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    *record_r = (struct key_record){ .state = KEY_NEW };
    if (key_record_load(setup->store, look->name, record_r) == STORE_FOUND) {
        key_proofs_set(setup->proofs, look->name, record_r);
    }
}

/* --- the list ------------------------------------------------------------------------------------
 */

static struct key_look *look_new(struct span name)
{
    struct key_look *look = calloc(1, sizeof(*look) + name.size + 1);
    if (look != NULL) {
        char *bytes = (char *)(look + 1);
        memcpy(bytes, name.at, name.size);
        look->name = (struct span){ bytes, name.size };
        look->is_urgent = true;
    }
    return look;
}

static bool list_look(struct keys *keys, struct key_look *look)
{
    if (keys->count == keys->room) {
        size_t room = keys->room > 0 ? keys->room * 2 : 64;
        struct key_look **all = realloc(keys->all, room * sizeof(struct key_look *));
        if (all == NULL) {
            return false;
        }
        keys->all = all;
        keys->room = room;
    }
    if (!hash_table_put(keys->by_name, look->name, look, NULL)) {
        return false;
    }
    keys->all[keys->count++] = look;
    return true;
}

/* One that is not there for want of memory is there after the next reload. */
static void list_key(struct watch *watch, struct keys *keys, struct span name, struct dkim_key *key,
                     const char *path)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct key_look *look = hash_table_get(keys->by_name, name);
    struct key_record record;
    if (look == NULL) {
        look = look_new(name);
        if (look == NULL || !list_look(keys, look)) {
            free(look);
            return;
        }
    }
    look->round = keys->round;
    dkim_key_unref(&look->key);
    look->key = dkim_key_ref(key);
    free(look->path);
    look->path = span_strdup(span_of(path));
    uint64_t id = dkim_key_id(key);
    if (look->key_id == id) {
        return;
    }
    look->key_id = id;
    look->due_ns = 0;
    look->told[0] = '\0';
    struct key_claim claimed = { look, clock_wall_s(setup->clock) };
    key_record_update(setup->store, look->name, STORE_SOON, keys_claim, &claimed);
    keys_show(watch, look, &record);
}

static void list_fixed(struct watch *watch, struct keys *keys, const struct dkim_domain *domain)
{
    char name[KEY_NAME_ROOM];
    for (size_t i = 0; i < domain->key_count; i++) {
        const struct dkim_domain_key *row = &domain->keys[i];
        if (row->key != NULL && key_name(span_of(row->selector), span_of(domain->d), name)) {
            list_key(watch, keys, span_of(name), row->key, row->path);
        }
    }
}

/* A name that signing met, or that the store has from before: of a key without a fixed d? */
static void list_met(struct watch *watch, struct keys *keys, const struct site *site,
                     struct span name)
{
    const char *middle = memmem(name.at, name.size, KEY_NAME_MIDDLE, sizeof(KEY_NAME_MIDDLE) - 1);
    const struct key_look *look = hash_table_get(keys->by_name, name);
    if (middle == NULL || (look != NULL && look->round == keys->round)) {
        return;
    }
    struct span selector = { name.at, (size_t)(middle - name.at) };
    struct span d = span_from(name, selector.size + sizeof(KEY_NAME_MIDDLE) - 1);
    struct dkim_key *key = dkim_domains_key(site->domains, d, selector);
    if (key != NULL) {
        list_key(watch, keys, name, key, "the key of an entry for any domain");
    }
}

/* Looks that are on the list no more. */
static void drop_others(struct keys *keys)
{
    struct hash_table *by_name = hash_table_new();
    size_t kept = 0;
    if (by_name == NULL) {
        return; /* looked at in vain until the next reload */
    }
    for (size_t i = 0; i < keys->count; i++) {
        struct key_look *look = keys->all[i];
        if (look->round == keys->round && hash_table_put(by_name, look->name, look, NULL)) {
            keys->all[kept++] = look;
        } else {
            look_free(look);
        }
    }
    keys->count = kept;
    hash_table_free(&keys->by_name);
    keys->by_name = by_name;
}

static void take_settings(struct keys *keys, const struct signing_settings *signing)
{
    int64_t expire_s = signing->expire_s > 0 ? signing->expire_s : NEVER_EXPIRES_S;
    keys->every_s = signing->prove_every_s;
    keys->rules = (struct key_rules){ .lost_after_s = signing->lost_after_s,
                                      .retire_after_s = expire_s + QUEUE_LIFETIME_S };
}

void keys_list(struct watch *watch, struct keys *keys)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct site *site = site_holder_get(setup->holder);
    struct span name;
    bool has_record, is_new = keys->generation != site->generation;
    if (is_new) {
        keys->generation = site->generation;
        keys->round++;
        keys->met = 0;
        take_settings(keys, site->signing);
        for (size_t i = 0; i < dkim_domains_count(site->domains); i++) {
            const struct dkim_domain *domain = dkim_domains_at(site->domains, i);
            if (domain->d != NULL) {
                list_fixed(watch, keys, domain);
            }
        }
    }
    while (key_proofs_next(setup->proofs, &keys->met, &name, &has_record)) {
        list_met(watch, keys, site, name);
    }
    if (is_new) {
        drop_others(keys);
    }
    site_unref(&site);
}
