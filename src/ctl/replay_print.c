/*
 * replay_print: what limits would have done, by user and limit, and what would fit this site, as
 * text or as JSON. Names come from the log and are escaped.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "config/units.h"
#include "ctl/print.h"
#include "ctl/replay.h"

#define TIME_ROOM 32

static const char *const span_names[REPLAY_SPANS] = { [REPLAY_HOUR] = "1h", [REPLAY_DAY] = "1d" };

struct told {
    const struct replay *replay;
    const struct replay_effect *effect;
    struct tally_row **rows; /* those with most messages first */
    size_t row_count;
    struct replay_proposal *proposals;
    size_t proposal_count;
};

static int compare_rows(const void *a, const void *b)
{
    const struct tally_row *left = *(struct tally_row *const *)a;
    const struct tally_row *right = *(struct tally_row *const *)b;
    int order = (left->messages < right->messages) - (left->messages > right->messages);

    if (order == 0) {
        order = tally_compare_text(left->first, right->first);
    }
    return order != 0 ? order : tally_compare_text(left->second, right->second);
}

static void time_print(int64_t wall_s, char out[static TIME_ROOM])
{
    time_t seconds = (time_t)wall_s;
    struct tm utc = { 0 };

    gmtime_r(&seconds, &utc);
    strftime(out, TIME_ROOM, "%Y-%m-%dT%H:%MZ", &utc);
}

/* --- text ------------------------------------------------------------------------------------ */

static const char *outcome_of(const struct tally_row *row)
{
    return row->reject > 0  ? row->defer > 0 ? "deferred or rejected" : "rejected"
           : row->defer > 0 ? "deferred"
           : row->hold > 0  ? "held"
                            : "told";
}

static void print_rows(const struct told *told, struct buffer *out)
{
    char first[TIME_ROOM], wait[UNITS_TEXT_MAX];

    if (told->row_count == 0) {
        return;
    }
    buffer_printf(out, "%10s %10s  %-17s %8s  %s\n", "MESSAGES", "RECIPIENTS", "FIRST", "WAIT",
                  "USER: LIMIT");
    for (size_t i = 0; i < told->row_count && i < told->replay->top; i++) {
        const struct tally_row *row = told->rows[i];

        time_print(row->first_s, first);
        units_print_duration((int64_t)((row->longest_ms + 59999) / 60000 * 60), wait);
        buffer_printf(out, "%10" PRIu64 " %10" PRIu64 "  %-17s %8s  ", row->messages,
                      row->recipients, first, row->longest_ms > 0 ? wait : "-");
        print_escaped(out, row->first, 255);
        buffer_add_text(out, ": ");
        print_escaped(out, row->second, 64);
        buffer_printf(out, ", %s\n", outcome_of(row));
    }
    if (told->row_count > told->replay->top) {
        buffer_printf(out, "%10s %10s  and %" PRIu64 " more (--top)\n", "", "",
                      (uint64_t)told->row_count - told->replay->top);
    }
    buffer_add_char(out, '\n');
}

static void print_total(const struct told *told, struct buffer *out)
{
    const struct replay_effect *effect = told->effect;

    buffer_printf(out,
                  "of %" PRIu64 " messages %" PRIu64 " would have been rejected, %" PRIu64
                  " held, %" PRIu64 " deferred, %" PRIu64 " only told (",
                  effect->messages, effect->rejected, effect->held, effect->deferred, effect->told);
    log_scan_print_days(told->replay->ctl, &told->replay->reading.scan, out);
    buffer_add_text(out, ")\n");
}

static void print_proposals(const struct told *told, struct buffer *out)
{
    if (told->proposal_count == 0) {
        return;
    }
    buffer_printf(out, "\n%-16s %8s %5s %10s %10s %10s %8s\n", "PLAN", "USERS", "PER", "USUAL",
                  "MOST", "PROPOSED", "MEET IT");
    for (size_t i = 0; i < told->proposal_count; i++) {
        const struct replay_proposal *proposal = &told->proposals[i];

        struct buffer plan = BUFFER_EMPTY;

        print_escaped(&plan, proposal->plan.size > 0 ? proposal->plan : SPAN("-"), 40);
        for (int k = 0; k < REPLAY_SPANS; k++) {
            buffer_printf(out, "%-16s %8zu %5s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %8zu\n",
                          buffer_text(&plan), proposal->users, span_names[k],
                          proposal->spans[k].usual, proposal->spans[k].most, proposal->spans[k].max,
                          proposal->spans[k].meet_it);
        }
        buffer_free(&plan);
    }
}

