/*
 * site: builds a snapshot from the configuration, and answers simple questions about it. Everything
 * that can be wrong is reported before anything is used; a snapshot that exists is complete.
 */
#include "site/site.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "util/domain.h"
#include "util/file.h"

/* The public struct with what only this file changes. */
struct site_owned {
    struct site site; /* first: a struct site * is also a struct site_owned * */
    atomic_uint references;
    struct config *config;
    struct dkim_domains *domains;
    struct egress_pools *egress_pools;
    struct limit_set *limits;
    struct list_zones *lists;
    struct hash_table *internal, *reachable, *honeypots, *named_owners;
    struct site_network *networks;
    struct ticket_secret *ticket_secret;
    struct {
        _Atomic uint64_t due_ns;
        atomic_uint unsaid;
    } complaints[COMPLAINT_COUNT];
    bool is_kept; /* built out of what was kept: a table that went bad does not end it */
};

static const uint64_t complaint_pause_ns = 60000000000u;

/* The tables of a snapshot: where it keeps each, and what it is called. */
static const struct {
    size_t offset;
    const struct config_table *settings;
    const char *name, *whole_name;
} table_rows[] = {
    { offsetof(struct site, login_aliases), &site_login_table, "aliases", "logins.aliases" },
    { offsetof(struct site, alias_domains), &site_sender_table, "alias_domains",
      "senders.alias_domains" },
    { offsetof(struct site, owners), &site_sender_table, "owners", "senders.owners" },
    { offsetof(struct site, groups), &site_group_table, "groups", "groups" },
    { offsetof(struct site, plan_of), &site_plan_table, "table", "plans.table" },
    { offsetof(struct site, sender_canonical), &site_egress_table, "envelope_rewrite",
      "outgoing.envelope_rewrite" },
};
#define TABLE_COUNT (sizeof(table_rows) / sizeof(table_rows[0]))

static struct table **table_at(const struct site *site, size_t index)
{
    return (struct table **)(uintptr_t)((const char *)site + table_rows[index].offset);
}

static void site_destroy(struct site_owned *owned)
{
    dkim_domains_free(&owned->domains);
    egress_pools_free(&owned->egress_pools);
    limit_set_free(&owned->limits);
    list_zones_free(&owned->lists);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        table_free(table_at(&owned->site, i));
    }
    hash_table_free(&owned->internal);
    hash_table_free(&owned->reachable);
    hash_table_free(&owned->honeypots);
    hash_table_free(&owned->named_owners);
    ticket_secret_free(&owned->ticket_secret);
    country_unref(&owned->site.countries);
    clamd_unref(&owned->site.clamd);
    config_free(&owned->config);
    free(owned->networks);
    free(owned);
}

static bool build_networks(struct site_owned *owned)
{
    const struct config_list *list = &owned->site.outgoing->networks;
    const struct network_settings *rows = list->at;
    owned->networks = calloc(list->count > 0 ? list->count : 1, sizeof(*owned->networks));
    if (owned->networks == NULL) {
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        owned->networks[i].settings = &rows[i];
        if (rows[i].address != NULL) { /* the row's own check accepted it */
            ip_network_parse(span_of(rows[i].address), &owned->networks[i].network, NULL);
        }
    }
    owned->site.networks = owned->networks;
    owned->site.network_count = list->count;
    return true;
}

static bool build_behaviour(struct site_owned *owned)
{
    struct site *site = &owned->site;
    const struct behaviour_settings *settings =
        config_settings(owned->config, &site_behaviour_table);
    for (size_t i = 0; i < settings->actions.count; i++) {
        enum ladder_step step;
        if (ladder_step_parse(settings->actions.at[i], &step)) { /* the row's own check did */
            site->ladder.is_enabled[step] = true;
        }
    }
    site->honeypots = owned->honeypots = address_set_build(&settings->honeypots);
    site->reachable = owned->reachable = address_set_build(&settings->always_reachable);
    return site->honeypots != NULL && site->reachable != NULL;
}

