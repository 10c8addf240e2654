/*
 * resolver: the real one, against a name server on loopback that misbehaves on demand.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/questions.h"
#include "dns/service_private.h"
#include "tests/support/dns_server.h"
#include "util/buffer.h"

#define S UINT64_C(1000000000)
#define MS UINT64_C(1000000)

static struct stage {
    struct log_sink sink; /* first */
    struct dns_server *server;
    struct dns_resolver *resolver;
    pthread_t thread;
    pthread_mutex_t lock;
    struct buffer log;
} stage;

static uint64_t now_ns(void)
{
    return clock_mono_ns(&clock_system);
}

/* In a loop that looks for a condition which no one signals. */
static void look_again_before(uint64_t end_ns)
{
    const struct timespec moment = { 0, 1000000 };
    assert_true(now_ns() < end_ns);
    nanosleep(&moment, NULL);
}

static void keep_line(struct log_sink *sink, enum log_level level, struct span line)
{
    (void)sink;
    pthread_mutex_lock(&stage.lock);
    buffer_printf(&stage.log, "%s: %.*s\n", log_level_name(level), SPAN_ARG(line));
    pthread_mutex_unlock(&stage.lock);
}

static bool log_has(const char *text)
{
    pthread_mutex_lock(&stage.lock);
    bool has = strstr(buffer_text(&stage.log), text) != NULL;
    pthread_mutex_unlock(&stage.lock);
    return has;
}

static void *run(void *resolver)
{
    dns_resolver_run(resolver);
    return NULL;
}

static struct dns_settings settings_for(unsigned port, char text[static 32], const char **list)
{
    snprintf(text, 32, "127.0.0.1@%u", port);
    *list = text;
    return (struct dns_settings){ .servers = { list, 1 }, .timeout_ms = 2000 };
}

static int begin(void **state)
{
    char text[32];
    const char *list;
    struct error error;
    (void)state;
    memset(&stage, 0, sizeof(stage));
    stage.sink.write = keep_line;
    pthread_mutex_init(&stage.lock, NULL);
    stage.server = dns_server_start();
    struct dns_settings settings = settings_for(dns_server_port(stage.server), text, &list);
    stage.resolver = dns_resolver_new(&settings, &clock_system, &stage.sink, &error);
    if (stage.resolver == NULL) {
        fail_msg("%s", error.text);
    }
    return pthread_create(&stage.thread, NULL, run, stage.resolver);
}

static int end(void **state)
{
    (void)state;
    dns_resolver_stop(stage.resolver);
    pthread_join(stage.thread, NULL);
    dns_resolver_free(&stage.resolver);
    dns_server_stop(&stage.server);
    buffer_free(&stage.log);
    return 0;
}

static void print_answer(const struct dns_answer *answer, uint32_t ttl_s, enum dns_type type,
                         struct buffer *out)
{
    buffer_clear(out);
    buffer_printf(out, "%s %u", dns_result_name(answer->result), ttl_s);
    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *record = &answer->records[i];
        buffer_add_text(out, " ");
        if (type == DNS_MX) {
            buffer_printf(out, "%u ", record->preference);
        }
        for (size_t j = 0; j < record->data.size && j < 40; j++) {
            unsigned char c = (unsigned char)record->data.at[j];
            buffer_printf(out, type != DNS_A ? "%c" : "%02x", c);
        }
    }
}

/* libunbound tells what is left of a TTL, in whole seconds of the clock: less than the server said
 * by those that ended meanwhile. */
static void check(const char *name, enum dns_type type, const char *expected)
{
    struct buffer got = BUFFER_EMPTY;
    uint64_t begin_ns = now_ns();
    struct dns_request *request = dns_ask(stage.resolver, span_of(name), type);
    const struct dns_answer *answer = dns_collect(request, begin_ns + 9 * S);
    uint32_t late_s = (uint32_t)((now_ns() - begin_ns) / S) + 1;
    for (uint32_t i = 0; i <= late_s; i++) {
        print_answer(answer, answer->ttl_s + i, type, &got);
        if (strcmp(buffer_text(&got), expected) == 0) {
            break;
        }
    }
    if (strcmp(buffer_text(&got), expected) != 0) {
        fail_msg("%s %s: %s with %u, expected %s", name, dns_type_name(type), buffer_text(&got),
                 answer->ttl_s, expected);
    }
    dns_forget(&request);
    buffer_free(&got);
}

