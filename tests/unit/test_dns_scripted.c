/*
 * scripted: every kind of line, looked up as a name server would, and the names beside: types,
 * results, reverse names.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "dns/scripted.h"
#include "util/buffer.h"

#define SCRIPT                                                                                     \
    "# a zone\n"                                                                                   \
    "\n"                                                                                           \
    "Example.ORG.   TXT  \"v=spf1 a -all\"   # its SPF\n"                                          \
    "example.org    TXT  \"a\\\"#\" \"b\\065\\000\" c\n"                                           \
    "example.org    MX   10 Mail.example.org.\n"                                                   \
    "example.org    MX   0 .\n"                                                                    \
    "example.org    SOA  ns.example.org\n"                                                         \
    "mail.example.org A  192.0.2.1\r\n"                                                            \
    "mail.example.org\tAAAA\t2001:db8::1\n"                                                        \
    "www.example.org   CNAME  mail.example.org\n"                                                  \
    "out.example.org   CNAME  nobody.example.net\n"                                                \
    "l1.example.org    CNAME  l2.example.org\n"                                                    \
    "l2.example.org    CNAME  l1.example.org\n"                                                    \
    "slow.example.org  TXT    TIMEOUT\n"                                                           \
    "slow.example.org  A      192.0.2.9\n"                                                         \
    "gone.example.org  *      SERVFAIL\n"                                                          \
    "gone.example.org  A      192.0.2.8\n"                                                         \
    "forged.example.org A     BOGUS\n"                                                             \
    "not.example.org   A      NXDOMAIN\n"                                                          \
    "*.w.example.org   A      192.0.2.2\n"                                                         \
    "here.w.example.org TXT   t\n"                                                                 \
    "short.example.org TTL    60\n"                                                                \
    "short.example.org A      192.0.2.3\n"                                                         \
    "7.2.0.192.in-addr.arpa PTR Host.example.org\n"                                                \
    "a.b.deep.example.org A   192.0.2.4\n"

static struct clock_fixed fixed;

static struct dns_resolver *open_script(const char *text)
{
    struct error error;
    struct dns_resolver *resolver = dns_scripted_new(span_of(text), &fixed.clock, &error);
    if (resolver == NULL) {
        fail_msg("%s", error.text);
    }
    return resolver;
}

/* "found 3600 [10 mail.example.org]": result, time, records; bytes that are no text as %XX. */
static void print_answer(const struct dns_answer *answer, enum dns_type type, struct buffer *out)
{
    buffer_printf(out, "%s %u", dns_result_name(answer->result), answer->ttl_s);
    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *record = &answer->records[i];
        buffer_add_text(out, " [");
        if (type == DNS_MX) {
            buffer_printf(out, "%u ", record->preference);
        }
        for (size_t j = 0; j < record->data.size; j++) {
            unsigned char c = (unsigned char)record->data.at[j];
            bool is_text = type != DNS_A && type != DNS_AAAA && c >= ' ' && c < 0x7f;
            buffer_printf(out, is_text ? "%c" : "%%%02X", c);
        }
        buffer_add_text(out, "]");
    }
}

static void check(struct dns_resolver *resolver, const char *name, enum dns_type type,
                  const char *expected)
{
    struct buffer got = BUFFER_EMPTY;
    struct dns_request *request = dns_ask(resolver, span_of(name), type);
    const struct dns_answer *answer = dns_collect(request, 0);
    print_answer(answer, type, &got);
    if (strcmp(buffer_text(&got), expected) != 0) {
        fail_msg("%s %s: %s, expected %s", name, dns_type_name(type), buffer_text(&got), expected);
    }
    assert_true(dns_peek(request) == (answer->result == DNS_TIMEOUT ? NULL : answer));
    dns_forget(&request);
    assert_null(request);
    buffer_free(&got);
}

