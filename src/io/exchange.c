/*
 * exchange: the loop of poll(2). A server may close its side and still have an answer under way: it
 * is read, and what is unsent then is not sent any more.
 */
#include "io/exchange.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "util/clock.h"

/* False with *error. */
static bool refill(struct exchange *exchange, struct error *error)
{
    if (exchange->unsent.size > 0 || exchange->more == NULL) {
        return true;
    }
    if (!exchange->more(exchange->context, &exchange->unsent, error)) {
        return false;
    }
    if (exchange->unsent.size == 0) {
        exchange->more = NULL;
    }
    return true;
}

static void send_some(struct exchange *exchange)
{
    ssize_t sent = send(exchange->fd, exchange->unsent.at, exchange->unsent.size, MSG_NOSIGNAL);
    if (sent >= 0) {
        exchange->unsent = span_from(exchange->unsent, (size_t)sent);
    } else if (errno != EAGAIN && errno != EINTR) {
        exchange->unsent.size = 0;
        exchange->more = NULL;
    }
}

/* True: the exchange goes on. */
static bool receive_some(struct exchange *exchange, enum exchange_end *end_r, struct error *error)
{
    char piece[16384];
    ssize_t got = recv(exchange->fd, piece, sizeof(piece), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    if (got <= 0) {
        error_set(error, "it closed the connection without an answer%s%s", got < 0 ? ": " : "",
                  got < 0 ? strerror(errno) : "");
        *end_r = EXCHANGE_CLOSED;
        return false;
    }
    struct span received = { piece, (size_t)got };
    enum exchange_step step = exchange->take(exchange->context, received, error);
    *end_r = step == EXCHANGE_STEP_DONE ? EXCHANGE_DONE : EXCHANGE_BAD;
    return step == EXCHANGE_STEP_ON;
}

enum exchange_end exchange_run(struct exchange *exchange, struct error *error)
{
    for (;;) {
        enum exchange_end end;
        int left_ms = clock_left_ms(exchange->deadline_ns);
        if (left_ms == 0) {
            error_set(error, "no answer in time");
            return EXCHANGE_LATE;
        }
        if (!refill(exchange, error)) {
            return EXCHANGE_BAD;
        }
        short wanted = exchange->unsent.size > 0 ? POLLIN | POLLOUT : POLLIN;
        struct pollfd wait = { .fd = exchange->fd, .events = wanted };
        if (poll(&wait, 1, left_ms) <= 0) {
            continue; /* interrupted, or the deadline: seen above */
        }
        if ((wait.revents & POLLOUT) != 0) {
            send_some(exchange);
        }
        if ((wait.revents & ~POLLOUT) != 0 && !receive_some(exchange, &end, error)) {
            return end;
        }
    }
}
