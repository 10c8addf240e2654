/*
 * redis_link_in: what the server says: to a connection that is on its way to be used, and to calls,
 * which are answered in the order they were sent.
 */
#include "state/redis_private.h"

/* After such a complaint the connection is of no use to any call. */
static bool ends_connection(enum redis_reason reason)
{
    return reason == REDIS_MOVED || reason == REDIS_READONLY || reason == REDIS_LOADING ||
           reason == REDIS_NOAUTH || reason == REDIS_CLUSTERDOWN || reason == REDIS_MASTERDOWN;
}

static void note_move(struct redis *redis, struct span words)
{
    struct redis_link *link = &redis->link;
    if (!redis_place_moved(redis_reason_place(words), &link->place, &link->moved)) {
        link->moved.size = 0;
    }
}

/* Still on its way to READY. False: it is no more. */
static bool take_greeting(struct redis *redis, enum redis_wire_next next, struct redis_reply *reply)
{
    struct redis_link *link = &redis->link;
    struct span words = reply->count > 0 ? reply->words[0] : span_of(NULL);
    bool goes_on = next == REDIS_WIRE_ANSWERED;
    if (next == REDIS_WIRE_REFUSED) {
        enum redis_reason reason = redis_reason_of(words);
        if (reason == REDIS_MOVED) {
            note_move(redis, words);
        }
        if (reason != REDIS_MOVED || !redis_link_hop(redis)) {
            redis_link_fail(redis, reason, words);
        }
    } else if (link->state == LINK_LOGIN) {
        redis_link_probe(redis);
    } else {
        link->state = LINK_READY;
        link->tries = redis->place_count;
        link->hops = 0;
        redis_came_up(redis);
    }
    redis_reply_free(reply);
    return goes_on;
}

static bool is_unknown_script(const struct redis_request *request, enum redis_wire_next next,
                              const struct redis_reply *reply)
{
    return next == REDIS_WIRE_REFUSED && !request->is_whole &&
           span_has_prefix_nocase(reply->words[0], SPAN("NOSCRIPT"));
}

/* The server does not know the script by its name: once more, with the text, where somebody still
 * waits for it. */
static void send_whole(struct redis *redis, struct redis_request *request)
{
    pthread_mutex_lock(&redis->lock);
    bool is_wanted = !request->is_abandoned;
    pthread_mutex_unlock(&redis->lock);
    if (is_wanted) {
        request->is_whole = true;
        redis_link_send(redis, request);
    } else {
        redis_request_unref(request);
    }
}

/* False: the connection is no more. */
static bool take_answer(struct redis *redis, enum redis_wire_next next, struct redis_reply *reply)
{
    struct redis_link *link = &redis->link;
    struct redis_request *request = redis_requests_take(&link->pending);
    if (request == NULL) {
        redis_reply_free(reply);
        redis_link_fail(redis, REDIS_GARBAGE, SPAN("an answer to nothing"));
        return false;
    }
    if (is_unknown_script(request, next, reply)) {
        redis_reply_free(reply);
        send_whole(redis, request);
        return true;
    }
    if (next == REDIS_WIRE_ANSWERED) {
        redis_request_end(redis, request, REDIS_ANSWERED, reply);
        return true;
    }
    reply->reason = redis_reason_of(reply->words[0]);
    if (reply->reason == REDIS_MOVED) {
        note_move(redis, reply->words[0]);
    } else {
        redis_failed(redis, request->begun_ns, reply->reason, reply->words[0]);
    }
    if (ends_connection(reply->reason) && link->leaving == REDIS_FINE) {
        link->leaving = reply->reason;
        pthread_mutex_lock(&redis->lock);
        redis->is_ready = false;
        pthread_mutex_unlock(&redis->lock);
    }
    redis_request_end(redis, request, REDIS_REFUSED, reply);
    return true;
}

bool redis_link_take_answers(struct redis *redis)
{
    struct redis_link *link = &redis->link;
    for (;;) {
        struct redis_reply reply;
        enum redis_wire_next next = redis_wire_next(link->wire, &reply);
        if (next == REDIS_WIRE_NONE) {
            return true;
        }
        if (next == REDIS_WIRE_GARBAGE) {
            redis_link_fail(redis, REDIS_GARBAGE, span_of(NULL));
            return false;
        }
        bool is_there = link->state == LINK_READY ? take_answer(redis, next, &reply)
                                                  : take_greeting(redis, next, &reply);
        if (!is_there) {
            return false;
        }
    }
}
