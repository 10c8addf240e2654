/*
 * log_scan: the messages of a log, for commands that count over it: which files, since when, and
 * what is to be said of lines that had to be left out.
 */
#ifndef EM_CTL_LOG_SCAN_H
#define EM_CTL_LOG_SCAN_H

#include "ctl/args.h"
#include "ctl/ctl.h"
#include "finding/logread.h"
#include "util/json.h"

struct log_scan {
    bool has_since;
    int64_t since_s;
    uint64_t lines;    /* of all kinds */
    uint64_t messages; /* handed to the command */
    uint64_t undated;  /* messages left out: with --since a line must say when it was written */
    uint64_t long_lines;
    bool has_time; /* some message said when */
    int64_t first_s, last_s;
};

/* One message. *time_s is -1 where the line does not say; `message` is good during the call. */
typedef void log_scan_take(void *context, const struct log_message *message, int64_t time_s);

/*
 * Reads the operands of the command as log files (log_files.h), from --since on where it is given
 * (log_scan_since()). Not CTL_GOOD: what is wrong is in ctl->err, and the command ends with it.
 */
enum ctl_exit log_scan(struct ctl *ctl, const struct ctl_args *args, log_scan_take *take,
                       void *context, struct log_scan *scan_r);
/* "7d" before now, or "2026-11-28", "2026-11-28T22:00", local. False with *error. */
bool log_scan_since(const struct clock *clock, struct span text, int64_t *since_s_r,
                    struct error *error);
/* What had to be left out, and that there was nothing to read, into ctl->err. True: there were
 * messages, and none was left out. */
bool log_scan_remark(struct ctl *ctl, const struct log_scan *scan);
/* "2026-11-01 to 2026-11-28", or "unknown days". */
void log_scan_print_days(const struct ctl *ctl, const struct log_scan *scan, struct buffer *out);
/* Members "lines", "messages", "undated", "long_lines" and, where known, "first" and "last". */
void log_scan_json(const struct ctl *ctl, const struct log_scan *scan, struct json *json);
/* "*@example.org", as log.redact makes it: nobody is named. */
bool log_scan_is_redacted(struct span address);
/* The value of a numeric option; `standard` where it is not given. False: no number in 1..max, told
 * in ctl->err; the command ends with CTL_USAGE. */
bool log_scan_number(struct ctl *ctl, const struct ctl_args *args, const char *name,
                     uint64_t standard, uint64_t max, uint64_t *number_r);

#define LOG_OPERANDS_MAX 4096
#define LOG_SINCE_OPTION                                                                           \
    {                                                                                              \
        .name = "since", .argument = "WHEN",                                                       \
        .brief = "only from then on: 7d, 12h, 2026-11-28, 2026-11-28T22:00"                        \
    }

#endif
