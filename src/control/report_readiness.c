/*
 * report_readiness: the answer as text and as JSON.
 */
#include "control/report_readiness_private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "auth/organization.h"
#include "bulk/settings.h"
#include "limits/ledger.h"
#include "util/domain.h"

#define COLUMN "%-10s"

static uint64_t volume_at(const struct readiness *readiness, int provider)
{
    return window_sum(&readiness->daybook.at[provider].recipients);
}

/* Yahoo publishes no number, so whoever has lists counts as one there. */
static void judge_volume(struct readiness *readiness)
{
    for (int p = 0; p < BULK_PROVIDER_COUNT; p++) {
        readiness->sender.is_bulk[p] = readiness->daybook.at[p].bulk_since_s != 0 ||
                                       volume_at(readiness, p) >= readiness->threshold;
    }
    readiness->sender.is_bulk[BULK_YAHOO] |= window_sum(&readiness->daybook.lists) > 0;
}

/* False: the counts cannot be read. */
static bool prepare(struct readiness *readiness)
{
    const struct bulk_settings *settings =
        config_settings(readiness->site->config, &bulk_settings_table);
    struct span organization = organization_of(readiness->domain);
    readiness->organization = organization.size > 0 ? organization : readiness->domain;
    readiness->threshold = (uint64_t)settings->threshold;
    if (!volume_get(readiness->host->store, readiness->organization,
                    ledger_now_ms(readiness->host->ledger), &readiness->daybook)) {
        return false;
    }
    daybook_counts(&readiness->daybook, readiness->sender.counts);
    judge_volume(readiness);
    readiness_gather(readiness);
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        bulk_judge(&bulk_rules[i], &readiness->sender, &readiness->verdicts[i]);
    }
    return true;
}

static enum control_exit exit_of(const struct readiness *readiness)
{
    enum bulk_outcome worst = BULK_NOT_ASKED;
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        enum bulk_outcome outcome = readiness->verdicts[i].worst;
        worst = outcome > worst ? outcome : worst;
    }
    return worst == BULK_FAILS   ? CONTROL_CRITICAL
           : worst == BULK_WARNS ? CONTROL_WARNING
                                 : CONTROL_GOOD;
}

/* --- text ------------------------------------------------------------------------------------ */

static void text_volume(const struct readiness *readiness, struct buffer *out)
{
    char since[TIME_TEXT_MAX];
    for (int p = 0; p < BULK_PROVIDER_COUNT; p++) {
        int64_t since_s = readiness->daybook.at[p].bulk_since_s;
        buffer_printf(out, "  %-12s %" PRIu64 " of %" PRIu64 " recipients in 24 h",
                      bulk_provider_title((enum bulk_provider)p), volume_at(readiness, p),
                      readiness->threshold);
        if (since_s != 0) {
            report_print_time(since_s, since);
            buffer_printf(out, ", a bulk sender since %s", since);
        } else if (readiness->sender.is_bulk[p]) {
            buffer_add_text(out, ", a bulk sender for its lists");
        }
        buffer_add_char(out, '\n');
    }
}

static void text_head(const struct readiness *readiness, struct buffer *out)
{
    const struct bulk_counts *one_click = &readiness->sender.counts[9];
    buffer_printf(out, "%.*s, counted as %.*s with all its subdomains%s\n",
                  SPAN_ARG(readiness->domain), SPAN_ARG(readiness->organization),
                  readiness->host->fleet != NULL ? ", on this node of the fleet alone" : "");
    text_volume(readiness, out);
    buffer_printf(out,
                  "last 24 h: %" PRIu64 " messages to outside, %" PRIu64 " list messages, "
                  "%" PRIu64 " with one-click\n\n",
                  window_sum(&readiness->daybook.messages), one_click->judged,
                  one_click->judged - one_click->failed);
}

static void text_rule(const struct readiness *readiness, size_t i, struct buffer *out)
{
    const struct bulk_rule *rule = &bulk_rules[i];
    const struct bulk_verdict *verdict = &readiness->verdicts[i];
    buffer_printf(out, "%s %-14s", rule->id, rule->name);
    for (int p = 0; p < BULK_PROVIDER_COUNT; p++) {
        bool is_asked = verdict->at[p] != BULK_NOT_ASKED;
        buffer_printf(out, COLUMN, is_asked ? bulk_outcome_name(verdict->at[p]) : "-");
    }
    report_add_printable(out, span_of(verdict->why));
    buffer_add_char(out, '\n');
}

static bool needs_advice(const struct bulk_verdict *verdict)
{
    return verdict->worst >= BULK_NOTED;
}

static void text_advice(const struct readiness *readiness, struct buffer *out)
{
    bool is_first = true;
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        if (needs_advice(&readiness->verdicts[i])) {
            buffer_add_text(out, is_first ? "\nwhat to do\n" : "");
            buffer_printf(out, "  %s: %s: %s\n", bulk_rules[i].id, bulk_rules[i].asks,
                          bulk_rules[i].advice);
            is_first = false;
        }
    }
}

static void text_pages(struct buffer *out)
{
    buffer_add_text(out, "\nby these pages, last compared on the day shown\n");
    for (size_t i = PAGE_NONE + 1; i < PAGE_COUNT; i++) {
        buffer_printf(out, "  %s  %s (%s)\n", bulk_pages[i].checked_on, bulk_pages[i].title,
                      bulk_pages[i].address);
    }
}

