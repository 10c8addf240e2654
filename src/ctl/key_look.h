/*
 * key_look: what DNS holds at this moment where the records of keys should be.
 */
#ifndef EM_CTL_KEY_LOOK_H
#define EM_CTL_KEY_LOOK_H

#include <stdbool.h>

#include "ctl/key_set.h"
#include "dkim/published.h"
#include "dns/resolver.h"

struct key_look {
    const struct key_entry *entry;
    struct dkim_published published;
    bool is_at_zone; /* its own servers said so; else a cache, where these gave no answer */
    struct dns_request *zone, *cache; /* while it is under way */
};

/* Asks for all of them at once and waits until deadline_ns at most. resolver NULL: no answers. */
void key_look_all(struct key_look *looks, size_t count, struct dns_resolver *resolver,
                  uint64_t deadline_ns);

#endif
