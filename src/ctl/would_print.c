/*
 * would_print: the tables and the total, as text or as JSON. Names come from the log and are
 * escaped.
 */
#include <inttypes.h>

#include "ctl/print.h"
#include "ctl/would.h"

/* --- text ----------------------------------------------------------------------------------------
 */

static void print_name(struct buffer *out, struct span name)
{
    print_escaped(out, name.size > 0 ? name : SPAN("-"), 255);
}

static void print_findings(struct buffer *out, const struct would_groups *groups)
{
    buffer_printf(out, "%10s %10s %10s %10s %10s %10s  %s\n", "MESSAGES", "REJECT", "HOLD", "DEFER",
                  "USERS", "RECIPIENTS", "FINDING");
    for (size_t i = 0; i < groups->count; i++) {
        const struct would_group *group = &groups->at[i];

        buffer_printf(
            out, "%10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10zu %10" PRIu64 "  ",
            group->sum.messages, group->sum.reject, group->sum.hold, group->sum.defer,
            group->row_count, group->sum.recipients);
        print_name(out, group->name);
        buffer_add_char(out, '\n');
    }
}

static void print_observed(struct buffer *out, const struct would_groups *groups)
{
    buffer_printf(out, "%10s %10s %10s  %s\n", "MESSAGES", "USERS", "RECIPIENTS",
                  "FINDING, SEEN AND ONLY OBSERVED");
    for (size_t i = 0; i < groups->count; i++) {
        const struct would_group *group = &groups->at[i];

        buffer_printf(out, "%10" PRIu64 " %10zu %10" PRIu64 "  ", group->sum.messages,
                      group->row_count, group->sum.recipients);
        print_name(out, group->name);
        buffer_add_char(out, '\n');
    }
}

static void print_users(struct buffer *out, const struct would_groups *groups, uint64_t top)
{
    buffer_printf(out, "%10s %10s  %s\n", "MESSAGES", "RECIPIENTS", "USER: FINDINGS");
    for (size_t i = 0; i < groups->count && i < top; i++) {
        const struct would_group *group = &groups->at[i];

        buffer_printf(out, "%10" PRIu64 " %10" PRIu64 "  ", group->sum.messages,
                      group->sum.recipients);
        print_name(out, group->name);
        for (size_t k = 0; k < group->row_count; k++) {
            buffer_add_text(out, k == 0 ? ": " : ", ");
            print_name(out, group->rows[k]->first);
            buffer_printf(out, " %" PRIu64, group->rows[k]->messages);
        }
        buffer_add_char(out, '\n');
    }
    if (groups->count > top)
        buffer_printf(out, "%10s %10s  and %" PRIu64 " users more (--top)\n", "", "",
                      (uint64_t)groups->count - top);
}

static void print_total(const struct would *would, struct buffer *out)
{
    buffer_printf(out,
                  "of %" PRIu64 " messages %" PRIu64 " would have been rejected, %" PRIu64
                  " held, %" PRIu64 " deferred (",
                  would->messages, would->reject, would->hold, would->defer);
    log_scan_print_days(would->ctl, &would->scan, out);
    buffer_add_text(out, ")\n");
    if (would->stopped > 0)
        buffer_printf(out,
                      "%" PRIu64 " %s really stopped: enforced, or beyond what can be served\n",
                      would->stopped, would->stopped == 1 ? "was" : "were");
}

void would_print_text(const struct would *would, const struct would_result *result)
{
    struct buffer *out = &would->ctl->out;

    if (would->with_findings && result->findings.count > 0) {
        print_findings(out, &result->findings);
        buffer_add_char(out, '\n');
    }
    if (would->with_users && result->users.count > 0) {
        print_users(out, &result->users, would->top);
        buffer_add_char(out, '\n');
    }
    if (would->with_observed && result->observed.count > 0) {
        print_observed(out, &result->observed);
        buffer_add_char(out, '\n');
    }
    print_total(would, out);
}

/* --- JSON ----------------------------------------------------------------------------------------
 */

static void json_name(struct json *json, const char *member, struct span name)
{
    json_text(json, member, name.size > 0 ? name : SPAN("-"));
}

static void json_sum(struct json *json, const struct tally_row *sum, bool is_stop)
{
    json_number(json, "messages", (int64_t)sum->messages);
    if (is_stop) {
        json_number(json, "reject", (int64_t)sum->reject);
        json_number(json, "hold", (int64_t)sum->hold);
        json_number(json, "defer", (int64_t)sum->defer);
    }
    json_number(json, "recipients", (int64_t)sum->recipients);
}

static void json_findings(struct json *json, const char *member, const struct would_groups *groups,
                          bool is_stop)
{
    json_open(json, member, '[');
    for (size_t i = 0; i < groups->count; i++) {
        json_open(json, NULL, '{');
        json_name(json, "finding", groups->at[i].name);
        json_sum(json, &groups->at[i].sum, is_stop);
        json_number(json, "users", (int64_t)groups->at[i].row_count);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_users(struct json *json, const struct would_groups *groups, uint64_t top)
{
    json_number(json, "user_count", (int64_t)groups->count);
    json_open(json, "users", '[');
    for (size_t i = 0; i < groups->count && i < top; i++) {
        const struct would_group *group = &groups->at[i];

        json_open(json, NULL, '{');
        json_name(json, "user", group->name);
        json_sum(json, &group->sum, true);
        json_open(json, "findings", '[');
        for (size_t k = 0; k < group->row_count; k++) {
            json_open(json, NULL, '{');
            json_name(json, "finding", group->rows[k]->first);
            json_number(json, "messages", (int64_t)group->rows[k]->messages);
            json_close(json, '}');
        }
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
}

void would_print_json(const struct would *would, const struct would_result *result)
{
    struct json json = json_new(&would->ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_open(&json, "log", '{');
    log_scan_json(would->ctl, &would->scan, &json);
    json_close(&json, '}');
    json_bool(&json, "complete", result->is_whole);
    json_number(&json, "messages", (int64_t)would->messages);
    json_number(&json, "reject", (int64_t)would->reject);
    json_number(&json, "hold", (int64_t)would->hold);
    json_number(&json, "defer", (int64_t)would->defer);
    json_number(&json, "stopped", (int64_t)would->stopped);
    if (would->with_findings)
        json_findings(&json, "findings", &result->findings, true);
    if (would->with_users)
        json_users(&json, &result->users, would->top);
    if (would->with_observed)
        json_findings(&json, "observed", &result->observed, false);
    json_close(&json, '}');
    buffer_add_char(&would->ctl->out, '\n');
}
