/*
 * report_suppress: takes a request about the suppression list to who answers it; and what health
 * and status say of the list.
 */
#include "control/report_suppress_private.h"

#include <inttypes.h>
#include <stdarg.h>

#include "config/config.h"

static const struct {
    const char *subject;
    bool acts;
    size_t args_min, args_max;
    const char *usage;
    enum control_exit (*answer)(struct suppress_inquiry *inquiry);
} subjects[] = {
    { "list", false, 0, 1, "[DOMAIN|ADDRESS]", report_suppress_list },
    { "export", false, 0, 0, "no arguments", report_suppress_export },
    { "add", true, 5, 5, "ADDRESS DOMAIN UNTIL CODE BECAUSE", report_suppress_add },
    { "remove", true, 1, 2, "ADDRESS [DOMAIN]", report_suppress_remove },
};

#define SUBJECT_COUNT (sizeof(subjects) / sizeof(subjects[0]))

enum control_exit suppress_refuse(struct suppress_inquiry *inquiry, enum control_exit code,
                                  const char *format, ...)
{
    struct buffer text = BUFFER_EMPTY;
    va_list args;
    va_start(args, format);
    buffer_vprintf(&text, format, args);
    va_end(args);
    report_refusal(buffer_text(&text), inquiry->is_json, inquiry->out);
    buffer_free(&text);
    return code;
}

static enum control_exit answer(struct suppress_inquiry *inquiry, size_t subject)
{
    if (subjects[subject].acts && !inquiry->asker->may_act) {
        return suppress_refuse(inquiry, CONTROL_DENIED,
                               "not permitted: only root and the daemon's user may change the "
                               "list");
    }
    if (inquiry->arg_count < subjects[subject].args_min ||
        inquiry->arg_count > subjects[subject].args_max) {
        return suppress_refuse(inquiry, CONTROL_USAGE, "suppress %s wants %s",
                               subjects[subject].subject, subjects[subject].usage);
    }
    if (inquiry->host->store == NULL) {
        return suppress_refuse(inquiry, CONTROL_INTERNAL, "this process keeps nothing");
    }
    return subjects[subject].answer(inquiry);
}

enum control_exit report_suppress(const struct control_host *host,
                                  const struct control_asker *asker,
                                  const struct control_words *words, bool json, struct buffer *out)
{
    struct suppress_inquiry inquiry = { .host = host,
                                        .asker = asker,
                                        .is_json = json,
                                        .out = out,
                                        .json = json_new(out),
                                        .wall_s = clock_wall_s(host->clock) };
    struct span subject = words->count > 1 ? words->at[1] : SPAN("");
    size_t at = 0;
    while (at < SUBJECT_COUNT && !span_is_equal(subject, span_of(subjects[at].subject))) {
        at++;
    }
    if (at == SUBJECT_COUNT) {
        return suppress_refuse(&inquiry, CONTROL_USAGE,
                               "suppress what? valid: list, export, add, remove");
    }
    struct site *site = site_holder_get(host->holder);
    inquiry.settings = config_settings(site->config, &suppression_table);
    inquiry.args = words->at + 2;
    inquiry.arg_count = words->count - 2;
    enum control_exit code = answer(&inquiry, at);
    site_unref(&site);
    return code;
}

/* --- health and status ------------------------------------------------------------------------ */

static int64_t most_of(const struct site *site)
{
    const struct suppression_settings *settings = config_settings(site->config, &suppression_table);
    return settings->max;
}

void report_judge_suppressed(const struct control_host *host, const struct site *site,
                             struct reasons *reasons)
{
    if (host->store == NULL || suppression_count(host->store) < (uint64_t)most_of(site)) {
        return;
    }
    report_add_reason(reasons, CONTROL_WARNING,
                      "suppression: the list is full, and addresses that bounce are not learnt: "
                      "raise suppression.max (%" PRId64 ") and reload, or remove some",
                      most_of(site));
}

void report_text_suppressed(const struct control_host *host, const struct site *site,
                            struct buffer *out)
{
    uint64_t count = host->store != NULL ? suppression_count(host->store) : 0;
    if (count > 0) {
        buffer_printf(out, "suppression      %" PRIu64 " of %" PRId64 " addresses\n", count,
                      most_of(site));
    }
}

void report_json_suppressed(const struct control_host *host, const struct site *site,
                            struct json *json)
{
    if (host->store == NULL) {
        return;
    }
    json_open(json, "suppression", '{');
    json_number(json, "addresses", (int64_t)suppression_count(host->store));
    json_number(json, "max", most_of(site));
    json_close(json, '}');
}
