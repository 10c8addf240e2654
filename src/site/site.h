/*
 * site: the snapshot: everything configured, checked and ready to use, immutable, counted. A
 * message keeps the one it began with; a reload swaps the whole or leaves the old one in place.
 */
#ifndef EM_SITE_SITE_H
#define EM_SITE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "behaviour/ladder.h"
#include "config/config.h"
#include "dkim/domains.h"
#include "dns/settings.h"
#include "limits/choose.h"
#include "lists/zone.h"
#include "message/session.h"
#include "scan/clamd.h"
#include "site/address_set.h"
#include "site/behaviour_settings.h"
#include "site/country.h"
#include "site/egress.h"
#include "site/exceptions.h"
#include "site/login.h"
#include "site/plans.h"
#include "site/rules.h"
#include "site/senders.h"
#include "site/settings.h"
#include "site/ticket_secret.h"
#include "tables/table.h"
#include "util/hash_table.h"
#include "util/ip.h"

struct site_network {
    const struct network_settings *settings;
    struct ip_network network; /* family 0: by certificate */
};

struct site {
    uint64_t generation; /* 1 for the first of a process, up by one with each reload */
    const struct config *config;
    const struct general_settings *general;
    const struct log_settings *log;
    const struct ceiling_settings *ceilings;
    const struct outgoing_settings *outgoing;
    const struct login_settings *logins;
    const struct sender_settings *senders;
    const struct plan_settings *plans;
    const struct exceptions_settings *exceptions;
    const struct signing_settings *signing;
    const struct egress_settings *egress_settings;
    const struct dns_settings *dns;
    const struct clamd_settings *scan_settings;
    struct rules rules;
    const struct limit_set *limits;     /* never NULL */
    const struct dkim_domains *domains; /* never NULL */
    const struct site_network *networks;
    size_t network_count;
    const struct hash_table *internal;  /* recipient domains that stay inside, A-labels */
    const struct hash_table *reachable; /* addresses that those may write to who are suspended */
    const struct hash_table *honeypots; /* addresses that nobody was ever given */
    struct ladder_rules ladder;         /* what behaviour.actions enables */
    struct table *login_aliases;        /* NULL without, as all tables */
    struct table *alias_domains, *owners, *groups, *plan_of;
    struct table *sender_canonical;          /* what becomes of envelope senders */
    const struct egress_pools *egress_pools; /* never NULL */
    const struct list_zones *lists;          /* never NULL */
    const struct hash_table *named_owners;   /* logins that `owners` names; NULL: nobody can say */
    struct clamd *clamd;                     /* NULL: nothing is scanned */
    struct country_database *countries;      /* NULL: nobody knows in which country a client is */
    const struct ticket_secret *ticket_secret; /* NULL without; roles check and sign have one */
};

/*
 * Reads the file against `tables` (see control/settings.h for the whole array) and builds the
 * snapshot; every fault goes into the report, errors and warnings. NULL when there was an error.
 * The caller holds one reference.
 */
struct site *site_load(const char *path, const struct config_table *const *tables,
                       struct config_report *report);
/* The same after `previous`: what of the disk is still the same is taken from there, not read. */
struct site *site_reload(const char *path, const struct config_table *const *tables,
                         const struct site *previous, struct config_report *report);
/* The same from a text, for tests. */
struct site *site_load_text(const char *name, struct span text,
                            const struct config_table *const *tables, struct config_report *report);
/* The same from what config_kept() gave. */
struct site *site_load_kept(struct span kept, const struct config_table *const *tables,
                            struct config_report *report);
struct site *site_ref(struct site *site);
void site_unref(struct site **site);

/* Where the process keeps its current snapshot. Thread safe. */
struct site_holder;
struct site_holder *site_holder_new(struct site *first); /* takes over the caller's reference */
void site_holder_free(struct site_holder **holder);
/* The current one, with a reference for the caller. */
struct site *site_holder_get(struct site_holder *holder);
/* Puts a new one in place (taking over the reference), numbering it one above the old. */
void site_holder_swap(struct site_holder *holder, struct site *next);

/* The network row that holds this client, or whose certificate it showed; NULL. First row that
 * fits. */
const struct network_settings *site_network_of(const struct site *site,
                                               const struct session *session);
/* What is set for the listener this session came in by; NULL: nothing, so it has the role full. */
const struct listener_settings *site_listener_of(const struct site *site,
                                                 const struct session *session);
enum listener_role site_role_of(const struct site *site, const struct session *session);
enum site_complaint {
    COMPLAINT_TICKET,
    COMPLAINT_OPEN_RELAY,
    COMPLAINT_OWNERS,
    COMPLAINT_FORECAST,
    COMPLAINT_LISTING,
    COMPLAINT_HOLD,
    COMPLAINT_RECIPIENT,
    COMPLAINT_SCAN,
    COMPLAINT_COUNT
};
/*
 * May a complaint that strangers can cause be logged now? Once a minute; *unsaid_r is then how many
 * were kept back since. Thread safe.
 */
bool site_may_complain(struct site *site, enum site_complaint about, uint64_t now_ns,
                       unsigned *unsaid_r);
/* Has a table's file or the database of countries changed since it was read, or a folder of keys?
 * Some system calls. */
bool site_is_stale(const struct site *site);
/* A number for what lies on disk now, of all that site_is_stale() looks at. */
uint64_t site_mark(const struct site *site);
/* Is this domain (A-labels) in `domains` or `outgoing.internal`? */
bool site_is_ours(const struct site *site, struct span domain);
/* Is any domain named there at all? Otherwise nobody can say which are ours. */
bool site_knows_its_domains(const struct site *site);
/* Is mail for this domain (A-labels) kept inside by configuration? */
bool site_is_internal(const struct site *site, struct span domain);

#endif