static void test_answers(void **state)
{
    static const struct {
        const char *name;
        enum dns_type type;
        const char *expected;
    } cases[] = {
        { "a.example.test", DNS_A, "found 300 c0000201" },
        { "A.EXAMPLE.TEST.", DNS_TXT, "found 300 onetwo" },
        { "a.example.test", DNS_NS, "found 300 ns.example.test" },
        { "alias.example.test", DNS_A, "found 60 c0000201" },
        { "alias.example.test", DNS_CNAME, "found 60 a.example.test" },
        { "a.example.test", DNS_CNAME, "no such record 88" },
        { "nodata.example.test", DNS_A, "no such record 88" },
        { "short.example2.test", DNS_A, "no such record 7" },
        { "nobody.example3.test", DNS_TXT, "no such name 77" },
        { "7.2.0.192.in-addr.arpa", DNS_PTR, "no such name 77" },
        { "7.0.0.10.in-addr.arpa", DNS_PTR, "no such name 77" },
        { "a.example.invalid", DNS_A, "found 300 c0000201" },
        { "a.home.arpa", DNS_A, "found 300 c0000201" },
        { "loop1.example.test", DNS_A, "its name servers fail 5" },
        { "servfail.example.test", DNS_A, "its name servers fail 5" },
        { "refused.example.test", DNS_A, "its name servers fail 5" },
        { "junk.example.test", DNS_TXT, "its name servers fail 5" },
        { "odd name\\.example.test", DNS_TXT, "no such name 77" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(cases[i].name, cases[i].type, cases[i].expected);
    }
}

/* In the order of the server, or any other. */
static void test_mx(void **state)
{
    struct dns_request *request = dns_ask(stage.resolver, SPAN("a.example.test"), DNS_MX);
    const struct dns_answer *answer = dns_collect(request, now_ns() + 9 * S);
    unsigned sum = 0;
    (void)state;
    assert_int_equal(answer->count, 2);
    for (size_t i = 0; i < 2; i++) {
        bool is_first = answer->records[i].preference == 10;
        assert_true(span_is_equal(answer->records[i].data,
                                  is_first ? SPAN("mx1.example.test") : SPAN("mx2.example.test")));
        sum += answer->records[i].preference;
    }
    assert_int_equal(sum, 30);
    dns_forget(&request);
}

static void test_big(void **state)
{
    struct dns_request *request = dns_ask(stage.resolver, SPAN("big.example.test"), DNS_TXT);
    const struct dns_answer *answer = dns_collect(request, now_ns() + 9 * S);
    (void)state;
    assert_int_equal(answer->result, DNS_FOUND);
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->records[0].data.size, 60000);
    dns_forget(&request);
}

/* What comes late, or never, is TIMEOUT for who waited, at his deadline. */
static void test_late(void **state)
{
    static const char *const names[] = { "silent.example.test", "wrongid.example.test",
                                         "garbage.example.test" };
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct dns_request *request = dns_ask(stage.resolver, span_of(names[i]), DNS_A);
        uint64_t begin_ns = now_ns();
        const struct dns_answer *answer = dns_collect(request, begin_ns + 100 * MS);
        uint64_t took_ns = now_ns() - begin_ns;
        assert_int_equal(answer->result, DNS_TIMEOUT);
        assert_in_range(took_ns, 100 * MS, 5 * S);
        assert_null(dns_peek(request));
        dns_forget(&request);
    }
}

static void wait_for_questions(const char *label)
{
    uint64_t end_ns = now_ns() + 5 * S;
    while (dns_server_asked(stage.server, label) == 0) {
        look_again_before(end_ns);
    }
}

/* Any number of equal questions under way is one; each has the answer, and so has who comes later.
 */
