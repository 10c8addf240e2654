/*
 * log: the process log.
 *
 * All state sits in one place behind one lock; nothing done under the lock waits. The socket is
 * connected when a line needs it, and anew when the receiver went away, so that a restarted syslogd
 * costs no line. A line that does not pass is counted, and the count told behind the next line that
 * does.
 *
 * Lines follow RFC 3164 4.1: "<PRI>Mmm dd hh:mm:ss tag[pid]: text", local time, no host name, as
 * the C library writes them to a local receiver.
 */
#include "log/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "log/field.h"
#include "log/log_private.h"
#include "util/clock.h"

#define SYSLOG_PATH "/dev/log"
#define PROGRAM_MAX 48
#define HEAD_MAX (PROGRAM_MAX + 64)

struct name_code {
    const char *name;
    unsigned code;
};

/* RFC 3164 4.1.1. "kern" is not for programs. */
static const struct name_code facilities[] = {
    { "user", 1 },    { "mail", 2 },    { "daemon", 3 },  { "auth", 4 },    { "syslog", 5 },
    { "lpr", 6 },     { "news", 7 },    { "uucp", 8 },    { "cron", 9 },    { "authpriv", 10 },
    { "ftp", 11 },    { "local0", 16 }, { "local1", 17 }, { "local2", 18 }, { "local3", 19 },
    { "local4", 20 }, { "local5", 21 }, { "local6", 22 }, { "local7", 23 },
};

/* In the order of enum log_level; codes are the severities of RFC 3164. */
static const struct name_code levels[] = {
    { "err", 3 }, { "warning", 4 }, { "notice", 5 }, { "info", 6 }, { "debug", 7 },
};

static struct {
    pthread_mutex_t lock;
    bool to_syslog;
    int fd; /* -1: not connected */
    unsigned facility;
    pid_t pid;
    char program[PROGRAM_MAX];
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    uint64_t untold;
} process_log = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .fd = -1,
    .facility = 2,
    .program = "egress-milter",
    .path = SYSLOG_PATH,
};

static _Atomic int highest_level = LOG_LEVEL_INFO;
static _Atomic uint64_t lost_lines;

static void disconnect(void)
{
    if (process_log.fd >= 0)
        close(process_log.fd);
    process_log.fd = -1;
}

static void open_log(const char *program, bool to_syslog)
{
    disconnect(); /* after fork the socket is shared with the parent */
    process_log.to_syslog = to_syslog;
    process_log.pid = getpid();
    if (program != NULL)
        snprintf(process_log.program, sizeof(process_log.program), "%s", program);
}

bool log_open_syslog(const char *program, const char *facility)
{
    const struct name_code *row = NULL;

    for (size_t i = 0; facility != NULL && i < sizeof(facilities) / sizeof(facilities[0]); i++) {
        if (strcmp(facilities[i].name, facility) == 0)
            row = &facilities[i];
    }
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

static bool send_datagram(const char *bytes, size_t size)
{
    /* Once more when the receiver went away; a full queue (EAGAIN) is no reason to. */
    for (int attempt = 0; attempt < 2; attempt++) {
        if (process_log.fd < 0 && !connect_receiver())
            return false;
        if (send(process_log.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return true;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == EMSGSIZE)
            return false;
        disconnect();
    }
    return false;
}

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

static bool write_syslog(enum log_level level, struct span line)
{
    char text[HEAD_MAX + LOG_LINE_MAX];
    size_t head = print_syslog_head(level, text);

    memcpy(text + head, line.at, line.size);
    return send_datagram(text, head + line.size);
}

/* A pipe that says it is writable takes PIPE_BUF bytes at once, and a line is shorter than that. */
static bool write_stderr(enum log_level level, struct span line)
{
    struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
    char text[HEAD_MAX + LOG_LINE_MAX];
    size_t size =
        (size_t)snprintf(text, sizeof(text), "%s: %s: ", process_log.program, levels[level].name);

    memcpy(text + size, line.at, line.size);
    size += line.size;
    text[size++] = '\n';
    if (poll(&out, 1, 0) != 1 || (out.revents & POLLOUT) == 0)
        return false;
    return write(STDERR_FILENO, text, size) == (ssize_t)size;
}

static bool write_somewhere(enum log_level level, struct span line)
{
    return process_log.to_syslog ? write_syslog(level, line) : write_stderr(level, line);
}

/* The line itself goes first: in a queue with room for one it is worth more than the count. */
static void write_locked(enum log_level level, struct span line)
{
    char text[96];
    int size;

    if (!write_somewhere(level, line)) {
        process_log.untold++;
        atomic_fetch_add_explicit(&lost_lines, 1, memory_order_relaxed);
        return;
    }
    if (process_log.untold == 0)
        return;
    size = snprintf(text, sizeof(text),
                    "lines lost before this one, not taken by the receiver of the log: %" PRIu64,
                    process_log.untold);
    if (write_somewhere(LOG_LEVEL_WARNING, (struct span){ text, (size_t)size }))
        process_log.untold = 0;
}

void log_write_line(enum log_level level, struct span line)
{
    int saved_errno = errno; /* callers log and then look at errno */

    if ((int)level > atomic_load_explicit(&highest_level, memory_order_relaxed))
        return;
    if (line.at == NULL)
        line = SPAN("");
    line = span_first(line, LOG_LINE_MAX);
    pthread_mutex_lock(&process_log.lock);
    write_locked(level, line);
    pthread_mutex_unlock(&process_log.lock);
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

uint64_t log_lost_lines(void)
{
    return atomic_load_explicit(&lost_lines, memory_order_relaxed);
}
