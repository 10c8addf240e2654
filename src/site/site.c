/*
 * site: builds a snapshot from the configuration, and answers simple questions about it. Everything
 * that can be wrong is reported before anything is used; a snapshot that exists is complete.
 */
#include "site/site.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "util/domain.h"

/* The public struct with what only this file changes. */
struct site_owned {
    struct site site; /* first: a struct site * is also a struct site_owned * */
    atomic_uint references;
    struct config *config;
    struct dkim_domains *domains;
    struct table *login_aliases;
    struct hash_table *internal;
    struct site_network *networks;
    struct ticket_secret *ticket_secret;
    _Atomic uint64_t complaint_due_ns;
    atomic_uint unsaid;
};

static const uint64_t complaint_pause_ns = 60000000000u;

static void site_destroy(struct site_owned *owned)
{
    dkim_domains_free(&owned->domains);
    table_free(&owned->login_aliases);
    hash_table_free(&owned->internal);
    ticket_secret_free(&owned->ticket_secret);
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

static bool build_aliases(struct site_owned *owned, struct config_report *report)
{
    const char *spec = owned->site.logins->aliases;
    if (spec == NULL) {
        return true;
    }
    struct error error;
    owned->login_aliases = table_open(spec, NULL, &error);
    if (owned->login_aliases == NULL) {
        struct config_place place = config_where(owned->config, &site_login_table, "aliases");
        config_complain(report, CONFIG_ERROR, &place, "logins.aliases", "%s", error.text);
        return false;
    }
    owned->site.login_aliases = owned->login_aliases;
    return true;
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

static bool build(struct site_owned *owned, struct config_report *report)
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
    site->signing = config_settings(config, &dkim_signing_table);
    rules_build(config, &site->rules);
    if (!build_networks(owned) || !build_internal(owned)) {
        config_complain(report, CONFIG_ERROR, NULL, "outgoing", "out of memory");
        return false;
    }
    bool has_aliases = build_aliases(owned, report);
    bool has_secret = build_ticket_secret(owned, report);
    owned->domains = dkim_domains_build(config, report);
    site->domains = owned->domains;
    return has_aliases && has_secret && owned->domains != NULL;
}

static struct site *finish_load(struct config *config, struct config_report *report)
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
    atomic_init(&owned->references, 1);
    if (!build(owned, report) || config_report_count(report, CONFIG_ERROR) > 0) {
        site_destroy(owned);
        return NULL;
    }
    return &owned->site;
}

struct site *site_load(const char *path, const struct config_table *const *tables,
                       struct config_report *report)
{
    return finish_load(config_load(path, tables, report), report);
}

struct site *site_load_text(const char *name, struct span text,
                            const struct config_table *const *tables, struct config_report *report)
{
    return finish_load(config_load_text(name, text, tables, report), report);
}

struct site *site_load_kept(struct span kept, const struct config_table *const *tables,
                            struct config_report *report)
{
    return finish_load(config_load_kept(kept, tables, report), report);
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

enum listener_role site_role_of(const struct site *site, const struct session *session)
{
    const struct listener_settings *rows = site->outgoing->listeners.at;
    for (size_t i = 0; i < site->outgoing->listeners.count; i++) {
        if (span_is_equal(session->daemon_name, span_of(rows[i].daemon))) {
            return (enum listener_role)rows[i].role;
        }
    }
    return LISTENER_FULL;
}

bool site_may_complain(struct site *site, uint64_t now_ns, unsigned *unsaid_r)
{
    struct site_owned *owned = (struct site_owned *)site;
    uint64_t due_ns = atomic_load(&owned->complaint_due_ns);
    if (now_ns < due_ns || !atomic_compare_exchange_strong(&owned->complaint_due_ns, &due_ns,
                                                           now_ns + complaint_pause_ns)) {
        atomic_fetch_add(&owned->unsaid, 1);
        return false;
    }
    *unsaid_r = atomic_exchange(&owned->unsaid, 0);
    return true;
}

bool site_is_internal(const struct site *site, struct span domain)
{
    return hash_table_get(site->internal, domain) != NULL;
}