static void test_answers(void **state)
{
    static const struct {
        const char *name;
        enum dns_type type;
        const char *expected;
    } cases[] = {
        { "example.org", DNS_TXT, "found 3600 [v=spf1 a -all] [a\"#bA%00c]" },
        { "EXAMPLE.org.", DNS_MX, "found 3600 [10 mail.example.org] [0 ]" },
        { "example.org", DNS_SOA, "found 3600 [ns.example.org]" },
        { "example.org", DNS_A, "no such record 3600" },
        { "mail.example.org", DNS_A, "found 3600 [%C0%00%02%01]" },
        { "mail.example.org", DNS_AAAA,
          "found 3600 [%20%01%0D%B8%00%00%00%00%00%00%00%00%00%00%00%01]" },
        { "www.example.org", DNS_A, "found 3600 [%C0%00%02%01]" },
        { "www.example.org", DNS_TXT, "no such record 3600" },
        { "www.example.org", DNS_CNAME, "found 3600 [mail.example.org]" },
        { "mail.example.org", DNS_CNAME, "no such record 3600" },
        { "l1.example.org", DNS_CNAME, "found 3600 [l2.example.org]" },
        { "nobody.example.org", DNS_CNAME, "no such name 3600" },
        { "out.example.org", DNS_A, "no such name 3600" },
        { "l1.example.org", DNS_A, "its name servers fail 5" },
        { "slow.example.org", DNS_TXT, "no answer in time 5" },
        { "slow.example.org", DNS_A, "found 3600 [%C0%00%02%09]" },
        { "gone.example.org", DNS_TXT, "its name servers fail 5" },
        { "gone.example.org", DNS_A, "found 3600 [%C0%00%02%08]" },
        { "forged.example.org", DNS_A, "DNSSEC finds it forged 5" },
        { "not.example.org", DNS_A, "no such name 3600" },
        { "not.example.org", DNS_TXT, "no such record 3600" },
        { "x.w.example.org", DNS_A, "found 3600 [%C0%00%02%02]" },
        { "y.x.w.example.org", DNS_A, "found 3600 [%C0%00%02%02]" },
        { "x.w.example.org", DNS_TXT, "no such record 3600" },
        { "w.example.org", DNS_A, "no such record 3600" },
        { "here.w.example.org", DNS_A, "no such record 3600" },
        { "x.here.w.example.org", DNS_A, "no such name 3600" },
        { "short.example.org", DNS_A, "found 60 [%C0%00%02%03]" },
        { "short.example.org", DNS_TXT, "no such record 60" },
        { "7.2.0.192.in-addr.arpa", DNS_PTR, "found 3600 [host.example.org]" },
        { "deep.example.org", DNS_TXT, "no such record 3600" },
        { "nobody.example.org", DNS_TXT, "no such name 3600" },
        { "nobody", DNS_TXT, "no such name 3600" },
        { ".", DNS_NS, "no such record 3600" },
        { "", DNS_NS, "its name servers fail 5" },
        { "a..b", DNS_A, "its name servers fail 5" },
    };
    struct dns_resolver *resolver = open_script(SCRIPT);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(resolver, cases[i].name, cases[i].type, cases[i].expected);
    }
    assert_int_equal(dns_scripted_count(resolver), sizeof(cases) / sizeof(cases[0]));
    dns_resolver_free(&resolver);
    assert_null(resolver);
}

static void test_everybody(void **state)
{
    struct dns_state seen;
    struct dns_resolver *resolver = open_script("* * TIMEOUT\nexample.org A 192.0.2.1\n");
    (void)state;
    check(resolver, "example.org", DNS_A, "found 3600 [%C0%00%02%01]");
    check(resolver, "example.org", DNS_MX, "no answer in time 5");
    check(resolver, "nobody.example.net", DNS_A, "no answer in time 5");
    dns_resolver_state(resolver, &seen);
    assert_true(seen.is_out);
    assert_int_equal(seen.out_since_s, fixed.now_s);
    assert_int_equal(seen.asked, 3);
    dns_resolver_free(&resolver);

    resolver = open_script("* TXT SERVFAIL\n");
    check(resolver, "example.org", DNS_TXT, "its name servers fail 5");
    check(resolver, "example.org", DNS_A, "no such name 3600");
    dns_resolver_state(resolver, &seen);
    assert_false(seen.is_out);
    dns_resolver_free(&resolver);
}

