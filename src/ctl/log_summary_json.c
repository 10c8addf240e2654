/*
 * log_summary_json: the summary as one object, schema 1. Members are there whatever was found;
 * tables have --top rows.
 */
#include <stdlib.h>

#include "ctl/log_summary.h"

static void json_count(struct json *json, const char *name, uint64_t value)
{
    json_number(json, name, value <= INT64_MAX ? (int64_t)value : INT64_MAX);
}

/* --- volumes --------------------------------------------------------------------------------- */

static void json_volume(struct json *json, const struct log_volume *volume)
{
    json_count(json, "received", volume->received);
    json_count(json, "delivered", volume->delivered);
    json_count(json, "deferred", volume->deferred);
    json_count(json, "bounced", volume->bounced);
    json_count(json, "rejected", volume->rejected);
}

static void json_server(struct json *json, const struct log_summary *summary)
{
    const struct log_server *server = &summary->server;
    json_open(json, "server", '{');
    json_volume(json, &server->all);
    json_count(json, "bytes", server->bytes);
    json_count(json, "expired", server->expired);
    json_count(json, "rejected_by_milter", server->rejected_by_milter);
    json_count(json, "warned", server->warned);
    json_count(json, "held", server->held);
    json_count(json, "discarded", server->discarded);
    json_count(json, "notifications", server->notifications);
    json_open(json, "hours", '[');
    for (int hour = 0; hour < 24; hour++) {
        json_open(json, NULL, '{');
        json_number(json, "hour", hour);
        json_volume(json, &server->hours[hour]);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}

static void json_ours(struct json *json, const struct log_ours *ours)
{
    json_open(json, "outgoing", '{');
    json_count(json, "messages", ours->messages);
    json_count(json, "recipients", ours->recipients);
    json_count(json, "external", ours->external);
    json_count(json, "bytes", ours->bytes);
    json_count(json, "accepted", ours->accepted);
    json_count(json, "held", ours->held);
    json_count(json, "deferred", ours->deferred);
    json_count(json, "rejected", ours->rejected);
    json_count(json, "discarded", ours->discarded);
    json_count(json, "aborted", ours->aborted);
    json_count(json, "would", ours->would);
    json_close(json, '}');
}

/* --- tables ---------------------------------------------------------------------------------- */

typedef void json_row(struct json *json, const struct tally_row *row);

/* False: no memory. */
static bool json_table(struct json *json, const struct log_summary *summary, const char *name,
                       struct tally *tally, json_row *fill)
{
    size_t count;
    struct tally_row **rows = tally_rows(tally, log_summary_compare, &count);
    json_open(json, name, '[');
    for (size_t i = 0; rows != NULL && i < count && i < summary->top; i++) {
        json_open(json, NULL, '{');
        fill(json, rows[i]);
        json_close(json, '}');
    }
    json_close(json, ']');
    free(rows);
    return rows != NULL || count == 0;
}

static void finding_fill(struct json *json, const struct tally_row *row)
{
    json_text(json, "finding", row->first);
    json_text(json, "done", row->second);
    json_count(json, "messages", row->messages);
    json_count(json, "recipients", row->recipients);
}

static void principal_fill(struct json *json, const struct tally_row *row)
{
    json_text(json, "principal", row->second);
    json_text(json, "class", row->first);
    json_count(json, "messages", row->messages);
    json_count(json, "recipients", row->recipients);
    json_count(json, "rejected", row->reject);
    json_count(json, "deferred", row->defer);
    json_count(json, "held", row->hold);
    json_count(json, "delivered", row->delivered);
    json_count(json, "bounced", row->bounced);
    json_count(json, "bytes", row->bytes);
}

static void sender_fill(struct json *json, const struct tally_row *row)
{
    json_text(json, "sender", row->first);
    json_count(json, "messages", row->messages);
    json_count(json, "recipients", row->recipients);
    json_count(json, "bytes", row->bytes);
}

static void domain_fill(struct json *json, const struct tally_row *row)
{
    json_text(json, "domain", row->first);
    json_count(json, "delivered", row->delivered);
    json_count(json, "bounced", row->bounced);
    json_count(json, "deferred", row->defer);
}

static void network_fill(struct json *json, const struct tally_row *row)
{
    json_text(json, "network", row->first);
    json_count(json, "failed", row->messages);
}

static void login_fill(struct json *json, const struct tally_row *row)
{
    json_text(json, "login", row->first);
    json_count(json, "failed", row->messages);
}

static void remark_fill(struct json *json, const struct tally_row *row)
{
    json_text(json, "text", row->first);
    json_count(json, "times", row->messages);
}

/* --- causes and delays ----------------------------------------------------------------------- */

static void json_causes(struct json *json, const struct log_causes *causes)
{
    enum cause order[CAUSE_COUNT];
    size_t count;
    log_causes_order(causes, order, &count);
    json_open(json, "causes", '[');
    for (size_t i = 0; i < count; i++) {
        const struct log_cause *row = &causes->at[order[i]];
        json_open(json, NULL, '{');
        json_text(json, "cause", span_of(cause_name(order[i])));
        json_text(json, "class", span_of(cause_class_name(cause_class_of(order[i]))));
        json_count(json, "bounced", row->bounced);
        json_count(json, "deferred", row->deferred);
        json_text(json, "advice",
                  span_of(row->advice != NULL ? row->advice : cause_advice(order[i])));
        json_text(json, "text", span_of(row->text));
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_delays(struct json *json, const struct log_summary *summary)
{
    json_open(json, "delays", '[');
    for (uint8_t provider = 0; provider < PROVIDER_COUNT; provider++) {
        const struct delays *delays = summary->delays[provider];
        if (delays[DELAY_WHOLE].count == 0) {
            continue;
        }
        json_open(json, NULL, '{');
        json_text(json, "provider", span_of(provider_name(provider)));
        json_count(json, "delivered", delays[DELAY_WHOLE].count);
        for (size_t i = 0; i < DELAY_COUNT; i++) {
            json_open(json, log_delay_names[i], '{');
            json_number(json, "p50_ms", delays_percentile(&delays[i], 50));
            json_number(json, "p90_ms", delays_percentile(&delays[i], 90));
            json_close(json, '}');
        }
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_joined(struct json *json, const struct log_summary *summary)
{
    const struct maillog_join_counts *counts = maillog_join_counts(summary->join);
    json_open(json, "joined", '{');
    json_count(json, "attributed", counts->attributed);
    json_count(json, "unattributed", counts->unattributed);
    json_count(json, "ambiguous", counts->ambiguous);
    json_count(json, "duplicates", counts->duplicates);
    json_count(json, "evicted", counts->evicted);
    json_close(json, '}');
    json_open(json, "gaps", '{');
    json_count(json, "times", summary->gaps);
    json_count(json, "lines", summary->lost_lines);
    json_close(json, '}');
}

bool log_summary_json(struct log_summary *summary)
{
    struct json json = json_new(&summary->ctl->out);
    bool is_good;
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_open(&json, "log", '{');
    log_walk_json(summary->ctl, &summary->walk, &json);
    json_close(&json, '}');
    json_server(&json, summary);
    json_ours(&json, &summary->ours);
    is_good = json_table(&json, summary, "findings", summary->findings, finding_fill) &&
              json_table(&json, summary, "principals", summary->principals, principal_fill) &&
              json_table(&json, summary, "senders", summary->senders, sender_fill) &&
              json_table(&json, summary, "domains", summary->domains, domain_fill);
    json_causes(&json, &summary->causes);
    json_delays(&json, summary);
    json_open(&json, "failed_logins", '{');
    json_count(&json, "told", summary->failed_logins);
    json_count(&json, "in_sessions", summary->failed_in_sessions);
    is_good = is_good && json_table(&json, summary, "networks", summary->networks, network_fill) &&
              json_table(&json, summary, "logins", summary->logins, login_fill);
    json_close(&json, '}');
    is_good = is_good && json_table(&json, summary, "remarks", summary->remarks, remark_fill);
    json_joined(&json, summary);
    json_close(&json, '}');
    buffer_add_char(&summary->ctl->out, '\n');
    return is_good;
}
