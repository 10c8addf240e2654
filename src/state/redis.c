/*
 * redis: calls from any thread, and what the log learns.
 *
 * A call puts a request into the queue, wakes the loop and waits. The request is counted: a caller
 * whose time is over goes, and the answer that comes later ends the request and nothing else. What
 * was not sent by then is never sent.
 */
#include "state/redis_private.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define CALLS_MAX 4096 /* in the queue */
#define CALL_BYTES_MAX ((size_t)1 << 20)

static const char hex_digits[] = "0123456789abcdef";

bool redis_script_init(struct redis_script *script, const char *text)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t size;
    script->text = text;
    if (EVP_Q_digest(NULL, "SHA1", NULL, text, strlen(text), digest, &size) != 1 || size != 20) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        script->sha1[2 * i] = hex_digits[digest[i] >> 4];
        script->sha1[2 * i + 1] = hex_digits[digest[i] & 0xf];
    }
    script->sha1[2 * size] = '\0';
    return true;
}

/* --- outages --------------------------------------------------------------------------------- */

static void tell_out(struct redis *redis, const struct redis_state *state)
{
    log_sink_print(redis->log, LOG_LEVEL_WARNING, "redis: %s: %s%s%s; %s", state->address,
                   redis_reason_text(state->reason), state->words[0] != '\0' ? ": " : "",
                   state->words, redis->meanwhile);
}

void redis_failed(struct redis *redis, uint64_t begun_ns, enum redis_reason reason,
                  struct span words)
{
    pthread_mutex_lock(&redis->lock);
    struct redis_state *state = &redis->state;
    state->reason = reason;
    redis_words_copy(state->words, sizeof(state->words), words);
    enum redis_news news = redis_health_bad(&redis->health, begun_ns, clock_mono_ns(redis->clock));
    if (news == REDIS_NEWS_OUT) {
        redis->is_ready = false;
        state->outages++;
        state->out_since_s = clock_wall_s(redis->clock);
    }
    struct redis_state told = *state;
    pthread_mutex_unlock(&redis->lock);
    if (news == REDIS_NEWS_OUT) {
        tell_out(redis, &told);
    }
}

void redis_came_up(struct redis *redis)
{
    pthread_mutex_lock(&redis->lock);
    struct redis_state *state = &redis->state;
    uint64_t now_ns = clock_mono_ns(redis->clock);
    uint64_t out_ns = redis->health.out_ns;
    enum redis_news news = redis_health_up(&redis->health, now_ns);
    redis->is_ready = true;
    state->reason = REDIS_FINE;
    state->words[0] = '\0';
    state->connects++;
    struct redis_state told = *state;
    pthread_mutex_unlock(&redis->lock);
    if (news == REDIS_NEWS_BACK) {
        log_sink_print(redis->log, LOG_LEVEL_INFO, "redis: %s: is there again, after %llu s",
                       told.address,
                       (unsigned long long)((now_ns - out_ns + NS_PER_S - 1) / NS_PER_S));
    }
}

/* --- one object ------------------------------------------------------------------------------ */

static void on_wake(struct loop *loop, void *context)
{
    (void)loop;
    redis_link_look(context);
}

static bool copy_settings(struct redis *redis, const struct redis_settings *settings,
                          const char *meanwhile, struct error *error)
{
    for (size_t i = 0; i < settings->addresses.count && i < REDIS_ADDRESSES_MAX; i++) {
        if (!redis_place_read(settings->addresses.at[i], &redis->places[i], error)) {
            error_prefix(error, "\"%s\"", settings->addresses.at[i]);
            return false;
        }
        redis->place_count++;
    }
    if (redis->place_count == 0) {
        error_set(error, "no address of a server");
        return false;
    }
    redis->meanwhile = strdup(meanwhile);
    redis->user = settings->user != NULL ? strdup(settings->user) : NULL;
    redis->password_file = settings->password_file != NULL ? strdup(settings->password_file) : NULL;
    redis->deadline_ms = (uint64_t)settings->deadline_ms;
    snprintf(redis->prefix, sizeof(redis->prefix), "{egress:%s}", settings->fleet);
    snprintf(redis->fleet, sizeof(redis->fleet), "%s", settings->fleet);
    redis_node_name(settings, redis->node);
    error_set(error, "out of memory");
    return redis->meanwhile != NULL && (settings->user == NULL || redis->user != NULL) &&
           (settings->password_file == NULL || redis->password_file != NULL);
}