static void tell_text(const struct readiness *readiness, struct buffer *out)
{
    text_head(readiness, out);
    buffer_printf(out, "%-18s", "RULE");
    buffer_printf(out, COLUMN COLUMN COLUMN "TOLD BY\n", "GOOGLE", "YAHOO", "MICROSOFT");
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        text_rule(readiness, i, out);
    }
    text_advice(readiness, out);
    text_pages(out);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_providers(const struct readiness *readiness, struct json *json)
{
    char since[TIME_TEXT_MAX];
    json_open(json, "providers", '{');
    for (int p = 0; p < BULK_PROVIDER_COUNT; p++) {
        json_open(json, bulk_provider_name((enum bulk_provider)p), '{');
        json_number(json, "recipients_24h", (int64_t)volume_at(readiness, p));
        json_bool(json, "bulk_sender", readiness->sender.is_bulk[p]);
        if (readiness->daybook.at[p].bulk_since_s != 0) {
            report_print_time(readiness->daybook.at[p].bulk_since_s, since);
            json_text(json, "since", span_of(since));
        }
        json_close(json, '}');
    }
    json_close(json, '}');
}

static void json_at(const struct bulk_rule *rule, const struct bulk_verdict *verdict,
                    struct json *json)
{
    static const char *const whens[] = { [BULK_NEVER] = "never",
                                         [BULK_ADVISED] = "advised",
                                         [BULK_SENDERS] = "bulk",
                                         [BULK_ALL] = "all" };
    json_open(json, "providers", '{');
    for (int p = 0; p < BULK_PROVIDER_COUNT; p++) {
        const struct bulk_page_row *page = &bulk_pages[rule->at[p].page];
        json_open(json, bulk_provider_name((enum bulk_provider)p), '{');
        json_text(json, "asked", span_of(whens[rule->at[p].when]));
        json_text(json, "verdict", span_of(bulk_outcome_name(verdict->at[p])));
        if (rule->at[p].page != PAGE_NONE) {
            json_text(json, "page", span_of(page->address));
            json_text(json, "checked_on", span_of(page->checked_on));
        }
        json_close(json, '}');
    }
    json_close(json, '}');
}

static void json_rule(const struct readiness *readiness, size_t i, struct json *json)
{
    static const char *const severities[] = {
        [BULK_INFO] = "info", [BULK_WARNING] = "warning", [BULK_REFUSAL] = "refusal"
    };
    const struct bulk_rule *rule = &bulk_rules[i];
    const struct bulk_counts *counts = &readiness->sender.counts[i];
    json_open(json, NULL, '{');
    json_text(json, "id", span_of(rule->id));
    json_text(json, "name", span_of(rule->name));
    json_text(json, "asks", span_of(rule->asks));
    json_text(json, "severity", span_of(severities[rule->severity]));
    json_at(rule, &readiness->verdicts[i], json);
    json_text(json, "told_by", span_of(readiness->verdicts[i].why));
    if (rule->is_counted) {
        json_number(json, "judged_24h", (int64_t)counts->judged);
        json_number(json, "failed_24h", (int64_t)counts->failed);
        json_number(json, "unknown_24h", (int64_t)counts->unknown);
    }
    json_text(json, "advice", span_of(rule->advice));
    json_close(json, '}');
}

static void tell_json(const struct readiness *readiness, struct buffer *out)
{
    struct json json = json_new(out);
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "domain", readiness->domain);
    json_text(&json, "organization", readiness->organization);
    json_number(&json, "threshold", (int64_t)readiness->threshold);
    json_bool(&json, "one_node_of_fleet", readiness->host->fleet != NULL);
    json_providers(readiness, &json);
    json_number(&json, "messages_24h", (int64_t)window_sum(&readiness->daybook.messages));
    json_number(&json, "list_messages_24h", (int64_t)window_sum(&readiness->daybook.lists));
    json_open(&json, "rules", '[');
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        json_rule(readiness, i, &json);
    }
    json_close(&json, ']');
    json_close(&json, '}');
    buffer_add_char(out, '\n');
}

/* --- the request ----------------------------------------------------------------------------- */

static enum control_exit refuse(enum control_exit code, const char *text, bool json,
                                struct buffer *out)
{
    report_refusal(text, json, out);
    return code;
}

static enum control_exit answer(struct readiness *readiness, bool json, struct buffer *out)
{
    if (!prepare(readiness)) {
        return refuse(CONTROL_INTERNAL, "what was counted cannot be read", json, out);
    }
    if (json) {
        tell_json(readiness, out);
    } else {
        tell_text(readiness, out);
    }
    return exit_of(readiness);
}

enum control_exit report_readiness(const struct control_host *host,
                                   const struct control_words *words, bool json, struct buffer *out)
{
    char domain[DOMAIN_MAX];
    if (words->count != 2 || !domain_to_ascii(words->at[1], domain)) {
        return refuse(CONTROL_USAGE, "readiness wants one domain, as example.org", json, out);
    }
    if (host->store == NULL || host->ledger == NULL) {
        return refuse(CONTROL_INTERNAL, "this process counts nothing", json, out);
    }
    struct readiness *readiness = calloc(1, sizeof(*readiness));
    if (readiness == NULL) {
        return refuse(CONTROL_INTERNAL, "out of memory", json, out);
    }
    struct site *site = site_holder_get(host->holder);
    readiness->host = host;
    readiness->site = site;
    readiness->domain = span_of(domain);
    enum control_exit code = answer(readiness, json, out);
    site_unref(&site);
    free(readiness);
    return code;
}
