/*
 * incoming: inbound mail that may tell of mail that went out. The first part of its body is kept,
 * in memory of its own, and read at its end; who listens is told once the message was taken in.
 * Nothing of it changes what becomes of the message, and where memory is short it is not read.
 *
 * Not behind a filter, where a listener of another role saw it before.
 */
#include "policy/policy_private.h"

#include "feedback/report_sink.h"

enum { FIRST_BYTES = 16 * 1024 };

struct incoming {
    struct arena *arena; /* all of it, the report too */
    char *body;
    size_t size, room;
    bool is_cut;
    struct report report;
};

void incoming_begin(struct job *job)
{
    bool has_null_sender = job->message.envelope.sender.text.size == 0;
    if (job->world->reports == NULL || job->mail_class != CLASS_INBOUND ||
        job->role == LISTENER_SIGN || job->message.is_over_ceiling ||
        !report_may_be(&job->message.headers, has_null_sender)) {
        return;
    }
    struct arena *arena = arena_new_within(job->world->memory, REPORT_ARENA);
    struct incoming *incoming = arena != NULL ? arena_alloc(arena, sizeof(*incoming)) : NULL;
    if (incoming == NULL) {
        arena_free(&arena);
        return;
    }
    incoming->arena = arena;
    job->incoming = incoming;
}

/* Doubling: what is left behind in the arena is less than what is kept. */
static bool grow(struct incoming *incoming, size_t size)
{
    size_t room = incoming->room > 0 ? incoming->room : FIRST_BYTES;
    while (room < incoming->size + size) {
        room *= 2;
    }
    if (room == incoming->room) {
        return true;
    }
    char *body = arena_alloc(incoming->arena, room);
    if (body != NULL) {
        if (incoming->size > 0) {
            memcpy(body, incoming->body, incoming->size);
        }
        incoming->body = body;
        incoming->room = room;
    }
    return body != NULL;
}

bool incoming_add(struct job *job, const void *bytes, size_t size)
{
    struct incoming *incoming = job->incoming;
    if (incoming == NULL || incoming->is_cut) {
        return false;
    }
    size_t left = REPORT_BODY_MAX - incoming->size;
    incoming->is_cut = size > left;
    size = size < left ? size : left;
    if (size > 0 && !grow(incoming, size)) {
        incoming->is_cut = true;
        return false;
    }
    if (size > 0) {
        memcpy(incoming->body + incoming->size, bytes, size);
        incoming->size += size;
    }
    return !incoming->is_cut;
}

void incoming_read(struct job *job)
{
    struct incoming *incoming = job->incoming;
    if (incoming == NULL) {
        return;
    }
    bool has_null_sender = job->message.envelope.sender.text.size == 0;
    unsigned flags =
        (has_null_sender ? REPORT_NULL_SENDER : 0) | (incoming->is_cut ? REPORT_BODY_CUT : 0);
    struct span body = { incoming->body, incoming->size };
    (void)report_read(&job->message.headers, body, flags, incoming->arena, &incoming->report);
}

void incoming_end(struct job *job, enum outcome outcome)
{
    struct incoming *incoming = job->incoming;
    if (incoming == NULL || outcome != OUTCOME_ANSWERED ||
        job->verdict.disposition != DISPOSITION_ACCEPT || incoming->report.kind == REPORT_NONE) {
        return;
    }
    struct report_event event = { .report = &incoming->report,
                                  .message = &job->message,
                                  .at_s = clock_wall_s(job->world->clock) };
    job->world->reports->take(job->world->reports, &event);
}

void incoming_free(struct job *job)
{
    if (job->incoming != NULL) {
        struct arena *arena = job->incoming->arena; /* it lives in it */
        job->incoming = NULL;
        arena_free(&arena);
    }
}
