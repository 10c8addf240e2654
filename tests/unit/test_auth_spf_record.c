/*
 * spf_record: which records are read, as which terms, and what is said of those that are not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "auth/spf_macro.h"
#include "auth/spf_name.h"
#include "auth/spf_record.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int open_arena(void **state)
{
    *state = arena_new((size_t)1 << 20);
    return *state == NULL;
}

static int close_arena(void **state)
{
    struct arena *arena = *state;
    arena_free(&arena);
    return 0;
}

static const char *print_term(const struct spf_term *term, struct arena *arena)
{
    static const char *const names[] = {
        [SPF_ALL] = "all", [SPF_INCLUDE] = "include", [SPF_A] = "a",
        [SPF_MX] = "mx",   [SPF_PTR] = "ptr",         [SPF_IP4] = "ip4",
        [SPF_IP6] = "ip6", [SPF_EXISTS] = "exists",   [SPF_REDIRECT] = "redirect",
    };
    char address[IP_TEXT_MAX] = "";
    if (term->address.family != 0) {
        ip_print(&term->address, address);
    }
    return arena_printf(arena, "%c%s(%.*s%s %u %u)", term->qualifier, names[term->kind],
                        SPAN_ARG(term->target), address, term->prefix[0], term->prefix[1]);
}

static const struct {
    const char *record, *terms;
} good[] = {
    { "v=spf1", "" },
    { "V=SPF1 -ALL", "-all( 32 128)" },
    { "v=spf1   a    mx  ", "+a( 32 128) +mx( 32 128)" },
    { "v=spf1 a/24//64 -mx//0 ?a:h.example/0 ~mx:h.example//48",
      "+a( 24 64) -mx( 32 0) ?a(h.example 0 128) ~mx(h.example 32 48)" },
    { "v=spf1 ip4:192.0.2.1 ip4:192.0.2.7/24 ip6:2001:DB8::1/0 ip6:::ffff:192.0.2.1/96",
      "+ip4(192.0.2.1 32 128) +ip4(192.0.2.7 24 128) +ip6(2001:db8::1 32 0) "
      "+ip6(::ffff:c000:201 32 96)" },
    { "v=spf1 include:_spf.example.com exists:%{ir}.%{l1r-}._x.%{d2} ptr ptr:example.org.",
      "+include(_spf.example.com 32 128) +exists(%{ir}.%{l1r-}._x.%{d2} 32 128) +ptr( 32 128) "
      "+ptr(example.org. 32 128)" },
    { "v=spf1 redirect=a.example ip4:192.0.2.1 exp=e.%{o}",
      "+ip4(192.0.2.1 32 128) +redirect(a.example 0 0)" },
    { "v=spf1 x-y_z.1=%{s} moo= a=b all", "+all( 32 128)" },
    { "v=spf1 a:foo/bar.example/30", "+a(foo/bar.example 30 128)" },
    { "v=spf1 a:a.b-c a:x.1a a:%% a:%_%-", "+a(a.b-c 32 128) +a(x.1a 32 128) +a(%% 32 128) "
                                           "+a(%_%- 32 128)" },
};

static void test_good(void **state)
{
    for (size_t i = 0; i < COUNT(good); i++) {
        struct spf_record record;
        const char *seen = "";
        assert_true(spf_record_parse(span_of(good[i].record), *state, &record));
        if (record.fault != NULL) {
            fail_msg("%s: %s", good[i].record, record.fault);
        }
        for (size_t n = 0; n < record.count; n++) {
            seen = arena_printf(*state, "%s%s%s", seen, n > 0 ? " " : "",
                                print_term(&record.terms[n], *state));
        }
        assert_string_equal(seen, good[i].terms);
    }
}

static const struct {
    const char *term, *fault;
} bad[] = {
    { "ipv4:192.0.2.1", "ipv4:192.0.2.1: there is no such mechanism; ip4 is meant?" },
    { "ip:192.0.2.1", "ip4 or ip6 is meant?" },
    { "redirect:a.example", "redirect= is meant?" },
    { "spam", "no mechanism" },
    { "192.0.2.1", "no mechanism" },
    { "-", "no mechanism" },
    { "a,mx", "no mechanism" },
    { "-a=b", "no mechanism" },
    { "1a=b", "no mechanism" },
    { "all:example.org", "\"all\" takes no value" },
    { "all/24", "\"all\" takes no value" },
    { "a:", "names no domain" },
    { "a:/24", "names no domain" },
    { "a/", "is not written as it should" },
    { "a:h.example/", "does not end in a domain" },
    { "a/33", "0 to 32" },
    { "a/024", "0 to 32" },
    { "a/1000", "0 to 32" },
    { "a//129", "0 to 128" },
    { "a/24/64", "(/24, and //64 for IPv6)" },
    { "a///64", "is not written" },
    { "include", "a value is missing" },
    { "include:", "names no domain" },
    { "include:a.example/24", "does not end in a domain" },
    { "exists:h.example//64", "does not end in a domain" },
    { "ptr/24", "is not written" },
    { "mx:h.example:25", "does not end in a domain" },
    { "mx:example", "there is no dot in it" },
    { "mx:192.0.2.1", "ends in a number" },
    { "mx:h.-example", "does not end in a domain" },
    { "mx:h.example-", "does not end in a domain" },
    { "mx:h.exam_ple", "does not end in a domain" },
    { "ip4", "a value is missing" },
    { "ip4/24", "is not written" },
    { "ip4:", "no IPv4 address" },
    { "ip4:192.0.2", "no IPv4 address" },
    { "ip4:192.0.2.01", "no IPv4 address" },
    { "ip4:192.0.2.1/", "0 to 32" },
    { "ip4:192.0.2.0/24//64", "0 to 32" },
    { "ip4:2001:db8::1", "no IPv4 address" },
    { "ip4:::ffff:192.0.2.1", "no IPv4 address" },
    { "ip4:[192.0.2.1]", "no IPv4 address" },
    { "ip6:192.0.2.1", "no IPv6 address" },
    { "ip6:[2001:db8::1]", "no IPv6 address" },
    { "ip6:IPv6:2001:db8::1", "no IPv6 address" },
    { "ip6:2001:db8::1/129", "0 to 128" },
    { "redirect=a.example redirect=b.example", "one redirect" },
    { "exp=a.example exp=a.example", "one exp" },
    { "redirect=", "names no domain" },
    { "exp=%{r}.example", "only explanations" },
    { "exists:%{c}.example", "only explanations" },
    { "exists:%{x}.example", "a letter that there is not" },
    { "exists:%{}.example", "not written %{LETTER...}" },
    { "exists:%{d", "not written %{LETTER...}" },
    { "exists:%{d0}", "keeps 0 labels" },
    { "exists:%{d.r}", "not written %{LETTER...}" },
    { "exists:%d.example", "begins no macro" },
    { "exists:a.%", "begins no macro" },
    { "x=%", "begins no macro" },
    { "a:\xc3\xa4.example", "no printable character" },
    { "a\ta", "a\\x09a: has an octet" },
};

static void test_bad(void **state)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct spf_record record;
        const char *text = arena_printf(*state, "v=spf1 +all %s -all", bad[i].term);
        assert_true(spf_record_parse(span_of(text), *state, &record));
        if (record.fault == NULL || strstr(record.fault, bad[i].fault) == NULL) {
            fail_msg("%s: %s", bad[i].term, record.fault != NULL ? record.fault : "no fault");
        }
        assert_false(record.is_unread);
    }
}

/* `count` times `piece` behind "v=spf1 ". */
static struct span repeat(const char *piece, size_t count, struct arena *arena)
{
    size_t size = strlen(piece);
    char *text = arena_alloc(arena, 8 + size * count);
    assert_non_null(text);
    memcpy(text, "v=spf1 ", 7);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + 7 + i * size, piece, size);
    }
    return (struct span){ text, 7 + size * count };
}

