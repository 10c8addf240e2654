/*
 * domains: which keys sign for which From domain: settings `domains` and `signing`, made into a
 * table once per snapshot.
 *
 * Exact match first, then the longest parent that covers subdomains, then "*". Tables of OpenDKIM
 * ("opendkim:") are asked in its own order, and for addresses; without MultipleSignatures the first
 * row that matches signs. A key that cannot be
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

/* What becomes of mail that is not signed: because we cannot (on_failure), or because the world
 * could not verify it (on_unpublished). */
enum dkim_on_failure { DKIM_ON_FAILURE_DEFER, DKIM_ON_FAILURE_HOLD, DKIM_ON_FAILURE_PASS };

struct signing_settings {
    int canonicalization; /* the form of the header times 2, plus that of the body */
    int64_t expire_s;     /* 0: no x= */
    bool in_observe;
    bool require_published;
    int64_t prove_every_s; /* between two looks at the record of a key that is well */
    int64_t lost_after_s;  /* between two looks that find the same fault, before it counts */
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
    dkim_domains_table; /* top level: `domains`, list of groups, "dir:PATH", "opendkim:..." */

struct dkim_domain_key {
    const char *selector;
    const char *path;
    struct dkim_key *key; /* NULL: degraded */
    const char *fault;    /* why there is none, one line; NULL: there is one */
    const char *warning;  /* it signs, but this is to be said against it; NULL: nothing */
};

struct dkim_domain {
    const char *name;   /* as matched: A-labels, or "*"; of a row in OpenDKIM's table that speaks of
                           addresses or wildcards: the domain in it, or "*" where there is none */
    const char *sender; /* that row: "user@example.org", "*@*.example.org"; else NULL */
    unsigned line;      /* of it, or of a row for the whole domain; 0: there is no such table */
    const char *d;      /* signing domain, A-labels; NULL: the From domain ("{from}") */
    bool subdomains;
    bool third_party;
    enum dkim_on_failure on_failure, on_unpublished;
    const struct dkim_domain_key *keys; /* RSA first */
    size_t key_count; /* 0 only in an entry of "dir:" whose folder cannot be read, and in one of
                         "opendkim:" whose row names no key there is */
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
/*
 * The same after a table built before (may be NULL): a key file that is the same as then is not
 * read again. `is_kept`: the configuration is what was kept for a replacement, so tables of
 * OpenDKIM that cannot be read do not end it: whatever would be signed is deferred then.
 */
struct dkim_domains *dkim_domains_rebuild(const struct config *config,
                                          const struct dkim_domains *previous, bool is_kept,
                                          struct config_report *report);
void dkim_domains_free(struct dkim_domains **domains);
/*
 * The entries that sign for local@domain (domain in A-labels), at most `room` of them: aligned ones
 * before others, among those RSA first. More than one only with OpenDKIM's MultipleSignatures.
 */
size_t dkim_domains_find_address(const struct dkim_domains *domains, struct span local,
                                 struct span domain, const struct dkim_domain **found_r,
                                 size_t room);
/* from_domain in A-labels. NULL: no entry; an address literal matches none, "*" included. Where
 * OpenDKIM's rows speak of addresses: that for most addresses of the domain, else the first. */
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
/* The folder of "dir:", in which every DOMAIN/SELECTOR.pem is a key; NULL where it is not used. */
const char *dkim_domains_folder(const struct dkim_domains *domains);
/*
 * True when "dir:" or "opendkim:" is used and files were added, removed or changed since the table
 * was built. OpenDKIM's tables are left alone for a second after each change, since whoever writes
 * them may not be done. Touches the disk, once or twice for each key.
 */
bool dkim_domains_is_stale(const struct dkim_domains *domains);
/* A number for what lies there now, likewise; 0 with a list. */
uint64_t dkim_domains_mark(const struct dkim_domains *domains);

#endif
