/*
 * domains_list: gathers names in hash tables, so that each is listed once, then makes things of
 * them.
 */
#include "watch/domains_list.h"

#include <stdio.h>
#include <stdlib.h>

#include "util/domain.h"

enum { MEMORY_MAX = 256 * 1024 * 1024, KINDS_OF_DOMAIN = 3, PRUNED_MAX = 4096 };

struct domains_list {
    struct arena *arena;
    struct hash_table *watched; /* domains, to the list itself */
    struct hash_table *keys;    /* of all things */
    struct domains_thing *things;
    size_t count, room;
};

static bool note_domain(struct domains_list *list, const char *name)
{
    return hash_table_put(list->watched, span_of(name), list, NULL);
}

static bool note_pool(struct domains_list *list, const struct egress_pool_settings *pool)
{
    for (size_t i = 0; i < pool->domains.count; i++) {
        char name[DOMAIN_MAX];
        if (domain_to_ascii(span_of(pool->domains.at[i]), name) && !note_domain(list, name)) {
            return false;
        }
    }
    return true;
}

/* Is what it signs with a domain of ours, too? */
static bool has_own_d(const struct dkim_domain *domain)
{
    struct span name = span_of(domain->name), d = span_of(domain->d);
    if (domain->d == NULL || domain->third_party) {
        return false;
    }
    return span_is_equal(name, SPAN("*")) || domain_is_below(name, d) || domain_is_below(d, name);
}

static bool gather(struct domains_list *list, const struct site *site)
{
    const struct egress_pool_settings *pools = site->egress_settings->pools.at;
    for (size_t i = 0; i < dkim_domains_count(site->domains); i++) {
        const struct dkim_domain *domain = dkim_domains_at(site->domains, i);
        bool is_any = span_is_equal(span_of(domain->name), SPAN("*"));
        if ((!is_any && !note_domain(list, domain->name)) ||
            (has_own_d(domain) && !note_domain(list, domain->d))) {
            return false;
        }
    }
    for (size_t i = 0; i < site->egress_settings->pools.count; i++) {
        if (!note_pool(list, &pools[i])) {
            return false;
        }
    }
    return true;
}

/* NULL: memory. */
static struct egress *make_egress(struct domains_list *list, const struct ip *addresses,
                                  size_t count, const char *helo)
{
    struct egress *egress = arena_alloc(list->arena, sizeof(*egress));
    struct ip *copy = arena_array(list->arena, count + 1, sizeof(*copy));
    struct span name = helo != NULL ? arena_copy(list->arena, span_of(helo)) : span_of(NULL);
    if (egress == NULL || copy == NULL || (helo != NULL && name.at == NULL)) {
        return NULL;
    }
    if (count > 0) {
        memcpy(copy, addresses, count * sizeof(*copy));
    }
    *egress =
        (struct egress){ .name = "", .addresses = copy, .address_count = count, .helo = name.at };
    return egress;
}

static bool add(struct domains_list *list, enum domains_kind kind, struct span name,
                const struct egress *egress)
{
    char room[STORE_KEY_MAX];
    if (list->count == list->room) {
        size_t more = list->room > 0 ? list->room * 2 : 64;
        struct domains_thing *grown = realloc(list->things, more * sizeof(*grown));
        if (grown == NULL) {
            return false;
        }
        list->things = grown;
        list->room = more;
    }
    struct domains_thing *thing = &list->things[list->count++];
    *thing = (struct domains_thing){
        .kind = kind,
        .subject = { arena_copy(list->arena, name), egress, list->watched },
    };
    return egress != NULL && thing->subject.domain.at != NULL &&
           hash_table_put(list->keys, domains_key(thing, room), list, NULL);
}

/* One of the list's for each pool, so that 10 000 domains do not have 10 000. */
static struct egress **copy_pools(struct domains_list *list, const struct site *site)
{
    size_t count = egress_count(site->egress_pools);
    struct egress **copies = arena_array(list->arena, count, sizeof(struct egress *));
    for (size_t i = 0; copies != NULL && i < count; i++) {
        const struct egress *pool = egress_at(site->egress_pools, i);
        copies[i] = make_egress(list, pool->addresses, pool->address_count, pool->helo);
        if (copies[i] == NULL) {
            return NULL;
        }
    }
    return copies;
}

static const struct egress *copy_of(const struct egress *pool, const struct site *site,
                                    struct egress *const *copies)
{
    size_t i = 0;
    while (egress_at(site->egress_pools, i) != pool) {
        i++;
    }
    return copies[i];
}

static bool add_domains(struct domains_list *list, const struct site *site,
                        struct egress *const *copies)
{
    struct span name;
    size_t position = 0;
    while (hash_table_next(list->watched, &position, &name, NULL)) {
        const struct egress *egress = copy_of(egress_of(site->egress_pools, name), site, copies);
        if (!add(list, DOMAINS_SPF, name, egress) || !add(list, DOMAINS_DMARC, name, egress) ||
            !add(list, DOMAINS_MX, name, egress)) {
            return false;
        }
    }
    return true;
}

static bool has_key(const struct domains_list *list, enum domains_kind kind, struct span name)
{
    struct domains_thing thing = { .kind = kind, .subject = { .domain = name } };
    char room[STORE_KEY_MAX];
    return hash_table_get(list->keys, domains_key(&thing, room)) != NULL;
}

