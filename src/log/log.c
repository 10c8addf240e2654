/*
 * log: the process log.
 *
 * All state sits in one place behind one lock; nothing done under the lock waits, and nobody sends
 * more than a batch of other people's lines under it. The socket is connected when a line needs it,
 * and anew when the receiver went away. A line that does not pass now joins the backlog in its
 * final form, so that it bears the time it was written at.
 *
 * Lines follow RFC 3164 4.1: "<PRI>Mmm dd hh:mm:ss tag[pid]: text", local time, no host name, as
 * the C library writes them to a local receiver.
 */
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "log/backlog_private.h"
#include "log/counter.h"
#include "log/field.h"
#include "log/log_private.h"
#include "util/clock.h"

#define SYSLOG_PATH "/dev/log"
#define PROGRAM_MAX 48
#define HEAD_MAX (PROGRAM_MAX + 64)
#define RECORD_MAX (HEAD_MAX + LOG_LINE_MAX + 1)
#define BACKLOG_BYTES ((size_t)1024 * 1024)
#define WRITER_BATCH 16 /* lines of others that a line takes along: more than one, so it drains */
#define FLUSH_BATCH 64  /* lines for each turn of the lock */
#define DRAIN_LOOK_MS 5

struct name_code {
    const char *name;
    unsigned code;
};

/* Who is told that there is something to flush. */
struct flusher {
    void (*wake)(void *context);
    void *context;
};

/* RFC 3164 4.1.1. "kern" is not for programs. */
static const struct name_code facilities[] = {
    { "user", 1 },    { "mail", 2 },    { "daemon", 3 },  { "auth", 4 },    { "syslog", 5 },
    { "lpr", 6 },     { "news", 7 },    { "uucp", 8 },    { "cron", 9 },    { "authpriv", 10 },
    { "ftp", 11 },    { "local0", 16 }, { "local1", 17 }, { "local2", 18 }, { "local3", 19 },
    { "local4", 20 }, { "local5", 21 }, { "local6", 22 }, { "local7", 23 },
};
#define FACILITIES (sizeof(facilities) / sizeof(facilities[0]))

/* In the order of enum log_level; codes are the severities of RFC 3164. */
static const struct name_code levels[] = {
    { "err", 3 }, { "warning", 4 }, { "notice", 5 }, { "info", 6 }, { "debug", 7 },
};

static struct {
    pthread_mutex_t lock;
    bool to_syslog;
    int fd;        /* -1: not connected */
    int stderr_fd; /* the same as stderr, and never waits; -1: it cannot be had */
    unsigned facility;
    pid_t pid;
    char program[PROGRAM_MAX];
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    uint64_t untold; /* lines lost */
    struct backlog backlog;
    struct flusher flusher;
} process_log = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .fd = -1,
    .stderr_fd = -1,
    .facility = 2,
    .program = "egress-milter",
    .path = SYSLOG_PATH,
    .backlog = { .room = BACKLOG_BYTES },
};

static _Atomic int highest_level = LOG_LEVEL_INFO;

enum sending {
    SENDING_DONE,
    SENDING_LATER, /* the receiver is busy, or away */
    SENDING_NEVER  /* this line, or any */
};

static void disconnect(void)
{
    if (process_log.fd >= 0)
        close(process_log.fd);
    process_log.fd = -1;
}

/* --- the backlog ----------------------------------------------------------------------------- */

static void count_waiting(size_t lines_before, size_t bytes_before)
{
    counter_add(COUNTER_LOG_LINES_QUEUED,
                (int64_t)process_log.backlog.lines - (int64_t)lines_before);
    counter_add(COUNTER_LOG_BYTES_QUEUED,
                (int64_t)process_log.backlog.used - (int64_t)bytes_before);
}

static void lose_lines(size_t lines)
{
    process_log.untold += lines;
    counter_add(COUNTER_LOG_LINES_LOST, (int64_t)lines);
}

static bool queue_record(enum log_level level, struct span record)
{
    size_t lines = process_log.backlog.lines, bytes = process_log.backlog.used;

    if (!backlog_put(&process_log.backlog, record, level <= LOG_LEVEL_WARNING))
        return false;
    count_waiting(lines, bytes);
    return true;
}

static void unqueue_first(void)
{
    size_t lines = process_log.backlog.lines, bytes = process_log.backlog.used;

    backlog_drop_first(&process_log.backlog);
    count_waiting(lines, bytes);
}