static bool build_internal(struct site_owned *owned)
{
    const struct config_texts *names = &owned->site.outgoing->internal;
    owned->internal = hash_table_new();
    if (owned->internal == NULL) {
        return false;
    }
    for (size_t i = 0; i < names->count; i++) {
        char name[DOMAIN_MAX];
        if (domain_to_ascii(span_of(names->at[i]), name) &&
            !hash_table_put(owned->internal, span_of(name), owned, NULL)) {
            return false;
        }
    }
    owned->site.internal = owned->internal;
    return true;
}

/*
 * A table that cannot be read refuses the configuration, so that a running snapshot stays with its
 * good copy. What was kept for a replacement is the exception: mail shall go on, and who asks such
 * a table is told that nobody knows.
 */
static bool open_table(struct site_owned *owned, size_t index, const char *spec,
                       struct config_report *report)
{
    const struct sender_settings *senders = owned->site.senders;
    struct table_options options = { .deadline_ms = (unsigned)senders->timeout_s * 1000,
                                     .cache_s = (unsigned)senders->cache_s,
                                     .no_cache = senders->cache_s == 0 };
    struct error error;
    struct table *table = table_open(spec, &options, &error);
    if (table == NULL) {
        struct config_place place =
            config_where(owned->config, table_rows[index].settings, table_rows[index].name);
        config_complain(report, owned->is_kept ? CONFIG_WARNING : CONFIG_ERROR, &place,
                        table_rows[index].whole_name, "%s", error.text);
        table = owned->is_kept ? table_broken(spec, error.text) : NULL;
    }
    *table_at(&owned->site, index) = table;
    return table != NULL;
}

static bool build_tables(struct site_owned *owned, struct config_report *report)
{
    const struct site *site = &owned->site;
    const struct group_settings *groups = config_settings(owned->config, &site_group_table);
    const char *const specs[TABLE_COUNT] = {
        site->logins->aliases, site->senders->alias_domains,
        site->senders->owners, groups->groups,
        site->plans->table,    egress_canonical_spec(site->egress_settings)
    };
    bool good = true;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        good = (specs[i] == NULL || open_table(owned, i, specs[i], report)) && good;
    }
    if (good) {
        owned->named_owners = senders_named(site, report);
        owned->site.named_owners = owned->named_owners;
    }
    return good;
}

/* Read with every snapshot, so that a reload takes a new secret into use. */
static bool build_ticket_secret(struct site_owned *owned, struct config_report *report)
{
    const char *path = owned->site.outgoing->ticket_file;
    if (path == NULL) {
        return true;
    }
    struct error error;
    owned->ticket_secret = ticket_secret_read(path, &error);
    if (owned->ticket_secret == NULL) {
        struct config_place place =
            config_where(owned->config, &site_outgoing_table, "ticket_file");
        config_complain(report, CONFIG_ERROR, &place, "outgoing.ticket_file", "%s", error.text);
        return false;
    }
    owned->site.ticket_secret = owned->ticket_secret;
    return true;
}

/* As a table: one that is bad refuses the configuration, and what was kept goes on without it. */
static bool build_countries(struct site_owned *owned, const struct site *previous,
                            struct config_report *report)
{
    const struct behaviour_settings *settings =
        config_settings(owned->config, &site_behaviour_table);
    const char *path = settings->country_database;
    struct error error;
    if (path == NULL) {
        return true;
    }
    struct country_database *database =
        country_open(path, previous != NULL ? previous->countries : NULL, &error);
    if (database == NULL) {
        struct config_place place =
            config_where(owned->config, &site_behaviour_table, "country_database");
        config_complain(report, owned->is_kept ? CONFIG_WARNING : CONFIG_ERROR, &place,
                        "behaviour.country_database", "%s", error.text);
        database = owned->is_kept ? country_broken(path) : NULL;
    }
    owned->site.countries = database;
    return database != NULL;
}

/* A warning only: that a message cannot be kept has its answer. state.directory has its own look.
 */
static void try_scan_directory(const struct site_owned *owned, struct config_report *report)
{
    const struct clamd_settings *settings = owned->site.scan_settings;
    struct config_place place = config_where(owned->config, &clamd_settings_table, "directory");
    struct error why;
    if (settings->directory == NULL) {
        return;
    }
    struct spool *spool = clamd_spool(owned->site.clamd, settings, NULL);
    if (spool != NULL && spool_look(spool, &why) == SPOOL_FAILED) {
        config_complain(report, CONFIG_WARNING, &place, "clamd.directory",
                        "%s; until that is mended nothing can be scanned", why.text);
    }
    spool_free(&spool);
}