struct redis *redis_new(const struct redis_settings *settings, struct loop *loop,
                        const struct clock *clock, struct log_sink *log, const char *meanwhile,
                        struct error *error)
{
    struct redis *redis = calloc(1, sizeof(*redis));
    if (!redis_wire_is_built() || redis == NULL) {
        error_set(error, redis == NULL ? "out of memory" : "this build has no hiredis");
        free(redis);
        return NULL;
    }
    redis->loop = loop;
    redis->clock = clock;
    redis->log = log;
    redis->link.fd = -1;
    redis->state.reason = REDIS_CONNECTING;
    redis->health.pause_longest_ns = REDIS_PAUSE_LONGEST_NS;
    redis_requests_init(&redis->queue);
    redis_requests_init(&redis->link.pending);
    pthread_mutex_init(&redis->lock, NULL);
    if (!copy_settings(redis, settings, meanwhile, error) || !redis_link_begin(redis)) {
        redis_free(&redis);
        return NULL;
    }
    loop_on_wake(loop, on_wake, redis);
    return redis;
}

void redis_free(struct redis **redis)
{
    struct redis *gone = *redis;
    if (gone == NULL) {
        return;
    }
    redis_link_end(gone);
    pthread_mutex_destroy(&gone->lock);
    free(gone->user);
    free(gone->password_file);
    free(gone->meanwhile);
    free(gone);
    *redis = NULL;
}

const char *redis_key_prefix(const struct redis *redis)
{
    return redis->prefix;
}

const char *redis_fleet(const struct redis *redis)
{
    return redis->fleet;
}

const char *redis_node(const struct redis *redis)
{
    return redis->node;
}

uint64_t redis_deadline_ms(const struct redis *redis)
{
    return redis->deadline_ms;
}

bool redis_is_up(struct redis *redis)
{
    pthread_mutex_lock(&redis->lock);
    bool is_up = redis->is_ready;
    pthread_mutex_unlock(&redis->lock);
    return is_up;
}

void redis_look(struct redis *redis, struct redis_state *state_r)
{
    pthread_mutex_lock(&redis->lock);
    *state_r = redis->state;
    state_r->is_up = redis->is_ready;
    state_r->is_out = redis->health.is_out;
    state_r->reason = redis->is_ready ? REDIS_FINE : redis->state.reason;
    pthread_mutex_unlock(&redis->lock);
}

/* --- calls ----------------------------------------------------------------------------------- */

static struct redis_request *request_new(const struct redis_call *call, uint64_t begun_ns)
{
    struct redis_request *request = calloc(1, sizeof(*request));
    pthread_condattr_t attributes;
    char count[24];
    if (request == NULL) {
        return NULL;
    }
    request->holders = 1;
    request->script = call->script;
    request->begun_ns = begun_ns;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&request->done, &attributes);
    pthread_condattr_destroy(&attributes);
    snprintf(count, sizeof(count), "%zu", call->key_count);
    redis_words_add(&request->words, span_of(count));
    for (size_t i = 0; i < call->key_count; i++) {
        redis_words_add(&request->words, call->keys[i]);
    }
    for (size_t i = 0; i < call->argument_count; i++) {
        redis_words_add(&request->words, call->arguments[i]);
    }
    request->word_count = 1 + call->key_count + call->argument_count;
    if (buffer_has_failed(&request->words)) {
        redis_request_unref(request);
        return NULL;
    }
    return request;
}

