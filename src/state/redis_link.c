/*
 * redis_link: the connection's life.
 *
 *   DOWN -> CONNECTING -> LOGIN -> PROBE -> READY
 *
 * A round tries every address once, one after the other; what fails in it is told to the health of
 * the whole, and after the round there is a pause. All of it runs in the loop's thread.
 */
#include "state/redis_private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "util/file.h"

#define ATTEMPT_MS 1000 /* to be connected; to log in; to pass the probe */
#define ANSWER_MS 1000  /* without a byte while something is asked: it is stuck */
#define HOPS_MAX 5
#define NS_PER_MS UINT64_C(1000000)
#define PROBE_SECONDS "60"

/* Whoever may do this may do all that calls do: run a script that writes below our prefix. */
#define PROBE_SCRIPT "return redis.call('SET',KEYS[1],ARGV[1],'EX',ARGV[2])"

static uint64_t now_ns(const struct redis *redis)
{
    return clock_mono_ns(redis->clock);
}

/* --- down ------------------------------------------------------------------------------------ */

static void end_pending(struct redis *redis, enum redis_reason reason)
{
    struct redis_request *request;
    while ((request = redis_requests_take(&redis->link.pending)) != NULL) {
        struct redis_reply nothing = { .reason = reason };
        redis_request_end(redis, request, REDIS_LATE, &nothing);
    }
}

/* Closes whatever there is; nothing is sent any more. */
static void close_link(struct redis *redis, enum redis_reason reason)
{
    struct redis_link *link = &redis->link;
    pthread_mutex_lock(&redis->lock);
    redis->is_ready = false;
    pthread_mutex_unlock(&redis->lock);
    loop_unwatch(redis->loop, &link->watch);
    redis_wire_free(&link->wire);
    if (link->fd >= 0) {
        close(link->fd);
        link->fd = -1;
    }
    link->state = LINK_DOWN;
    link->leaving = REDIS_FINE;
    end_pending(redis, reason);
}

static void try_in(struct redis *redis, uint64_t pause_ns)
{
    uint64_t pause_ms = (pause_ns + NS_PER_MS - 1) / NS_PER_MS;
    loop_arm(redis->loop, redis->link.timer, 0, (int)pause_ms);
}

static void begin_round(struct redis *redis)
{
    uint32_t random;
    redis->clock->random(redis->clock, &random, sizeof(random));
    redis->link.tries = redis->place_count;
    redis->link.hops = 0;
    pthread_mutex_lock(&redis->lock);
    uint64_t pause_ns = redis_health_pause_ns(&redis->health, now_ns(redis), random);
    pthread_mutex_unlock(&redis->lock);
    try_in(redis, pause_ns);
}

/* The next address, at once or after a pause. */
static void go_down(struct redis *redis, enum redis_reason reason)
{
    struct redis_link *link = &redis->link;
    bool was_ready = link->state == LINK_READY;
    close_link(redis, reason);
    if (!was_ready && link->tries > 1) {
        link->tries--;
        try_in(redis, 0);
    } else {
        begin_round(redis);
    }
}

void redis_link_fail(struct redis *redis, enum redis_reason reason, struct span words)
{
    struct redis_link *link = &redis->link;
    redis_failed(redis, link->state == LINK_READY ? now_ns(redis) : link->begun_ns, reason, words);
    go_down(redis, reason);
}

static void fail_by_errno(struct redis *redis, enum redis_reason reason, int why)
{
    redis_link_fail(redis, reason, span_of(strerror(why)));
}

/* To the node that a MOVED names. False: it leads nowhere. */
bool redis_link_hop(struct redis *redis)
{
    struct redis_link *link = &redis->link;
    if (link->moved.size == 0 || link->hops >= HOPS_MAX) {
        return false;
    }
    link->hops++;
    close_link(redis, REDIS_MOVED);
    try_in(redis, 0);
    return true;
}

/* --- out ------------------------------------------------------------------------------------- */

static void send_words(struct redis *redis, const struct span *words, size_t count)
{
    struct buffer out = BUFFER_EMPTY;
    redis_words_begin(&out, count);
    for (size_t i = 0; i < count; i++) {
        redis_words_add(&out, words[i]);
    }
    /* A buffer that failed is shorter than it says: nothing is answered, and the attempt ends. */
    redis_wire_add(redis->link.wire, out.at, out.size);
    buffer_free(&out);
}

