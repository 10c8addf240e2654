/* forecast_memory: what is kept, for how long, of whom, and how much of it. */
#include <pthread.h>
#include <stdio.h>

#include "auth/forecast_private.h"
#include "test_auth_support.h"

#define NS_PER_S 1000000000u

static struct clock_fixed fixed;

static int open_clock(void **state)
{
    (void)state;
    clock_fixed_init(&fixed, 1772366400);
    return 0;
}

/* TTL as told, clamped; what failed for moments. */
static const struct {
    uint32_t ttl_s;
    bool is_failure;
    uint64_t kept_s;
} times[] = {
    { 60, false, 60 },       { 0, false, 5 },   { 4, false, 5 },
    { 100000, false, 3600 }, { 3600, true, 3 }, { 0, true, 3 },
};

static void test_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(times); i++) {
        struct forecast_memory *memory = forecast_memory_new(&fixed.clock, 4096);
        struct arena *arena = arena_new(65536);
        struct span value;
        assert_non_null(memory);
        assert_false(forecast_memory_get(memory, SPAN("k"), arena, &value));
        forecast_memory_put(memory, SPAN("k"), SPAN("value"), times[i].ttl_s, times[i].is_failure);
        fixed.now_ns += times[i].kept_s * NS_PER_S - 1;
        assert_true(forecast_memory_get(memory, SPAN("k"), arena, &value));
        assert_span(value, "value", "kept");
        fixed.now_ns += 1;
        assert_false(forecast_memory_get(memory, SPAN("k"), arena, &value));
        arena_free(&arena);
        forecast_memory_free(&memory);
        assert_null(memory);
    }
}

/* A new value takes the old one's place; an empty value is one. */
static void test_replaced(void **state)
{
    struct forecast_memory *memory = forecast_memory_new(&fixed.clock, 4096);
    struct arena *arena = arena_new(65536);
    struct span value;
    (void)state;
    forecast_memory_put(memory, SPAN("k"), SPAN("one"), 60, false);
    forecast_memory_put(memory, SPAN("k"), SPAN("other"), 60, false);
    assert_true(forecast_memory_get(memory, SPAN("k"), arena, &value));
    assert_span(value, "other", "replaced");
    forecast_memory_put(memory, SPAN("k"), SPAN(""), 60, false);
    assert_true(forecast_memory_get(memory, SPAN("k"), arena, &value));
    assert_int_equal(value.size, 0);
    arena_free(&arena);
    forecast_memory_free(&memory);
}

/* Under newer settings nothing older is known; an older message takes nothing from newer ones. */
static void test_generations(void **state)
{
    struct forecast_memory *memory = forecast_memory_new(&fixed.clock, 4096);
    struct arena *arena = arena_new(65536);
    struct span value;
    (void)state;
    forecast_memory_follow(NULL, 1);
    forecast_memory_follow(memory, 1);
    forecast_memory_put(memory, SPAN("k"), SPAN("one"), 60, false);
    forecast_memory_follow(memory, 1);
    assert_true(forecast_memory_get(memory, SPAN("k"), arena, &value));
    forecast_memory_follow(memory, 2);
    assert_false(forecast_memory_get(memory, SPAN("k"), arena, &value));
    forecast_memory_put(memory, SPAN("k"), SPAN("two"), 60, false);
    forecast_memory_follow(memory, 1);
    assert_true(forecast_memory_get(memory, SPAN("k"), arena, &value));
    assert_span(value, "two", "kept");
    arena_free(&arena);
    forecast_memory_free(&memory);
}

/* However much is put: what is found never takes more than the limit, and something is found. */
static void test_bounded(void **state)
{
    enum { LIMIT = 20000, KEYS = 2000, SIZE = 300 };
    static const char filler[SIZE];
    struct forecast_memory *memory = forecast_memory_new(&fixed.clock, LIMIT);
    struct arena *arena = arena_new((size_t)KEYS * 1024);
    size_t found = 0;
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        forecast_memory_put(memory, span_of(key), (struct span){ filler, SIZE }, 60, false);
    }
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        struct span value;
        snprintf(key, sizeof(key), "%d", i);
        found += forecast_memory_get(memory, span_of(key), arena, &value);
    }
    assert_in_range(found, 1, LIMIT / SIZE);
    arena_free(&arena);
    forecast_memory_free(&memory);
}