/* What is known of a scanner that stays where it is goes on. */
static bool build_scanner(struct site_owned *owned, const struct site *previous,
                          struct config_report *report)
{
    const struct clamd_settings *settings = owned->site.scan_settings;
    struct error error;
    if (settings->socket == NULL) {
        return true;
    }
    owned->site.clamd = clamd_open(settings, previous != NULL ? previous->clamd : NULL, &error);
    if (owned->site.clamd == NULL) {
        struct config_place place = config_where(owned->config, &clamd_settings_table, "socket");
        config_complain(report, CONFIG_ERROR, &place, "clamd.socket", "%s", error.text);
        return false;
    }
    try_scan_directory(owned, report);
    return true;
}

static bool build(struct site_owned *owned, const struct site *previous,
                  struct config_report *report)
{
    struct site *site = &owned->site;
    const struct config *config = owned->config;
    site->config = config;
    site->generation = 1;
    site->general = config_settings(config, &site_general_table);
    site->log = config_settings(config, &site_log_table);
    site->ceilings = config_settings(config, &site_ceiling_table);
    site->outgoing = config_settings(config, &site_outgoing_table);
    site->logins = config_settings(config, &site_login_table);
    site->senders = config_settings(config, &site_sender_table);
    site->plans = config_settings(config, &site_plan_table);
    site->exceptions = config_settings(config, &site_exceptions_table);
    site->signing = config_settings(config, &dkim_signing_table);
    site->dns = config_settings(config, &dns_settings_table);
    site->scan_settings = config_settings(config, &clamd_settings_table);
    site->egress_settings = config_settings(config, &site_egress_table);
    rules_build(config, &site->rules);
    if (!build_networks(owned) || !build_internal(owned)) {
        config_complain(report, CONFIG_ERROR, NULL, "outgoing", "out of memory");
        return false;
    }
    if (!build_behaviour(owned)) {
        config_complain(report, CONFIG_ERROR, NULL, "behaviour", "out of memory");
        return false;
    }
    bool has_tables = build_tables(owned, report);
    bool has_secret = build_ticket_secret(owned, report);
    bool has_countries = build_countries(owned, previous, report);
    bool has_scanner = build_scanner(owned, previous, report);
    owned->egress_pools = egress_pools_build(config, report);
    site->egress_pools = owned->egress_pools;
    owned->domains = dkim_domains_rebuild(config, previous != NULL ? previous->domains : NULL,
                                          owned->is_kept, report);
    site->domains = owned->domains;
    owned->limits = limit_set_new(config_settings(config, &limits_table));
    site->limits = owned->limits;
    owned->lists = list_zones_build(config, report);
    site->lists = owned->lists;
    return owned->limits != NULL && owned->lists != NULL && has_tables && has_secret &&
           has_countries && has_scanner && owned->egress_pools != NULL && owned->domains != NULL;
}

static struct site *finish_load(struct config *config, bool is_kept, const struct site *previous,
                                struct config_report *report)
{
    if (config == NULL) {
        return NULL;
    }
    struct site_owned *owned = calloc(1, sizeof(*owned));
    if (owned == NULL) {
        config_complain(report, CONFIG_ERROR, NULL, "configuration", "out of memory");
        config_free(&config);
        return NULL;
    }
    owned->config = config;
    owned->is_kept = is_kept;
    atomic_init(&owned->references, 1);
    if (!build(owned, previous, report) || config_report_count(report, CONFIG_ERROR) > 0) {
        site_destroy(owned);
        return NULL;
    }
    return &owned->site;
}

struct site *site_load(const char *path, const struct config_table *const *tables,
                       struct config_report *report)
{
    return finish_load(config_load(path, tables, report), false, NULL, report);
}

struct site *site_reload(const char *path, const struct config_table *const *tables,
                         const struct site *previous, struct config_report *report)
{
    return finish_load(config_load(path, tables, report), false, previous, report);
}

struct site *site_load_text(const char *name, struct span text,
                            const struct config_table *const *tables, struct config_report *report)
{
    return finish_load(config_load_text(name, text, tables, report), false, NULL, report);
}

