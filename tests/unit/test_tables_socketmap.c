/*
 * Socketmap tables against a server that behaves as told: well, map_server_badly, slowly, not at
 * all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/test_tables_map.h"

#define DEADLINE_MS 250 /* of what is to miss it */
#define PATIENT_MS 20000

/* The key says what to answer: "temp" a TEMP, "absent" nothing, anything else is its own value. */
static bool by_key(void *context, unsigned number, struct span request, struct buffer *reply)
{
    static const struct {
        const char *request, *says;
    } fixed[] = {
        { "owners absent", "NOTFOUND " },
        { "owners bare", "NOTFOUND" },
        { "owners empty", "OK " },
        { "owners temp", "TEMP the database\nis away\xff" },
        { "owners perm", "PERM no such map" },
        { "owners timeout", "TIMEOUT 3 s" },
        { "owners silent temp", "TEMP " },
    };
    char text[600];
    (void)context;
    (void)number;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (span_is_equal(request, span_of(fixed[i].request))) {
            map_server_say(reply, span_of(fixed[i].says));
            return true;
        }
    }
    snprintf(text, sizeof(text), "OK %.*s", SPAN_ARG(request));
    map_server_say(reply, span_of(text));
    return true;
}

static const struct {
    const char *key;
    enum table_result result;
    const char *says;
} answers_by_key[] = {
    { "alice@example.org", TABLE_FOUND, "owners alice@example.org" },
    { "Bob@Example.ORG", TABLE_FOUND, "owners bob@example.org" },
    { "\"a b\"@example.org", TABLE_FOUND, "owners \"a b\"@example.org" },
    { "absent", TABLE_ABSENT, NULL },
    { "bare", TABLE_ABSENT, NULL },
    { "empty", TABLE_FOUND, "" },
    { "", TABLE_ABSENT, NULL },
    { "temp", TABLE_UNAVAILABLE, ":owners: TEMP: the database?is away?" },
    { "perm", TABLE_UNAVAILABLE, ":owners: PERM: no such map" },
    { "timeout", TABLE_UNAVAILABLE, ":owners: TIMEOUT: 3 s" },
    { "silent temp", TABLE_UNAVAILABLE, ":owners: TEMP" },
    { "alice@example.org", TABLE_FOUND, "owners alice@example.org" },
};

#define KEY_COUNT (sizeof(answers_by_key) / sizeof(answers_by_key[0]))

static void one_by_one(void **state)
{
    (void)state;
    struct map_house house;
    map_house_open(&house, by_key, NULL, PATIENT_MS, true);
    assert_true(table_waits(house.table));
    for (size_t i = 0; i < KEY_COUNT; i++) {
        assert_answer(map_ask(&house, answers_by_key[i].key), answers_by_key[i].result,
                      answers_by_key[i].says);
    }
    assert_int_equal(house.server.connections, 1);
    char big[600];
    memset(big, 'k', sizeof(big));
    assert_answer(table_ask(house.table, (struct span){ big, sizeof(big) }, house.arena),
                  TABLE_UNAVAILABLE, "the key is too long");
    map_house_close(&house);
}

static void all_at_once(void **state)
{
    (void)state;
    struct map_house house;
    struct span keys[KEY_COUNT];
    struct table_answer answers[KEY_COUNT];
    map_house_open(&house, by_key, NULL, PATIENT_MS, true);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        keys[i] = span_of(answers_by_key[i].key);
    }
    table_ask_several(house.table, keys, KEY_COUNT, answers, house.arena);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        assert_answer(answers[i], answers_by_key[i].result, answers_by_key[i].says);
    }
    assert_int_equal(house.server.connections, 1);
    table_ask_several(house.table, keys, 0, answers, house.arena);
    map_house_close(&house);
}

/* More than any socket holds, in both directions. */
static void very_many(void **state)
{
    enum { MANY = 20000 };
    (void)state;
    struct map_house house;
    struct span *keys = calloc(MANY, sizeof(*keys));
    struct table_answer *answers = calloc(MANY, sizeof(*answers));
    map_house_open(&house, by_key, NULL, PATIENT_MS, false);
    for (unsigned i = 0; i < MANY; i++) {
        keys[i] = span_of(arena_printf(house.arena, "user-with-a-long-name-%u@example.org", i));
    }
    for (unsigned round = 0; round < 2; round++) { /* the cache holds some of them then */
        table_ask_several(house.table, keys, MANY, answers, house.arena);
        for (unsigned i = 0; i < MANY; i++) {
            char value[80];
            snprintf(value, sizeof(value), "owners user-with-a-long-name-%u@example.org", i);
            assert_answer(answers[i], TABLE_FOUND, value);
        }
    }
    assert_true(house.server.requests > MANY && house.server.requests < 2 * MANY);
    map_house_close(&house);
    free(keys);
    free(answers);
}

