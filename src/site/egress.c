/*
 * egress: the pools of addresses that mail leaves from, by the domain of the envelope sender. Who
 * has no pool of his own leaves by outgoing.addresses.
 */
#include "site/egress.h"

#include <stdlib.h>

#include "util/domain.h"
#include "util/hash_table.h"

enum { MEMORY_MAX = 16 * 1024 * 1024 };

struct egress_pools {
    struct arena *arena;
    struct egress *all; /* [0]: of all other mail */
    size_t count;
    struct hash_table *by_domain; /* A-labels to struct egress */
    struct egress_rewriting *steps;
    size_t step_count;
};

static const char *keep_name(struct egress_pools *pools, const char *name)
{
    char ascii[DOMAIN_MAX];
    if (name == NULL || !domain_to_ascii(span_of(name), ascii)) {
        return NULL; /* its row accepted it */
    }
    return arena_copy(pools->arena, span_of(ascii)).at;
}

static bool fill(struct egress_pools *pools, struct egress *egress, const char *name,
                 const struct config_texts *addresses, const char *helo)
{
    struct ip *ips = arena_array(pools->arena, addresses->count, sizeof(*ips));
    if (ips == NULL) {
        return false;
    }
    for (size_t i = 0; i < addresses->count; i++) {
        ip_parse(span_of(addresses->at[i]), &ips[i]); /* its row accepted it */
    }
    *egress = (struct egress){ .name = name,
                               .addresses = ips,
                               .address_count = addresses->count,
                               .helo = keep_name(pools, helo) };
    return helo == NULL || egress->helo != NULL;
}

/* One domain, one pool. */
static bool claim_domains(struct egress_pools *pools, struct egress *egress,
                          const struct egress_pool_settings *row, struct config_report *report)
{
    for (size_t i = 0; i < row->domains.count; i++) {
        void *previous = NULL;
        const char *name = keep_name(pools, row->domains.at[i]);
        if (name == NULL || !hash_table_put(pools->by_domain, span_of(name), egress, &previous)) {
            return false;
        }
        if (previous != NULL) {
            config_complain(report, CONFIG_ERROR, &row->place, "outgoing.egress",
                            "\"%s\" leaves by the pool \"%s\" already", name,
                            ((const struct egress *)previous)->name);
        }
    }
    return true;
}

static bool read_steps(struct egress_pools *pools, const struct config_texts *texts)
{
    pools->steps = arena_array(pools->arena, texts->count, sizeof(*pools->steps));
    if (pools->steps == NULL) {
        return false;
    }
    for (size_t i = 0; i < texts->count; i++) {
        struct egress_rewriting *step = &pools->steps[pools->step_count];
        if (!egress_rewriting_read(span_of(texts->at[i]), step)) {
            continue; /* complained of by its row */
        }
        if (step->kind != EGRESS_CANONICAL) {
            step->what = span_of(keep_name(pools, step->what.at));
        }
        if (step->what.at == NULL) {
            return false;
        }
        pools->step_count++;
    }
    return true;
}

static bool build(struct egress_pools *pools, const struct egress_settings *settings,
                  struct config_report *report)
{
    const struct egress_pool_settings *rows = settings->pools.at;
    pools->arena = arena_new(MEMORY_MAX);
    pools->by_domain = hash_table_new();
    if (pools->arena == NULL || pools->by_domain == NULL) {
        return false;
    }
    pools->count = settings->pools.count + 1;
    pools->all = arena_array(pools->arena, pools->count, sizeof(*pools->all));
    if (pools->all == NULL || !read_steps(pools, &settings->rewrite) ||
        !fill(pools, &pools->all[0], "", &settings->addresses, settings->helo)) {
        return false;
    }
    for (size_t i = 0; i < settings->pools.count; i++) {
        struct egress *egress = &pools->all[i + 1];
        const char *helo = rows[i].helo != NULL ? rows[i].helo : settings->helo;
        if (!fill(pools, egress, rows[i].name, &rows[i].addresses, helo) ||
            !claim_domains(pools, egress, &rows[i], report)) {
            return false;
        }
    }
    return true;
}

struct egress_pools *egress_pools_build(const struct config *config, struct config_report *report)
{
    struct egress_pools *pools = calloc(1, sizeof(*pools));
    if (pools == NULL || !build(pools, config_settings(config, &site_egress_table), report)) {
        config_complain(report, CONFIG_ERROR, NULL, "outgoing.egress", "out of memory");
        egress_pools_free(&pools);
    }
    return pools;
}

void egress_pools_free(struct egress_pools **pools)
{
    if (*pools == NULL) {
        return;
    }
    hash_table_free(&(*pools)->by_domain);
    arena_free(&(*pools)->arena);
    free(*pools);
    *pools = NULL;
}

const struct egress *egress_of(const struct egress_pools *pools, struct span envelope_domain)
{
    struct span name = envelope_domain;
    while (name.size > 0) {
        const struct egress *egress = hash_table_get(pools->by_domain, name);
        if (egress != NULL) {
            return egress;
        }
        ptrdiff_t dot = span_find(name, '.');
        name = dot < 0 ? (struct span){ NULL, 0 } : span_from(name, (size_t)dot + 1);
    }
    return &pools->all[0];
}

size_t egress_count(const struct egress_pools *pools)
{
    return pools->count;
}

const struct egress *egress_at(const struct egress_pools *pools, size_t index)
{
    return &pools->all[index];
}

const struct egress_rewriting *egress_steps(const struct egress_pools *pools, size_t *count_r)
{
    *count_r = pools->step_count;
    return pools->steps;
}
