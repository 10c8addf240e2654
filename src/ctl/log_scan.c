/*
 * log_scan: walks the lines of the log files given and picks out the messages. Fails with the exit
 * code of the command; counts that are incomplete are told, never silently given.
 */
#include "ctl/log_scan.h"

#include <inttypes.h>
#include <stdlib.h>

#include "config/units.h"
#include "ctl/log_files.h"
#include "util/calendar.h"

bool log_scan_since(const struct clock *clock, struct span text, int64_t *since_s_r,
                    struct error *error)
{
    struct calendar_time time;
    struct span rest;
    int64_t seconds;

    if (units_parse_duration(text, &seconds)) {
        int64_t now_s = clock_wall_s(clock);

        *since_s_r = seconds < now_s ? now_s - seconds : 0;
        return true;
    }
    if (calendar_parse(text, &time, &rest) && rest.size == 0 && calendar_seconds(&time, &seconds)) {
        *since_s_r = calendar_from_local(clock, seconds);
        return true;
    }
    error_set(error, "--since wants a duration (90s, 15m, 12h, 7d) or a date (2026-11-28, "
                     "2026-11-28T22:00)");
    return false;
}

bool log_scan_number(struct ctl *ctl, const struct ctl_args *args, const char *name,
                     uint64_t standard, uint64_t max, uint64_t *number_r)
{
    const char *text = args_value(args, name);
    uint64_t number = 0;

    *number_r = standard;
    if (text == NULL)
        return true;
    for (size_t i = 0; text[i] >= '0' && text[i] <= '9' && number <= max; i++) {
        number = number * 10 + (unsigned)(text[i] - '0');
        if (text[i + 1] == '\0' && number >= 1 && number <= max) {
            *number_r = number;
            return true;
        }
    }
    ctl_fail(ctl, CTL_USAGE, "--%s is a number from 1 to %" PRIu64, name, max);
    return false;
}

bool log_scan_is_redacted(struct span address)
{
    return address.size > 0 && address.at[0] == '*' && (address.size == 1 || address.at[1] == '@');
}

static void line_take(struct log_scan *scan, struct logread *reader, struct span line,
                      log_scan_take *take, void *context, struct log_message *message)
{
    struct log_entry entry;

    scan->lines++;
    logread_entry(reader, line, &entry);
    if (scan->has_since && entry.has_time && entry.time_s < scan->since_s)
        return;
    if (!logread_message(&entry, message))
        return;
    if (scan->has_since && !entry.has_time) {
        scan->undated++;
        return;
    }
    scan->messages++;
    if (entry.has_time) {
        scan->first_s =
            scan->has_time && scan->first_s < entry.time_s ? scan->first_s : entry.time_s;
        scan->last_s = scan->has_time && scan->last_s > entry.time_s ? scan->last_s : entry.time_s;
        scan->has_time = true;
    }
    take(context, message, entry.has_time ? entry.time_s : -1);
}

static bool files_walk(struct log_files *files, const struct clock *clock, log_scan_take *take,
                       void *context, struct log_scan *scan, struct error *error)
{
    struct log_message message;
    struct logread reader;
    struct span line;
    enum log_files_answer answer;

    logread_init(&reader, clock);
    while ((answer = log_files_next(files, &line, error)) == LOG_FILES_LINE)
        line_take(scan, &reader, line, take, context, &message);
    scan->long_lines = log_files_long_lines(files);
    return answer == LOG_FILES_END;
}

enum ctl_exit log_scan(struct ctl *ctl, const struct ctl_args *args, log_scan_take *take,
                       void *context, struct log_scan *scan_r)
{
    const char *since = args_value(args, "since");
    struct error error = { "" };
    struct log_files *files;
    bool is_good;

    *scan_r = (struct log_scan){ .has_since = since != NULL };
    if (since != NULL && !log_scan_since(ctl->clock, span_of(since), &scan_r->since_s, &error))
        return ctl_fail(ctl, CTL_USAGE, "%s", error.text);
    files = log_files_open(args->operands, args->operand_count, log_files_usual, &error);
    if (files == NULL)
        return ctl_fail(ctl, CTL_INPUT, "%s", error.text);
    is_good = files_walk(files, ctl->clock, take, context, scan_r, &error);
    log_files_free(&files);
    return is_good ? CTL_GOOD : ctl_fail(ctl, CTL_INPUT, "%s", error.text);
}

bool log_scan_remark(struct ctl *ctl, const struct log_scan *scan)
{
    if (scan->messages == 0)
        ctl_fail(ctl, CTL_WARNING,
                 "no line of a message by egress-milter%s among %" PRIu64 " lines%s",
                 scan->has_since ? " since then" : "", scan->lines,
                 scan->lines > 0 ? "; times are read as syslog and journalctl -o short or "
                                   "short-iso write them"
                                 : "");
    if (scan->undated > 0)
        ctl_fail(ctl, CTL_WARNING,
                 "%" PRIu64 " messages are left out: their lines do not say when, "
                 "as --since needs",
                 scan->undated);
    if (scan->long_lines > 0)
        ctl_fail(ctl, CTL_WARNING, "%" PRIu64 " lines longer than %zu octets are left out",
                 scan->long_lines, LOG_FILES_LINE_MAX);
    return scan->messages > 0 && scan->undated == 0;
}

void log_scan_print_days(const struct ctl *ctl, const struct log_scan *scan, struct buffer *out)
{
    char first[CALENDAR_DAY_MAX], last[CALENDAR_DAY_MAX];

    if (!scan->has_time) {
        buffer_add_text(out, "unknown days");
        return;
    }
    calendar_print_day(ctl->clock, scan->first_s, first);
    calendar_print_day(ctl->clock, scan->last_s, last);
    buffer_printf(out, "%s to %s", first, last);
}

void log_scan_json(const struct ctl *ctl, const struct log_scan *scan, struct json *json)
{
    char day[CALENDAR_DAY_MAX];

    json_number(json, "lines", (int64_t)scan->lines);
    json_number(json, "messages", (int64_t)scan->messages);
    json_number(json, "undated", (int64_t)scan->undated);
    json_number(json, "long_lines", (int64_t)scan->long_lines);
    if (scan->has_time) {
        calendar_print_day(ctl->clock, scan->first_s, day);
        json_text(json, "first", span_of(day));
        calendar_print_day(ctl->clock, scan->last_s, day);
        json_text(json, "last", span_of(day));
    }
}