/* What is held lives on; so do requests of names that are none, which are NULL to nobody. */
static void test_requests(void **state)
{
    struct dns_resolver *resolver = open_script("example.org TXT held\n");
    struct dns_request *request = dns_ask_zone(resolver, SPAN("example.org"), DNS_TXT);
    struct dns_request *none = NULL;
    (void)state;
    dns_resolver_free(&resolver);
    assert_true(span_is_equal(dns_peek(request)->records[0].data, SPAN("held")));
    dns_forget(&request);
    assert_int_equal(dns_collect(none, 0)->result, DNS_TIMEOUT);
    assert_int_equal(dns_peek(none)->result, DNS_TIMEOUT);
    dns_forget(&none);
}

static void test_late(void **state)
{
    struct dns_resolver *resolver =
        open_script("late.example.org A 192.0.2.1\nlate.example.org LATE # slow\n");
    struct dns_request *request = dns_ask(resolver, SPAN("Late.example.org"), DNS_A);
    (void)state;
    assert_null(dns_peek(request));
    assert_int_equal(dns_collect(request, 0)->result, DNS_FOUND);
    assert_int_equal(dns_peek(request)->result, DNS_FOUND);
    dns_forget(&request);
    dns_resolver_free(&resolver);
}

static void test_faults(void **state)
{
    static const char *const cases[][2] = {
        { "example.org\n", "line 1: example.org: a type is missing" },
        { "\nexample.org HINFO x\n", "line 2: example.org: a type is missing" },
        { "example.org A\n", "line 1: example.org A: these data" },
        { "example.org A 2001:db8::1\n", "line 1: example.org A: these data" },
        { "example.org AAAA 192.0.2.1\n", "line 1: example.org AAAA: these data" },
        { "example.org A # 192.0.2.1\n", "line 1: example.org A: these data" },
        { "example.org TXT \"open\n", "line 1: example.org TXT: these data" },
        { "example.org TXT \"\\256\"\n", "line 1: example.org TXT: these data" },
        { "example.org TXT \"a\\\n", "line 1: example.org TXT: these data" },
        { "example.org MX mail.example.org\n", "line 1: example.org MX: these data" },
        { "example.org MX 65536 mail.example.org\n", "line 1: example.org MX: these data" },
        { "example.org MX 5\n", "line 1: example.org MX: these data" },
        { "example.org TTL soon\n", "line 1: example.org TTL: these data" },
        { "example.org * 192.0.2.1\n", "line 1: example.org *: these data" },
        { "example.org CNAME a..b\n", "line 1: example.org CNAME: these data" },
        { "a..b A 192.0.2.1\n", "line 1: \"a..b\" is no name" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = { "" };
        assert_null(dns_scripted_new(span_of(cases[i][0]), &fixed.clock, &error));
        if (strncmp(error.text, cases[i][1], strlen(cases[i][1])) != 0) {
            fail_msg("%s says %s", cases[i][0], error.text);
        }
    }
}

static void test_reverse(void **state)
{
    static const char *const cases[][2] = {
        { "198.51.100.7", "7.100.51.198.in-addr.arpa" },
        { "2001:db8::7", "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
                         "ip6.arpa" },
        { "fedc:ba98:7654:3210:fedc:ba98:7654:3210",
          "0.1.2.3.4.5.6.7.8.9.a.b.c.d.e.f.0.1.2.3.4.5.6.7.8.9.a.b.c.d.e.f.ip6.arpa" },
        { "::ffff:192.0.2.1", "1.2.0.192.in-addr.arpa" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ip ip;
        char out[DNS_REVERSE_MAX];
        assert_true(ip_parse(span_of(cases[i][0]), &ip));
        dns_reverse_name(&ip, out);
        assert_string_equal(out, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),  cmocka_unit_test(test_everybody),
        cmocka_unit_test(test_requests), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_reverse),  cmocka_unit_test(test_late),
    };
    clock_fixed_init(&fixed, 1772366400);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
