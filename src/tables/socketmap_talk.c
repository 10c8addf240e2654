/*
 * socketmap_talk: writes and reads at once, so that neither side waits for the other when many
 * questions fill its socket.
 */
#include "tables/socketmap_talk.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "tables/socketmap_place.h"

struct talk {
    int fd;
    struct span unsent;
    struct buffer received; /* what is no whole reply yet */
    size_t count, answered;
    socketmap_take_fn take;
    void *context;
    struct error *error;
};

/* What one step came to; anything but GOING_ON ends the talk. */
enum step { STEP_GOING_ON, STEP_ALL, STEP_CLOSED, STEP_BAD };

/* A server may close its side and still have answers under way: those are read. */
static void send_some(struct talk *talk)
{
    ssize_t sent = send(talk->fd, talk->unsent.at, talk->unsent.size, MSG_NOSIGNAL);
    if (sent >= 0) {
        talk->unsent = span_from(talk->unsent, (size_t)sent);
    } else if (errno != EAGAIN && errno != EINTR) {
        talk->unsent.size = 0;
    }
}

/* Hands on every whole reply and keeps the rest. */
static enum step take_replies(struct talk *talk)
{
    struct span rest = buffer_span(&talk->received);
    struct socketmap_reply reply;
    while (talk->answered < talk->count) {
        enum socketmap_status status = socketmap_reply_parse(rest, &reply);
        if (status == SOCKETMAP_GARBAGE) {
            error_set(talk->error, "it answered what is no socketmap reply");
            return STEP_BAD;
        }
        if (status == SOCKETMAP_MORE) {
            break;
        }
        talk->take(talk->context, talk->answered++, status, reply.text);
        rest = span_from(rest, reply.used);
    }
    if (talk->answered == talk->count && rest.size > 0) {
        error_set(talk->error, "it answered more than it was asked");
        return STEP_BAD;
    }
    memmove(talk->received.at, rest.at, rest.size);
    talk->received.size = rest.size;
    talk->received.at[rest.size] = '\0';
    return talk->answered == talk->count ? STEP_ALL : STEP_GOING_ON;
}

static enum step receive_some(struct talk *talk)
{
    char piece[16384];
    ssize_t got = recv(talk->fd, piece, sizeof(piece), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return STEP_GOING_ON;
    }
    if (got <= 0) {
        error_set(talk->error, "it closed the connection without an answer%s%s",
                  got < 0 ? ": " : "", got < 0 ? strerror(errno) : "");
        return STEP_CLOSED;
    }
    buffer_add(&talk->received, piece, (size_t)got);
    if (buffer_has_failed(&talk->received)) {
        error_set(talk->error, "out of memory");
        return STEP_BAD;
    }
    return take_replies(talk);
}

static enum socketmap_end talk_until(struct talk *talk, uint64_t deadline_ns)
{
    for (;;) {
        int left_ms = socketmap_left_ms(deadline_ns);
        struct pollfd wait = { .fd = talk->fd,
                               .events = (short)(POLLIN | (talk->unsent.size > 0 ? POLLOUT : 0)) };
        if (left_ms == 0) {
            error_set(talk->error, "no answer in time");
            return SOCKETMAP_LATE;
        }
        if (poll(&wait, 1, left_ms) <= 0) {
            continue; /* interrupted, or the deadline: seen above */
        }
        if ((wait.revents & POLLOUT) != 0) {
            send_some(talk);
        }
        if ((wait.revents & ~POLLOUT) == 0) {
            continue;
        }
        switch (receive_some(talk)) {
        case STEP_GOING_ON:
            break;
        case STEP_ALL:
            return SOCKETMAP_ALL;
        case STEP_CLOSED:
            return SOCKETMAP_CLOSED;
        case STEP_BAD:
            return SOCKETMAP_BAD;
        }
    }
}

enum socketmap_end socketmap_talk(int fd, struct span request, size_t count, uint64_t deadline_ns,
                                  socketmap_take_fn take, void *context, size_t *answered_r,
                                  struct error *error)
{
    struct talk talk = { .fd = fd,
                         .unsent = request,
                         .received = BUFFER_EMPTY,
                         .count = count,
                         .take = take,
                         .context = context,
                         .error = error };
    enum socketmap_end end = talk_until(&talk, deadline_ns);
    buffer_free(&talk.received);
    *answered_r = talk.answered;
    return end;
}