static void over_tcp(void **state)
{
    (void)state;
    struct map_house house;
    map_server_start(&house.server, NULL, by_key, NULL);
    map_house_table(&house, PATIENT_MS, true);
    assert_answer(map_ask(&house, "a"), TABLE_FOUND, "owners a");
    assert_answer(map_ask(&house, "absent"), TABLE_ABSENT, NULL);
    assert_int_equal(house.server.connections, 1);
    map_server_stop(&house.server);
    assert_answer(map_ask(&house, "a"), TABLE_UNAVAILABLE, "cannot connect: Connection refused");
    map_house_shut(&house);
}

static void faults(void **state)
{
    static const struct map_server_fault cases[] = {
        { { "", 0 }, true, "no answer in time" },
        { { "20:OK alice", 11 }, true, "no answer in time" },
        { { "20:OK alice", 11 }, false, "it closed the connection without an answer" },
        { { "", 0 }, false, "it closed the connection without an answer" },
        { { "hello\n", 6 }, true, "what is no socketmap reply" },
        { { "999999999:OK ", 13 }, true, "what is no socketmap reply" },
        { { "7:OK alice,", 11 }, true, "what is no socketmap reply" },
        { { "5:OK a\0,", 8 }, true, "what is no socketmap reply" },
        { { "4:OK a,4:OK b,", 14 }, true, "it answered more than it was asked" },
        { { "4:OK a,x", 8 }, true, "it answered more than it was asked" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct map_house house;
        struct map_server_fault fault = cases[i];
        map_house_open(&house, map_server_badly, &fault, DEADLINE_MS, false);
        uint64_t begin_ms = now_ms();
        assert_answer(map_ask(&house, "alice"), TABLE_UNAVAILABLE, cases[i].why);
        assert_true(now_ms() - begin_ms < DEADLINE_MS + 3000);
        assert_int_equal(house.server.connections, 1);
        map_house_close(&house);
    }
}

/* Every value is as large as a reply may be, or one octet larger. */
static bool at_length(void *context, unsigned number, struct span request, struct buffer *reply)
{
    size_t size = 100000 + *(size_t *)context;
    char *text = malloc(size);
    (void)number;
    (void)request;
    memset(text, 'v', size);
    memcpy(text, "OK ", 3);
    map_server_say(reply, (struct span){ text, size });
    free(text);
    return true;
}

static void large_values(void **state)
{
    (void)state;
    struct map_house house;
    size_t more = 0;
    struct span keys[3] = { SPAN("a"), SPAN("b"), SPAN("c") };
    struct table_answer answers[3];
    map_house_open(&house, at_length, &more, PATIENT_MS, false);
    table_ask_several(house.table, keys, 3, answers, house.arena);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(answers[i].result, TABLE_FOUND);
        assert_int_equal(answers[i].value.size, 99997);
    }
    more = 1;
    assert_answer(map_ask(&house, "d"), TABLE_UNAVAILABLE, "no socketmap reply");
    struct arena *small = arena_new(4096);
    more = 0;
    house.clock.now_ns += 1000000000;
    struct table_answer answer = table_ask(house.table, SPAN("e"), small);
    assert_int_equal(answer.result, TABLE_UNAVAILABLE);
    assert_string_equal(answer.why, "out of memory");
    arena_free(&small);
    map_house_close(&house);
}

/* The first `good` requests are answered; what becomes of the others is the fault's. */
struct partial {
    unsigned good;
    struct map_server_fault fault;
};

static bool partly(void *context, unsigned number, struct span request, struct buffer *reply)
{
    struct partial *partial = context;
    return number < partial->good ? by_key(NULL, number, request, reply)
                                  : map_server_badly(&partial->fault, number, request, reply);
}

