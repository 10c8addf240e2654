/*
 * questions: each asked once, waited for together, given up together; against a resolver whose
 * answers come when the test says so.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dns/answer_private.h"
#include "dns/questions.h"
#include "dns/resolver_private.h"
#include "dns/scripted.h"

/* One request for each question in turn; an answer is there when `has_come` says so, and in time
 * when `comes_in_time` does. */
#define SLOTS 8
struct slow_request {
    struct dns_request request;
    bool has_come, comes_in_time;
    unsigned collected;
    uint64_t deadline_ns;
};
static struct slow {
    struct dns_resolver resolver;
    struct slow_request slots[SLOTS];
    unsigned asked, forgotten;
    char last_name[DNS_NAME_MAX];
} slow;

static const struct dns_answer come = { .result = DNS_NODATA };

static struct dns_request *slow_ask(struct dns_resolver *resolver, struct span name,
                                    enum dns_type type, enum dns_way way)
{
    (void)type;
    (void)way;
    memcpy(slow.last_name, name.at, name.size);
    slow.last_name[name.size] = '\0';
    slow.slots[slow.asked].request.calls = resolver->calls;
    return &slow.slots[slow.asked++].request;
}

static const struct dns_answer *slow_peek(struct dns_request *request)
{
    return ((struct slow_request *)request)->has_come ? &come : NULL;
}

static const struct dns_answer *slow_collect(struct dns_request *request, uint64_t deadline_ns)
{
    struct slow_request *slot = (struct slow_request *)request;
    slot->collected++;
    slot->deadline_ns = deadline_ns;
    slot->has_come = slot->has_come || slot->comes_in_time;
    return slot->has_come ? &come : &dns_answer_timeout;
}

static void slow_forget(struct dns_request *request)
{
    (void)request;
    slow.forgotten++;
}

static const struct dns_calls slow_calls = {
    .ask = slow_ask, .peek = slow_peek, .collect = slow_collect, .forget = slow_forget
};

static struct dns_questions *open_slow(unsigned limit)
{
    memset(&slow, 0, sizeof(slow));
    slow.resolver.calls = &slow_calls;
    return dns_questions_new(&slow.resolver, limit);
}

static const struct dns_answer *ask(struct dns_questions *questions, const char *name)
{
    return dns_questions_ask(questions, span_of(name), DNS_A);
}

/* One name in several spellings is one question; types and names tell questions apart. */
static void test_once(void **state)
{
    struct dns_questions *questions = open_slow(SLOTS);
    (void)state;
    assert_null(ask(questions, "Example.org"));
    assert_string_equal(slow.last_name, "example.org");
    assert_null(ask(questions, "example.ORG."));
    assert_int_equal(slow.asked, 1);
    assert_null(dns_questions_ask(questions, SPAN("example.org"), DNS_TXT));
    assert_null(ask(questions, "example.net"));
    assert_int_equal(dns_questions_count(questions), 3);
    assert_null(ask(questions, "."));
    assert_string_equal(slow.last_name, ".");
    assert_int_equal(ask(questions, "a..b")->result, DNS_SERVFAIL);
    assert_int_equal(dns_questions_count(questions), 4);
    dns_questions_free(&questions);
    assert_null(questions);
    assert_int_equal(slow.forgotten, 4);
}

static void test_limit(void **state)
{
    struct dns_questions *questions = open_slow(2);
    (void)state;
    assert_null(ask(questions, "a.example"));
    assert_null(ask(questions, "b.example"));
    assert_int_equal(ask(questions, "c.example")->result, DNS_TIMEOUT);
    assert_null(ask(questions, "a.example")); /* no new one */
    assert_int_equal(slow.asked, 2);
    dns_questions_free(&questions);
}