static void test_together(void **state)
{
    struct dns_request *requests[20];
    struct dns_state seen;
    (void)state;
    dns_server_set(stage.server, DNS_SERVER_HOLDS);
    for (size_t i = 0; i < 20; i++) {
        requests[i] = dns_ask(stage.resolver, SPAN("a.together.test"), DNS_A);
        assert_null(dns_peek(requests[i]));
        assert_ptr_equal(requests[i], requests[0]);
    }
    wait_for_questions("a");
    dns_server_set(stage.server, DNS_SERVER_WORKS);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(dns_collect(requests[i], now_ns() + 9 * S)->result, DNS_FOUND);
        dns_forget(&requests[i]);
    }
    struct dns_request *request = dns_ask(stage.resolver, SPAN("A.Together.test"), DNS_A);
    assert_int_equal(dns_peek(request)->result, DNS_FOUND);
    dns_forget(&request);
    assert_int_equal(dns_server_asked(stage.server, "a"), 1);
    dns_resolver_state(stage.resolver, &seen);
    assert_int_equal(seen.asked, 21);
    assert_int_equal(seen.cached, 1);
    assert_false(seen.is_out);
}

/* Who gave up before the answer came leaves it to the cache. */
static void test_given_up(void **state)
{
    struct dns_request *request;
    uint64_t end_ns = now_ns() + 9 * S;
    (void)state;
    dns_server_set(stage.server, DNS_SERVER_HOLDS);
    request = dns_ask(stage.resolver, SPAN("a.given-up.test"), DNS_TXT);
    wait_for_questions("a");
    dns_forget(&request);
    dns_server_set(stage.server, DNS_SERVER_WORKS);
    struct dns_state seen = { 0 };
    while (seen.cached == 0) { /* the server answers once */
        look_again_before(end_ns);
        request = dns_ask(stage.resolver, SPAN("a.given-up.test"), DNS_TXT);
        dns_forget(&request);
        dns_resolver_state(stage.resolver, &seen);
    }
    assert_int_equal(dns_server_asked(stage.server, "a"), 1);
}

/* Failures are kept for moments only, answers for their time. */
static void test_failures_are_kept(void **state)
{
    (void)state;
    check("servfail.kept.test", DNS_A, "its name servers fail 5");
    unsigned asked = dns_server_asked(stage.server, "servfail");
    check("servfail.kept.test", DNS_A, "its name servers fail 5");
    assert_int_equal(dns_server_asked(stage.server, "servfail"), asked);
}

/* Requests outlive the resolver: what was answered stays, the rest is TIMEOUT at once. */
static void test_outlived(void **state)
{
    struct dns_request *answered = dns_ask(stage.resolver, SPAN("a.example.test"), DNS_A);
    (void)state;
    assert_int_equal(dns_collect(answered, now_ns() + 9 * S)->result, DNS_FOUND);
    struct dns_request *waiting = dns_ask(stage.resolver, SPAN("silent.example.test"), DNS_A);
    end(NULL);
    uint64_t begin_ns = now_ns();
    assert_int_equal(dns_collect(waiting, begin_ns + 9 * S)->result, DNS_TIMEOUT);
    assert_true(now_ns() - begin_ns < 5 * S);
    assert_int_equal(dns_peek(answered)->result, DNS_FOUND);
    dns_forget(&answered);
    dns_forget(&waiting);
    begin(NULL);
}

/* Never run, or stopped before it is run: nothing is answered and nothing hangs. */
static void test_never_run(void **state)
{
    char text[32];
    const char *list;
    struct error error;
    struct dns_settings settings = settings_for(9, text, &list);
    struct dns_resolver *resolver = dns_resolver_new(&settings, &clock_system, &stage.sink, &error);
    (void)state;
    struct dns_request *request = dns_ask(resolver, SPAN("a.example.test"), DNS_A);
    assert_int_equal(dns_collect(request, now_ns() + MS)->result, DNS_TIMEOUT);
    assert_null(dns_ask(resolver, SPAN("a..b"), DNS_A));
    dns_resolver_stop(resolver);
    dns_resolver_run(resolver);
    dns_resolver_free(&resolver);
    dns_forget(&request);
}

/* Without servers, and with the anchor of DNSSEC where there is one: it takes questions. This name
 * is answered without any network (RFC 6761 6.3). */