/* What came before the deadline is kept, and what stands before garbage is not: whose is it? */
static void some_answers(void **state)
{
    static const struct {
        struct map_server_fault fault;
        enum table_result first;
        const char *says;
    } cases[] = {
        { { { "", 0 }, true, "no answer in time" }, TABLE_FOUND, "owners a" },
        { { { "", 0 }, false, "it closed the connection" }, TABLE_FOUND, "owners a" },
        { { { "5:", 2 }, true, "no answer in time" }, TABLE_FOUND, "owners a" },
        { { { "junk", 4 }, true, "no socketmap reply" }, TABLE_UNAVAILABLE, "no socketmap reply" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct map_house house;
        struct partial partial = { 1, cases[i].fault };
        struct span keys[3] = { SPAN("a"), SPAN("b"), SPAN("c") };
        struct table_answer answers[3];
        map_house_open(&house, partly, &partial, DEADLINE_MS, true);
        table_ask_several(house.table, keys, 3, answers, house.arena);
        assert_answer(answers[0], cases[i].first, cases[i].says);
        assert_answer(answers[1], TABLE_UNAVAILABLE, cases[i].fault.why);
        assert_answer(answers[2], TABLE_UNAVAILABLE, cases[i].fault.why);
        map_house_close(&house);
    }
}

static bool then_close(void *context, unsigned number, struct span request, struct buffer *reply)
{
    by_key(context, number, request, reply);
    return false;
}

static void one_answer_a_connection(void **state)
{
    (void)state;
    struct map_house house;
    struct span keys[3] = { SPAN("a"), SPAN("absent"), SPAN("c") };
    struct table_answer answers[3];
    map_house_open(&house, then_close, NULL, PATIENT_MS, true);
    for (unsigned i = 0; i < 3; i++) {
        table_ask_several(house.table, keys, 3, answers, house.arena);
        assert_answer(answers[0], TABLE_FOUND, "owners a");
        assert_answer(answers[1], TABLE_ABSENT, NULL);
        assert_answer(answers[2], TABLE_FOUND, "owners c");
    }
    assert_int_equal(house.server.connections, 9);
    map_house_close(&house);
}

/* The kept connection is gone when the next question comes: nobody notices. */
static void restarted_meanwhile(void **state)
{
    (void)state;
    struct map_house house;
    map_house_open(&house, by_key, NULL, PATIENT_MS, true);
    for (unsigned i = 1; i <= 5; i++) {
        assert_answer(map_ask(&house, "a"), TABLE_FOUND, "owners a");
        assert_int_equal(house.server.connections, i);
        map_server_stop(&house.server);
        map_server_restart(&house.server);
    }
    map_house_close(&house);
}

/* Answers the first request and hangs up at the second, on which the kept connection is tried. */
static bool hangs_up_once(void *context, unsigned number, struct span request, struct buffer *reply)
{
    return number != 1 && by_key(context, number, request, reply);
}

static void hung_up_when_asked(void **state)
{
    (void)state;
    struct map_house house;
    map_house_open(&house, hangs_up_once, NULL, PATIENT_MS, true);
    assert_answer(map_ask(&house, "a"), TABLE_FOUND, "owners a");
    assert_answer(map_ask(&house, "b"), TABLE_FOUND, "owners b");
    assert_int_equal(house.server.connections, 2);
    assert_int_equal(house.server.requests, 3);
    map_house_close(&house);
}

/* A word out of turn would be taken for the next answer: that connection is not used again. This
 * test is its own server, so that it can speak between two questions. */
struct talker {
    int listener;
    pthread_barrier_t spoken;
};

static void *speak_twice(void *argument)
{
    struct talker *talker = argument;
    char bytes[100];
    int first = accept(talker->listener, NULL, NULL);
    assert_true(read(first, bytes, sizeof(bytes)) > 0);
    assert_int_equal(write(first, "4:OK 1,", 7), 7);
    pthread_barrier_wait(&talker->spoken); /* the first answer is taken */
    assert_int_equal(write(first, "4:OK 2,", 7), 7);
    pthread_barrier_wait(&talker->spoken);
    int second = accept(talker->listener, NULL, NULL);
    assert_true(read(second, bytes, sizeof(bytes)) > 0);
    assert_int_equal(write(second, "4:OK 3,", 7), 7);
    close(first);
    close(second);
    return NULL;
}

static void out_of_turn(void **state)
{
    (void)state;
    struct map_house house = { .server = { .path = "" } };
    struct talker talker;
    pthread_t thread;
    snprintf(house.server.path, sizeof(house.server.path), "/tmp/egress-turn.%d", (int)getpid());
    talker.listener = map_server_deaf(house.server.path, 5);
    pthread_barrier_init(&talker.spoken, NULL, 2);
    map_house_table(&house, PATIENT_MS, true);
    assert_int_equal(pthread_create(&thread, NULL, speak_twice, &talker), 0);
    assert_answer(map_ask(&house, "a"), TABLE_FOUND, "1");
    pthread_barrier_wait(&talker.spoken);
    pthread_barrier_wait(&talker.spoken);
    assert_answer(map_ask(&house, "b"), TABLE_FOUND, "3");
    pthread_join(thread, NULL);
    map_house_shut(&house);
    close(talker.listener);
    pthread_barrier_destroy(&talker.spoken);
    unlink(house.server.path);
}

/* Nobody accepts, and the backlog is full: the connect itself has to keep to the deadline. */
static void never_accepted(void **state)
{
    (void)state;
    struct map_house house = { .server = { .path = "" } };
    int first = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/egress-full.%d", (int)getpid());
    int listener = map_server_deaf(address.sun_path, 0);
    assert_int_equal(connect(first, (struct sockaddr *)&address, sizeof(address)), 0);
    strcpy(house.server.path, address.sun_path);
    map_house_table(&house, DEADLINE_MS, true);
    uint64_t begin_ms = now_ms();
    assert_answer(map_ask(&house, "a"), TABLE_UNAVAILABLE, "cannot connect: Connection timed out");
    assert_true(now_ms() - begin_ms >= DEADLINE_MS && now_ms() - begin_ms < DEADLINE_MS + 3000);
    map_house_shut(&house);
    close(listener);
    close(first);
    unlink(address.sun_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_by_one),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(very_many),
        cmocka_unit_test(over_tcp),
        cmocka_unit_test(faults),
        cmocka_unit_test(large_values),
        cmocka_unit_test(some_answers),
        cmocka_unit_test(one_answer_a_connection),
        cmocka_unit_test(restarted_meanwhile),
        cmocka_unit_test(hung_up_when_asked),
        cmocka_unit_test(out_of_turn),
        cmocka_unit_test(never_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