/* All that is under way is waited for with one deadline, and answered when the wait is over. */
static void test_wait(void **state)
{
    struct dns_questions *questions = open_slow(SLOTS);
    (void)state;
    assert_false(dns_questions_wait(questions, 1)); /* nothing was asked */
    ask(questions, "a.example");
    ask(questions, "b.example");
    slow.slots[0].comes_in_time = slow.slots[1].comes_in_time = true;
    assert_true(dns_questions_wait(questions, 77));
    assert_int_equal(slow.slots[0].deadline_ns, 77);
    assert_ptr_equal(ask(questions, "a.example"), &come);
    assert_ptr_equal(ask(questions, "b.example"), &come);
    assert_false(dns_questions_wait(questions, 77)); /* nothing new */
    ask(questions, "c.example");
    slow.slots[2].comes_in_time = true;
    assert_true(dns_questions_wait(questions, 77));
    assert_int_equal(slow.slots[0].collected, 1);
    dns_questions_free(&questions);
}

/* When one did not come in time, the others are looked at and not waited for. */
static void test_give_up(void **state)
{
    struct dns_questions *questions = open_slow(SLOTS);
    (void)state;
    ask(questions, "a.example");
    ask(questions, "b.example");
    ask(questions, "c.example");
    slow.slots[0].has_come = true;
    assert_true(dns_questions_wait(questions, 1));
    assert_int_equal(slow.slots[0].collected + slow.slots[1].collected + slow.slots[2].collected,
                     1);
    assert_ptr_equal(ask(questions, "a.example"), &come);
    assert_int_equal(ask(questions, "b.example")->result, DNS_TIMEOUT);
    slow.slots[1].has_come = true; /* too late: each pass sees the same */
    assert_int_equal(ask(questions, "b.example")->result, DNS_TIMEOUT);
    assert_false(dns_questions_wait(questions, 1));
    dns_questions_free(&questions);
}

/* A pass went on without an answer that came before it ended: there is news though nothing is under
 * way. */
static void test_news_within_a_pass(void **state)
{
    struct dns_questions *questions = open_slow(SLOTS);
    (void)state;
    assert_null(ask(questions, "a.example"));
    slow.slots[0].has_come = true;
    assert_ptr_equal(ask(questions, "a.example"), &come);
    assert_true(dns_questions_wait(questions, 1));
    assert_false(dns_questions_wait(questions, 1));
    dns_questions_free(&questions);
}

/* Without a resolver, or memory for the list, everything is TIMEOUT and no work goes on for ever.
 */
static void test_nobody(void **state)
{
    struct dns_questions *questions = dns_questions_new(NULL, 5);
    (void)state;
    assert_int_equal(ask(questions, "a.example")->result, DNS_TIMEOUT);
    assert_false(dns_questions_wait(questions, UINT64_MAX));
    assert_int_equal(dns_questions_count(questions), 0);
    dns_questions_free(&questions);
    assert_int_equal(ask(NULL, "a.example")->result, DNS_TIMEOUT);
    assert_false(dns_questions_wait(NULL, UINT64_MAX));
    assert_int_equal(dns_questions_count(NULL), 0);
    dns_questions_free(&questions);
}

/* The way it is used, over a script in which one name is silent. */
static void test_scripted(void **state)
{
    struct clock_fixed fixed;
    struct error error;
    clock_fixed_init(&fixed, 0);
    struct dns_resolver *resolver =
        dns_scripted_new(SPAN("a.example MX 1 b.example\nb.example A TIMEOUT\n"
                              "c.example A 192.0.2.1\n"),
                         &fixed.clock, &error);
    struct dns_questions *questions = dns_questions_new(resolver, 5);
    (void)state;
    const struct dns_answer *mx = dns_questions_ask(questions, SPAN("a.example"), DNS_MX);
    assert_int_equal(mx->result, DNS_FOUND);
    assert_null(dns_questions_ask(questions, mx->records[0].data, DNS_A));
    assert_true(dns_questions_wait(questions, UINT64_MAX));
    assert_int_equal(ask(questions, "b.example")->result, DNS_TIMEOUT);
    assert_int_equal(ask(questions, "c.example")->result, DNS_FOUND);
    assert_false(dns_questions_wait(questions, UINT64_MAX));
    assert_int_equal(dns_scripted_count(resolver), 3);
    dns_questions_free(&questions);
    dns_resolver_free(&resolver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),     cmocka_unit_test(test_limit),
        cmocka_unit_test(test_wait),     cmocka_unit_test(test_give_up),
        cmocka_unit_test(test_nobody),   cmocka_unit_test(test_news_within_a_pass),
        cmocka_unit_test(test_scripted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
