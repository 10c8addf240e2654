/*
 * What becomes of a socketmap's server over time: the cache, a dead server, its return; and many
 * threads at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "tables/socketmap_cache.h"
#include "tests/unit/test_tables_map.h"

#define SECOND_NS 1000000000u
#define PATIENT_MS 20000

static bool echo(void *context, unsigned number, struct span request, struct buffer *reply)
{
    char text[600];
    (void)context;
    (void)number;
    if (span_is_equal(request, SPAN("owners temp"))) {
        map_server_say(reply, SPAN("TEMP no"));
    } else if (span_is_equal(request, SPAN("owners absent"))) {
        map_server_say(reply, SPAN("NOTFOUND "));
    } else {
        snprintf(text, sizeof(text), "OK %.*s", SPAN_ARG(span_from(request, 7)));
        map_server_say(reply, span_of(text));
    }
    return true;
}

static void ages(void **state)
{
    static const struct {
        const char *key;
        unsigned after_s, requests;
    } steps[] = {
        { "a", 0, 1 },       { "A", 29, 1 },      { "a", 30, 2 },      { "absent", 30, 3 },
        { "absent", 39, 3 }, { "absent", 40, 4 }, { "a", 59, 4 },      { "temp", 59, 5 },
        { "temp", 59, 6 },   { "a", 60, 7 },      { "absent", 60, 8 },
    };
    (void)state;
    struct map_house house;
    map_house_open(&house, echo, NULL, PATIENT_MS, false);
    uint64_t begin_ns = house.clock.now_ns;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        house.clock.now_ns = begin_ns + (uint64_t)steps[i].after_s * SECOND_NS;
        struct table_answer answer = map_ask(&house, steps[i].key);
        enum table_result result = steps[i].key[0] == 't'   ? TABLE_UNAVAILABLE
                                   : steps[i].key[1] == 'b' ? TABLE_ABSENT
                                                            : TABLE_FOUND;
        assert_answer(answer, result, result == TABLE_FOUND ? "a" : "TEMP: no");
        assert_int_equal(house.server.requests, steps[i].requests);
    }
    map_house_close(&house);
}

/* Only what the cache does not know is asked, and the answers keep their order. */
static void partly_known(void **state)
{
    (void)state;
    struct map_house house;
    struct span keys[4] = { SPAN("x"), SPAN("a"), SPAN("absent"), SPAN("y") };
    struct table_answer answers[4];
    map_house_open(&house, echo, NULL, PATIENT_MS, false);
    map_ask(&house, "a");
    map_ask(&house, "absent");
    table_ask_several(house.table, keys, 4, answers, house.arena);
    assert_answer(answers[0], TABLE_FOUND, "x");
    assert_answer(answers[1], TABLE_FOUND, "a");
    assert_answer(answers[2], TABLE_ABSENT, NULL);
    assert_answer(answers[3], TABLE_FOUND, "y");
    assert_int_equal(house.server.requests, 4);
    map_server_stop(&house.server);
    assert_answer(map_ask(&house, "y"), TABLE_FOUND, "y"); /* without any server */
    map_house_shut(&house);
}

static void dead_and_back(void **state)
{
    /* After how many seconds since the last attempt the next one comes. */
    static const unsigned pauses_s[] = { 1, 2, 4, 8, 10, 10 };
    (void)state;
    struct map_house house;
    map_house_open(&house, echo, NULL, PATIENT_MS, true);
    map_server_stop(&house.server);
    assert_answer(map_ask(&house, "a"), TABLE_UNAVAILABLE, ":owners: cannot connect: No such file");
    for (size_t i = 0; i < sizeof(pauses_s) / sizeof(pauses_s[0]); i++) {
        house.clock.now_ns += pauses_s[i] * (uint64_t)SECOND_NS - 1;
        assert_answer(map_ask(&house, "a"), TABLE_UNAVAILABLE,
                      ":owners: not asked again yet: cannot connect: No such file");
        house.clock.now_ns += 1;
        assert_answer(map_ask(&house, "a"), TABLE_UNAVAILABLE, ":owners: cannot connect: No such");
    }
    map_server_restart(&house.server);
    assert_answer(map_ask(&house, "a"), TABLE_UNAVAILABLE, "not asked again yet");
    house.clock.now_ns += 10 * (uint64_t)SECOND_NS;
    assert_answer(map_ask(&house, "a"), TABLE_FOUND, "a");
    assert_answer(map_ask(&house, "b"), TABLE_FOUND, "b");
    map_server_stop(&house.server);
    assert_answer(map_ask(&house, "a"), TABLE_UNAVAILABLE, ":owners: cannot connect");
    house.clock.now_ns += SECOND_NS; /* the pause began anew */
    assert_answer(map_ask(&house, "a"), TABLE_UNAVAILABLE, ":owners: cannot connect");
    map_house_shut(&house);
}