void redis_link_send(struct redis *redis, struct redis_request *request)
{
    const struct redis_script *script = request->script;
    struct buffer head = BUFFER_EMPTY;
    redis_words_begin(&head, 2 + request->word_count);
    redis_words_add(&head, request->is_whole ? SPAN("EVAL") : SPAN("EVALSHA"));
    redis_words_add(&head, span_of(request->is_whole ? script->text : script->sha1));
    redis_wire_add(redis->link.wire, head.at, head.size);
    redis_wire_add(redis->link.wire, request->words.at, request->words.size);
    buffer_free(&head);
    redis_requests_put(&redis->link.pending, request);
}

static void send_queue(struct redis *redis)
{
    struct redis_request *request;
    do {
        pthread_mutex_lock(&redis->lock);
        request = redis_requests_take(&redis->queue);
        bool is_wanted = request != NULL && !request->is_abandoned;
        if (is_wanted) {
            request->is_sent = true;
        }
        pthread_mutex_unlock(&redis->lock);
        if (is_wanted) {
            redis_link_send(redis, request);
        } else if (request != NULL) {
            redis_request_unref(request);
        }
    } while (request != NULL);
}

/* Nobody sends what came too late for the connection. */
static void refuse_queue(struct redis *redis, enum redis_reason reason)
{
    struct redis_request *request;
    do {
        pthread_mutex_lock(&redis->lock);
        request = redis_requests_take(&redis->queue);
        pthread_mutex_unlock(&redis->lock);
        if (request != NULL) {
            struct redis_reply nothing = { .reason = reason };
            redis_request_end(redis, request, REDIS_AWAY, &nothing);
        }
    } while (request != NULL);
}

/* Sends what there is, and waits for what comes of it. */
static void go_on(struct redis *redis)
{
    struct redis_link *link = &redis->link;
    if (!redis_wire_write(link->wire)) {
        fail_by_errno(redis, REDIS_CLOSED, errno);
        return;
    }
    uint64_t gone_ms = (now_ns(redis) - link->begun_ns) / NS_PER_MS;
    int left_ms = gone_ms < ATTEMPT_MS ? (int)(ATTEMPT_MS - gone_ms) : 0;
    int ready_ms = link->pending.count > 0 ? ANSWER_MS : -1;
    short events = redis_wire_has_unsent(link->wire) ? POLLIN | POLLOUT : POLLIN;
    loop_arm(redis->loop, link->watch, events, link->state == LINK_READY ? ready_ms : left_ms);
}

/* --- login and probe ------------------------------------------------------------------------- */

void redis_link_probe(struct redis *redis)
{
    char key[sizeof(redis->prefix) + 8];
    struct span words[] = { SPAN("EVAL"), SPAN(PROBE_SCRIPT),   SPAN("1"),
                            { key, 0 },   span_of(redis->node), SPAN(PROBE_SECONDS) };
    words[3].size = (size_t)snprintf(key, sizeof(key), "%sprobe", redis->prefix);
    redis->link.state = LINK_PROBE;
    send_words(redis, words, sizeof(words) / sizeof(words[0]));
}

/* Read each time, so that a new password is a matter of the file. */
static bool send_login(struct redis *redis)
{
    struct buffer password = BUFFER_EMPTY;
    struct error error;
    if (!file_read(redis->password_file, REDIS_PASSWORD_BYTES_MAX, &password, &error)) {
        redis_link_fail(redis, REDIS_PASSWORD_FILE, span_of(error.text));
        return false;
    }
    struct span secret = buffer_span(&password);
    while (secret.size > 0 &&
           (secret.at[secret.size - 1] == '\n' || secret.at[secret.size - 1] == '\r')) {
        secret.size--;
    }
    struct span with_user[] = { SPAN("AUTH"), span_of(redis->user), secret };
    struct span without[] = { SPAN("AUTH"), secret };
    if (redis->user != NULL) {
        send_words(redis, with_user, 3);
    } else {
        send_words(redis, without, 2);
    }
    if (password.at != NULL) {
        explicit_bzero(password.at, password.size);
    }
    buffer_free(&password);
    return true;
}

static void connected(struct redis *redis)
{
    struct redis_link *link = &redis->link;
    link->wire = redis_wire_new(link->fd);
    if (link->wire == NULL) {
        redis_link_fail(redis, REDIS_NO_MEMORY, span_of(NULL));
        return;
    }
    link->fd = -1;
    if (redis->password_file != NULL) {
        link->state = LINK_LOGIN;
        if (!send_login(redis)) {
            return;
        }
    } else {
        redis_link_probe(redis);
    }
    go_on(redis);
}