static void test_bounds(void **state)
{
    struct spf_record record;
    assert_true(spf_record_parse(repeat("a ", 2044, *state), *state, &record));
    assert_null(record.fault);
    assert_int_equal(record.count, 2044);
    assert_true(spf_record_parse(repeat("a ", 2045, *state), *state, &record));
    assert_true(record.is_unread);
    assert_string_equal(record.fault, "the record has 4097 octets; over 4096 are not read");
    assert_true(spf_record_parse(repeat("a:%{d} ", 64, *state), *state, &record));
    assert_null(record.fault);
    assert_true(spf_record_parse(repeat("a:%{d} ", 65, *state), *state, &record));
    assert_true(record.is_unread);
    assert_string_equal(record.fault, "the record has 65 macros; over 64 are not read");
    /* A fault of syntax is told before. */
    assert_true(spf_record_parse(repeat("a:%{d} x ", 65, *state), *state, &record));
    assert_false(record.is_unread);
}

static void test_memory(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 3000; bytes += 100) {
        struct arena *arena = arena_new(bytes);
        struct spf_record record;
        assert_non_null(arena);
        bool is_read = spf_record_parse(SPAN("v=spf1 a mx a:x.example spam"), arena, &record);
        assert_true(is_read ? record.fault != NULL : arena_is_exhausted(arena));
        arena_free(&arena);
    }
}