struct site *site_load_kept(struct span kept, const struct config_table *const *tables,
                            struct config_report *report)
{
    return finish_load(config_load_kept(kept, tables, report), true, NULL, report);
}

struct site *site_ref(struct site *site)
{
    atomic_fetch_add(&((struct site_owned *)site)->references, 1);
    return site;
}

void site_unref(struct site **site)
{
    struct site_owned *owned = (struct site_owned *)*site;
    *site = NULL;
    if (owned != NULL && atomic_fetch_sub(&owned->references, 1) == 1) {
        site_destroy(owned);
    }
}

static bool network_holds(const struct site_network *network, const struct session *session)
{
    const struct network_settings *row = network->settings;
    if (row->certificate == NULL) {
        return ip_network_contains(&network->network, &session->client);
    }
    return span_is_equal(session->cert_subject, span_of(row->certificate)) &&
           span_is_equal(session->cert_issuer, span_of(row->issuer));
}

const struct network_settings *site_network_of(const struct site *site,
                                               const struct session *session)
{
    for (size_t i = 0; i < site->network_count; i++) {
        if (network_holds(&site->networks[i], session)) {
            return site->networks[i].settings;
        }
    }
    return NULL;
}

const struct listener_settings *site_listener_of(const struct site *site,
                                                 const struct session *session)
{
    static const struct listener_settings strict = { .role = LISTENER_FULL,
                                                     .authentication = LISTENER_REQUIRED,
                                                     .tls = LISTENER_REQUIRED };
    const struct listener_settings *rows = site->outgoing->listeners.at;
    const struct config_texts *daemons = &site->outgoing->daemons;
    for (size_t i = 0; i < site->outgoing->listeners.count; i++) {
        if (span_is_equal(session->daemon_name, span_of(rows[i].daemon))) {
            return &rows[i];
        }
    }
    for (size_t i = 0; i < daemons->count; i++) {
        if (span_is_equal(session->daemon_name, span_of(daemons->at[i]))) {
            return &strict;
        }
    }
    return NULL;
}

enum listener_role site_role_of(const struct site *site, const struct session *session)
{
    const struct listener_settings *row = site_listener_of(site, session);
    return row != NULL ? (enum listener_role)row->role : LISTENER_FULL;
}

bool site_may_complain(struct site *site, enum site_complaint about, uint64_t now_ns,
                       unsigned *unsaid_r)
{
    struct site_owned *owned = (struct site_owned *)site;
    uint64_t due_ns = atomic_load(&owned->complaints[about].due_ns);
    if (now_ns < due_ns || !atomic_compare_exchange_strong(&owned->complaints[about].due_ns,
                                                           &due_ns, now_ns + complaint_pause_ns)) {
        atomic_fetch_add(&owned->complaints[about].unsaid, 1);
        return false;
    }
    *unsaid_r = atomic_exchange(&owned->complaints[about].unsaid, 0);
    return true;
}

bool site_is_stale(const struct site *site)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const struct table *table = *table_at(site, i);
        if (table != NULL && table_is_stale(table)) {
            return true;
        }
    }
    return country_is_stale(site->countries) || dkim_domains_is_stale(site->domains);
}

uint64_t site_mark(const struct site *site)
{
    uint64_t mark = file_mark_join(dkim_domains_mark(site->domains), country_mark(site->countries));
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const struct table *table = *table_at(site, i);
        mark = file_mark_join(mark, table != NULL ? table_mark(table) : 0);
    }
    return mark;
}

bool site_is_ours(const struct site *site, struct span domain)
{
    return domain.size > 0 &&
           (dkim_domains_has(site->domains, domain) || site_is_internal(site, domain));
}

bool site_knows_its_domains(const struct site *site)
{
    if (hash_table_count(site->internal) > 0) {
        return true;
    }
    for (size_t i = 0; i < dkim_domains_count(site->domains); i++) {
        if (strcmp(dkim_domains_at(site->domains, i)->name, "*") != 0) {
            return true;
        }
    }
    return false;
}

bool site_is_internal(const struct site *site, struct span domain)
{
    return hash_table_get(site->internal, domain) != NULL;
}