/* --- leaving ---------------------------------------------------------------------------------- */

/* Is the connection to be left, since the server said so, or since too much failed? */
static bool leave(struct redis *redis)
{
    struct redis_link *link = &redis->link;
    pthread_mutex_lock(&redis->lock);
    bool is_out = redis->health.is_out;
    enum redis_reason reason = redis->state.reason;
    pthread_mutex_unlock(&redis->lock);
    if (link->state != LINK_READY) {
        return false;
    }
    if (link->leaving != REDIS_FINE && link->pending.count == 0) {
        if (link->leaving == REDIS_MOVED && redis_link_hop(redis)) {
            return true;
        }
        if (link->leaving == REDIS_MOVED) {
            redis_link_fail(redis, REDIS_MOVED, SPAN("to where nothing is"));
        } else {
            go_down(redis, link->leaving);
        }
        return true;
    }
    if (is_out) {
        go_down(redis, reason);
        return true;
    }
    return false;
}

/* --- what happens ---------------------------------------------------------------------------- */

static void finish_connect(struct redis *redis)
{
    int why = 0;
    socklen_t size = sizeof(why);
    if (getsockopt(redis->link.fd, SOL_SOCKET, SO_ERROR, &why, &size) < 0) {
        why = errno;
    }
    if (why != 0) {
        fail_by_errno(redis, REDIS_CONNECT_FAILED, why);
    } else {
        connected(redis);
    }
}

static void on_socket(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    struct redis *redis = context;
    struct redis_link *link = &redis->link;
    (void)loop;
    (void)watch;
    if (link->state == LINK_CONNECTING) {
        if (revents == 0) {
            fail_by_errno(redis, REDIS_CONNECT_FAILED, ETIMEDOUT);
        } else {
            finish_connect(redis);
        }
        return;
    }
    if (revents == 0) {
        redis_link_fail(redis, REDIS_SLOW, span_of(NULL));
        return;
    }
    /* What was answered before it closed counts. */
    bool is_open = redis_wire_read(link->wire);
    int why = errno;
    if (!redis_link_take_answers(redis) || leave(redis)) {
        return;
    }
    if (!is_open) {
        redis_link_fail(redis, REDIS_CLOSED,
                        why == ECONNRESET ? span_of(strerror(why)) : span_of(NULL));
        return;
    }
    go_on(redis);
}

static void on_timer(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    struct redis *redis = context;
    struct redis_link *link = &redis->link;
    (void)watch;
    (void)revents;
    if (link->moved.size > 0) {
        link->place = link->moved;
        link->moved.size = 0;
    } else {
        link->place = redis->places[link->next];
        link->next = (link->next + 1) % redis->place_count;
    }
    pthread_mutex_lock(&redis->lock);
    redis_words_copy(redis->state.address, sizeof(redis->state.address), span_of(link->place.text));
    pthread_mutex_unlock(&redis->lock);
    link->begun_ns = now_ns(redis);
    link->state = LINK_CONNECTING;
    link->fd = redis_place_connect(&link->place);
    if (link->fd < 0) {
        fail_by_errno(redis, REDIS_CONNECT_FAILED, errno);
        return;
    }
    link->watch = loop_watch(loop, link->fd, POLLOUT, ATTEMPT_MS, on_socket, redis);
    if (link->watch == NULL) {
        redis_link_fail(redis, REDIS_NO_MEMORY, span_of(NULL));
    }
}

/* --- from redis.c ---------------------------------------------------------------------------- */

bool redis_link_begin(struct redis *redis)
{
    struct redis_link *link = &redis->link;
    link->fd = -1;
    link->tries = redis->place_count;
    redis_requests_init(&link->pending);
    link->timer = loop_watch(redis->loop, -1, 0, 0, on_timer, redis);
    return link->timer != NULL;
}

void redis_link_look(struct redis *redis)
{
    if (leave(redis)) {
        refuse_queue(redis, REDIS_SLOW);
        return;
    }
    if (redis->link.state != LINK_READY || redis->link.leaving != REDIS_FINE) {
        refuse_queue(redis, REDIS_CONNECTING);
        return;
    }
    send_queue(redis);
    go_on(redis);
}

void redis_link_end(struct redis *redis)
{
    close_link(redis, REDIS_CLOSED);
    refuse_queue(redis, REDIS_CLOSED);
    loop_unwatch(redis->loop, &redis->link.timer);
}
