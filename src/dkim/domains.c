/*
 * domains: the table of signing domains: built once per snapshot, then only read. Their keys are
 * read by domains_keys.c, questions are answered by domains_find.c.
 *
 * What is wrong with an entry is an error; what is wrong with a key file is a warning and degrades
 * that entry only.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "dkim/domains_private.h"
#include "util/domain.h"

enum { MEMORY_MAX = 512 * 1024 * 1024 /* of the table, without the keys themselves */ };

bool domains_out_of_memory(struct config_report *report)
{
    config_complain(report, CONFIG_ERROR, NULL, "domains", "out of memory");
    return false;
}

bool domains_is_any(const char *name)
{
    return span_is_equal(span_of(name), SPAN("*"));
}

static const char *keep_ascii(struct dkim_domains *domains, const char *name)
{
    char ascii[DOMAIN_MAX];
    if (!domain_to_ascii(span_of(name), ascii)) {
        return NULL;
    }
    return arena_copy(domains->arena, span_of(ascii)).at;
}

bool domains_is_aligned(const char *d, const char *name)
{
    return span_is_equal(span_of(d), span_of(name)) || domain_is_below(span_of(d), span_of(name)) ||
           domain_is_below(span_of(name), span_of(d));
}

/* Fills name and d; d NULL means the From domain. */
static bool set_names(struct dkim_domains *domains, const struct domain_settings *settings,
                      struct dkim_domain *entry, const char *setting, struct config_report *report)
{
    bool is_from = settings->d != NULL && span_is_equal(span_of(settings->d), SPAN("{from}"));
    entry->name = domains_is_any(settings->name) ? "*" : keep_ascii(domains, settings->name);
    if (settings->d != NULL && !is_from) {
        entry->d = keep_ascii(domains, settings->d);
    } else if (settings->d == NULL && !domains_is_any(settings->name)) {
        entry->d = entry->name;
    }
    if (entry->name == NULL || (settings->d != NULL && !is_from && entry->d == NULL)) {
        return domains_out_of_memory(report);
    }
    bool is_foreign = entry->d != NULL &&
                      (domains_is_any(entry->name) || !domains_is_aligned(entry->d, entry->name));
    if (is_foreign && !settings->third_party) {
        config_complain(report, CONFIG_ERROR, &settings->place, setting,
                        "d = \"%s\" is not aligned with \"%s\", so DMARC would not count the "
                        "signature; if that is intended add third_party = true",
                        entry->d, entry->name);
        return false;
    }
    return true;
}

enum { ENTRIES_FIRST = 64 };

struct dkim_domain *domains_new_entry(struct dkim_domains *domains)
{
    if (domains->count == domains->room) {
        size_t room = domains->room > 0 ? domains->room * 2 : ENTRIES_FIRST;
        struct dkim_domain **grown =
            arena_array(domains->arena, room, sizeof(struct dkim_domain *));
        if (grown == NULL) {
            return NULL;
        }
        if (domains->count > 0) {
            memcpy(grown, domains->all, domains->count * sizeof(struct dkim_domain *));
        }
        domains->all = grown;
        domains->room = room;
    }
    struct dkim_domain *entry = arena_alloc(domains->arena, sizeof(*entry));
    if (entry != NULL) {
        domains->all[domains->count++] = entry;
    }
    return entry;
}

bool domains_add(struct dkim_domains *domains, const struct domain_settings *settings,
                 const char *setting, struct config_report *report)
{
    struct dkim_domain *entry = domains_new_entry(domains);
    if (entry == NULL) {
        return domains_out_of_memory(report);
    }
    entry->subdomains = settings->subdomains;
    entry->third_party = settings->third_party;
    entry->on_failure = (enum dkim_on_failure)settings->on_failure;
    entry->on_unpublished = (enum dkim_on_failure)settings->on_unpublished;
    entry->is_degraded = settings->is_degraded;
    if (!set_names(domains, settings, entry, setting, report)) {
        return false;
    }
    bool good = domains_add_keys(domains, settings, entry, setting, report);
    void *previous = NULL;
    if (domains_is_any(entry->name)) {
        domains->any = entry;
    } else if (!hash_table_put(domains->by_name, span_of(entry->name), entry, &previous)) {
        return domains_out_of_memory(report);
    }
    if (previous != NULL) { /* the same name in another spelling: U-labels, upper case */
        config_complain(report, CONFIG_ERROR, &settings->place, setting,
                        "\"%s\" stands in an earlier entry too", entry->name);
        return false;
    }
    return good;
}

static bool read_list(struct dkim_domains *domains, const struct config_list *list,
                      struct config_report *report)
{
    const struct domain_settings *rows = list->at;
    bool good = true;
    for (size_t i = 0; i < list->count; i++) {
        char setting[48];
        snprintf(setting, sizeof(setting), "domains[%zu]", i);
        good &= domains_add(domains, &rows[i], setting, report);
    }
    return good;
}

static bool read_all(struct dkim_domains *domains, const struct config *config, bool is_kept,
                     struct config_report *report)
{
    const struct domains_settings *settings = config_settings(config, &dkim_domains_table);
    if (settings->source == NULL || settings->source[0] == '\0') {
        return read_list(domains, &settings->list, report);
    }
    struct config_place place = config_where(config, &dkim_domains_table, "domains");
    if (span_has_prefix_nocase(span_of(settings->source), SPAN("opendkim:"))) {
        return domains_read_opendkim(domains, settings->source, is_kept, &place, report);
    }
    domains->folder = arena_copy(domains->arena, span_of(settings->source + sizeof("dir:") - 1)).at;
    return domains->folder != NULL ? domains_read_folder(domains, &place, report)
                                   : domains_out_of_memory(report);
}

struct dkim_domains *domains_new(struct config_report *report)
{
    struct dkim_domains *domains = calloc(1, sizeof(*domains));
    if (domains == NULL) {
        domains_out_of_memory(report);
        return NULL;
    }
    domains->arena = arena_new(MEMORY_MAX);
    domains->by_name = hash_table_new();
    domains->by_record = hash_table_new();
    domains->by_path = hash_table_new();
    if (domains->arena == NULL || domains->by_name == NULL || domains->by_record == NULL ||
        domains->by_path == NULL) {
        domains_out_of_memory(report);
        dkim_domains_free(&domains);
    }
    return domains;
}

struct dkim_domains *dkim_domains_rebuild(const struct config *config,
                                          const struct dkim_domains *previous, bool is_kept,
                                          struct config_report *report)
{
    struct dkim_domains *domains = domains_new(report);
    if (domains == NULL) {
        return NULL;
    }
    domains->previous = previous;
    if (!read_all(domains, config, is_kept, report)) {
        dkim_domains_free(&domains);
        return NULL;
    }
    domains->previous = NULL;
    return domains;
}

struct dkim_domains *dkim_domains_build(const struct config *config, struct config_report *report)
{
    return dkim_domains_rebuild(config, NULL, false, report);
}

void dkim_domains_free(struct dkim_domains **domains)
{
    if (*domains == NULL) {
        return;
    }
    domains_drop_keys(*domains);
    domains_drop_opendkim(&(*domains)->opendkim);
    hash_table_free(&(*domains)->by_name);
    hash_table_free(&(*domains)->by_record);
    hash_table_free(&(*domains)->by_path);
    arena_free(&(*domains)->arena);
    free(*domains);
    *domains = NULL;
}
