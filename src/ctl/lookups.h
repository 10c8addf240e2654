/*
 * lookups: DNS for the time of one command: a resolver with the settings of the configuration, and
 * the thread it runs in.
 */
#ifndef EM_CTL_LOOKUPS_H
#define EM_CTL_LOOKUPS_H

#include "ctl/ctl.h"
#include "dns/resolver.h"
#include "site/site.h"

struct lookups;

/* NULL: DNS is not to be asked, or cannot be, which *error then tells ("" otherwise). */
struct lookups *lookups_begin(const struct ctl *ctl, const struct site *site, struct log_sink *log,
                              struct error *error);
/* NULL for NULL. */
struct dns_resolver *lookups_resolver(struct lookups *lookups);
/* Nobody asks any more. Clears the pointer; NULL is fine. */
void lookups_end(struct lookups **lookups);

#endif