static void test_recursion(void **state)
{
    struct error error;
    struct dns_settings settings = { .servers = { NULL, 0 }, .timeout_ms = 2000 };
    (void)state;
    assert_true(dns_resolver_configure(stage.resolver, &settings, &error));
    check("localhost", DNS_A, "found 10800 7f000001");
    assert_int_equal(dns_server_asked(stage.server, "localhost"), 0);
}

/* Other servers: what is under way is asked of them, what was known is forgotten. */
static void test_configure(void **state)
{
    char text[32];
    const char *list;
    struct error error;
    struct dns_server *other = dns_server_start();
    struct dns_settings settings = settings_for(dns_server_port(stage.server), text, &list);
    (void)state;
    check("a.example.test", DNS_A, "found 300 c0000201");
    assert_true(dns_resolver_configure(stage.resolver, &settings, &error)); /* the same */
    check("a.example.test", DNS_A, "found 300 c0000201");
    assert_int_equal(dns_server_asked(stage.server, "a"), 1);

    dns_server_set(stage.server, DNS_SERVER_HOLDS);
    struct dns_request *under_way = dns_ask(stage.resolver, SPAN("a.under-way.test"), DNS_A);
    struct dns_request *forgotten = dns_ask(stage.resolver, SPAN("a.forgotten.test"), DNS_A);
    uint64_t end_ns = now_ns() + 5 * S;
    while (dns_server_asked(stage.server, "a") < 3) {
        look_again_before(end_ns);
    }
    dns_forget(&forgotten);
    settings = settings_for(dns_server_port(other), text, &list);
    assert_true(dns_resolver_configure(stage.resolver, &settings, &error));
    assert_int_equal(dns_collect(under_way, now_ns() + 9 * S)->result, DNS_FOUND);
    dns_forget(&under_way);
    check("a.example.test", DNS_A, "found 300 c0000201");
    assert_true(dns_server_asked(other, "a") >= 2);
    dns_server_stop(&other);
}

/* A wait with a long end, in another thread: when an outage begins it ends within moments. */
static void *collect_long(void *request)
{
    uint64_t begin_ns = now_ns();
    assert_int_equal(dns_collect(request, begin_ns + 60 * S)->result, DNS_TIMEOUT);
    dns_forget((struct dns_request **)&request);
    return NULL;
}

static void await_outage(bool is_out, uint64_t limit_ns)
{
    struct dns_state seen;
    uint64_t end_ns = now_ns() + limit_ns;
    do {
        dns_resolver_state(stage.resolver, &seen);
        look_again_before(end_ns);
    } while (seen.is_out != is_out);
    assert_true((seen.out_since_s != 0) == is_out);
}

static void ask_and_forget(const char *name)
{
    struct dns_request *request = dns_ask(stage.resolver, span_of(name), DNS_A);
    dns_forget(&request);
}

static void test_outage(void **state)
{
    static const char *const names[] = { "a.one.test", "a.two.test", "a.three.test",
                                         "a.four.test" };
    pthread_t waiter;
    (void)state;
    check("a.example.test", DNS_A, "found 300 c0000201");
    dns_server_set(stage.server, DNS_SERVER_SILENT);
    struct dns_request *long_one = dns_ask(stage.resolver, SPAN("a.zero.test"), DNS_A);
    pthread_create(&waiter, NULL, collect_long, long_one);
    for (size_t i = 0; i < 4; i++) {
        ask_and_forget(names[i]);
    }
    await_outage(true, 9 * S);
    pthread_join(waiter, NULL);
    assert_true(log_has("warning: dns: nothing is answered any more"));

    uint64_t begin_ns = now_ns();
    struct dns_questions *questions = dns_questions_new(stage.resolver, 50);
    char name[32];
    for (unsigned i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "a.q%u.test", i);
        assert_null(dns_questions_ask(questions, span_of(name), DNS_A));
    }
    assert_true(dns_questions_wait(questions, begin_ns + 60 * S));
    assert_true(now_ns() - begin_ns < 5 * S);
    dns_questions_free(&questions);
    check("a.example.test", DNS_A, "found 300 c0000201"); /* what is known is known */

    dns_server_set(stage.server, DNS_SERVER_WORKS);
    await_outage(false, 9 * S); /* nobody asks: ours finds out */
    assert_true(log_has("info: dns: there are answers again, after "));
    check("a.after.test", DNS_A, "found 300 c0000201");
}

