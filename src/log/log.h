/*
 * log: lines to syslog (or stderr), never blocking a session.
 *
 * The process has one log. A line goes as one datagram to /dev/log by our own non-blocking socket
 * (RFC 3164 form: the C library's syslog() blocks when the receiver stalls). A line that cannot be
 * sent at once, because the receiver's queue is full or it is being restarted, waits in a backlog
 * of 1 MiB with the time it was written at; later lines queue behind it. Only when that is full are
 * lines lost: they are counted, and the count is told once half of the backlog has passed. The last
 * eighth is for err and warning. Thread safe.
 *
 * Levels have a fixed meaning. err: needs a person. warning: anomaly, something degraded. notice:
 * something was stopped. info: the line of each message. debug: for the developer.
 */
#ifndef EM_LOG_LOG_H
#define EM_LOG_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"
#include "util/span.h"

enum log_level {
    LOG_LEVEL_ERR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

/* Where a message's line goes; handed in, so that tests and `explain` can read it. */
struct log_sink {
    void (*write)(struct log_sink *sink, enum log_level level, struct span line);
};

/* Before the first line, and again after fork: the lines that wait stay the parent's. `facility` as
 * in syslog.conf ("mail"), NULL keeps (the program too). False: unknown facility, nothing is
 * changed then. Without it lines go to stderr. */
bool log_open_syslog(const char *program, const char *facility);
/* Is this a facility for log_open_syslog()? For a setting. */
bool log_facility_accepts(const char *facility, struct error *error);
/* Lines go to stderr, unprefixed by time: "program: level: text". */
void log_open_stderr(const char *program);
/* Lines above this level are dropped; starts as INFO. */
void log_set_level(enum log_level level);
/* "err", "warning", ... ; false when unknown. */
bool log_level_parse(struct span name, enum log_level *level_r);
const char *log_level_name(enum log_level level);
/* One line; control bytes and non-ASCII in the result become \xNN, so no caller can forge a second
 * line. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line that is already in its final, printable form. */
void log_write_line(enum log_level level, struct span line);
/* The process log as a sink. */
struct log_sink *log_process_sink(void);
/* A formatted line; what is longer than a line of the log is cut. */
void log_sink_vprint(struct log_sink *sink, enum log_level level, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
void log_sink_print(struct log_sink *sink, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Sends what waits, as far as the receiver takes it; never waits itself. Each line written sends a
 * few older ones, so this is for the time nothing is written. True: something is left, come again
 * in LOG_FLUSH_MS.
 */
bool log_flush(void);
enum { LOG_FLUSH_MS = 50 };
/* Whom to tell that log_flush() has something to do from now on, at once if it has already; NULL:
 * nobody. Called by whoever writes, without a lock held; it must not wait. A fork clears it in the
 * child, with the next log_open_*(). */
void log_on_backlog(void (*wake)(void *context), void *context);
/* At the end of a process: flushes, for at most so long. False: something is left. */
bool log_drain(int timeout_ms);
/* Lines lost since start, of all processes that count together: the backlog was full, or went with
 * its process. */
uint64_t log_lost_lines(void);

#endif
