/*
 * domains: the watch over the records of our own domains and addresses: looks at each once in
 * `watch.every`, compares it with what the store kept, and logs what changed or is wrong.
 *
 * Looks are spread over the interval, DOMAINS_A_SECOND at most, and a handful of them share their
 * questions to DNS; so ten thousand domains make no burst. What was never looked at goes before.
 * While DNS does not answer nothing is told: that is the resolver's to tell.
 */
#ifndef EM_WATCH_DOMAINS_H
#define EM_WATCH_DOMAINS_H

#include <stdint.h>

#include "dns/resolver.h"
#include "log/log.h"
#include "site/site.h"
#include "state/store.h"
#include "util/clock.h"

#define DOMAINS_A_SECOND 50       /* looks */
#define DOMAINS_AT_ONCE 8         /* looks that share a wait */
#define DOMAINS_QUESTIONS_MAX 800 /* that these may ask */
#define DOMAINS_WAIT_MS 2000      /* for all answers of a handful; later ones reach the cache */
#define DOMAINS_LINES_AN_HOUR 100 /* about faults; changes are always told */
#define DOMAINS_RETRY_S 300       /* where DNS could not tell; or `every`, when less */
#define DOMAINS_IDLE_MS 60000     /* at most between two calls, to see a new snapshot */

struct domains_watch;

/* All outlive the watch. */
struct domains_setup {
    struct site_holder *holder;
    struct dns_resolver *resolver;
    struct store *store;
    const struct clock *clock;
    struct log_sink *log;
};

/* NULL: out of memory. For one thread, but for the last call. */
struct domains_watch *domains_watch_new(const struct domains_setup *setup);
void domains_watch_free(struct domains_watch **watch);
/* Looks at a handful of what is due; may wait DOMAINS_WAIT_MS. Returns in how many ms it wants to
 * be called again. */
uint64_t domains_watch_work(struct domains_watch *watch);
/* Everything is due now, and is looked at as fast as may be. From any thread; the watch's own is to
 * be woken besides. */
void domains_watch_hurry(struct domains_watch *watch);

#endif