/* Lines in a form that no longer fits where they go. */
static void lose_backlog(void)
{
    size_t lines = process_log.backlog.lines, bytes = process_log.backlog.used;

    lose_lines(lines);
    backlog_clear(&process_log.backlog);
    count_waiting(lines, bytes);
}

static bool has_something_left(void)
{
    return process_log.backlog.lines > 0 || process_log.untold > 0;
}

void log_set_backlog_bytes(size_t bytes)
{
    pthread_mutex_lock(&process_log.lock);
    lose_backlog();
    process_log.backlog.room = bytes;
    pthread_mutex_unlock(&process_log.lock);
}

/* --- opening --------------------------------------------------------------------------------- */

/* What waits, and what is untold, is the parent's; so are the numbers it has counted. */
static void forget_parent(void)
{
    backlog_clear(&process_log.backlog);
    process_log.untold = 0;
    process_log.flusher = (struct flusher){ NULL, NULL };
}

/*
 * Not to wait is a property of what is open, not of the descriptor, and others have this, too: the
 * shell, other processes. So it is opened once more. A file never makes anybody wait, and has a
 * position of its own for each time it is opened.
 */
static int open_stderr_again(void)
{
    struct stat status;

    if (fstat(STDERR_FILENO, &status) < 0 || !(S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)))
        return -1;
    return open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void open_log(const char *program, bool to_syslog)
{
    disconnect(); /* after fork the socket is shared with the parent */
    if (process_log.stderr_fd >= 0)
        close(process_log.stderr_fd);
    process_log.stderr_fd = to_syslog ? -1 : open_stderr_again();
    if (process_log.pid != 0 && process_log.pid != getpid())
        forget_parent();
    else if (process_log.to_syslog != to_syslog)
        lose_backlog();
    process_log.to_syslog = to_syslog;
    process_log.pid = getpid();
    if (program != NULL)
        snprintf(process_log.program, sizeof(process_log.program), "%s", program);
}

static const struct name_code *find_facility(const char *name)
{
    for (size_t i = 0; name != NULL && i < FACILITIES; i++) {
        if (strcmp(facilities[i].name, name) == 0)
            return &facilities[i];
    }
    return NULL;
}

bool log_facility_accepts(const char *facility, struct error *error)
{
    char names[256] = "";
    size_t size = 0;

    if (find_facility(facility) != NULL)
        return true;
    for (size_t i = 0; i < FACILITIES && size < sizeof(names); i++)
        size += (size_t)snprintf(names + size, sizeof(names) - size, "%s%s", i > 0 ? ", " : "",
                                 facilities[i].name);
    error_set(error, "no syslog facility; valid: %s", names);
    return false;
}

bool log_open_syslog(const char *program, const char *facility)
{
    const struct name_code *row = find_facility(facility);

    if (facility != NULL && row == NULL)
        return false;
    pthread_mutex_lock(&process_log.lock);
    if (row != NULL)
        process_log.facility = row->code;
    open_log(program, true);
    pthread_mutex_unlock(&process_log.lock);
    return true;
}

void log_open_stderr(const char *program)
{
    pthread_mutex_lock(&process_log.lock);
    open_log(program, false);
    pthread_mutex_unlock(&process_log.lock);
}

void log_set_syslog_path(const char *path)
{
    pthread_mutex_lock(&process_log.lock);
    disconnect();
    snprintf(process_log.path, sizeof(process_log.path), "%s", path != NULL ? path : SYSLOG_PATH);
    pthread_mutex_unlock(&process_log.lock);
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&highest_level, (int)level, memory_order_relaxed);
}

bool log_level_parse(struct span name, enum log_level *level_r)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (span_is_equal(name, span_of(levels[i].name))) {
            *level_r = (enum log_level)i;
            return true;
        }
    }
    return false;
}

const char *log_level_name(enum log_level level)
{
    return levels[level].name;
}

static bool connect_receiver(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return false;
    memcpy(address.sun_path, process_log.path, sizeof(address.sun_path));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return false;
    }
    process_log.fd = fd;
    return true;
}

