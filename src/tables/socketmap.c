/*
 * socketmap: the way of a question. What the cache knows is answered from it; what is left goes to
 * the server at once (socketmap_talk), over a kept connection if there is one (io/pool),
 * unless the server is known to be dead (io/health).
 *
 * A server may close a connection whenever it likes: before the first answer over a kept one, which
 * is then replaced once, and behind any answer, as servers do that serve one question a connection.
 * Whatever else goes wrong is TABLE_UNAVAILABLE with one line. That the server itself cannot tell
 * (TEMP, TIMEOUT, PERM) is too, and says nothing against its health.
 */
#include "tables/socketmap.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/health.h"
#include "io/pool.h"
#include "tables/socketmap_cache.h"
#include "tables/socketmap_place.h"
#include "tables/socketmap_talk.h"
#include "tables/table_rows.h"

#define DEADLINE_MS 1000
#define CACHE_S 30
#define NS_PER_MS 1000000u
#define NS_PER_S 1000000000u
#define REASON_SHOWN_BYTES 200

static const char out_of_memory[] = "out of memory";

struct socketmap {
    const char *name;
    struct socketmap_place place;
    struct pool *pool;
    struct health health;
    struct socketmap_cache *cache; /* NULL: nothing is kept */
    const struct clock *clock;
    uint64_t deadline_ns; /* of a call, from its beginning */
    uint64_t cache_ns;
};

/* A key that the cache did not know. */
struct question {
    struct span key;
    struct table_answer *answer;
};

/* One call: questions before `first` are answered. */
struct inquiry {
    struct socketmap *map;
    struct arena *arena;
    struct question *questions;
    size_t first, count;
};

struct socketmap *socketmap_new(const char *name, const char *place,
                                const struct table_options *options, struct error *error)
{
    static const struct table_options defaults;
    const struct table_options *want = options != NULL ? options : &defaults;
    struct socketmap *map = calloc(1, sizeof(*map));
    if (map == NULL) {
        error_set(error, "%s: %s", name, out_of_memory);
        return NULL;
    }
    health_init(&map->health);
    map->name = name;
    map->clock = want->clock != NULL ? want->clock : &clock_system;
    map->deadline_ns =
        (uint64_t)(want->deadline_ms > 0 ? want->deadline_ms : DEADLINE_MS) * NS_PER_MS;
    map->cache_ns = (uint64_t)(want->cache_s > 0 ? want->cache_s : CACHE_S) * NS_PER_S;
    map->pool = pool_new(&map->place.endpoint);
    map->cache = want->no_cache ? NULL : socketmap_cache_new();
    if (map->pool == NULL || (map->cache == NULL && !want->no_cache)) {
        error_set(error, "%s: %s", name, out_of_memory);
        socketmap_free(&map);
    } else if (!socketmap_place_open(&map->place, place, error)) {
        error_prefix(error, "%s", name);
        socketmap_free(&map);
    }
    return map;
}

void socketmap_free(struct socketmap **map)
{
    if (*map == NULL) {
        return;
    }
    pool_free(&(*map)->pool);
    socketmap_cache_free(&(*map)->cache);
    health_destroy(&(*map)->health);
    free(*map);
    *map = NULL;
}

static struct table_answer unavailable(const struct inquiry *inquiry, const char *why)
{
    const char *line = arena_printf(inquiry->arena, "%s: %s", inquiry->map->name, why);
    return (struct table_answer){ .result = TABLE_UNAVAILABLE,
                                  .why = line != NULL ? line : out_of_memory };
}

static struct table_answer found(struct span value_in_arena)
{
    if (value_in_arena.at == NULL) {
        return (struct table_answer){ .result = TABLE_UNAVAILABLE, .why = out_of_memory };
    }
    return (struct table_answer){ .result = TABLE_FOUND, .value = value_in_arena };
}

static bool answer_from_cache(const struct inquiry *inquiry, struct span key,
                              struct table_answer *answer_r)
{
    struct socketmap *map = inquiry->map;
    struct span value;
    if (map->cache == NULL) {
        return false;
    }
    switch (
        socketmap_cache_get(map->cache, key, clock_mono_ns(map->clock), inquiry->arena, &value)) {
    case SOCKETMAP_CACHED_VALUE:
        *answer_r = found(value);
        return true;
    case SOCKETMAP_CACHED_ABSENT:
        *answer_r = (struct table_answer){ .result = TABLE_ABSENT };
        return true;
    case SOCKETMAP_CACHED_NOT:
        break;
    }
    return false;
}

/* Answers the key at once or makes it a question. */
static void prepare(struct inquiry *inquiry, struct span key, struct table_answer *answer_r)
{
    char folded[TABLE_KEY_MAX];
    struct span name;
    if (key.size == 0) {
        *answer_r = (struct table_answer){ .result = TABLE_ABSENT };
        return;
    }
    if (!table_key_fold(key, folded, &name)) {
        *answer_r = unavailable(inquiry, "the key is too long to ask for");
        return;
    }
    if (answer_from_cache(inquiry, name, answer_r)) {
        return;
    }
    name = arena_copy(inquiry->arena, name);
    if (name.at == NULL) {
        *answer_r = unavailable(inquiry, out_of_memory);
        return;
    }
    inquiry->questions[inquiry->count++] = (struct question){ name, answer_r };
}

/* "TEMP: what it wrote", in printable ASCII. */
static struct table_answer refusal(const struct inquiry *inquiry, const char *word,
                                   struct span reason)
{
    char line[REASON_SHOWN_BYTES + 20], text[REASON_SHOWN_BYTES + 1];
    struct span shown = span_first(reason, REASON_SHOWN_BYTES);
    for (size_t i = 0; i < shown.size; i++) {
        text[i] = shown.at[i] >= ' ' && shown.at[i] <= '~' ? shown.at[i] : '?';
    }
    text[shown.size] = '\0';
    snprintf(line, sizeof(line), "%s%s%s", word, shown.size > 0 ? ": " : "", text);
    return unavailable(inquiry, line);
}

