/*
 * log_walk: see log_walk.h. Days are local. A line without a time counts where no range is asked
 * for, and is left out and told of where one is.
 */
#include "ctl/log_walk.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/log_files.h"
#include "util/calendar.h"

#define DAY_S 86400

/* --- the range ------------------------------------------------------------------------------- */

static int64_t local_midnight(const struct clock *clock, int64_t days_back)
{
    int64_t now_s = clock_wall_s(clock);
    int64_t local_s = clock_local_s(clock, now_s);
    return local_s - local_s % DAY_S - days_back * DAY_S;
}

/* "today", "yesterday", "2026-11-28" to its two midnights. */
static bool day_take(const struct clock *clock, struct span text, struct log_walk *walk)
{
    struct calendar_time day;
    struct span rest;
    int64_t local_s;
    if (span_is_equal(text, SPAN("today")) || span_is_equal(text, SPAN("yesterday"))) {
        local_s = local_midnight(clock, text.at[0] == 'y');
    } else if (text.size != 10 || !calendar_parse(text, &day, &rest) || rest.size > 0 ||
               !calendar_seconds(&day, &local_s)) {
        return false;
    }
    walk->has_since = walk->has_until = true;
    walk->since_s = calendar_from_local(clock, local_s);
    walk->until_s = calendar_from_local(clock, local_s + DAY_S);
    return true;
}

static bool range_take(struct ctl *ctl, const struct ctl_args *args, struct log_walk *walk)
{
    const char *day = args_value(args, "day"), *since = args_value(args, "since"),
               *until = args_value(args, "until");
    struct error error = { "" };
    if (day != NULL && (since != NULL || until != NULL)) {
        ctl_fail(ctl, CTL_USAGE, "--day is a range of its own: leave out --since and --until");
        return false;
    }
    if (day != NULL && !day_take(ctl->clock, span_of(day), walk)) {
        ctl_fail(ctl, CTL_USAGE, "--day wants today, yesterday or a date (2026-11-28)");
        return false;
    }
    if (since != NULL && !log_scan_since(ctl->clock, span_of(since), &walk->since_s, &error)) {
        ctl_fail(ctl, CTL_USAGE, "%s", error.text);
        return false;
    }
    if (until != NULL && !log_scan_since(ctl->clock, span_of(until), &walk->until_s, &error)) {
        ctl_fail(ctl, CTL_USAGE, "--until wants a duration or a date, as --since does");
        return false;
    }
    walk->has_since = walk->has_since || since != NULL;
    walk->has_until = walk->has_until || until != NULL;
    if (walk->has_since && walk->has_until && walk->since_s >= walk->until_s) {
        ctl_fail(ctl, CTL_USAGE, "--until is not after --since");
        return false;
    }
    return true;
}

static bool is_in_range(const struct log_walk *walk, int64_t time_s)
{
    return (!walk->has_since || time_s >= walk->since_s) &&
           (!walk->has_until || time_s < walk->until_s);
}

/* --- lines ----------------------------------------------------------------------------------- */

static void note_time(struct log_walk *walk, int64_t time_s)
{
    walk->first_s = walk->has_time && walk->first_s < time_s ? walk->first_s : time_s;
    walk->last_s = walk->has_time && walk->last_s > time_s ? walk->last_s : time_s;
    walk->has_time = true;
}

static void line_take(struct log_walk *walk, struct logread *reader, struct span bytes,
                      log_walk_take *take, void *context)
{
    struct log_message message;
    struct maillog_event event;
    struct maillog_line line;
    bool is_message;
    walk->lines++;
    (void)maillog_line_read(reader, NULL, bytes, &line);
    if (line.entry.has_time && !is_in_range(walk, line.entry.time_s)) {
        return;
    }
    /* A line with nothing before it may be ours, too. */
    is_message = (line.writer == MAILLOG_OURS || line.writer == MAILLOG_NOBODY) &&
                 logread_message(&line.entry, &message);
    if (line.writer == MAILLOG_NOBODY && !is_message) {
        return;
    }
    line.writer = is_message ? MAILLOG_OURS : line.writer;
    if (!line.entry.has_time && (walk->has_since || walk->has_until)) {
        walk->undated++;
        return;
    }
    walk->taken++;
    if (line.entry.has_time) {
        note_time(walk, line.entry.time_s);
    }
    take(context, &line, !is_message && maillog_event_read(&line, &event) ? &event : NULL,
         is_message ? &message : NULL);
}