/* Far more keys than there is room for: what is answered is right, and some of it is kept. */
static void bounded_cache(void **state)
{
    enum { KEYS = 100000 };
    (void)state;
    struct socketmap_cache *cache = socketmap_cache_new();
    struct arena *arena = arena_new((size_t)64 << 20);
    char text[40], big[SOCKETMAP_CACHE_ENTRY_BYTES] = { 0 };
    struct span value;
    size_t kept = 0;
    for (unsigned i = 0; i < KEYS; i++) {
        snprintf(text, sizeof(text), "key%u", i);
        socketmap_cache_put(cache, span_of(text), span_of(text), 100);
    }
    for (unsigned i = 0; i < KEYS; i++) {
        snprintf(text, sizeof(text), "key%u", i);
        if (socketmap_cache_get(cache, span_of(text), 99, arena, &value) != SOCKETMAP_CACHED_NOT) {
            assert_true(span_is_equal(value, span_of(text)));
            kept++;
        }
        assert_int_equal(socketmap_cache_get(cache, span_of(text), 100, arena, &value),
                         SOCKETMAP_CACHED_NOT);
    }
    assert_in_range(kept, SOCKETMAP_CACHE_ENTRIES / 2, SOCKETMAP_CACHE_ENTRIES);
    socketmap_cache_put(cache, SPAN("big"), (struct span){ big, sizeof(big) }, 1000);
    assert_int_equal(socketmap_cache_get(cache, SPAN("big"), 0, arena, &value),
                     SOCKETMAP_CACHED_NOT);
    socketmap_cache_put(cache, SPAN("none"), (struct span){ NULL, 0 }, 1000);
    assert_int_equal(socketmap_cache_get(cache, SPAN("none"), 0, arena, &value),
                     SOCKETMAP_CACHED_ABSENT);
    socketmap_cache_put(cache, SPAN("none"), SPAN(""), 1000);
    assert_int_equal(socketmap_cache_get(cache, SPAN("none"), 0, arena, &value),
                     SOCKETMAP_CACHED_VALUE);
    socketmap_cache_free(&cache);
    arena_free(&arena);
}

struct asker {
    pthread_t thread;
    struct map_house *house;
    unsigned number;
    atomic_uint rounds; /* may be cut short */
    atomic_uint right, unavailable, wrong;
};

static void count_answer(struct asker *asker, struct table_answer answer, const char *key)
{
    if (answer.result == TABLE_UNAVAILABLE) {
        asker->unavailable++;
    } else if (answer.result == TABLE_FOUND && span_is_equal(answer.value, span_of(key))) {
        asker->right++;
    } else {
        asker->wrong++;
    }
}

static void *ask_much(void *argument)
{
    struct asker *asker = argument;
    for (unsigned i = 0; i < asker->rounds; i++) {
        struct arena *arena = arena_new(1 << 16);
        char texts[3][40];
        struct span keys[3];
        struct table_answer answers[3];
        for (unsigned j = 0; j < 3; j++) {
            snprintf(texts[j], sizeof(texts[j]), "k%u-%u", asker->number * 17 % 5, i * 3 + j);
            keys[j] = span_of(texts[j]);
        }
        table_ask_several(asker->house->table, keys, 3, answers, arena);
        for (unsigned j = 0; j < 3; j++) {
            count_answer(asker, answers[j], texts[j]);
        }
        arena_free(&arena);
    }
    return NULL;
}

