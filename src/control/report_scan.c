/*
 * report_scan: whether the virus scanner answers, as this process knows it; nothing where nothing
 * is scanned.
 */
#include "control/report_private.h"

#include <inttypes.h>

#include "log/counter.h"
#include "scan/clamd.h"

static int64_t seconds_since(const struct control_host *host, uint64_t since_ns)
{
    return (int64_t)((clock_mono_ns(host->clock) - since_ns) / 1000000000u);
}

void report_judge_scan(const struct control_host *host, const struct site *site,
                       struct reasons *reasons)
{
    struct clamd_state state;
    const char *then;

    if (site->clamd == NULL)
        return;
    clamd_look_at(site->clamd, &state);
    then = site->scan_settings->on_failure == CLAMD_FAILURE_DEFER ? "mail of users is deferred"
                                                                  : "mail passes without a scan";
    if (state.is_down)
        report_add_reason(
            reasons, CONTROL_WARNING, "clamd: %s has not answered for %" PRId64 " s: %s; %s",
            site->scan_settings->socket, seconds_since(host, state.down_ns), state.why.text, then);
    if (state.is_disk_bad)
        report_add_reason(reasons, CONTROL_WARNING, "clamd: for %" PRId64 " s: %s; %s",
                          seconds_since(host, state.disk_ns), state.disk_why.text, then);
}

static const char *answers(const struct clamd_state *state)
{
    if (state->is_down)
        return "does not answer: ";
    return state->was_asked ? "answers" : "not asked yet";
}

void report_text_scan(const struct site *site, struct buffer *out)
{
    struct clamd_state state;

    if (site->clamd == NULL)
        return;
    clamd_look_at(site->clamd, &state);
    buffer_printf(out, "clamd            %s %s%s\n", site->scan_settings->socket, answers(&state),
                  state.is_down ? state.why.text : "");
    if (state.is_disk_bad)
        buffer_printf(out, "                 %s\n", state.disk_why.text);
    buffer_printf(out,
                  "                 %" PRId64 " messages scanned, %" PRId64 " of them with a "
                  "finding; %" PRId64 " were too large, %" PRId64 " could not be\n",
                  counter_get(COUNTER_SCANNED), counter_get(COUNTER_VIRUSES),
                  counter_get(COUNTER_SCAN_TOO_LARGE), counter_get(COUNTER_SCAN_UNKNOWN));
}

void report_json_scan(const struct control_host *host, const struct site *site, struct json *json)
{
    struct clamd_state state;

    if (site->clamd == NULL)
        return;
    clamd_look_at(site->clamd, &state);
    json_open(json, "clamd", '{');
    json_text(json, "socket", span_of(site->scan_settings->socket));
    json_bool(json, "asked", state.was_asked);
    json_bool(json, "answers", state.was_asked && !state.is_down);
    if (state.is_down) {
        json_number(json, "down_s", seconds_since(host, state.down_ns));
        json_text(json, "reason", span_of(state.why.text));
    }
    if (state.is_disk_bad)
        json_text(json, "disk", span_of(state.disk_why.text));
    json_close(json, '}');
}
