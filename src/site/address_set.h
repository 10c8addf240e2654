/*
 * honeypots: addresses that nobody was ever given (behaviour.honeypots): who writes to one has an
 * address book he should not have.
 */
#ifndef EM_SITE_HONEYPOTS_H
#define EM_SITE_HONEYPOTS_H

#include <stdbool.h>

#include "config/config.h"
#include "util/hash_table.h"
#include "util/span.h"

struct behaviour_settings {
    struct config_texts honeypots; /* "address" or "@domain" */
};

extern const struct config_table site_behaviour_table; /* path "behaviour" */

/* NULL: out of memory. */
struct hash_table *honeypots_build(const struct behaviour_settings *settings);
/* `address` is local@domain, `domain` its domain in A-labels. Case does not matter. */
bool honeypots_have(const struct hash_table *honeypots, struct span address, struct span domain);

#endif
