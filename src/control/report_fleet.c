/*
 * report_fleet: the servers that a fleet counts in: which one this process is connected with, or
 * since when and why with none, and what has to be added there.
 */
#include "control/report_private.h"

#include <inttypes.h>

#include "limits/fleet.h"
#include "log/counter.h"

/* "127.0.0.1:6379: it refuses the password: WRONGPASS ..." */
static void add_reason(const struct redis_state *state, struct buffer *out)
{
    buffer_printf(out, "%s: %s", state->address, redis_reason_text(state->reason));
    if (state->words[0] != '\0')
        buffer_printf(out, ": %s", state->words);
}

void report_judge_fleet(const struct control_host *host, struct reasons *reasons)
{
    struct redis_state state;
    struct buffer reason = BUFFER_EMPTY;
    char since[TIME_TEXT_MAX];

    if (host->fleet == NULL)
        return;
    fleet_look(host->fleet, &state);
    if (!state.is_out)
        return;
    report_print_time(state.out_since_s, since);
    add_reason(&state, &reason);
    report_add_reason(reasons, CONTROL_WARNING,
                      "redis: none since %s: %s; this node counts alone, at its share of limits",
                      since, buffer_text(&reason));
    buffer_free(&reason);
}

void report_text_fleet(const struct control_host *host, struct buffer *out)
{
    struct redis_state state;
    char since[TIME_TEXT_MAX];

    if (host->fleet == NULL)
        return;
    fleet_look(host->fleet, &state);
    buffer_printf(out, "fleet            %s, this is %s; ", fleet_name(host->fleet),
                  fleet_node(host->fleet));
    if (state.is_up) {
        buffer_printf(out, "connected with %s", state.address);
    } else if (state.is_out) {
        report_print_time(state.out_since_s, since);
        buffer_printf(out, "alone since %s: ", since);
        add_reason(&state, out);
    } else {
        buffer_add_text(out, "not connected yet: ");
        add_reason(&state, out);
    }
    buffer_printf(out,
                  "\n                 %" PRIu64 " charges wait to be added there, %" PRId64
                  " were, %" PRId64 " are lost\n",
                  fleet_merges(host->fleet), counter_get(COUNTER_FLEET_MERGED),
                  counter_get(COUNTER_FLEET_LOST));
}

void report_json_fleet(const struct control_host *host, struct json *json)
{
    struct redis_state state;
    char since[TIME_TEXT_MAX];

    if (host->fleet == NULL)
        return;
    fleet_look(host->fleet, &state);
    json_open(json, "fleet", '{');
    json_text(json, "name", span_of(fleet_name(host->fleet)));
    json_text(json, "node", span_of(fleet_node(host->fleet)));
    json_bool(json, "connected", state.is_up);
    json_text(json, "address", span_of(state.address));
    if (state.is_out) {
        report_print_time(state.out_since_s, since);
        json_text(json, "out_since", span_of(since));
    }
    if (!state.is_up) {
        json_text(json, "reason", span_of(redis_reason_text(state.reason)));
        json_text(json, "said", span_of(state.words));
    }
    json_number(json, "outages", (int64_t)state.outages);
    json_number(json, "waiting", (int64_t)fleet_merges(host->fleet));
    json_number(json, "merged", counter_get(COUNTER_FLEET_MERGED));
    json_number(json, "lost", counter_get(COUNTER_FLEET_LOST));
    json_close(json, '}');
}