static bool add_addresses(struct domains_list *list, const struct egress *pool)
{
    for (size_t i = 0; i < pool->address_count; i++) {
        char text[IP_TEXT_MAX];
        ip_print(&pool->addresses[i], text);
        if (!has_key(list, DOMAINS_PTR, span_of(text)) &&
            !add(list, DOMAINS_PTR, span_of(text),
                 make_egress(list, &pool->addresses[i], 1, pool->helo))) {
            return false;
        }
    }
    return true;
}

/* One thing for a name, with the addresses of all pools that greet as it. */
static bool add_helo(struct domains_list *list, const struct site *site, const char *helo)
{
    size_t count = 0, pools = egress_count(site->egress_pools);
    for (size_t i = 0; i < pools; i++) {
        count += egress_at(site->egress_pools, i)->address_count;
    }
    struct ip *addresses = calloc(count + 1, sizeof(*addresses));
    if (addresses == NULL) {
        return false;
    }
    count = 0;
    for (size_t i = 0; i < pools; i++) {
        const struct egress *pool = egress_at(site->egress_pools, i);
        for (size_t k = 0; k < pool->address_count && pool->helo != NULL; k++) {
            if (span_is_equal(span_of(pool->helo), span_of(helo))) {
                addresses[count++] = pool->addresses[k];
            }
        }
    }
    bool good = count == 0 ||
                add(list, DOMAINS_HELO, span_of(helo), make_egress(list, addresses, count, helo));
    free(addresses);
    return good;
}

static bool add_pools(struct domains_list *list, const struct site *site)
{
    for (size_t i = 0; i < egress_count(site->egress_pools); i++) {
        const struct egress *pool = egress_at(site->egress_pools, i);
        if (!add_addresses(list, pool) ||
            (pool->helo != NULL && !has_key(list, DOMAINS_HELO, span_of(pool->helo)) &&
             !add_helo(list, site, pool->helo))) {
            return false;
        }
    }
    return true;
}

static bool build(struct domains_list *list, const struct site *site)
{
    list->arena = arena_new(MEMORY_MAX);
    list->watched = hash_table_new();
    list->keys = hash_table_new();
    if (list->arena == NULL || list->watched == NULL || list->keys == NULL) {
        return false;
    }
    if (site == NULL) {
        return true;
    }
    if (!gather(list, site)) {
        return false;
    }
    struct egress **copies = copy_pools(list, site);
    return copies != NULL && add_domains(list, site, copies) && add_pools(list, site);
}

struct domains_list *domains_list_new(const struct site *site)
{
    struct domains_list *list = calloc(1, sizeof(*list));
    if (list != NULL && !build(list, site)) {
        domains_list_free(&list);
    }
    return list;
}

void domains_list_free(struct domains_list **list)
{
    if (*list == NULL) {
        return;
    }
    hash_table_free(&(*list)->watched);
    hash_table_free(&(*list)->keys);
    arena_free(&(*list)->arena);
    free((*list)->things);
    free(*list);
    *list = NULL;
}

size_t domains_list_count(const struct domains_list *list)
{
    return list->count;
}

struct domains_thing *domains_list_at(struct domains_list *list, size_t index)
{
    return &list->things[index];
}

struct span domains_key(const struct domains_thing *thing, char out[static STORE_KEY_MAX])
{
    int size =
        snprintf(out, STORE_KEY_MAX, DOMAINS_KEY_PREFIX "%s/%.*s", domains_kind_name(thing->kind),
                 SPAN_ARG(span_first(thing->subject.domain, DOMAIN_MAX)));
    return (struct span){ out, (size_t)size };
}

bool domains_key_read(struct span key, enum domains_kind *kind_r, struct span *name_r)
{
    struct span rest = span_from(key, sizeof(DOMAINS_KEY_PREFIX) - 1);
    ptrdiff_t slash = span_find(rest, '/');
    for (int kind = 0; slash > 0 && kind < DOMAINS_KIND_COUNT; kind++) {
        if (span_is_equal(span_first(rest, (size_t)slash),
                          span_of(domains_kind_name((enum domains_kind)kind)))) {
            *kind_r = (enum domains_kind)kind;
            *name_r = span_from(rest, (size_t)slash + 1);
            return true;
        }
    }
    return false;
}

struct pruning {
    const struct domains_list *list;
    struct buffer keys; /* that go, each ended by LF, which no key holds */
    size_t count;
};

static bool note_key(struct span key, struct span value, void *context)
{
    struct pruning *pruning = context;
    (void)value;
    if (hash_table_get(pruning->list->keys, key) == NULL) {
        buffer_add_span(&pruning->keys, key);
        buffer_add_char(&pruning->keys, '\n');
        pruning->count++;
    }
    return pruning->count < PRUNED_MAX;
}

void domains_list_prune(const struct domains_list *list, struct store *store)
{
    struct pruning pruning = { list, BUFFER_EMPTY, 0 };
    store_walk(store, STORE_WATCH, SPAN(DOMAINS_KEY_PREFIX), note_key, &pruning);
    struct span rest = buffer_span(&pruning.keys);
    struct span key;
    while (!buffer_has_failed(&pruning.keys) && span_cut(&rest, '\n', &key)) {
        if (key.size > 0) {
            store_remove(store, STORE_WATCH, key);
        }
    }
    buffer_free(&pruning.keys);
}