static void test_too_large(void **state)
{
    static const char octets[FORECAST_VALUE_MAX + 1];
    struct forecast_memory *memory = forecast_memory_new(&fixed.clock, 1 << 20);
    struct arena *arena = arena_new(65536);
    struct span value;
    (void)state;
    forecast_memory_put(memory, SPAN("k"), (struct span){ octets, sizeof(octets) }, 60, false);
    assert_false(forecast_memory_get(memory, SPAN("k"), arena, &value));
    forecast_memory_put(memory, (struct span){ octets, FORECAST_KEY_MAX + 1 }, SPAN("v"), 60,
                        false);
    assert_false(
        forecast_memory_get(memory, (struct span){ octets, FORECAST_KEY_MAX + 1 }, arena, &value));
    forecast_memory_free(&memory);
    memory = forecast_memory_new(&fixed.clock, 10);
    forecast_memory_put(memory, SPAN("k"), SPAN("more than ten octets"), 60, false);
    assert_false(forecast_memory_get(memory, SPAN("k"), arena, &value));
    forecast_memory_free(&memory);
    arena_free(&arena);
}

/* --- answers, in and out --- */

static void test_policy(void **state)
{
    const struct dmarc_policy policy = { .state = DMARC_PUBLISHED,
                                         .domain = SPAN("example.org"),
                                         .record = SPAN("v=DMARC1; p=reject; t=y"),
                                         .organization = SPAN("example.org"),
                                         .is_strict_spf = true,
                                         .p = DMARC_ACTION_REJECT,
                                         .action = DMARC_ACTION_QUARANTINE,
                                         .is_testing = true,
                                         .difference = "old receivers",
                                         .queries = 3,
                                         .ttl_s = 60 };
    struct forecast_memory *memory = forecast_memory_new(&fixed.clock, 1 << 16);
    struct arena *arena = arena_new(65536);
    struct dmarc_policy seen;
    (void)state;
    forecast_keep_policy(memory, SPAN("a.example.org"), &policy);
    assert_false(forecast_kept_policy(memory, SPAN("b.example.org"), arena, &seen));
    assert_true(forecast_kept_policy(memory, SPAN("a.example.org"), arena, &seen));
    assert_int_equal(seen.state, DMARC_PUBLISHED);
    assert_span(seen.domain, "example.org", "domain");
    assert_span(seen.record, "v=DMARC1; p=reject; t=y", "record");
    assert_span(seen.organization, "example.org", "organization");
    assert_false(seen.is_strict_dkim);
    assert_true(seen.is_strict_spf);
    assert_int_equal(seen.p, DMARC_ACTION_REJECT);
    assert_int_equal(seen.action, DMARC_ACTION_QUARANTINE);
    assert_true(seen.is_testing);
    assert_null(seen.why);
    assert_string_equal(seen.difference, "old receivers");
    assert_int_equal(seen.queries, 3);
    assert_int_equal(seen.ttl_s, 60);
    arena_free(&arena);
    forecast_memory_free(&memory);
}

static struct forecast_spf_answer kept_spf(struct forecast_memory *memory,
                                           const struct forecast_spf_key *key, struct arena *arena)
{
    struct forecast_spf_answer answer = { .ttl_s = 0 };
    forecast_kept_spf(memory, key, arena, &answer);
    return answer; /* ttl_s 0: there is none */
}

/* By domain, HELO and addresses; by sender only where a macro names one. */
static void test_spf(void **state)
{
    const struct ip addresses[2] = { { 4, { 192, 0, 2, 1 } }, { 4, { 192, 0, 2, 2 } } };
    const struct forecast_spf_key key = { SPAN("example.org"), SPAN("a@example.org"),
                                          SPAN("mx.example.org"), addresses, 2 };
    struct forecast_spf_answer answer = { .spf = FORECAST_SPF_PASS,
                                          .is_certain = true,
                                          .record = SPAN("v=spf1 +all"),
                                          .why = "+all",
                                          .ttl_s = 60 };
    struct forecast_memory *memory = forecast_memory_new(&fixed.clock, 1 << 16);
    struct arena *arena = arena_new(65536);
    struct forecast_spf_key other = key;
    (void)state;
    forecast_keep_spf(memory, &key, &answer);
    struct forecast_spf_answer seen = kept_spf(memory, &key, arena);
    assert_int_equal(seen.spf, FORECAST_SPF_PASS);
    assert_true(seen.is_certain && !seen.is_mixed && !seen.is_personal && !seen.is_failure);
    assert_span(seen.record, "v=spf1 +all", "record");
    assert_string_equal(seen.why, "+all");
    assert_null(seen.failing);
    other.sender = SPAN("b@example.org");
    assert_int_equal(kept_spf(memory, &other, arena).ttl_s, 60);
    other.helo = SPAN("example.org");
    assert_int_equal(kept_spf(memory, &other, arena).ttl_s, 0);
    other = key;
    other.address_count = 1;
    assert_int_equal(kept_spf(memory, &other, arena).ttl_s, 0);
    other = key;
    other.domain = SPAN("example.net");
    assert_int_equal(kept_spf(memory, &other, arena).ttl_s, 0);

    answer.is_personal = true;
    answer.failing = "192.0.2.2";
    other = key;
    forecast_keep_spf(memory, &key, &answer);
    assert_string_equal(kept_spf(memory, &key, arena).failing, "192.0.2.2");
    other.sender = SPAN("b@example.org");
    assert_int_equal(kept_spf(memory, &other, arena).ttl_s, 0);
    arena_free(&arena);
    forecast_memory_free(&memory);
}