static void test_selection(void **state)
{
    static const struct {
        const char *texts[3];
        enum spf_selection wanted;
    } cases[] = {
        { { "v=spf1 -all" }, SPF_SELECTED },
        { { "v=spf1" }, SPF_SELECTED },
        { { "hello", "V=spf1 a", "v=spf10 a" }, SPF_SELECTED },
        { { "v=spf1\ta", "v=spf1a", " v=spf1 a" }, SPF_NO_RECORD },
        { { "", "spf2.0/pra a" }, SPF_NO_RECORD },
        { { "v=spf1 a", "x", "v=spf1 a" }, SPF_SEVERAL_RECORDS },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dns_record records[3];
        struct dns_answer answer = { .result = DNS_FOUND, .records = records };
        struct span text;
        while (answer.count < 3 && cases[i].texts[answer.count] != NULL) {
            records[answer.count] =
                (struct dns_record){ .data = span_of(cases[i].texts[answer.count]) };
            answer.count++;
        }
        assert_int_equal(spf_record_select(&answer, &text), cases[i].wanted);
    }
}

static void test_shown(void **state)
{
    char text[100];
    memset(text, 'x', sizeof(text));
    text[0] = '\n';
    const char *shown = spf_shown((struct span){ text, sizeof(text) }, *state);
    assert_int_equal(strlen(shown), 79 + 4 + 3);
    assert_memory_equal(shown, "\\x0Axxx", 7);
    assert_string_equal(shown + strlen(shown) - 4, "x...");
}

/* RFC 7208 7.4, and what it does not show. */
static const struct {
    const char *text, *expanded;
} macros[] = {
    { "%{s}", "strong-bad@email.example.com" },
    { "%{o}", "email.example.com" },
    { "%{d}", "email.example.com" },
    { "%{d4}", "email.example.com" },
    { "%{d3}", "email.example.com" },
    { "%{d2}", "example.com" },
    { "%{d1}", "com" },
    { "%{d999999999999}", "email.example.com" },
    { "%{dr}", "com.example.email" },
    { "%{d2r}", "example.email" },
    { "%{l}", "strong-bad" },
    { "%{l-}", "strong.bad" },
    { "%{lr}", "strong-bad" },
    { "%{lr-}", "bad.strong" },
    { "%{l1r-}", "strong" },
    { "%{h}", "mx.helo.example" },
    { "%{p}", "mx.example.org" },
    { "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com" },
    { "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com" },
    { "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com" },
    { "%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net" },
    { "%{S}", "strong-bad%40email.example.com" },
    { "%{L-}%%%_%-x.", "strong.bad% %20x" },
    { "%{s1-=}.%{D2R}", "bad@email.example.com.example.email" },
};

static void test_macros(void **state)
{
    struct spf_macro_values values = { .local = SPAN("strong-bad"),
                                       .sender_domain = SPAN("email.example.com"),
                                       .domain = SPAN("email.example.com"),
                                       .helo = SPAN("mx.helo.example"),
                                       .validated = SPAN("mx.example.org"),
                                       .client = { 4, { 192, 0, 2, 3 } } };
    for (size_t i = 0; i < COUNT(macros); i++) {
        struct span seen = spf_macro_expand(span_of(macros[i].text), &values, *state);
        if (!span_is_equal(seen, span_of(macros[i].expanded))) {
            fail_msg("%s: %.*s, not %s", macros[i].text, SPAN_ARG(seen), macros[i].expanded);
        }
    }
    assert_true(ip_parse(SPAN("2001:db8::cb01"), &values.client));
    struct span seen = spf_macro_expand(SPAN("%{ir}.%{v}._spf.%{d2}"), &values, *state);
    assert_true(span_is_equal(seen, SPAN("1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0."
                                         "1.0.0.2.ip6._spf.example.com")));
}

/* 7.3: over 253 octets labels go from the left; one that is too long stays. */
static void test_long_names(void **state)
{
    char local[300];
    struct spf_macro_values values = { .local = { local, 240 },
                                       .domain = SPAN("d.example"),
                                       .helo = SPAN("h") };
    memset(local, 'x', sizeof(local));
    local[3] = local[60] = '.';
    struct span seen = spf_macro_expand(SPAN("%{l}.%{h}.12.%{d}"), &values, *state);
    assert_int_equal(seen.size, 240 - 4 + 15);
    assert_memory_equal(seen.at, "xxxx", 4);
    values.local = (struct span){ local + 61, 239 };
    seen = spf_macro_expand(SPAN("%{l}.%{l}"), &values, *state);
    assert_int_equal(seen.size, 239);
    values.local = (struct span){ local + 61, 239 };
    seen = spf_macro_expand(SPAN("%{l}%{l}"), &values, *state);
    assert_int_equal(seen.size, 478);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_bad, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_bounds, open_arena, close_arena),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_selection),
        cmocka_unit_test_setup_teardown(test_shown, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_macros, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_long_names, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