static void print_config(const struct told *told, struct buffer *out)
{
    if (told->proposal_count == 0) {
        return;
    }
    buffer_add_text(out, "\n# USUAL: what 99.5 of 100 users had at most in their busiest hour or "
                         "day; PROPOSED is twice that.\nlimits = (\n");
    for (size_t i = 0; i < told->proposal_count; i++) {
        const struct replay_proposal *proposal = &told->proposals[i];
        bool has_plan = proposal->plan.size > 0;

        for (int k = 0; k < REPLAY_SPANS; k++) {
            bool is_last = i + 1 == told->proposal_count && k + 1 == REPLAY_SPANS;

            buffer_add_text(out, "  { name = \"");
            print_escaped(out, has_plan ? proposal->plan : SPAN("default"), 40);
            buffer_printf(out, "%s\"; count = \"recipients\"; ",
                          k == REPLAY_HOUR ? has_plan ? "-hour" : "" : "-day");
            if (has_plan) {
                buffer_add_text(out, "plan = \"");
                print_escaped(out, proposal->plan, 100);
                buffer_add_text(out, "\"; ");
            }
            buffer_printf(out, "max = %" PRIu64 "; per = \"%s\"; }%s\n", proposal->spans[k].max,
                          span_names[k], is_last ? " );" : ",");
        }
    }
}

static void print_text(const struct told *told)
{
    struct buffer *out = &told->replay->ctl->out;

    print_rows(told, out);
    print_total(told, out);
    print_proposals(told, out);
    print_config(told, out);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_row(struct json *json, const struct tally_row *row)
{
    char when[TIME_ROOM];

    json_open(json, NULL, '{');
    json_text(json, "user", row->first);
    json_text(json, "limit", row->second);
    json_number(json, "messages", (int64_t)row->messages);
    json_number(json, "recipients", (int64_t)row->recipients);
    json_number(json, "reject", (int64_t)row->reject);
    json_number(json, "hold", (int64_t)row->hold);
    json_number(json, "defer", (int64_t)row->defer);
    time_print(row->first_s, when);
    json_text(json, "first", span_of(when));
    time_print(row->last_s, when);
    json_text(json, "last", span_of(when));
    json_number(json, "longest_wait_s", (int64_t)((row->longest_ms + 999) / 1000));
    json_close(json, '}');
}

static void json_effect(struct json *json, const struct told *told)
{
    const struct replay_effect *effect = told->effect;

    json_number(json, "messages", (int64_t)effect->messages);
    json_number(json, "reject", (int64_t)effect->rejected);
    json_number(json, "hold", (int64_t)effect->held);
    json_number(json, "defer", (int64_t)effect->deferred);
    json_number(json, "told", (int64_t)effect->told);
    json_number(json, "row_count", (int64_t)told->row_count);
    json_open(json, "rows", '[');
    for (size_t i = 0; i < told->row_count && i < told->replay->top; i++) {
        json_row(json, told->rows[i]);
    }
    json_close(json, ']');
}

static void json_proposals(struct json *json, const struct told *told)
{
    json_open(json, "proposals", '[');
    for (size_t i = 0; i < told->proposal_count; i++) {
        const struct replay_proposal *proposal = &told->proposals[i];

        for (int k = 0; k < REPLAY_SPANS; k++) {
            json_open(json, NULL, '{');
            if (proposal->plan.size > 0) {
                json_text(json, "plan", proposal->plan);
            }
            json_number(json, "users", (int64_t)proposal->users);
            json_text(json, "count", SPAN("recipients"));
            json_text(json, "per", span_of(span_names[k]));
            json_number(json, "usual", (int64_t)proposal->spans[k].usual);
            json_number(json, "most", (int64_t)proposal->spans[k].most);
            json_number(json, "max", (int64_t)proposal->spans[k].max);
            json_number(json, "meet_it", (int64_t)proposal->spans[k].meet_it);
            json_close(json, '}');
        }
    }
    json_close(json, ']');
}

static void print_json(const struct told *told)
{
    const struct replay *replay = told->replay;
    struct json json = json_new(&replay->ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_open(&json, "log", '{');
    log_scan_json(replay->ctl, &replay->reading.scan, &json);
    json_number(&json, "of_postfix", (int64_t)replay->reading.of_postfix);
    json_number(&json, "stopped", (int64_t)replay->reading.stopped);
    json_close(&json, '}');
    json_bool(&json, "complete", replay->is_whole);
    json_effect(&json, told);
    json_proposals(&json, told);
    json_close(&json, '}');
    buffer_add_char(&replay->ctl->out, '\n');
}

bool replay_print(const struct replay *replay)
{
    struct told told = { .replay = replay, .effect = replay_limits_effect(replay->limits) };
    bool is_done;

    told.rows = tally_rows(told.effect->rows, compare_rows, &told.row_count);
    told.proposals = replay_busy_propose(replay->busy, &told.proposal_count);
    is_done = (told.rows != NULL || told.row_count == 0) &&
              (told.proposals != NULL || told.proposal_count == 0);
    if (is_done && replay->ctl->is_json) {
        print_json(&told);
    } else if (is_done) {
        print_text(&told);
    }
    free(told.rows);
    free(told.proposals);
    return is_done;
}
