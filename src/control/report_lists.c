/*
 * report_lists: the DNS lists that are asked: which are in order, and whether they list us.
 */
#include "control/report_private.h"

#include "watch/lists_record.h"
#include "watch/reputation.h"

static bool has_lists(const struct control_host *host, const struct site *site)
{
    return host->store != NULL && site->lists->count > 0;
}

static void add_listing(struct span line, void *context)
{
    report_add_reason(context, CONTROL_WARNING, "reputation: %.*s", SPAN_ARG(line));
}

void report_judge_lists(const struct control_host *host, const struct site *site,
                        struct reasons *reasons)
{
    if (!has_lists(host, site))
        return;
    for (size_t i = 0; i < site->lists->count; i++) {
        struct list_health health;
        lists_health_get(host->store, &site->lists->at[i], &health);
        if (health.state == LIST_OFF)
            report_add_reason(reasons, CONTROL_WARNING, "lists: %s is off: %s",
                              site->lists->at[i].name, health.why);
    }
    size_t listed = reputation_status_listed(host->store, add_listing, reasons);
    if (listed > REPUTATION_HEALTH_MAX)
        report_add_reason(reasons, CONTROL_WARNING, "reputation: %zu more listings",
                          listed - REPUTATION_HEALTH_MAX);
}

void report_text_lists(const struct control_host *host, const struct site *site, struct buffer *out)
{
    size_t on = 0;

    if (!has_lists(host, site))
        return;
    for (size_t i = 0; i < site->lists->count; i++) {
        struct list_health health;
        lists_health_get(host->store, &site->lists->at[i], &health);
        on += lists_state_at(&health, clock_wall_s(host->clock)) == LIST_ON;
    }
    buffer_printf(out, "lists            %zu of %zu are on: see egressctl lists\n", on,
                  site->lists->count);
    reputation_status_text(host->store, out);
}

void report_json_lists(const struct control_host *host, const struct site *site, struct json *json)
{
    if (!has_lists(host, site))
        return;
    lists_status_json(site->lists, host->store, clock_wall_s(host->clock), json);
    reputation_status_json(host->store, json);
}

enum control_exit report_lists(const struct control_host *host, bool json, struct buffer *out)
{
    struct site *site = site_holder_get(host->holder);
    int64_t now_s = clock_wall_s(host->clock);

    if (host->store == NULL) {
        report_refusal("nothing is kept, so nothing is known of lists", json, out);
    } else if (json) {
        struct json object = json_new(out);
        json_open(&object, NULL, '{');
        json_number(&object, "schema", 1);
        lists_status_json(site->lists, host->store, now_s, &object);
        reputation_status_json(host->store, &object);
        json_close(&object, '}');
        buffer_add_char(out, '\n');
    } else {
        lists_status_text(site->lists, host->store, now_s, out);
        reputation_status_text(host->store, out);
    }
    site_unref(&site);
    return host->store == NULL ? CONTROL_INTERNAL : CONTROL_GOOD;
}