static void take_reply(void *context, size_t index, enum socketmap_status status, struct span text)
{
    struct inquiry *inquiry = context;
    struct table_answer *answer = inquiry->questions[inquiry->first + index].answer;
    switch (status) {
    case SOCKETMAP_OK:
        *answer = found(arena_copy(inquiry->arena, text));
        break;
    case SOCKETMAP_NOTFOUND:
        *answer = (struct table_answer){ .result = TABLE_ABSENT };
        break;
    case SOCKETMAP_TEMP:
        *answer = refusal(inquiry, "TEMP", text);
        break;
    case SOCKETMAP_TIMEOUT:
        *answer = refusal(inquiry, "TIMEOUT", text);
        break;
    default:
        *answer = refusal(inquiry, "PERM", text);
        break;
    }
}

/* What the next `count` questions were answered is good. */
static void settle(struct inquiry *inquiry, size_t count)
{
    struct socketmap *map = inquiry->map;
    uint64_t now_ns = clock_mono_ns(map->clock);
    for (size_t i = 0; i < count && map->cache != NULL; i++) {
        const struct question *question = &inquiry->questions[inquiry->first + i];
        enum table_result result = question->answer->result;
        if (result != TABLE_UNAVAILABLE) {
            uint64_t for_ns = result == TABLE_FOUND ? map->cache_ns : map->cache_ns / 3;
            socketmap_cache_put(map->cache, question->key, question->answer->value,
                                now_ns + for_ns);
        }
    }
    inquiry->first += count;
}

/* Asks over one connection what is not answered yet. */
static enum socketmap_end talk(struct inquiry *inquiry, int fd, uint64_t deadline_ns,
                               struct error *error)
{
    struct buffer request = BUFFER_EMPTY;
    struct span map = span_of(inquiry->map->place.map);
    enum socketmap_end end = SOCKETMAP_BAD;
    size_t answered = 0;
    for (size_t i = inquiry->first; i < inquiry->count; i++) {
        socketmap_request_write(&request, map, inquiry->questions[i].key);
    }
    if (buffer_has_failed(&request)) {
        error_set(error, "%s", out_of_memory);
    } else {
        end = socketmap_talk(fd, buffer_span(&request), inquiry->count - inquiry->first,
                             deadline_ns, take_reply, inquiry, &answered, error);
    }
    buffer_free(&request);
    settle(inquiry, end == SOCKETMAP_BAD ? 0 : answered);
    return end;
}

enum outcome { SERVER_GOOD, SERVER_BAD, SERVER_NOT_REACHED };

/* Over as many connections as it takes; on failure *error is why. */
static enum outcome converse(struct inquiry *inquiry, uint64_t deadline_ns, struct error *error)
{
    struct pool *pool = inquiry->map->pool;
    for (bool fresh = false;; fresh = true) {
        int fd;
        size_t before = inquiry->first;
        enum pool_result got = pool_take(pool, fresh, deadline_ns, &fd, error);
        if (got == POOL_BUSY) {
            error_set(error, "all %u connections to it were in use", POOL_CONNECTIONS_MAX);
            return SERVER_NOT_REACHED;
        }
        if (got == POOL_DEAD) {
            return SERVER_BAD;
        }
        enum socketmap_end end = talk(inquiry, fd, deadline_ns, error);
        pool_give(pool, fd, end == SOCKETMAP_ALL);
        bool has_answered = inquiry->first > before;
        if (end == SOCKETMAP_ALL || (end == SOCKETMAP_LATE && has_answered)) {
            return SERVER_GOOD; /* one that answers some of it is slow, not dead */
        }
        if (end != SOCKETMAP_CLOSED || (!has_answered && got == POOL_FRESH)) {
            return SERVER_BAD;
        }
    }
}

static void ask_server(struct inquiry *inquiry, struct error *error)
{
    struct socketmap *map = inquiry->map;
    uint64_t deadline_ns = clock_mono_ns(&clock_system) + map->deadline_ns;
    enum health_try as = health_ask(&map->health, clock_mono_ns(map->clock), error);
    if (as == HEALTH_TRY_NOT) {
        error_prefix(error, "not asked again yet");
        return;
    }
    switch (converse(inquiry, deadline_ns, error)) {
    case SERVER_GOOD:
        health_good(&map->health, as, clock_mono_ns(map->clock));
        break;
    case SERVER_BAD:
        health_bad(&map->health, as, clock_mono_ns(map->clock), error);
        break;
    case SERVER_NOT_REACHED:
        health_unknown(&map->health, as);
        break;
    }
}

void socketmap_ask(struct socketmap *map, const struct span *keys, size_t count,
                   struct table_answer *answers_r, struct arena *arena)
{
    struct inquiry inquiry = { .map = map, .arena = arena };
    struct error error;
    inquiry.questions = arena_array(arena, count, sizeof(*inquiry.questions));
    for (size_t i = 0; i < count; i++) {
        if (inquiry.questions == NULL) {
            answers_r[i] = unavailable(&inquiry, out_of_memory);
        } else {
            prepare(&inquiry, keys[i], &answers_r[i]);
        }
    }
    if (inquiry.count > 0) {
        ask_server(&inquiry, &error);
    }
    for (size_t i = inquiry.first; i < inquiry.count; i++) {
        *inquiry.questions[i].answer = unavailable(&inquiry, error.text);
    }
}