enum ctl_exit log_walk(struct ctl *ctl, const struct ctl_args *args, log_walk_take *take,
                       void *context, struct log_walk *walk_r)
{
    struct error error = { "" };
    struct log_files *files;
    struct logread reader;
    struct span line;
    enum log_files_answer answer;
    *walk_r = (struct log_walk){ .lines = 0 };
    if (!range_take(ctl, args, walk_r)) {
        return CTL_USAGE;
    }
    files = log_files_open(args->operands, args->operand_count, log_files_usual, &error);
    if (files == NULL) {
        return ctl_fail(ctl, CTL_INPUT, "%s", error.text);
    }
    logread_init(&reader, ctl->clock);
    while ((answer = log_files_next(files, &line, &error)) == LOG_FILES_LINE) {
        line_take(walk_r, &reader, line, take, context);
    }
    walk_r->long_lines = log_files_long_lines(files);
    log_files_free(&files);
    return answer == LOG_FILES_END ? CTL_GOOD : ctl_fail(ctl, CTL_INPUT, "%s", error.text);
}

/* --- what is said of it ---------------------------------------------------------------------- */

bool log_walk_remark(struct ctl *ctl, const struct log_walk *walk)
{
    bool has_range = walk->has_since || walk->has_until;
    if (walk->taken == 0) {
        ctl_fail(ctl, CTL_WARNING,
                 "no line of Postfix, Sendmail or egress-milter%s among %" PRIu64 " lines%s",
                 has_range ? " within that time" : "", walk->lines,
                 walk->lines > 0 ? "; times are read as syslog and journalctl -o short or "
                                   "short-iso write them"
                                 : "");
    }
    if (walk->undated > 0) {
        ctl_fail(ctl, CTL_WARNING,
                 "%" PRIu64 " lines are left out: they do not say when, as a range of time needs",
                 walk->undated);
    }
    if (walk->long_lines > 0) {
        ctl_fail(ctl, CTL_WARNING, "%" PRIu64 " lines longer than %zu octets are left out",
                 walk->long_lines, LOG_FILES_LINE_MAX);
    }
    return walk->taken > 0 && walk->undated == 0;
}

void log_walk_print_days(const struct ctl *ctl, const struct log_walk *walk, struct buffer *out)
{
    char first[CALENDAR_DAY_MAX], last[CALENDAR_DAY_MAX];
    if (!walk->has_time) {
        buffer_add_text(out, "unknown days");
        return;
    }
    calendar_print_day(ctl->clock, walk->first_s, first);
    calendar_print_day(ctl->clock, walk->last_s, last);
    buffer_add_text(out, first);
    if (strcmp(first, last) != 0) {
        buffer_printf(out, " to %s", last);
    }
}

void log_walk_json(const struct ctl *ctl, const struct log_walk *walk, struct json *json)
{
    char day[CALENDAR_DAY_MAX];
    json_number(json, "lines", (int64_t)walk->lines);
    json_number(json, "taken", (int64_t)walk->taken);
    json_number(json, "undated", (int64_t)walk->undated);
    json_number(json, "long_lines", (int64_t)walk->long_lines);
    if (walk->has_time) {
        calendar_print_day(ctl->clock, walk->first_s, day);
        json_text(json, "first", span_of(day));
        calendar_print_day(ctl->clock, walk->last_s, day);
        json_text(json, "last", span_of(day));
    }
}
