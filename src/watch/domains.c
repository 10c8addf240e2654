/*
 * domains: when what is looked at.
 *
 * Each thing has a time when it is due. A handful of what is due is taken at once; then the pace
 * says when the next may be: so that all of them take the whole interval, or, while there are some
 * that were never looked at or somebody asked, as many a second as are allowed.
 */
#include "watch/domains.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "watch/domains_handful.h"
#include "watch/domains_list.h"
#include "watch/domains_settings.h"

#define NS_A_SECOND UINT64_C(1000000000)
#define NS_A_MS UINT64_C(1000000)

struct domains_watch {
    struct domains_setup setup;
    struct domains_list *list; /* NULL: none yet */
    uint64_t generation;       /* of the snapshot it was made of */
    uint64_t every_ns;
    uint64_t next_ns; /* by the pace; clock_mono */
    size_t cursor;    /* where the search for what is due begins, so that nobody waits for ever */
    struct domains_told told;
    atomic_bool is_hurried;
};

struct domains_watch *domains_watch_new(const struct domains_setup *setup)
{
    struct domains_watch *watch = calloc(1, sizeof(*watch));
    if (watch != NULL) {
        watch->setup = *setup;
        atomic_init(&watch->is_hurried, false);
    }
    return watch;
}

void domains_watch_free(struct domains_watch **watch)
{
    if (*watch != NULL) {
        domains_list_free(&(*watch)->list);
        free(*watch);
        *watch = NULL;
    }
}

void domains_watch_hurry(struct domains_watch *watch)
{
    atomic_store(&watch->is_hurried, true);
}

/* When each is due, by what the store knows: a restart begins no new round. */
static void plan(struct domains_watch *watch, uint64_t now_ns)
{
    int64_t now_s = clock_wall_s(watch->setup.clock);
    int64_t every_s = (int64_t)(watch->every_ns / NS_A_SECOND);
    for (size_t i = 0; i < domains_list_count(watch->list); i++) {
        struct domains_thing *thing = domains_list_at(watch->list, i);
        int64_t looked_s = domains_looked_s(watch->setup.store, thing);
        int64_t left_s = looked_s + every_s - now_s;
        thing->is_pressing = looked_s == 0;
        if (looked_s == 0 || left_s <= 0) {
            thing->due_ns = now_ns;
        } else { /* a clock that was set back delays nothing for longer than usual */
            thing->due_ns = now_ns + (uint64_t)(left_s < every_s ? left_s : every_s) * NS_A_SECOND;
        }
    }
}

static void renew(struct domains_watch *watch, const struct site *site, uint64_t now_ns)
{
    const struct domains_settings *settings =
        config_settings(site->config, &domains_settings_table);
    struct domains_list *list = domains_list_new(settings->every_s > 0 ? site : NULL);
    if (list == NULL) {
        return; /* out of memory: the old one goes on until the next call */
    }
    domains_list_free(&watch->list);
    watch->list = list;
    watch->generation = site->generation;
    watch->every_ns = (uint64_t)settings->every_s * NS_A_SECOND;
    watch->next_ns = now_ns;
    watch->cursor = 0;
    domains_list_prune(list, watch->setup.store);
    plan(watch, now_ns);
}

/* The list is that of the snapshot in force. */
static void keep_up(struct domains_watch *watch, uint64_t now_ns)
{
    struct site *site = site_holder_get(watch->setup.holder);
    if (watch->list == NULL || watch->generation != site->generation) {
        renew(watch, site, now_ns);
    }
    site_unref(&site);
    if (watch->list != NULL && atomic_exchange(&watch->is_hurried, false)) {
        for (size_t i = 0; i < domains_list_count(watch->list); i++) {
            domains_list_at(watch->list, i)->due_ns = now_ns;
            domains_list_at(watch->list, i)->is_pressing = true;
        }
        watch->next_ns = now_ns;
    }
}

/* What is due, pressing ones alone where there are any. */
static size_t choose(struct domains_watch *watch, uint64_t now_ns, struct domains_thing **chosen)
{
    size_t count = 0, all = domains_list_count(watch->list);
    for (int pass = 0; pass < 2 && count == 0; pass++) {
        for (size_t i = 0; i < all && count < DOMAINS_AT_ONCE; i++) {
            size_t index = (watch->cursor + i) % all;
            struct domains_thing *thing = domains_list_at(watch->list, index);
            if (thing->due_ns <= now_ns && (pass == 1 || thing->is_pressing)) {
                chosen[count++] = thing;
            }
        }
    }
    if (count > 0) {
        watch->cursor = (size_t)(chosen[count - 1] - domains_list_at(watch->list, 0) + 1) % all;
    }
    return count;
}

/* From one look to the next. */
static uint64_t pace_ns(const struct domains_watch *watch, bool is_pressing)
{
    uint64_t least = NS_A_SECOND / DOMAINS_A_SECOND;
    uint64_t even = watch->every_ns / domains_list_count(watch->list);
    return is_pressing || even < least ? least : even;
}

static void look(struct domains_watch *watch, struct domains_thing **things, size_t count)
{
    bool has_told[DOMAINS_AT_ONCE];
    uint64_t begun_ns = clock_mono_ns(watch->setup.clock);
    bool is_pressing = things[0]->is_pressing;
    uint64_t retry_ns = DOMAINS_RETRY_S * NS_A_SECOND;
    domains_handful(&watch->setup, &watch->told, things, count, has_told);
    for (size_t i = 0; i < count; i++) {
        bool is_soon = !has_told[i] && retry_ns < watch->every_ns;
        things[i]->due_ns = begun_ns + (is_soon ? retry_ns : watch->every_ns);
        things[i]->is_pressing = false;
    }
    watch->next_ns = begun_ns + count * pace_ns(watch, is_pressing);
}

/* When something is due again, and the pace allows it. */
static uint64_t next_time(const struct domains_watch *watch)
{
    uint64_t first_ns = UINT64_MAX;
    for (size_t i = 0; i < domains_list_count(watch->list); i++) {
        uint64_t due_ns = domains_list_at(watch->list, i)->due_ns;
        first_ns = due_ns < first_ns ? due_ns : first_ns;
    }
    return first_ns > watch->next_ns ? first_ns : watch->next_ns;
}

/* Is there something left that was never tried? */
static bool is_pressed(const struct domains_watch *watch)
{
    for (size_t i = 0; i < domains_list_count(watch->list); i++) {
        if (domains_list_at(watch->list, i)->is_pressing) {
            return true;
        }
    }
    return false;
}

uint64_t domains_watch_work(struct domains_watch *watch)
{
    struct domains_thing *chosen[DOMAINS_AT_ONCE];
    uint64_t now_ns = clock_mono_ns(watch->setup.clock);
    keep_up(watch, now_ns);
    if (watch->list == NULL || domains_list_count(watch->list) == 0) {
        return DOMAINS_IDLE_MS;
    }
    if (now_ns >= watch->next_ns) {
        size_t count = choose(watch, now_ns, chosen);
        if (count > 0) {
            look(watch, chosen, count);
        }
        if (!is_pressed(watch)) {
            domains_told_first(&watch->told, watch->setup.log);
        }
    }
    now_ns = clock_mono_ns(watch->setup.clock);
    uint64_t next_ns = next_time(watch);
    uint64_t wait_ms = next_ns > now_ns ? (next_ns - now_ns + NS_A_MS - 1) / NS_A_MS : 0;
    return wait_ms < DOMAINS_IDLE_MS ? wait_ms : DOMAINS_IDLE_MS;
}
