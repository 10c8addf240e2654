/*
 * egress_settings: the rows of outgoing.addresses, helo, egress and envelope_rewrite.
 */
#include <stddef.h>
#include <stdio.h>

#include "site/egress.h"
#include "site/settings.h"
#include "tables/table.h"
#include "util/error.h"
#include "util/ip.h"

static bool accepts_address(const char *value, struct error *error)
{
    struct ip ip;
    if (!ip_parse(span_of(value), &ip)) {
        error_set(error, "no address; valid: \"198.51.100.7\", \"2001:db8::7\"");
        return false;
    }
    if (ip_is_loopback(&ip)) {
        error_set(error, "nobody outside sees a loopback address; valid: the public address that "
                         "mail leaves from, behind NAT that of the gateway");
        return false;
    }
    return true;
}

static bool accepts_rewrite(const char *value, struct error *error)
{
    struct egress_rewriting step;
    if (egress_rewriting_read(span_of(value), &step)) {
        return step.kind == EGRESS_CANONICAL ? table_accepts(step.what.at, error)
                                             : site_accepts_domain(step.what.at, error);
    }
    error_set(error, "not known; valid: \"canonical:TABLE\", \"masquerade:DOMAIN\", "
                     "\"srs:DOMAIN\"");
    return false;
}

static const struct config_row pool_rows[] = {
    { .name = "name",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct egress_pool_settings, name),
      .required = true,
      .brief = "what log and status call the pool" },
    { .name = "addresses",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct egress_pool_settings, addresses),
      .accepts = accepts_address,
      .brief = "public addresses that its mail leaves from" },
    { .name = "helo",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct egress_pool_settings, helo),
      .accepts = site_accepts_domain,
      .brief = "HELO name of its mail; absent: outgoing.helo" },
    { .name = "domains",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct egress_pool_settings, domains),
      .accepts = site_accepts_domain,
      .brief = "domains of envelope senders whose mail it carries, with those below" },
    CONFIG_ROWS_END,
};

static const struct config_row egress_rows[] = {
    { .name = "addresses",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct egress_settings, addresses),
      .accepts = accepts_address,
      .brief = "public addresses that our mail leaves from; absent: SPF is unknown" },
    { .name = "helo",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct egress_settings, helo),
      .accepts = site_accepts_domain,
      .brief = "HELO name of outgoing mail; absent: what the MTA calls itself" },
    { .name = "egress",
      .type = CONFIG_LIST,
      .offset = offsetof(struct egress_settings, pools),
      .rows = pool_rows,
      .element_size = sizeof(struct egress_pool_settings),
      .key = "name",
      .place_offset = offsetof(struct egress_pool_settings, place),
      .brief = "domains whose mail leaves from other addresses" },
    { .name = "envelope_rewrite",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct egress_settings, rewrite),
      .accepts = accepts_rewrite,
      .brief = "what the MTA does to envelope senders after us, in its order" },
    CONFIG_ROWS_END,
};

const char *egress_canonical_spec(const struct egress_settings *settings)
{
    for (size_t i = 0; i < settings->rewrite.count; i++) {
        struct egress_rewriting step;
        if (egress_rewriting_read(span_of(settings->rewrite.at[i]), &step) &&
            step.kind == EGRESS_CANONICAL) {
            return step.what.at;
        }
    }
    return NULL;
}

static void check_pools(const struct egress_settings *settings, struct config_report *report)
{
    const struct egress_pool_settings *rows = settings->pools.at;
    for (size_t i = 0; i < settings->pools.count; i++) {
        char name[48];
        snprintf(name, sizeof(name), "outgoing.egress[%zu]", i);
        if (rows[i].addresses.count == 0) {
            config_complain(report, CONFIG_ERROR, &rows[i].place, name,
                            "has no addresses; add addresses = [ \"198.51.100.8\" ]");
        }
        if (rows[i].domains.count == 0) {
            config_complain(report, CONFIG_WARNING, &rows[i].place, name,
                            "has no effect: it names no domains");
        }
    }
}

static void check_rewrite(const struct config *config, const struct egress_settings *settings,
                          struct config_report *report)
{
    struct config_place place = config_where(config, &site_egress_table, "envelope_rewrite");
    size_t tables = 0;
    for (size_t i = 0; i < settings->rewrite.count; i++) {
        struct egress_rewriting step;
        tables += egress_rewriting_read(span_of(settings->rewrite.at[i]), &step) &&
                  step.kind == EGRESS_CANONICAL;
    }
    if (tables > 1) {
        config_complain(report, CONFIG_ERROR, &place, "outgoing.envelope_rewrite",
                        "names %zu tables; valid: one \"canonical:TABLE\"", tables);
    }
}

static void check_egress(const struct config *config, const void *settings,
                         struct config_report *report)
{
    check_pools(settings, report);
    check_rewrite(config, settings, report);
}

const struct config_table site_egress_table = { .path = "outgoing",
                                                .rows = egress_rows,
                                                .size = sizeof(struct egress_settings),
                                                .check = check_egress };
