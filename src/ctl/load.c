/*
 * load: reads the configuration the way the daemon does and tells its faults the way a compiler
 * does.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/load.h"
#include "ctl/print.h"
#include "util/domain.h"

void load_print_faults(struct ctl *ctl, const struct config_report *report, bool with_warnings)
{
    for (size_t i = 0; i < config_report_size(report); i++) {
        const struct config_fault *fault = config_report_fault(report, i);
        struct span text = span_of(fault->text);

        if (fault->severity == CONFIG_WARNING && !with_warnings)
            continue;
        print_escaped(&ctl->err, text, text.size);
        if (fault->severity == CONFIG_WARNING)
            buffer_add_text(&ctl->err, " (warning)");
        buffer_add_char(&ctl->err, '\n');
    }
}

struct site *load_site_quietly(const struct ctl *ctl)
{
    struct config_report *report = config_report_new();
    struct site *site = report != NULL ? site_load(ctl->config_path, ctl->tables, report) : NULL;

    config_report_free(&report);
    return site;
}

struct site *load_site(struct ctl *ctl)
{
    struct config_report *report = config_report_new();
    struct site *site = NULL;

    if (report != NULL)
        site = site_load(ctl->config_path, ctl->tables, report);
    if (report == NULL)
        ctl_fail(ctl, CTL_CONFIG, "out of memory");
    else if (site == NULL)
        load_print_faults(ctl, report, false);
    config_report_free(&report);
    return site;
}

/* "/path/DOMAIN/SELECTOR.pem" is of /path; absent for keys that are filed in another way. */
static struct span directory_of(const struct dkim_domain *domain, const struct dkim_domain_key *key)
{
    struct span path = span_of(key->path);
    char ending[2 * DOMAIN_MAX + 8];

    snprintf(ending, sizeof(ending), "/%s/%s.pem", domain->name, key->selector);
    if (!span_has_suffix_nocase(path, span_of(ending)))
        return (struct span){ NULL, 0 };
    return span_first(path, path.size - strlen(ending));
}

static struct span directory_in_use(const struct site *site)
{
    for (size_t i = 0; site != NULL && i < dkim_domains_count(site->domains); i++) {
        const struct dkim_domain *domain = dkim_domains_at(site->domains, i);

        for (size_t k = 0; k < domain->key_count; k++) {
            struct span found = directory_of(domain, &domain->keys[k]);

            if (found.size > 0)
                return found;
        }
    }
    return (struct span){ NULL, 0 };
}

void load_key_directory(const struct ctl *ctl, const struct site *site, struct buffer *path)
{
    const char *slash = strrchr(ctl->config_path, '/');
    struct span in_use = site != NULL ? span_of(dkim_domains_folder(site->domains)) : SPAN("");

    if (in_use.size == 0)
        in_use = directory_in_use(site);
    if (in_use.size > 0) {
        buffer_add_span(path, in_use);
        return;
    }
    if (slash != NULL)
        buffer_add(path, ctl->config_path, (size_t)(slash - ctl->config_path) + 1);
    buffer_add_text(path, "keys");
}
