/*
 * cache: what is kept, for how long, and who leaves; and outage: what counts as one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/cache_private.h"
#include "dns/outage_private.h"

static struct dns_hall *hall;
static struct dns_cache cache;

static uint64_t hash_of(const char *name)
{
    return dns_cache_hash(&cache, span_of(name), DNS_TXT, DNS_WAY_CACHE);
}

static struct dns_question *find(const char *name, uint64_t now_ns)
{
    return dns_cache_find(&cache, hash_of(name), span_of(name), DNS_TXT, DNS_WAY_CACHE, now_ns);
}

/* The cache holds the only reference. */
static struct dns_question *add(const char *name)
{
    struct dns_question *question =
        dns_question_new(hall, NULL, span_of(name), DNS_TXT, DNS_WAY_CACHE);
    question->hash = hash_of(name);
    dns_cache_add(&cache, question);
    dns_question_unref(question);
    return question;
}

/* One record of `size` bytes. */
static void answer(struct dns_question *question, size_t size, uint64_t until_ns)
{
    char *text = calloc(1, size + 1);
    struct dns_record record = { .data = { text, size } };
    struct dns_answer all = { .result = DNS_FOUND, .count = 1, .records = &record };
    const struct dns_answer *copy = dns_answer_copy(&all);
    question->until_ns = until_ns;
    dns_cache_settle(&cache, question, copy);
    dns_question_publish(question, copy);
    free(text);
}

static int begin(void **state)
{
    (void)state;
    memset(&cache, 0, sizeof(cache));
    dns_cache_init(&cache);
    hall = dns_hall_new(&clock_system);
    return hall == NULL;
}

static int end(void **state)
{
    (void)state;
    dns_cache_clear(&cache);
    assert_int_equal(cache.count, 0);
    assert_int_equal(cache.bytes, 0);
    assert_int_equal(atomic_load(&hall->refs), 1); /* no question is left */
    dns_hall_unref(&hall);
    return 0;
}

static void test_time(void **state)
{
    struct dns_question *question = add("a.example");
    (void)state;
    assert_ptr_equal(find("a.example", 1000), question); /* under way */
    answer(question, 10, 500);
    assert_ptr_equal(find("a.example", 499), question);
    assert_null(find("b.example", 499));
    assert_null(dns_cache_find(&cache, dns_cache_hash(&cache, SPAN("a.example"), DNS_A, 0),
                               SPAN("a.example"), DNS_A, DNS_WAY_CACHE, 499));
    assert_null(find("a.example", 500));
    assert_int_equal(cache.count, 0);
}

static void test_forget_answers(void **state)
{
    struct dns_question *under_way = add("a.example");
    (void)state;
    answer(add("b.example"), 10, UINT64_MAX);
    dns_cache_forget_answers(&cache);
    assert_ptr_equal(find("a.example", 0), under_way);
    assert_null(find("b.example", 0));
}

/* Never more than so many; what is asked for again and again, and what is under way, stays. */
static void test_count(void **state)
{
    char name[32];
    (void)state;
    answer(add("popular.example"), 10, UINT64_MAX);
    add("under-way.example");
    for (unsigned i = 0; i < 3 * DNS_CACHE_ENTRIES; i++) {
        snprintf(name, sizeof(name), "n%u.example", i);
        answer(add(name), 10, UINT64_MAX);
        assert_true(cache.count <= DNS_CACHE_ENTRIES);
        if (i % 100 == 0) {
            assert_non_null(find("popular.example", 0));
        }
    }
    assert_non_null(find("under-way.example", 0));
    assert_null(find("n0.example", 0));
    snprintf(name, sizeof(name), "n%u.example", 3 * DNS_CACHE_ENTRIES - 1);
    assert_non_null(find(name, 0));
}

static void test_bytes(void **state)
{
    char name[32];
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "n%u.example", i);
        answer(add(name), 60000, UINT64_MAX);
        assert_true(cache.bytes <= DNS_CACHE_BYTES);
    }
    assert_true(cache.count > 200);
}

