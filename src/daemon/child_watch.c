/*
 * child_watch: the store, what signing knows of keys, and the thread that looks at DNS by timer.
 *
 * The process of the first socket leads: it looks, the others read what it found. One that retires
 * leaves that to its successor.
 */
#include "daemon/child_private.h"

#include "policy/report_learner.h"
#include "state/settings.h"

static void *look(void *context)
{
    watch_run(context);
    return NULL;
}

bool child_watch_start(struct child *child, const struct site *site)
{
    const struct state_settings *state = config_settings(site->config, &state_settings_table);
    struct watch_setup setup = { .holder = child->holder,
                                 .resolver = child->world.resolver,
                                 .clock = child->world.clock,
                                 .log = child->world.log,
                                 .is_leader = child->link->slot == 0 };

    child->store = store_open(state->directory);
    child->world.proofs = key_proofs_new();
    child->world.lists = list_board_new();
    if (child->store == NULL || child->world.proofs == NULL || child->world.lists == NULL)
        return false;
    store_limit(child->store, (uint64_t)state->size_bytes);
    child->world.store = child->world.records = child->store;
    child->world.books.ledger = ledger_new(child->store, child->world.clock);
    child->world.notices =
        notices_new(child->store, child->world.clock, child->world.log, child->setup->door_fd);
    if (child->world.books.ledger == NULL || child->world.notices == NULL ||
        !child_fleet_start(child, site))
        return false;
    child->world.reports = report_learner_new(child->store, child->world.books.ledger,
                                              child->world.clock, child->world.log);
    if (child->world.reports == NULL)
        return false;
    setup.store = child->store;
    setup.books = child->world.books;
    child_ears_open(child);
    setup.ears = &child->ears;
    setup.notices = child->world.notices;
    setup.proofs = child->world.proofs;
    setup.lists = child->world.lists;
    child->watch = watch_new(&setup);
    if (child->watch == NULL)
        return false;
    child->has_watch = pthread_create(&child->watcher, NULL, look, child->watch) == 0;
    return child->has_watch;
}

void child_watch_stop(struct child *child)
{
    if (!child->has_watch)
        return;
    watch_stop(child->watch);
    pthread_join(child->watcher, NULL);
    child_fleet_stop(child);
    store_sync(child->store);
}
