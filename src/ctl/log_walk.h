/*
 * log_walk: all lines of mail logs, of the mail server's and of ours, within a range of time, for
 * commands that count over them.
 */
#ifndef EM_CTL_LOG_WALK_H
#define EM_CTL_LOG_WALK_H

#include "ctl/args.h"
#include "ctl/ctl.h"
#include "ctl/log_scan.h"
#include "feedback/maillog_event.h"
#include "finding/logread.h"
#include "util/json.h"

struct log_walk {
    bool has_since, has_until;
    int64_t since_s, until_s; /* up to, and not including */
    uint64_t lines;           /* of the files */
    uint64_t taken;           /* of programs we read, within the range */
    uint64_t undated;         /* of these left out, since a range was asked for */
    uint64_t long_lines;      /* left out */
    bool has_time;            /* some line taken said when */
    int64_t first_s, last_s;
};

/* One line of a mail server, of ours or of who keeps the log. `event` and `message` are NULL where
 * it is none; everything is good during the call. */
typedef void log_walk_take(void *context, const struct maillog_line *line,
                           const struct maillog_event *event, const struct log_message *message);

/*
 * Reads the operands of the command as log files (log_files.h), within --day, or --since and
 * --until, where they are given (LOG_RANGE_OPTIONS). Not CTL_GOOD: what is wrong is in ctl->err,
 * and the command ends with it.
 */
enum ctl_exit log_walk(struct ctl *ctl, const struct ctl_args *args, log_walk_take *take,
                       void *context, struct log_walk *walk_r);
/* What had to be left out, and that there was nothing to read, into ctl->err. True: there was
 * something, and nothing was left out. */
bool log_walk_remark(struct ctl *ctl, const struct log_walk *walk);
/* "2026-11-01 to 2026-11-28", "2026-11-28", or "unknown days". */
void log_walk_print_days(const struct ctl *ctl, const struct log_walk *walk, struct buffer *out);
/* Members "lines", "taken", "undated", "long_lines" and, where known, "first" and "last". */
void log_walk_json(const struct ctl *ctl, const struct log_walk *walk, struct json *json);

#define LOG_RANGE_OPTIONS                                                                          \
    { .name = "day", .argument = "DAY", .brief = "only this day: today, yesterday, 2026-11-28" },  \
        LOG_SINCE_OPTION,                                                                          \
    {                                                                                              \
        .name = "until", .argument = "WHEN", .brief = "only before then, in the same forms"        \
    }

#endif
