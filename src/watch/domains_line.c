/*
 * domains_line: one line for all that a look has brought, so that nothing is told twice.
 *
 *     own domains: SPF of example.org has changed: it was "v=spf1 a -all" (2026-03-01T12:00:00Z to
 *         2026-03-02T11:00:00Z), it is "v=spf1 -all"; 192.0.2.1 is not in the SPF record ...
 */
#include "watch/domains_line.h"

#include <time.h>

#define SHOWN_MAX 300 /* octets of a text; two of them and faults fit a line */
#define SHOWN_BEFORE 40

void domains_line_time(int64_t wall_s, char out[static DOMAINS_TIME_MAX])
{
    time_t seconds = (time_t)wall_s;
    struct tm utc = { 0 };
    gmtime_r(&seconds, &utc);
    strftime(out, DOMAINS_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* Where two long texts begin to differ, and a little before. */
static size_t shown_from(struct span a, struct span b)
{
    size_t at = 0;
    if (a.size <= SHOWN_MAX && b.size <= SHOWN_MAX) {
        return 0;
    }
    while (at < a.size && at < b.size && a.at[at] == b.at[at]) {
        at++;
    }
    return at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
}

static void add_text(struct buffer *out, struct span text, size_t from)
{
    struct span rest = span_from(text, from);
    if (text.size == 0) {
        buffer_add_text(out, "absent");
        return;
    }
    buffer_printf(out, "\"%s", from > 0 ? "..." : "");
    buffer_add_span(out, span_first(rest, SHOWN_MAX));
    buffer_add_text(out, rest.size > SHOWN_MAX ? "...\"" : "\"");
}

void domains_line_change(const struct domains_record *record, struct buffer *out)
{
    char since[DOMAINS_TIME_MAX], until[DOMAINS_TIME_MAX];
    size_t from = shown_from(record->old_text, record->text);
    domains_line_time(record->old_since_s, since);
    domains_line_time(record->old_until_s, until);
    buffer_add_text(out, "it was ");
    add_text(out, record->old_text, from);
    buffer_printf(out, " (%s to %s), it is ", since, until);
    add_text(out, record->text, from);
}

static void add_faults(struct buffer *out, const struct domains_record *record, const bool *marks,
                       const char *before)
{
    for (size_t i = 0; i < record->fault_count; i++) {
        if (marks[i]) {
            buffer_add_text(out, before);
            buffer_add_span(out, record->faults[i].text);
            before = "; ";
        }
    }
}

bool domains_line(enum domains_kind kind, struct span name, const struct domains_record *record,
                  const struct domains_event *event, enum log_level *level_r, struct buffer *out)
{
    bool is_warning = event->has_changed || event->told > 0;
    if (!is_warning && event->ended == 0) {
        return false;
    }
    *level_r = is_warning ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
    buffer_printf(out, "own domains: %s of ", domains_kind_title(kind));
    buffer_add_span(out, name);
    if (event->has_changed) {
        buffer_add_text(out, " has changed: ");
        domains_line_change(record, out);
    }
    add_faults(out, record, event->is_told,
               event->has_changed ? "; " : (event->has_new ? ": " : ": still: "));
    add_faults(out, record, event->has_ended, is_warning ? "; over: " : ": over: ");
    return true;
}
