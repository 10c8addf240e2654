/*
 * spf_review: what an administrator is told of the records under a domain.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "auth/spf_walk.h"
#include "dns/scripted.h"
#include "util/buffer.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char zone[] =
    "good.example    TXT \"v=spf1 ip4:192.0.2.0/24 mx include:more.example -all\"\n"
    "good.example    TTL 300\n"
    "good.example    MX 10 mail.example\n"
    "mail.example    A 192.0.2.1\n"
    "more.example    TXT \"v=spf1 a:mail.example exists:%{i}.x.example ?all\"\n"
    "none.example    TXT \"hello\"\n"
    "quoted.example  TXT \"\\\"v=spf1 -all\\\"\"\n"
    "quoted.example  TXT \"v=spf1\\009a\"\n"
    "quoted.example  TXT \"see v=spf1\"\n"
    "two.example     TXT \"v=spf1 -all\"\n"
    "two.example     TXT \"v=spf1 -all\"\n"
    "typo.example    TXT \"v=spf1 ipv4:192.0.2.1 -all\"\n"
    "lead.example    TXT \"v=spf1 include:none.example include:typo.example "
    "redirect=two.example\"\n"
    "loop.example    TXT \"v=spf1 include:loop2.example include:%{d} ~all\"\n"
    "loop2.example   TXT \"v=spf1 include:loop.example ~all\"\n"
    "open.example    TXT \"v=spf1 +all a:mail.example redirect=good.example\"\n"
    "wide.example    TXT \"v=spf1 ip4:0.0.0.0/0 ip6:2000::/3 ip4:192.0.0.0/2 -ip4:0.0.0.0/0 "
    "mx:good.example//0 ?all\"\n"
    "old.example     TXT \"v=spf1 ptr exists:%{p}.x.example a:gone.example mx:mail.example "
    "a:..example a:%{d}.gone.example\"\n"
    "old.example     A 192.0.2.1\n"
    "slow.example    TXT \"v=spf1 include:dead.example a:mail.example -all\"\n"
    "dead.example    TXT SERVFAIL\n"
    "many.example    TXT \"v=spf1 include:six.example include:six.example -all\"\n"
    "ten.example     TXT \"v=spf1 include:six.example a:mail.example a:mail.example "
    "a:mail.example -all\"\n"
    "six.example     TXT \"v=spf1 a:mail.example a:mail.example a:mail.example a:mail.example "
    "a:mail.example a:mail.example -all\"\n"
    "big.example     TXT \"v=spf1 mx:manymx.example -all\"\n";

static struct dns_resolver *resolver;

static int open_zone(void **state)
{
    struct buffer text = BUFFER_EMPTY;
    struct error error = { "" };
    (void)state;
    buffer_add_text(&text, zone);
    for (unsigned i = 0; i < 11; i++) {
        buffer_printf(&text, "manymx.example MX 10 m%u.example\n", i);
    }
    buffer_add_text(&text, "big.example TXT \"");
    for (unsigned i = 0; i < 1200; i++) {
        buffer_add_char(&text, 'x');
    }
    buffer_add_text(&text, "\"\nflood.example TXT \"v=spf1");
    for (unsigned i = 0; i < 60; i++) {
        buffer_add_text(&text, " include:flood2.example");
    }
    buffer_add_text(&text, "\"\nflood2.example TXT \"v=spf1");
    for (unsigned i = 0; i < 100; i++) {
        buffer_printf(&text, " a:n%u.flood.example", i);
    }
    buffer_add_text(&text, "\"\n");
    resolver = dns_scripted_new(buffer_span(&text), &clock_system, &error);
    if (resolver == NULL) {
        print_error("%s\n", error.text);
    }
    buffer_free(&text);
    return resolver == NULL;
}

static int close_zone(void **state)
{
    (void)state;
    dns_resolver_free(&resolver);
    return 0;
}

static struct spf_review review(const char *domain, struct arena *arena)
{
    struct dns_questions *questions = dns_questions_new(resolver, SPF_REVIEW_QUESTIONS_MAX);
    struct spf_review seen;
    while (!spf_review(span_of(domain), questions, arena, &seen)) {
        assert_true(dns_questions_wait(questions, 0));
    }
    dns_questions_free(&questions); /* nothing of the review is of theirs */
    return seen;
}

