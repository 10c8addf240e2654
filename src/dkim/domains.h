/*
 * domains: which keys sign for which From domain: settings `domains` and `signing`, made into a
 * table once per snapshot.
 *
 * Exact match first, then the longest parent that covers subdomains, then "*". A key that cannot be
 * loaded degrades its domain: the entry stays, without that key, and says why; on_failure then
 * decides about mail that needs it.
 */
#ifndef EM_DKIM_DOMAINS_H
#define EM_DKIM_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/row.h"
#include "dkim/canonical.h"
#include "dkim/key.h"
#include "util/arena.h"
#include "util/span.h"

enum dkim_on_failure { DKIM_ON_FAILURE_DEFER, DKIM_ON_FAILURE_HOLD, DKIM_ON_FAILURE_PASS };

struct signing_settings {
    enum canonical header_form, body_form; /* from the canonicalization choice */
    int64_t expire_s;
    bool in_observe;
};

extern const struct config_table dkim_signing_table; /* path "signing" */
extern const struct config_table
    dkim_domains_table; /* top level: `domains`, list of groups, or "dir:PATH" */

struct dkim_domain_key {
    const char *selector;
    const char *path;
    struct dkim_key *key; /* NULL: degraded */
    const char *fault;    /* why, one line; NULL: good */
};

struct dkim_domain {
    const char *name; /* as matched: A-labels, or "*" */
    const char *d;    /* signing domain, A-labels; NULL: the From domain ("{from}") */
    bool subdomains;
    bool third_party;
    enum dkim_on_failure on_failure;
    const struct dkim_domain_key *keys; /* RSA first */
    size_t key_count;
    bool is_degraded; /* some key has a fault */
};

struct dkim_domains;

/*
 * Builds the table from a loaded configuration. Configuration faults (d= unaligned without
 * third_party, a template that names no file) are errors; key faults are warnings, each one line
 * with path and remedy. NULL when the report got an error. Templates in file: {d}, {selector},
 * {name}.
 */
struct dkim_domains *dkim_domains_build(const struct config *config, struct config_report *report);
void dkim_domains_free(struct dkim_domains **domains);
/* from_domain in A-labels. NULL: no entry. */
const struct dkim_domain *dkim_domains_find(const struct dkim_domains *domains,
                                            struct span from_domain);
/* Is this domain (A-labels) one of ours: an entry other than "*" matches it? */
bool dkim_domains_has(const struct dkim_domains *domains, struct span domain);
/* All entries, for listing; index < count. */
size_t dkim_domains_count(const struct dkim_domains *domains);
const struct dkim_domain *dkim_domains_at(const struct dkim_domains *domains, size_t index);
/* The key that signs as selector._domainkey.domain, or NULL: to recognise our own signatures. */
struct dkim_key *dkim_domains_key(const struct dkim_domains *domains, struct span domain,
                                  struct span selector);
/* True when "dir:" is used and files were added, removed or changed since the table was built. May
 * touch the disk. */
bool dkim_domains_is_stale(const struct dkim_domains *domains);

#endif