static void test_alignment(void **state)
{
    const struct dmarc_aligned aligned = { DMARC_ALIGNED, true, 60 };
    struct forecast_memory *memory = forecast_memory_new(&fixed.clock, 1 << 16);
    struct arena *arena = arena_new(65536);
    struct dmarc_aligned seen;
    (void)state;
    forecast_keep_alignment(memory, SPAN("a.org"), SPAN("b.a.org"), &aligned);
    assert_true(forecast_kept_alignment(memory, SPAN("a.org"), SPAN("b.a.org"), arena, &seen));
    assert_int_equal(seen.alignment, DMARC_ALIGNED);
    assert_true(seen.is_by_list);
    assert_false(forecast_kept_alignment(memory, SPAN("b.a.org"), SPAN("a.org"), arena, &seen));
    assert_false(forecast_kept_alignment(memory, SPAN("a.or"), SPAN("gb.a.org"), arena, &seen));
    arena_free(&arena);
    forecast_memory_free(&memory);
}

/* A macro in the record: each sender has an answer of its own, in the whole forecast too. */
static void test_personal(void **state)
{
    struct zone zone;
    const struct ip address = { 4, { 192, 0, 2, 1 } };
    const struct egress egress = { .name = "", .addresses = &address, .address_count = 1 };
    struct forecast_query query = { .from_domain = SPAN("example.org"),
                                    .envelope_domain = SPAN("example.org"),
                                    .egress = &egress };
    (void)state;
    zone_open(&zone, "example.org TXT \"v=spf1 exists:%{l}.u.example.org -all\"\n"
                     "alice.u.example.org A 127.0.0.2\n");
    struct forecast_memory *memory = forecast_memory_new(&zone.clock.clock, 1 << 16);
    for (int round = 0; round < 3; round++) {
        struct forecast forecast;
        struct dns_questions *questions = NULL;
        bool is_alice = round != 1;
        query.sender = is_alice ? SPAN("alice@example.org") : SPAN("bob@example.org");
        assert_true(
            forecast_make(&query, memory, zone.resolver, &questions, zone.arena, &forecast));
        assert_int_equal(forecast.spf, is_alice ? FORECAST_SPF_PASS : FORECAST_SPF_FAIL);
        assert_true((questions == NULL) == (round == 2));
        dns_questions_free(&questions);
    }
    forecast_memory_free(&memory);
    zone_close(&zone);
}

/* --- threads --- */

#define THREADS 4

static void *work(void *context)
{
    struct forecast_memory *memory = context;
    for (int i = 0; i < 2000; i++) {
        struct arena *arena = arena_new(65536);
        char key[8];
        struct span value;
        snprintf(key, sizeof(key), "%d", i % 50);
        if (forecast_memory_get(memory, span_of(key), arena, &value) &&
            !span_is_equal(value, span_of(key))) {
            arena_free(&arena);
            return memory;
        }
        forecast_memory_put(memory, span_of(key), span_of(key), 60, false);
        arena_free(&arena);
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct forecast_memory *memory = forecast_memory_new(&clock_system, 4096);
    pthread_t threads[THREADS];
    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, memory), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = memory;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    forecast_memory_free(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),     cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_bounded),   cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_policy),    cmocka_unit_test(test_spf),
        cmocka_unit_test(test_alignment), cmocka_unit_test(test_personal),
        cmocka_unit_test(test_threads),   cmocka_unit_test(test_generations),
    };
    return cmocka_run_group_tests(tests, open_clock, NULL);
}
