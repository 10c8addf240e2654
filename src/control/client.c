/*
 * client: one question to the daemon, one answer, within a deadline.
 *
 * unix(7). The deadline holds for the whole exchange, so that a monitor never hangs on a daemon
 * that does.
 */
#include "control/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/protocol.h"
#include "util/clock.h"

#define NS_PER_MS 1000000u

/* Waits for events; false with *error when the deadline passed first. */
static bool wait_for(int fd, short events, uint64_t deadline_ns, struct error *error)
{
    for (;;) {
        struct pollfd one = { .fd = fd, .events = events };
        uint64_t now_ns = clock_mono_ns(&clock_system);
        int left_ms = now_ns < deadline_ns ? (int)((deadline_ns - now_ns) / NS_PER_MS) + 1 : 0;
        int found = poll(&one, 1, left_ms);
        if (found > 0)
            return true;
        if (found == 0 && left_ms == 0) {
            error_set(error, "the daemon did not answer in time: see its log");
            return false;
        }
        if (found < 0 && errno != EINTR) {
            error_set(error, "poll: %m");
            return false;
        }
    }
}

static void explain_connect(const char *path, int why, struct error *error)
{
    errno = why;
    switch (why) {
    case ENOENT:
        error_set(error, "no socket at %s: is the daemon running, and with this control.socket?",
                  path);
        break;
    case ECONNREFUSED:
        error_set(error, "nobody answers at %s: the daemon is not running", path);
        break;
    case EACCES:
    case EPERM:
        error_set(error,
                  "not permitted to connect to %s: only root, the daemon's user and members "
                  "of control.read_group are",
                  path);
        break;
    default:
        error_set(error, "cannot connect to %s: %m", path);
    }
}

/* A full queue lets connect() fail with EAGAIN at once: tried again until the deadline. */
static bool connect_to(int fd, const char *path, uint64_t deadline_ns, struct error *error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(address.sun_path)) {
        error_set(error, "the path %s is too long for a socket", path);
        return false;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        int why = errno;
        if (why == EINTR)
            continue;
        if (why != EAGAIN || clock_mono_ns(&clock_system) >= deadline_ns) {
            explain_connect(path, why, error);
            return false;
        }
        poll(NULL, 0, 20);
    }
    return true;
}

static bool send_all(int fd, struct span text, uint64_t deadline_ns, struct error *error)
{
    while (text.size > 0) {
        ssize_t size;
        if (!wait_for(fd, POLLOUT, deadline_ns, error))
            return false;
        size = send(fd, text.at, text.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size >= 0) {
            text = span_from(text, (size_t)size);
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return true; /* it may have answered without reading to the end: a refusal */
        } else if (errno != EAGAIN && errno != EINTR) {
            error_set(error, "cannot send to the daemon: %m");
            return false;
        }
    }
    return true;
}

static bool receive_all(int fd, struct buffer *out, uint64_t deadline_ns, struct error *error)
{
    char piece[4096];

    for (;;) {
        ssize_t size;
        if (!wait_for(fd, POLLIN, deadline_ns, error))
            return false;
        size = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
        if (size == 0)
            return true;
        if (size > 0) {
            buffer_add(out, piece, (size_t)size);
        } else if (errno == ECONNRESET && out->size > 0) {
            return true; /* it answered without reading the question: so does a parent alone */
        } else if (errno != EAGAIN && errno != EINTR) {
            error_set(error, "cannot read the daemon's answer: %m");
            return false;
        }
        if (out->size > CONTROL_ANSWER_MAX || buffer_has_failed(out)) {
            error_set(error, "the daemon's answer is too large");
            return false;
        }
    }
}

/* "exit N\n", N of at most three digits, is cut off. */
static bool take_exit(struct span *answer_io, int *exit_r)
{
    struct span line;
    int code = 0;

    if (span_find(*answer_io, '\n') < 0 || !span_cut(answer_io, '\n', &line) ||
        !span_has_prefix_nocase(line, SPAN("exit ")))
        return false;
    line = span_from(line, 5);
    if (line.size == 0 || line.size > 3)
        return false;
    for (size_t i = 0; i < line.size; i++) {
        if (line.at[i] < '0' || line.at[i] > '9')
            return false;
        code = code * 10 + (line.at[i] - '0');
    }
    *exit_r = code;
    return true;
}

static int deadline_of(struct span request)
{
    bool waits = span_has_prefix_nocase(request, SPAN("reload"));

    return waits ? CONTROL_RELOAD_WAIT_MS + CONTROL_DEADLINE_MS : 2 * CONTROL_DEADLINE_MS;
}

static bool exchange(int fd, const char *path, struct span request, uint64_t deadline_ns,
                     struct buffer *whole, struct error *error)
{
    return connect_to(fd, path, deadline_ns, error) && send_all(fd, request, deadline_ns, error) &&
           send_all(fd, SPAN("\n"), deadline_ns, error) &&
           receive_all(fd, whole, deadline_ns, error);
}

bool control_ask(const char *socket_path, struct span request, int deadline_ms, int *exit_r,
                 struct buffer *answer, struct error *error)
{
    uint64_t wait_ms = (uint64_t)(deadline_ms > 0 ? deadline_ms : deadline_of(request));
    uint64_t deadline_ns = clock_mono_ns(&clock_system) + wait_ms * NS_PER_MS;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct buffer whole = BUFFER_EMPTY;
    bool answered;

    if (fd < 0) {
        error_set(error, "socket: %m");
        return false;
    }
    answered = exchange(fd, socket_path, request, deadline_ns, &whole, error);
    close(fd);
    if (answered) {
        struct span rest = buffer_span(&whole);
        answered = take_exit(&rest, exit_r);
        if (answered)
            buffer_add_span(answer, rest);
        else
            error_set(error, "the daemon's answer was cut short: see its log");
    }
    buffer_free(&whole);
    return answered;
}
