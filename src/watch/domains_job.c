/*
 * domains_job: the watch over our own domains and addresses as a job of the watch.
 */
#include "watch/watch_private.h"

#include "watch/domains.h"

static void *domains_begin(struct watch *watch)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct domains_setup ours = { setup->holder, setup->resolver, setup->store, setup->clock,
                                  setup->log };
    return domains_watch_new(&ours);
}

static void domains_end(void *state)
{
    struct domains_watch *domains = state;
    domains_watch_free(&domains);
}

static unsigned domains_run(struct watch *watch, void *state, bool is_hurried)
{
    (void)watch;
    if (is_hurried) {
        domains_watch_hurry(state);
    }
    return (unsigned)domains_watch_work(state); /* DOMAINS_IDLE_MS at most */
}

const struct watch_job watch_domains_job = { .name = "domains",
                                             .begin = domains_begin,
                                             .end = domains_end,
                                             .run = domains_run,
                                             .is_for_leader = true };
