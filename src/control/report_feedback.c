/*
 * report_feedback: the logs of the mail server that are followed, as the store knows it; nothing
 * where none is.
 */
#include "control/report_private.h"

#include <inttypes.h>

#include "feedback/settings.h"
#include "watch/maillog_record.h"

static const struct config_texts *logs_of(const struct control_host *host, const struct site *site)
{
    static const struct config_texts none = { NULL, 0 };
    const struct feedback_settings *settings;
    if (host->store == NULL || site->config == NULL) {
        return &none;
    }
    settings = config_settings(site->config, &feedback_table);
    return &settings->log;
}

void report_judge_feedback(const struct control_host *host, const struct site *site,
                           struct reasons *reasons)
{
    const struct config_texts *logs = logs_of(host, site);
    for (size_t i = 0; i < logs->count; i++) {
        struct maillog_record record;
        if (maillog_record_get(host->store, logs->at[i], &record) == STORE_FOUND &&
            record.bad_s != 0) {
            report_add_reason(reasons, CONTROL_WARNING,
                              "feedback: for %" PRId64 " s: %s; nothing is learnt from it",
                              clock_wall_s(host->clock) - record.bad_s, record.trouble);
        }
    }
}

void report_text_feedback(const struct control_host *host, const struct site *site,
                          struct buffer *out)
{
    const struct config_texts *logs = logs_of(host, site);
    for (size_t i = 0; i < logs->count; i++) {
        struct maillog_record record;
        enum store_result result = maillog_record_get(host->store, logs->at[i], &record);
        buffer_printf(out, "%-16s %s", i == 0 ? "feedback" : "", logs->at[i]);
        if (result != STORE_FOUND) {
            buffer_add_text(out, " not read yet\n");
            continue;
        }
        buffer_printf(out,
                      ": %" PRIu64 " lines; outcomes of our mail %" PRIu64
                      ", of other mail %" PRIu64 ", of one or the other %" PRIu64 "\n",
                      record.lines, record.attributed, record.unattributed, record.ambiguous);
        if (record.gaps > 0) {
            buffer_printf(out, "%-16s lines are missing, %" PRIu64 " times\n", "", record.gaps);
        }
        if (record.trouble[0] != '\0') {
            buffer_printf(out, "%-16s %s\n", "", record.trouble);
        }
    }
}

void report_json_feedback(const struct control_host *host, const struct site *site,
                          struct json *json)
{
    const struct config_texts *logs = logs_of(host, site);
    json_open(json, "feedback", '[');
    for (size_t i = 0; i < logs->count; i++) {
        struct maillog_record record;
        (void)maillog_record_get(host->store, logs->at[i], &record);
        json_open(json, NULL, '{');
        json_text(json, "log", span_of(logs->at[i]));
        json_number(json, "since", record.since_s);
        json_number(json, "lines", (int64_t)record.lines);
        json_number(json, "attributed", (int64_t)record.attributed);
        json_number(json, "unattributed", (int64_t)record.unattributed);
        json_number(json, "ambiguous", (int64_t)record.ambiguous);
        json_number(json, "gaps", (int64_t)record.gaps);
        json_number(json, "bad_since", record.bad_s);
        json_text(json, "trouble", span_of(record.trouble));
        json_close(json, '}');
    }
    json_close(json, ']');
}
