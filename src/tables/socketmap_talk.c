/*
 * socketmap_talk: puts replies together from what comes in pieces.
 */
#include "tables/socketmap_talk.h"

#include <string.h>

#include "io/exchange.h"
#include "util/buffer.h"

struct talk {
    struct buffer received; /* what is no whole reply yet */
    size_t count, answered;
    socketmap_take_fn take;
    void *context;
};

/* Hands on every whole reply and keeps the rest. */
static enum exchange_step take_replies(struct talk *talk, struct error *error)
{
    struct span rest = buffer_span(&talk->received);
    struct socketmap_reply reply;
    while (talk->answered < talk->count) {
        enum socketmap_status status = socketmap_reply_parse(rest, &reply);
        if (status == SOCKETMAP_GARBAGE) {
            error_set(error, "it answered what is no socketmap reply");
            return EXCHANGE_STEP_BAD;
        }
        if (status == SOCKETMAP_MORE) {
            break;
        }
        talk->take(talk->context, talk->answered++, status, reply.text);
        rest = span_from(rest, reply.used);
    }
    if (talk->answered == talk->count && rest.size > 0) {
        error_set(error, "it answered more than it was asked");
        return EXCHANGE_STEP_BAD;
    }
    memmove(talk->received.at, rest.at, rest.size);
    talk->received.size = rest.size;
    talk->received.at[rest.size] = '\0';
    return talk->answered == talk->count ? EXCHANGE_STEP_DONE : EXCHANGE_STEP_ON;
}

static enum exchange_step take_piece(void *context, struct span received, struct error *error)
{
    struct talk *talk = context;
    buffer_add_span(&talk->received, received);
    if (buffer_has_failed(&talk->received)) {
        error_set(error, "out of memory");
        return EXCHANGE_STEP_BAD;
    }
    return take_replies(talk, error);
}

enum socketmap_end socketmap_talk(int fd, struct span request, size_t count, uint64_t deadline_ns,
                                  socketmap_take_fn take, void *context, size_t *answered_r,
                                  struct error *error)
{
    static const enum socketmap_end ends[] = {
        [EXCHANGE_DONE] = SOCKETMAP_ALL,
        [EXCHANGE_CLOSED] = SOCKETMAP_CLOSED,
        [EXCHANGE_LATE] = SOCKETMAP_LATE,
        [EXCHANGE_BAD] = SOCKETMAP_BAD,
    };
    struct talk talk = {
        .received = BUFFER_EMPTY, .count = count, .take = take, .context = context
    };
    struct exchange exchange = { .fd = fd,
                                 .deadline_ns = deadline_ns,
                                 .unsent = request,
                                 .take = take_piece,
                                 .context = &talk };
    enum socketmap_end end = ends[exchange_run(&exchange, error)];
    buffer_free(&talk.received);
    *answered_r = talk.answered;
    return end;
}