static enum sending send_datagram(struct span record)
{
    /* Once more when the receiver went away; a full queue (EAGAIN) is no reason to. */
    for (int attempt = 0; attempt < 2; attempt++) {
        if (process_log.fd < 0 && !connect_receiver())
            return SENDING_LATER;
        if (send(process_log.fd, record.at, record.size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return SENDING_DONE;
        if (errno == EMSGSIZE)
            return SENDING_NEVER;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
            return SENDING_LATER;
        disconnect();
    }
    return SENDING_LATER;
}

static ssize_t write_stderr(struct span record)
{
    ssize_t size;

    if (process_log.stderr_fd >= 0)
        return write(process_log.stderr_fd, record.at, record.size);
    size = send(STDERR_FILENO, record.at, record.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    return size < 0 && errno == ENOTSOCK ? write(STDERR_FILENO, record.at, record.size) : size;
}

/* A pipe takes a line, which is shorter than PIPE_BUF, whole or not at all. */
static enum sending send_stderr(struct span record)
{
    struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

    if (poll(&out, 1, 0) != 1)
        return SENDING_LATER;
    if ((out.revents & POLLOUT) == 0 || (out.revents & POLLERR) != 0)
        return SENDING_NEVER; /* closed, or nobody reads the pipe any more */
    if (write_stderr(record) >= 0)
        return SENDING_DONE;
    return errno == EAGAIN || errno == EINTR ? SENDING_LATER : SENDING_NEVER;
}

static enum sending send_record(struct span record)
{
    return process_log.to_syslog ? send_datagram(record) : send_stderr(record);
}

/* --- writing --------------------------------------------------------------------------------- */

/* strftime() would write the month in the language of the locale. */
static size_t print_syslog_head(enum log_level level, char out[static HEAD_MAX])
{
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t now = (time_t)clock_wall_s(&clock_system);
    struct tm local = { 0 };

    localtime_r(&now, &local);
    return (size_t)snprintf(out, HEAD_MAX, "<%u>%s %2d %02d:%02d:%02d %s[%ld]: ",
                            process_log.facility << 3 | levels[level].code,
                            months[local.tm_mon % 12], local.tm_mday, local.tm_hour, local.tm_min,
                            local.tm_sec, process_log.program, (long)process_log.pid);
}

/* The line as it goes out. */
static struct span print_record(enum log_level level, struct span line, char out[static RECORD_MAX])
{
    size_t size;

    if (process_log.to_syslog)
        size = print_syslog_head(level, out);
    else
        size = (size_t)snprintf(out, HEAD_MAX, "%s: %s: ", process_log.program, levels[level].name);
    memcpy(out + size, line.at, line.size);
    size += line.size;
    if (!process_log.to_syslog)
        out[size++] = '\n';
    return (struct span){ out, size };
}

/* To the receiver if nothing waits, else behind what does. SENDING_LATER: there is no room either.
 */
static enum sending send_or_queue(enum log_level level, struct span line)
{
    char out[RECORD_MAX];
    struct span record = print_record(level, line, out);
    enum sending sending = process_log.backlog.lines == 0 ? send_record(record) : SENDING_LATER;

    return sending == SENDING_LATER && queue_record(level, record) ? SENDING_DONE : sending;
}

/* Telling each gap of a receiver that is too slow would make the next one. */
static void tell_loss(void)
{
    char text[96];
    int size;

    if (process_log.untold == 0 || process_log.backlog.used > process_log.backlog.room / 2)
        return;
    size = snprintf(text, sizeof(text),
                    "lines lost before this one, not taken by the receiver of the log: %" PRIu64,
                    process_log.untold);
    if (send_or_queue(LOG_LEVEL_WARNING, (struct span){ text, (size_t)size }) != SENDING_LATER)
        process_log.untold = 0;
}

/* At most so many of the lines that wait. False: the receiver takes no more for now. */
static bool send_waiting(size_t lines)
{
    char out[RECORD_MAX];

    while (lines-- > 0 && process_log.backlog.lines > 0) {
        enum sending sending = send_record(backlog_first(&process_log.backlog, out, sizeof(out)));

        if (sending == SENDING_LATER)
            return false;
        if (sending == SENDING_NEVER)
            lose_lines(1);
        unqueue_first();
    }
    return true;
}

/* The line itself goes before the count of lost ones: with room for one it is worth more. */
static void write_locked(enum log_level level, struct span line)
{
    if (process_log.backlog.lines > 0)
        send_waiting(WRITER_BATCH);
    if (send_or_queue(level, line) == SENDING_DONE)
        tell_loss();
    else
        lose_lines(1);
}

void log_write_line(enum log_level level, struct span line)
{
    int saved_errno = errno; /* callers log and then look at errno */
    struct flusher flusher = { NULL, NULL };
    bool was_idle;

    if ((int)level > atomic_load_explicit(&highest_level, memory_order_relaxed))
        return;
    if (line.at == NULL)
        line = SPAN("");
    line = span_first(line, LOG_LINE_MAX);
    pthread_mutex_lock(&process_log.lock);
    was_idle = !has_something_left();
    write_locked(level, line);
    if (was_idle && has_something_left())
        flusher = process_log.flusher;
    pthread_mutex_unlock(&process_log.lock);
    if (flusher.wake != NULL)
        flusher.wake(flusher.context);
    errno = saved_errno;
}

void log_write(enum log_level level, const char *format, ...)
{
    char raw[LOG_LINE_MAX + 2]; /* one byte too many, so that a cut is seen and marked */
    char line[LOG_LINE_MAX + 1];
    struct span text = { raw, 0 };
    va_list args;
    int size;

    if ((int)level > atomic_load_explicit(&highest_level, memory_order_relaxed))
        return;
    va_start(args, format);
    size = vsnprintf(raw, sizeof(raw), format, args);
    va_end(args);
    if (size < 0)
        text = SPAN("(a line that could not be formatted)");
    else
        text.size = (size_t)size < sizeof(raw) ? (size_t)size : sizeof(raw) - 1;
    log_write_line(level, (struct span){ line, log_escape_line(text, line) });
}

void log_sink_vprint(struct log_sink *sink, enum log_level level, const char *format, va_list args)
{
    char line[LOG_LINE_MAX + 1];
    int size = vsnprintf(line, sizeof(line), format, args);

    if (size > 0)
        sink->write(sink, level, span_of(line));
}

void log_sink_print(struct log_sink *sink, enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    log_sink_vprint(sink, level, format, args);
    va_end(args);
}

static void sink_write(struct log_sink *sink, enum log_level level, struct span line)
{
    (void)sink;
    log_write_line(level, line);
}

struct log_sink *log_process_sink(void)
{
    static struct log_sink sink = { sink_write };

    return &sink;
}

/* --- flushing -------------------------------------------------------------------------------- */

void log_on_backlog(void (*wake)(void *context), void *context)
{
    bool is_late;

    pthread_mutex_lock(&process_log.lock);
    process_log.flusher = (struct flusher){ wake, context };
    is_late = has_something_left();
    pthread_mutex_unlock(&process_log.lock);
    if (wake != NULL && is_late)
        wake(context);
}

static size_t count_lines(void)
{
    size_t lines;

    pthread_mutex_lock(&process_log.lock);
    lines = process_log.backlog.lines;
    pthread_mutex_unlock(&process_log.lock);
    return lines;
}

bool log_flush(void)
{
    size_t batches = count_lines() / FLUSH_BATCH + 1; /* not those that others add meanwhile */
    bool goes_on = true, is_left = true;

    while (goes_on && is_left && batches-- > 0) {
        pthread_mutex_lock(&process_log.lock);
        goes_on = send_waiting(FLUSH_BATCH);
        tell_loss();
        is_left = has_something_left();
        pthread_mutex_unlock(&process_log.lock);
    }
    return is_left;
}

/* Connected datagram sockets of Linux report POLLOUT when the receiver's queue has room again. */
static void wait_for_receiver(void)
{
    struct pollfd out = { .events = POLLOUT };

    pthread_mutex_lock(&process_log.lock);
    out.fd = process_log.to_syslog ? process_log.fd : STDERR_FILENO;
    pthread_mutex_unlock(&process_log.lock);
    poll(&out, 1, DRAIN_LOOK_MS); /* a negative descriptor is passed over: nobody is there yet */
}

bool log_drain(int timeout_ms)
{
    uint64_t end_ns = clock_mono_ns(&clock_system) + (uint64_t)timeout_ms * 1000000;

    while (log_flush()) {
        if (clock_mono_ns(&clock_system) >= end_ns)
            return false;
        wait_for_receiver();
    }
    return true;
}

uint64_t log_lost_lines(void)
{
    return (uint64_t)counter_get(COUNTER_LOG_LINES_LOST);
}
