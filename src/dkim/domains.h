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
    int canonicalization; /* the form of the header times 2, plus that of the body */
    int64_t expire_s;     /* 0: no x= */
    bool in_observe;
};

static inline enum canonical signing_header_form(const struct signing_settings *settings)
{
    return settings->canonicalization / 2 ? CANONICAL_RELAXED : CANONICAL_SIMPLE;
}
static inline enum canonical signing_body_form(const struct signing_settings *settings)
{
    return settings->canonicalization % 2 ? CANONICAL_RELAXED : CANONICAL_SIMPLE;
}

extern const struct config_table dkim_signing_table; /* path "signing" */
extern const struct config_table
    dkim_domains_table; /* top level: `domains`, list of groups, or "dir:PATH" */

struct dkim_domain_key {
    const char *selector;
    const char *path;
    struct dkim_key *key; /* NULL: degraded */
    const char *fault;    /* why there is none, one line; NULL: there is one */
    const char *warning;  /* it signs, but this is to be said against it; NULL: nothing */
};

struct dkim_domain {
    const char *name; /* as matched: A-labels, or "*" */
    const char *d;    /* signing domain, A-labels; NULL: the From domain ("{from}") */
    bool subdomains;
    bool third_party;
    enum dkim_on_failure on_failure;
    const struct dkim_domain_key *keys; /* RSA first */
    size_t key_count; /* 0 only in an entry of "dir:" whose folder cannot be read */
    bool is_degraded; /* some key has a fault, or all are out of reach */
};

struct dkim_domains;

/*
 * Builds the table from a loaded configuration. Configuration faults (d= unaligned without
 * third_party, a template that makes no path, one record for two keys) are errors; key faults are
 * warnings, each one line with path and remedy. NULL when the report got an error. Templates in
 * file: {d}, {selector}, {name}.
 */
struct dkim_domains *dkim_domains_build(const struct config *config, struct config_report *report);
void dkim_domains_free(struct dkim_domains **domains);
/* from_domain in A-labels. NULL: no entry; an address literal matches none, "*" included. */
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
/* A number for what lies there now, likewise; 0 without "dir:". */
uint64_t dkim_domains_mark(const struct dkim_domains *domains);

#endif
