/*
 * report_hold: how much mail is held, since when, and whether there is room for more; commands that
 * did not work.
 */
#include "control/report_private.h"

#include <inttypes.h>

#include "hold/held.h"
#include "log/counter.h"

#define FAILURE_FRESH_S 3600 /* how long a command that failed is worth a warning */

struct held_state {
    uint64_t count, most;
    int64_t oldest_s; /* 0: none */
};

static bool note_oldest(const struct held *held, void *context)
{
    struct held_state *state = context;

    if (state->oldest_s == 0 || held->held_s < state->oldest_s)
        state->oldest_s = held->held_s;
    return true;
}

/* False: nothing is known. */
static bool read_state(const struct control_host *host, const struct site *site,
                       struct held_state *state_r)
{
    const struct hold_settings *settings = config_settings(site->config, &hold_settings_table);

    *state_r = (struct held_state){ .most = (uint64_t)settings->total };
    if (host->store == NULL)
        return false;
    state_r->count = held_count(host->store);
    return state_r->count == 0 || held_walk(host->store, note_oldest, state_r);
}

void report_judge_hold(const struct control_host *host, const struct site *site,
                       struct reasons *reasons)
{
    struct held_state state;
    int64_t failed_s = clock_wall_s(host->clock) - counter_get(COUNTER_LAST_COMMAND_FAILED_S);

    if (read_state(host, site, &state)) {
        if (state.count >= state.most)
            report_add_reason(reasons, CONTROL_CRITICAL,
                              "hold: %" PRIu64 " messages are held, as many as hold.total allows: "
                              "more are deferred; egressctl hold list",
                              state.count);
        else if (state.count > state.most - (state.most + 4) / 5)
            report_add_reason(reasons, CONTROL_WARNING,
                              "hold: %" PRIu64 " messages are held, and hold.total is %" PRIu64
                              "; egressctl hold list",
                              state.count, state.most);
    }
    if (counter_get(COUNTER_COMMANDS_FAILED) > 0 && failed_s < FAILURE_FRESH_S)
        report_add_reason(reasons, CONTROL_WARNING,
                          "notices: a command of notices or hooks failed %" PRId64
                          " s ago; the log tells which",
                          failed_s > 0 ? failed_s : 0);
}

void report_text_hold(const struct control_host *host, const struct site *site, struct buffer *out)
{
    struct held_state state;
    char since[TIME_TEXT_MAX];

    if (!read_state(host, site, &state))
        return;
    buffer_printf(out, "held             %" PRIu64 " of at most %" PRIu64, state.count, state.most);
    if (state.oldest_s != 0) {
        report_print_time(state.oldest_s, since);
        buffer_printf(out, ", the oldest since %s", since);
    }
    buffer_add_char(out, '\n');
}

void report_json_hold(const struct control_host *host, const struct site *site, struct json *json)
{
    struct held_state state;
    char since[TIME_TEXT_MAX];

    if (!read_state(host, site, &state))
        return;
    json_open(json, "hold", '{');
    json_number(json, "held", (int64_t)state.count);
    json_number(json, "most", (int64_t)state.most);
    if (state.oldest_s != 0) {
        report_print_time(state.oldest_s, since);
        json_text(json, "oldest", span_of(since));
    }
    json_close(json, '}');
}