/* Into the queue, held by it too. Why not, otherwise. */
static enum redis_reason ask(struct redis *redis, struct redis_request *request)
{
    enum redis_reason reason = REDIS_FINE;
    pthread_mutex_lock(&redis->lock);
    redis->state.calls++;
    if (!redis->is_ready) {
        reason = redis->state.reason != REDIS_FINE ? redis->state.reason : REDIS_CONNECTING;
    } else if (redis->queue.count >= CALLS_MAX || request->words.size > CALL_BYTES_MAX) {
        reason = REDIS_TOO_MANY;
    } else {
        atomic_fetch_add(&request->holders, 1);
        redis_requests_put(&redis->queue, request);
    }
    if (reason != REDIS_FINE) {
        redis->state.away++;
    }
    pthread_mutex_unlock(&redis->lock);
    return reason;
}

void redis_request_end(struct redis *redis, struct redis_request *request, enum redis_answer answer,
                       struct redis_reply *reply)
{
    pthread_mutex_lock(&redis->lock);
    if (request->is_abandoned) {
        redis_reply_free(reply);
    } else {
        request->is_done = true;
        request->answer = answer;
        request->reply = *reply;
        pthread_cond_signal(&request->done);
    }
    pthread_mutex_unlock(&redis->lock);
    redis_request_unref(request);
}

static void count_answer(struct redis *redis, enum redis_answer answer)
{
    struct redis_state *state = &redis->state;
    uint64_t *counts[] = { [REDIS_ANSWERED] = &state->answered,
                           [REDIS_AWAY] = &state->away,
                           [REDIS_REFUSED] = &state->refused,
                           [REDIS_LATE] = &state->late };
    (*counts[answer])++;
    if (answer == REDIS_ANSWERED) {
        redis_health_good(&redis->health);
    }
}

/* True: the server was too slow. */
static bool await(struct redis *redis, struct redis_request *request, uint64_t deadline_ns,
                  enum redis_answer *answer_r, struct redis_reply *reply_r)
{
    struct timespec until = { (time_t)(deadline_ns / NS_PER_S), (long)(deadline_ns % NS_PER_S) };
    pthread_mutex_lock(&redis->lock);
    while (!request->is_done && pthread_cond_timedwait(&request->done, &redis->lock, &until) == 0) {
    }
    bool is_slow = !request->is_done && request->is_sent;
    if (request->is_done) {
        *answer_r = request->answer;
        *reply_r = request->reply;
        request->reply.memory = NULL;
    } else {
        request->is_abandoned = true;
        *answer_r = request->is_sent ? REDIS_LATE : REDIS_AWAY;
        reply_r->reason = REDIS_SLOW;
    }
    count_answer(redis, *answer_r);
    pthread_mutex_unlock(&redis->lock);
    return is_slow;
}

enum redis_answer redis_call(struct redis *redis, const struct redis_call *call,
                             struct redis_reply *reply_r)
{
    uint64_t begun_ns = clock_mono_ns(redis->clock);
    uint64_t deadline_ms = call->deadline_ms > 0 ? call->deadline_ms : redis->deadline_ms;
    enum redis_answer answer = REDIS_AWAY;
    struct redis_request *request = request_new(call, begun_ns);
    *reply_r = (struct redis_reply){ .reason = REDIS_NO_MEMORY };
    if (request == NULL) {
        return REDIS_AWAY;
    }
    reply_r->reason = ask(redis, request);
    if (reply_r->reason == REDIS_FINE) {
        loop_wake(redis->loop);
        uint64_t deadline_ns = clock_mono_ns(&clock_system) + deadline_ms * NS_PER_MS;
        if (await(redis, request, deadline_ns, &answer, reply_r)) {
            redis_failed(redis, begun_ns, REDIS_SLOW, span_of(NULL));
            loop_wake(redis->loop); /* it may be too much now */
        }
    }
    redis_request_unref(request);
    return answer;
}
