/*
 * egress: where mail leaves the site from: rows outgoing.addresses, helo, egress and
 * envelope_rewrite, and what they come to for one sender.
 *
 * Receivers judge SPF by the address that connects to them and by the sender as the MTA rewrote it;
 * a milter sees neither, so the configuration says both.
 */
#ifndef EM_SITE_EGRESS_H
#define EM_SITE_EGRESS_H

#include <stdbool.h>

#include "auth/forecast.h"
#include "config/config.h"
#include "message/address.h"
#include "util/arena.h"
#include "util/span.h"

struct site;

struct egress_pool_settings {
    const char *name;
    struct config_texts addresses;
    const char *helo; /* NULL: not told */
    struct config_texts domains;
    struct config_place place;
};

struct egress_settings {
    struct config_texts addresses;
    const char *helo;
    struct config_list pools; /* struct egress_pool_settings */
    struct config_texts rewrite;
};

extern const struct config_table site_egress_table; /* path "outgoing" */

/* The pools, ready to use. */
struct egress_pools;
/* NULL: out of memory, complained of. */
struct egress_pools *egress_pools_build(const struct config *config, struct config_report *report);
void egress_pools_free(struct egress_pools **pools);
/* What carries mail of this envelope domain (A-labels): the pool that names it or the longest
 * parent of it, else the one of all other mail, which may have no addresses. */
const struct egress *egress_of(const struct egress_pools *pools, struct span envelope_domain);
/* All of them, the one of all other mail first; index < count. */
size_t egress_count(const struct egress_pools *pools);
const struct egress *egress_at(const struct egress_pools *pools, size_t index);

/* One step of envelope_rewrite, read at load. */
struct egress_rewriting {
    enum egress_rewriting_kind { EGRESS_CANONICAL, EGRESS_MASQUERADE, EGRESS_SRS } kind;
    struct span
        what; /* the table's spec, or the domain as it is written; egress_steps(): A-labels */
};
/* "canonical:TABLE", "masquerade:DOMAIN", "srs:DOMAIN". False: none of these. */
bool egress_rewriting_read(struct span text, struct egress_rewriting *step_r);
/* All of them in order. */
const struct egress_rewriting *egress_steps(const struct egress_pools *pools, size_t *count_r);

/* The table of "canonical:TABLE" in envelope_rewrite, or NULL. */
const char *egress_canonical_spec(const struct egress_settings *settings);

/* An envelope sender as it will leave. */
struct egress_sender {
    struct span domain; /* A-labels; absent: null sender */
    struct span text;   /* local@domain; absent: null sender, or nobody can say (SRS) */
    bool is_unknown;    /* what becomes of it could not be asked */
};
/* Applies envelope_rewrite in its order. May wait where the table of "canonical:" does. */
struct egress_sender egress_rewrite(const struct site *site, const struct address *sender,
                                    struct arena *arena);

#endif