/* All of it under way: nobody can leave, and looking for one ends. */
static void test_all_under_way(void **state)
{
    char name[32];
    (void)state;
    for (unsigned i = 0; i < DNS_CACHE_ENTRIES + 10; i++) {
        snprintf(name, sizeof(name), "n%u.example", i);
        add(name);
    }
    assert_int_equal(cache.count, DNS_CACHE_ENTRIES + 10);
}

/* --- outage ---------------------------------------------------------------------------------- */

/* Events: F a question of the next domain failed, f one of the last domain again, s one below it;
 * A one was answered; P, p ours was answered, failed. After each: B it began, E it ended, - no. */
static void test_outage(void **state)
{
    static const struct {
        const char *events, *news;
    } cases[] = {
        { "FFFFFFFF", "--------" }, /* ours was not asked yet */
        { "FFFpF", "----B" },
        { "FFFFp", "----B" },
        { "pFFFF", "----B" },
        { "FfffsfsfspF", "-----------" }, /* two domains only */
        { "FFFAFp", "------" },
        { "FFFpAFFF", "--------" },
        { "FFFFPFFFF", "---------" }, /* DNS works, their servers do not */
        { "FFFFPFFFFp", "---------B" },
        { "FFFFpFFpA", "----B---E" },
        { "FFFFpFFpP", "----B---E" },
        { "FFFFpPFFFFp", "----BE----B" },
        { "FFFFFFFFFFFFFFFPF", "----------------B" }, /* so many: whatever ours says */
        { "FFFFFFFFFFFFFFFFPPA", "---------------B--E" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dns_outage outage = { .count = 0 };
        unsigned domain = 0;
        char name[40], got[32] = "";
        for (const char *event = cases[i].events; *event != '\0'; event++) {
            domain += *event == 'F';
            snprintf(name, sizeof(name), *event == 's' ? "mx.d%u.example" : "d%u.example", domain);
            enum dns_outage_news news = *event == 'A' ? dns_outage_answered(&outage)
                                        : *event == 'P' || *event == 'p'
                                            ? dns_outage_probed(&outage, *event == 'P')
                                            : dns_outage_failed(&outage, span_of(name));
            strcat(got, news == DNS_OUTAGE_BEGAN ? "B" : news == DNS_OUTAGE_ENDED ? "E" : "-");
        }
        if (strcmp(got, cases[i].news) != 0) {
            fail_msg("%s: %s, expected %s", cases[i].events, got, cases[i].news);
        }
    }
}

static void test_probe(void **state)
{
    struct dns_outage outage = { .count = 0 };
    char one[DNS_PROBE_NAME_MAX], other[DNS_PROBE_NAME_MAX];
    (void)state;
    assert_false(dns_outage_wants_probe(&outage, 1));
    dns_outage_failed(&outage, SPAN("a.example"));
    assert_false(dns_outage_wants_probe(&outage, 1));
    dns_outage_failed(&outage, SPAN("b.test"));
    assert_true(dns_outage_wants_probe(&outage, 1));
    assert_false(dns_outage_wants_probe(&outage, DNS_OUTAGE_PROBE_NS));
    assert_true(dns_outage_wants_probe(&outage, DNS_OUTAGE_PROBE_NS + 1));
    dns_outage_probe_name(&clock_system, one);
    dns_outage_probe_name(&clock_system, other);
    assert_int_equal(strlen(one), 12);
    assert_string_not_equal(one, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_time, begin, end),
        cmocka_unit_test_setup_teardown(test_forget_answers, begin, end),
        cmocka_unit_test_setup_teardown(test_count, begin, end),
        cmocka_unit_test_setup_teardown(test_bytes, begin, end),
        cmocka_unit_test_setup_teardown(test_all_under_way, begin, end),
        cmocka_unit_test(test_outage),
        cmocka_unit_test(test_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