static const struct {
    const char *domain;
    bool has_record;
    unsigned lookups, voids;
    const char *remarks; /* a line each: F, W or A, and the text */
} cases[] = {
    { "good.example", true, 4, 0, "" },
    { "missing.example", false, 0, 0, "A missing.example has no SPF record\n" },
    { "quoted.example", false, 0, 0,
      "W TXT of quoted.example: \"v=spf1 -all\" is no SPF record; one begins with \"v=spf1 \"\n"
      "W TXT of quoted.example: v=spf1\\x09a is no SPF record; one begins with \"v=spf1 \"\n"
      "A quoted.example has no SPF record\n" },
    { "two.example", true, 0, 0, "F two.example has more than one SPF record\n" },
    { "typo.example", true, 0, 0,
      "F record of typo.example: ipv4:192.0.2.1: there is no such mechanism; ip4 is meant?\n" },
    { "lead.example", true, 3, 0,
      "F include:none.example in the record of lead.example: there is no SPF record\n"
      "F record of typo.example: ipv4:192.0.2.1: there is no such mechanism; ip4 is meant?\n"
      "F two.example has more than one SPF record\n" },
    { "loop.example", true, 3, 0,
      "F include:loop.example in the record of loop2.example: leads back to itself\n"
      "F include:%{d} in the record of loop.example: leads back to itself\n" },
    { "open.example", true, 0, 0,
      "W +all in the record of open.example: everybody may send\n"
      "A +all in the record of open.example: nothing behind it is looked at\n" },
    { "wide.example", true, 1, 0,
      "W ip4:0.0.0.0/0 in the record of wide.example: everybody may send\n"
      "W ip6:2000::/3 in the record of wide.example: a very large part of all addresses may send\n"
      "W ip4:192.0.0.0/2 in the record of wide.example: a very large part of all addresses may "
      "send\n"
      "W mx:good.example//0 in the record of wide.example: everybody may send\n"
      "A ?all in the record of wide.example: mail from elsewhere is neutral\n" },
    { "old.example", true, 6, 3,
      "F old.example has 3 look-ups without an answer, 2 are allowed\n"
      "W ptr in the record of old.example: goes by the names of addresses, which is slow and not "
      "asked by everybody (RFC 7208 5.5)\n"
      "W exists:%{p}.x.example in the record of old.example: goes by the names of addresses, which "
      "is slow and not asked by everybody (RFC 7208 5.5)\n"
      "W a:gone.example in the record of old.example: there is no such address; receivers allow "
      "two such look-ups in all\n"
      "W mx:mail.example in the record of old.example: there is no mail exchanger; receivers allow "
      "two such look-ups in all\n"
      "W a:..example in the record of old.example: there can be no such name\n"
      "W a:%{d}.gone.example in the record of old.example: there is no such address; receivers "
      "allow two such look-ups in all\n"
      "A the record of old.example ends without \"all\": mail from elsewhere is neutral\n" },
    { "ten.example", true, 10, 0, "A ten.example needs all of the 10 look-ups that are allowed\n" },
    { "many.example", true, 14, 0,
      "F many.example needs 14 look-ups, 10 are allowed: whoever the first ten do not let in gets "
      "permerror\n" },
    { "big.example", true, 1, 0,
      "F mx:manymx.example in the record of big.example: 11 mail exchangers, 10 are allowed\n"
      "A all TXT records of big.example together have 1259 octets: the answer may not fit a "
      "datagram, and some receivers will not get it\n" },
};

static void test_remarks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena *arena = arena_new((size_t)64 << 10);
        struct spf_review seen = review(cases[i].domain, arena);
        struct buffer text = BUFFER_EMPTY;
        for (size_t n = 0; n < seen.remark_count; n++) {
            buffer_printf(&text, "%c %s\n", "AWF"[seen.remarks[n].weight], seen.remarks[n].text);
        }
        assert_string_equal(buffer_text(&text), cases[i].remarks);
        assert_int_equal(seen.lookups, cases[i].lookups);
        assert_int_equal(seen.voids, cases[i].voids);
        assert_int_equal(seen.has_record, cases[i].has_record);
        assert_true(seen.is_known);
        assert_null(seen.why_unknown);
        buffer_free(&text);
        arena_free(&arena);
    }
}

static void test_rest(void **state)
{
    struct arena *arena = arena_new((size_t)64 << 10);
    struct spf_review seen = review("good.example", arena);
    (void)state;
    assert_int_equal(seen.ttl_s, 300);
    assert_true(span_has_prefix_nocase(seen.record, SPAN("v=spf1 ip4:192.0.2.0/24 mx ")));
    seen = review("slow.example", arena);
    assert_false(seen.is_known);
    assert_string_equal(seen.why_unknown, "TXT of dead.example: its name servers fail");
    assert_int_equal(seen.lookups, 2);
    arena_free(&arena);
}

/* A tree that has no end in sight. */
static void test_flood(void **state)
{
    struct arena *arena = arena_new((size_t)64 << 10);
    struct spf_review seen = review("flood.example", arena);
    (void)state;
    assert_int_equal(seen.lookups, 100);
    assert_int_equal(seen.remark_count, 42);
    assert_true(strstr(seen.remarks[0].text, "needs 100 look-ups") != NULL);
    arena_free(&arena);
    arena = arena_new(100);
    seen = review("flood.example", arena);
    assert_false(seen.is_known);
    assert_int_equal(seen.remark_count, 0);
    assert_string_equal(seen.why_unknown, "memory for the review is out");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remarks),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_flood),
    };
    return cmocka_run_group_tests(tests, open_zone, close_zone);
}