/* The servers answer and say that they fail: the same, sooner; what is asked ends it too. */
static void test_outage_servfail(void **state)
{
    static const char *const names[] = { "a.one.test", "a.two.test", "a.three.test",
                                         "a.four.test" };
    (void)state;
    dns_server_set(stage.server, DNS_SERVER_SERVFAILS);
    for (size_t i = 0; i < 4; i++) {
        check(names[i], DNS_A, "its name servers fail 5");
    }
    await_outage(true, 5 * S);
    dns_server_set(stage.server, DNS_SERVER_WORKS);
    ask_and_forget("a.five.test");
    await_outage(false, 9 * S);
}

/* Past the cache, each time anew; equal ones under way are one here too. */
static void test_zone(void **state)
{
    (void)state;
    dns_service_of(stage.resolver)->zone_port = dns_server_port(stage.server);
    check("a.zone.test", DNS_TXT, "found 300 onetwo");
    for (unsigned i = 0; i < 3; i++) {
        unsigned asked = dns_server_asked(stage.server, "a");
        dns_server_set(stage.server, DNS_SERVER_HOLDS);
        struct dns_request *first = dns_ask_zone(stage.resolver, SPAN("a.zone.test"), DNS_TXT);
        struct dns_request *second = dns_ask_zone(stage.resolver, SPAN("A.zone.test."), DNS_TXT);
        assert_ptr_equal(first, second);
        dns_server_set(stage.server, DNS_SERVER_WORKS);
        const struct dns_answer *answer = dns_collect(first, now_ns() + 9 * S);
        assert_int_equal(answer->result, DNS_FOUND);
        assert_true(span_is_equal(answer->records[0].data, SPAN("onetwo")));
        assert_int_equal(dns_server_asked(stage.server, "a"), asked + (i == 0 ? 2 : 1));
        dns_forget(&first);
        dns_forget(&second);
    }
    struct dns_request *many[20];
    for (size_t i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof(name), "n%zu.zone.test", i);
        many[i] = dns_ask_zone(stage.resolver, span_of(name), DNS_TXT);
    }
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(dns_collect(many[i], now_ns() + 9 * S)->result, DNS_NXDOMAIN);
        dns_forget(&many[i]);
    }
    many[0] = dns_ask_zone(stage.resolver, SPAN("silent.zone.test"), DNS_TXT);
    assert_int_equal(dns_collect(many[0], now_ns() + 50 * MS)->result, DNS_TIMEOUT);
    dns_forget(&many[0]); /* and is under way when the resolver ends */
}

/* Domains whose servers fail are no outage while DNS works. */
static void test_no_outage(void **state)
{
    static const char *const names[] = { "servfail.one.test",   "servfail.two.test",
                                         "servfail.three.test", "servfail.four.test",
                                         "servfail.five.test",  "servfail.six.test" };
    struct dns_state seen;
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        check(names[i], DNS_A, "its name servers fail 5");
    }
    dns_resolver_state(stage.resolver, &seen);
    assert_false(seen.is_out);
    assert_false(log_has("warning"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, begin, end),
        cmocka_unit_test_setup_teardown(test_mx, begin, end),
        cmocka_unit_test_setup_teardown(test_big, begin, end),
        cmocka_unit_test_setup_teardown(test_late, begin, end),
        cmocka_unit_test_setup_teardown(test_together, begin, end),
        cmocka_unit_test_setup_teardown(test_given_up, begin, end),
        cmocka_unit_test_setup_teardown(test_failures_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(test_outlived, begin, end),
        cmocka_unit_test_setup_teardown(test_never_run, begin, end),
        cmocka_unit_test_setup_teardown(test_recursion, begin, end),
        cmocka_unit_test_setup_teardown(test_configure, begin, end),
        cmocka_unit_test_setup_teardown(test_outage, begin, end),
        cmocka_unit_test_setup_teardown(test_outage_servfail, begin, end),
        cmocka_unit_test_setup_teardown(test_no_outage, begin, end),
        cmocka_unit_test_setup_teardown(test_zone, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