static void start_askers(struct map_house *house, struct asker *askers, unsigned count,
                         unsigned rounds)
{
    for (unsigned i = 0; i < count; i++) {
        memset(&askers[i], 0, sizeof(askers[i]));
        askers[i].house = house;
        askers[i].number = i;
        askers[i].rounds = rounds;
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_much, &askers[i]), 0);
    }
}

/* Adds up what all of them saw. */
static struct asker join_askers(struct asker *askers, unsigned count)
{
    struct asker sum;
    memset(&sum, 0, sizeof(sum));
    for (unsigned i = 0; i < count; i++) {
        pthread_join(askers[i].thread, NULL);
        sum.right += askers[i].right;
        sum.unavailable += askers[i].unavailable;
        sum.wrong += askers[i].wrong;
    }
    return sum;
}

/* More threads than connections: they share them, and every answer goes to who asked. */
static void crowd(void **state)
{
    enum { THREADS = 40, ROUNDS = 100 };
    (void)state;
    struct map_house house;
    struct asker askers[THREADS];
    map_house_open(&house, echo, NULL, PATIENT_MS, false);
    start_askers(&house, askers, THREADS, ROUNDS);
    struct asker sum = join_askers(askers, THREADS);
    assert_int_equal(sum.right, THREADS * ROUNDS * 3);
    assert_in_range(house.server.connections, 1, 16);
    map_house_close(&house);
}

static uint64_t fast_ns(const struct clock *clock)
{
    (void)clock;
    return clock_mono_ns(&clock_system) * 20;
}

/* Until so many more answers were right. */
static void await_right(const struct asker *askers, unsigned count, unsigned more)
{
    unsigned want = 0, have;
    for (unsigned i = 0; i < count; i++) {
        want += askers[i].right;
    }
    want += more;
    do {
        usleep(1000);
        have = 0;
        for (unsigned i = 0; i < count; i++) {
            have += askers[i].right;
        }
    } while (have < want);
}

/* The server comes and goes, and is found again each time without anybody's doing: an answer is
 * right or there is none, never one of somebody else. Pauses are twenty times shorter here. */
static void crowd_and_restarts(void **state)
{
    enum { THREADS = 8 };
    (void)state;
    static const struct clock fast = { .mono_ns = fast_ns };
    struct map_house house = { .table = NULL };
    struct asker askers[THREADS];
    struct error error;
    struct table_options options = { .deadline_ms = PATIENT_MS, .no_cache = true, .clock = &fast };
    char spec[120];
    map_server_start(&house.server, "egress-map", echo, NULL);
    snprintf(spec, sizeof(spec), "socketmap:unix:%s:owners", house.server.path);
    house.table = table_open(spec, &options, &error);
    start_askers(&house, askers, THREADS, UINT_MAX);
    for (unsigned i = 0; i < 4; i++) {
        await_right(askers, THREADS, 300);
        map_server_stop(&house.server);
        map_server_restart(&house.server);
    }
    await_right(askers, THREADS, 300);
    for (unsigned i = 0; i < THREADS; i++) {
        askers[i].rounds = 0;
    }
    struct asker sum = join_askers(askers, THREADS);
    assert_int_equal(sum.wrong, 0);
    map_house_close(&house);
}

static bool after_a_while(void *context, unsigned number, struct span request, struct buffer *reply)
{
    usleep(20000); /* a database that takes its time */
    return echo(context, number, request, reply);
}

/* Sixteen wait for the slow server, and the others for one of the sixteen: no longer than that. */
static void all_in_use(void **state)
{
    enum { THREADS = 40 };
    (void)state;
    struct map_house house;
    struct asker askers[THREADS];
    map_house_open(&house, after_a_while, NULL, 300, true);
    uint64_t begin_ms = now_ms();
    start_askers(&house, askers, THREADS, 1);
    struct asker sum = join_askers(askers, THREADS);
    assert_true(now_ms() - begin_ms < 3300);
    assert_int_equal(sum.right + sum.unavailable, THREADS * 3);
    map_house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages),          cmocka_unit_test(partly_known),
        cmocka_unit_test(dead_and_back), cmocka_unit_test(bounded_cache),
        cmocka_unit_test(crowd),         cmocka_unit_test(crowd_and_restarts),
        cmocka_unit_test(all_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
