/*
 * spf: verdicts, and what is told with them: the term or fault, look-ups counted over includes and
 * redirects, how long it holds, whom it depends on, where receivers differ. And in how many rounds
 * of waiting a tree of records is there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/spf_private.h"
#include "dns/resolver_private.h"
#include "dns/scripted.h"
#include "util/buffer.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char zone[] =
    "plain.example         TXT \"v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/32 -all\"\n"
    "plain.example         TTL 60\n"
    "plain.example         TXT \"another text\"\n"
    "empty.example         TXT \"v=spf1\"\n"
    "none.example          TXT \"hello\"\n"
    "two.example           TXT \"v=spf1 a\"\n"
    "two.example           TXT \"v=spf1 mx\"\n"
    "slow.example          TXT TIMEOUT\n"
    "sick.example          TXT SERVFAIL\n"
    "forged.example        TXT BOGUS\n"
    "typo.example          TXT \"v=spf1 a ipv4:192.0.2.1 -all\"\n"
    /* Order, qualifiers, redirect behind everything. */
    "order.example         TXT \"v=spf1 redirect=plain.example ?ip4:192.0.2.1 ~ip4:192.0.2.2\"\n"
    "lost.example          TXT \"v=spf1 redirect=none.example\"\n"
    "inc.example           TXT \"v=spf1 include:plain.example ~all\"\n"
    "incnone.example       TXT \"v=spf1 include:none.example ~all\"\n"
    "incslow.example       TXT \"v=spf1 ip4:192.0.2.9 include:slow.example ~all\"\n"
    "incbad.example        TXT \"v=spf1 ip4:192.0.2.9 include:typo.example ~all\"\n"
    "loop.example          TXT \"v=spf1 ip4:192.0.2.9 include:loop2.example -all\"\n"
    "loop2.example         TXT \"v=spf1 redirect=loop.example\"\n"
    /* Hosts. */
    "hosts.example         TXT \"v=spf1 a:w.example/30 mx:m.example//64 -all\"\n"
    "w.example             A   192.0.2.17\n"
    "m.example             MX  10 m1.example\n"
    "m.example             MX  20 m2.example\n"
    "m.example             MX  30 m3.example\n"
    "m1.example            A   192.0.2.33\n"
    "m2.example            A   192.0.2.34\n"
    "m2.example            AAAA 2001:db8:9::1\n"
    "m3.example            A   192.0.2.35\n"
    "zero.example          TXT \"v=spf1 a:w.example/0 -all\"\n"
    "zero6.example         TXT \"v=spf1 -a:none.example/0 ip6:::/0 -all\"\n"
    "nomx.example          TXT \"v=spf1 mx -all\"\n"
    "nomx.example          MX  0 .\n"
    "manymx.example        TXT \"v=spf1 mx -all\"\n"
    "%s" /* eleven MX of manymx.example */
    "reverse.example       TXT \"v=spf1 ptr:r.example -all\"\n"
    "8.2.0.192.in-addr.arpa PTR liar.r.example\n"
    "8.2.0.192.in-addr.arpa PTR host.r.example\n"
    "8.2.0.192.in-addr.arpa PTR gone.r.example\n"
    "host.r.example        A   192.0.2.8\n"
    "liar.r.example        A   192.0.2.7\n"
    "gone.r.example        A   SERVFAIL\n"
    "5.2.0.192.in-addr.arpa PTR SERVFAIL\n"
    "4.2.0.192.in-addr.arpa PTR r.example\n"
    "r.example             A   192.0.2.4\n"
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR v6.r.example\n"
    "v6.r.example          AAAA 2001:db8:5::1\n"
    /* Macros. */
    "user.example          TXT \"v=spf1 ip4:192.0.2.1 exists:%%{l}._u.example -all\"\n"
    "bob._u.example        A   127.0.0.2\n"
    "helo.example          TXT \"v=spf1 exists:%%{h} -all\"\n"
    "addr.example          TXT \"v=spf1 exists:%%{ir}._a.example -all\"\n"
    "1.2.0.192._a.example  A   127.0.0.2\n"
    "named.example         TXT \"v=spf1 exists:%%{p}._p.example -all\"\n"
    "host.r.example._p.example A 127.0.0.2\n"
    "odd.example           TXT \"v=spf1 ip4:192.0.2.1 include:%%{l}.x.example -all\"\n"
    "a/b.x.example         TXT \"v=spf1 ip4:192.0.2.4 -all\"\n"
    "orgl.example          TXT \"v=spf1 exists:%%{o}.x.example -all\"\n"
    /* Limits: ten terms over all records, two of them void. */
    "ten.example           TXT \"v=spf1 include:five.example include:three.example a:w.example "
    "-all\"\n"
    "eleven.example        TXT \"v=spf1 include:five.example include:five.example -all\"\n"
    "eager.example         TXT \"v=spf1 a:h1.example a:h1.example a:h1.example a:h1.example "
    "a:h1.example a:h1.example a:h1.example a:h1.example a:h1.example a:w.example "
    "redirect=plain.example\"\n"
    "h1.example            A   192.0.2.200\n"
    "five.example          TXT \"v=spf1 a:w.example a:w.example a:w.example a:w.example "
    "a:w.example "
    "?all\"\n"
    "three.example         TXT \"v=spf1 a:w.example a:w.example -all\"\n"
    "void2.example         TXT \"v=spf1 a:n1.none.example mx:n2.none.example ip4:192.0.2.1 -all\"\n"
    "void3.example         TXT \"v=spf1 a:n1.none.example exists:n2.none.example "
    "include:void1.example -all\"\n"
    "void1.example         TXT \"v=spf1 a:n3.none.example ?all\"\n"
    "long.example          TXT \"v=spf1 %s -all\"\n"
    "toolong.example       TXT \"v=spf1 %s -all\"\n";

static struct dns_resolver *resolver;

static void add_addresses(struct buffer *out, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        buffer_printf(out, " ip4:10.0.%u.%u", i / 250, i % 250);
    }
}

static int open_zone(void **state)
{
    struct buffer text = BUFFER_EMPTY, mx = BUFFER_EMPTY, some = BUFFER_EMPTY, many = BUFFER_EMPTY;
    struct error error = { "" };
    (void)state;
    for (unsigned i = 0; i < 11; i++) {
        buffer_printf(&mx, "manymx.example MX 10 x%u.example\nx%u.example A 192.0.2.%u\n", i, i, i);
    }
    add_addresses(&some, 200);
    add_addresses(&many, 400);
    buffer_printf(&text, zone, buffer_text(&mx), buffer_text(&some), buffer_text(&many));
    resolver = dns_scripted_new(buffer_span(&text), &clock_system, &error);
    if (resolver == NULL) {
        print_error("%s\n", error.text);
    }
    buffer_free(&text);
    buffer_free(&mx);
    buffer_free(&some);
    buffer_free(&many);
    return resolver == NULL;
}

static int close_zone(void **state)
{
    (void)state;
    dns_resolver_free(&resolver);
    return 0;
}

#define PTR_DIFFERS " (some receivers end where names of the address fail or are over ten)"

/* "VERDICT LOOK-UPS/VOIDS [personal] [ambiguous]: WHY" */
static const struct verdict {
    const char *domain, *client, *sender, *wanted;
} verdicts[] = {
    { "plain.example", "192.0.2.15", NULL, "pass 0/0: ip4:192.0.2.0/28" },
    { "Plain.Example.", "192.0.2.16", NULL, "fail 0/0: -all" },
    { "plain.example", "2001:db8:1::1", NULL, "pass 0/0: ip6:2001:db8::/32" },
    { "plain.example", "::ffff:192.0.2.1", NULL, "pass 0/0: ip4:192.0.2.0/28" },
    { "plain.example", "127.0.0.1", NULL, "fail 0/0: -all" },
    { "plain.example", "::1", NULL, "fail 0/0: -all" },
    { "empty.example", "192.0.2.1", NULL, "neutral 0/0: no term of the record matches" },
    { "none.example", "192.0.2.1", NULL, "none 0/0: none.example has no SPF record" },
    { "missing.example", "192.0.2.1", NULL, "none 0/0: missing.example has no SPF record" },
    { "localhost", "192.0.2.1", NULL, "none 0/0: localhost is no domain" },
    { "[192.0.2.1]", "192.0.2.1", NULL, "none 0/0: [192.0.2.1] is no domain" },
    { "", "192.0.2.1", NULL, "none 0/0:  is no domain" },
    { "two.example", "192.0.2.1", NULL, "permerror 0/0: two.example has more than one SPF record" },
    { "slow.example", "192.0.2.1", NULL, "temperror 0/0: TXT of slow.example: no answer in time" },
    { "sick.example", "192.0.2.1", NULL,
      "temperror 0/0: TXT of sick.example: its name servers fail" },
    { "forged.example", "192.0.2.1", NULL,
      "temperror 0/0 ambiguous: TXT of forged.example: DNSSEC finds it forged (receivers that do "
      "not look at DNSSEC go by the answer)" },
    { "typo.example", "192.0.2.1", NULL,
      "permerror 0/0: record of typo.example: ipv4:192.0.2.1: there is no such mechanism; ip4 is "
      "meant?" },

    { "order.example", "192.0.2.1", NULL, "neutral 0/0: ?ip4:192.0.2.1" },
    { "order.example", "192.0.2.2", NULL, "softfail 0/0: ~ip4:192.0.2.2" },
    { "order.example", "192.0.2.3", NULL,
      "pass 1/0: ip4:192.0.2.0/28 in the record of plain.example" },
    { "lost.example", "192.0.2.1", NULL,
      "permerror 1/0: redirect=none.example: there is no SPF record" },
    { "inc.example", "192.0.2.1", NULL,
      "pass 1/0: ip4:192.0.2.0/28 in the record of plain.example" },
    { "inc.example", "198.51.100.1", NULL, "softfail 1/0: ~all" },
    { "incnone.example", "192.0.2.1", NULL,
      "permerror 1/0: include:none.example: there is no SPF record" },
    { "incslow.example", "192.0.2.1", NULL,
      "temperror 1/0: TXT of slow.example: no answer in time" },
    { "incslow.example", "192.0.2.9", NULL, "pass 0/0: ip4:192.0.2.9" },
    { "incbad.example", "192.0.2.1", NULL,
      "permerror 1/0: record of typo.example: ipv4:192.0.2.1: there is no such mechanism; ip4 is "
      "meant?" },
    { "loop.example", "192.0.2.1", NULL,
      "permerror 2/0: redirect=loop.example in the record of loop2.example: leads back to itself" },
    { "loop.example", "192.0.2.9", NULL, "pass 0/0: ip4:192.0.2.9" },

    { "hosts.example", "192.0.2.19", NULL, "pass 1/0: a:w.example/30" },
    { "hosts.example", "192.0.2.34", NULL, "pass 2/0: mx:m.example//64" },
    { "hosts.example", "192.0.2.36", NULL, "fail 2/0: -all" },
    /* Without AAAA: w.example, m1 and m3. */
    { "hosts.example", "2001:db8:9::2", NULL, "pass 2/1: mx:m.example//64" },
    { "hosts.example", "2001:db8:8::2", NULL,
      "fail 2/1 ambiguous: -all (some receivers count look-ups without an answer of hosts behind "
      "mx and ptr, too)" },
    { "zero.example", "198.51.100.1", NULL, "pass 1/0: a:w.example/0" },
    { "zero.example", "2001:db8::1", NULL, "fail 1/1: -all" },
    { "zero6.example", "2001:db8::1", NULL, "pass 1/1: ip6:::/0" },
    { "nomx.example", "192.0.2.1", NULL, "fail 1/0: -all" },
    { "manymx.example", "192.0.2.1", NULL,
      "permerror 1/0 ambiguous: more than 10 mail exchangers: mx in the record of manymx.example "
      "(some receivers look at the first ten)" },
    { "reverse.example", "192.0.2.8", NULL, "pass 1/0 ambiguous: ptr:r.example" PTR_DIFFERS },
    { "reverse.example", "192.0.2.7", NULL, "fail 1/1: -all" },
    { "reverse.example", "192.0.2.5", NULL, "fail 1/0 ambiguous: -all" PTR_DIFFERS },
    { "reverse.example", "192.0.2.4", NULL, "pass 1/0: ptr:r.example" },

    { "reverse.example", "2001:db8:5::1", NULL, "pass 1/0: ptr:r.example" },
    { "user.example", "192.0.2.1", "bob@user.example", "pass 0/0: ip4:192.0.2.1" },
    { "user.example", "192.0.2.2", "bob@user.example",
      "pass 1/0 personal: exists:%{l}._u.example" },
    { "user.example", "192.0.2.2", "eve@user.example", "fail 1/1 personal: -all" },
    { "user.example", "192.0.2.2", NULL, "fail 1/1 personal: -all" },
    { "helo.example", "192.0.2.2", NULL, "pass 1/0 personal: exists:%{h}" },
    { "addr.example", "192.0.2.1", NULL, "pass 1/0: exists:%{ir}._a.example" },
    { "addr.example", "192.0.2.2", NULL, "fail 1/1: -all" },
    { "named.example", "192.0.2.8", NULL,
      "pass 1/0 ambiguous: exists:%{p}._p.example" PTR_DIFFERS },
    { "named.example", "192.0.2.5", NULL, "fail 1/1 ambiguous: -all" PTR_DIFFERS },
    { "named.example", "192.0.2.7", NULL, "fail 1/1: -all" },
    { "odd.example", "192.0.2.4", "a/b@odd.example",
      "pass 1/0 personal: ip4:192.0.2.4 in the record of a/b.x.example" },
    { "odd.example", "192.0.2.4", ".@odd.example",
      "permerror 1/0 personal: include:%{l}.x.example: there can be no such domain" },
    { "orgl.example", "192.0.2.4", "a@orgl.example", "fail 1/1: -all" },
    { "orgl.example", "192.0.2.4", "a@x.example", "fail 1/1 personal: -all" },

    { "ten.example", "192.0.2.1", NULL, "fail 10/0: -all" },
    { "eleven.example", "192.0.2.1", NULL,
      "permerror 10/0: more than 10 terms that ask DNS: a:w.example in the record of "
      "five.example" },
    { "eleven.example", "192.0.2.17", NULL, "pass 2/0: a:w.example in the record of five.example" },
    { "eager.example", "192.0.2.17", NULL,
      "pass 10/0 ambiguous: a:w.example (some receivers count redirect among the ten look-ups "
      "before they need it)" },
    { "void2.example", "192.0.2.1", NULL, "pass 2/2: ip4:192.0.2.1" },
    { "void3.example", "192.0.2.1", NULL,
      "permerror 4/3 ambiguous: more than 2 look-ups without an answer: a:n3.none.example in the "
      "record of void1.example (not every receiver limits look-ups without an answer)" },
    { "long.example", "10.0.0.199", NULL, "pass 0/0: ip4:10.0.0.199" },
    { "long.example", "10.0.0.200", NULL, "fail 0/0: -all" },
    { "toolong.example", "10.0.0.0", NULL,
      "permerror 0/0 ambiguous: record of toolong.example: the record has 5792 octets; over 4096 "
      "are not read (some receivers read it)" },
};

static struct spf_query query_of(const struct verdict *verdict)
{
    struct spf_query query = { .domain = span_of(verdict->domain),
                               .sender = span_of(verdict->sender),
                               .helo = SPAN("w.example") };
    ip_parse(span_of(verdict->client), &query.client);
    return query;
}

/* Fit for any thread. */
static bool comes_out(const struct verdict *wanted)
{
    struct arena *arena = arena_new((size_t)64 << 10);
    struct dns_questions *questions = dns_questions_new(resolver, SPF_QUESTIONS_MAX);
    struct spf_query query = query_of(wanted);
    struct spf_answer seen;
    while (!spf_ask(&query, questions, arena, &seen)) {
        dns_questions_wait(questions, 0);
    }
    const char *text = arena_printf(arena, "%s %u/%u%s%s: %s", spf_says_name(seen.says),
                                    seen.lookups, seen.voids, seen.is_personal ? " personal" : "",
                                    seen.is_unambiguous ? "" : " ambiguous", seen.why);
    bool is_right = text != NULL && strcmp(text, wanted->wanted) == 0;
    if (!is_right) {
        print_error("%s %s: %s\n", wanted->domain, wanted->client, text);
    }
    dns_questions_free(&questions);
    arena_free(&arena);
    return is_right;
}

static void test_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(verdicts); i++) {
        assert_true(comes_out(&verdicts[i]));
    }
}

/* What libspf2 makes of each of them that it is asked about. */
static void test_library(void **state)
{
    unsigned asked = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(verdicts); i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct dns_questions *questions = dns_questions_new(resolver, SPF_QUESTIONS_MAX);
        struct spf_query query = query_of(&verdicts[i]);
        struct spf_walk walk;
        enum spf_says says, library;
        while (!spf_walk(&query, questions, arena, &walk, &says)) {
            assert_true(dns_questions_wait(questions, 0));
        }
        if (walk.visits != NULL && says != SPF_SAYS_PERMERROR && says != SPF_SAYS_TEMPERROR &&
            spf_library_judge(&walk, &library)) {
            assert_string_equal(spf_says_name(library), spf_says_name(says));
            asked++;
        }
        dns_questions_free(&questions);
        arena_free(&arena);
    }
    assert_true(asked > 40); /* of those that are not errors nearly all */
}

static void test_lifetime(void **state)
{
    struct arena *arena = arena_new((size_t)64 << 10);
    struct dns_questions *questions = dns_questions_new(resolver, SPF_QUESTIONS_MAX);
    struct spf_query query = { .client = { 4, { 192, 0, 2, 1 } } };
    struct spf_answer answer;
    (void)state;
    query.domain = SPAN("inc.example");
    assert_true(spf_ask(&query, questions, arena, &answer));
    assert_int_equal(answer.ttl_s, 60); /* of plain.example, the shorter */
    query.domain = SPAN("localhost");   /* DNS was not asked */
    assert_true(spf_ask(&query, questions, arena, &answer));
    assert_int_equal(answer.ttl_s, 86400);
    query.domain = SPAN("slow.example");
    assert_false(spf_ask(&query, questions, arena, &answer));
    dns_questions_wait(questions, 0);
    assert_true(spf_ask(&query, questions, arena, &answer));
    assert_true(answer.ttl_s <= 30);
    dns_questions_free(&questions);
    /* A HELO that is not told. */
    questions = dns_questions_new(resolver, SPF_QUESTIONS_MAX);
    query.domain = SPAN("helo.example");
    assert_true(spf_ask(&query, questions, arena, &answer));
    assert_false(answer.is_unambiguous);
    assert_string_equal(answer.why, "-all (it depends on the name in HELO, which nobody told)");
    dns_questions_free(&questions);
    /* Nobody to ask. */
    assert_true(spf_ask(&query, NULL, arena, &answer));
    assert_int_equal(answer.says, SPF_SAYS_TEMPERROR);
    assert_true(answer.ttl_s <= 30);
    arena_free(&arena);
}

static void test_memory(void **state)
{
    struct arena *arena = arena_new(10);
    struct dns_questions *questions = dns_questions_new(resolver, SPF_QUESTIONS_MAX);
    struct spf_query query = { .client = { 4, { 192, 0, 2, 1 } }, .domain = SPAN("plain.example") };
    struct spf_answer answer;
    (void)state;
    assert_true(spf_ask(&query, questions, arena, &answer));
    assert_int_equal(answer.says, SPF_SAYS_TEMPERROR);
    assert_string_equal(answer.why, "memory for the answer is out");
    dns_questions_free(&questions);
    arena_free(&arena);
}

/* The walk ends in a verdict however little memory it has, and in TEMPERROR where it was too
 * little.
 */
static void test_scarce_memory(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 20000; bytes += 500) {
        struct arena *arena = arena_new(bytes);
        struct dns_questions *questions = dns_questions_new(resolver, SPF_QUESTIONS_MAX);
        struct spf_query query = { .client = { 4, { 192, 0, 2, 8 } },
                                   .domain = SPAN("named.example") };
        struct spf_walk walk;
        enum spf_says says;
        assert_true(spf_walk(&query, questions, arena, &walk, &says));
        assert_non_null(walk.why);
        assert_int_equal(says, walk.is_starved ? SPF_SAYS_TEMPERROR : SPF_SAYS_PASS);
        assert_true(walk.is_starved || bytes > 0);
        dns_questions_free(&questions);
        arena_free(&arena);
    }
}

/* --- rounds: a resolver whose answers come when the round they were asked in is over -------------
 */

struct late_request {
    struct dns_request request; /* first */
    struct dns_request *inner;
    unsigned round;
};

static struct {
    struct dns_resolver resolver;
    unsigned round;
} late;

static struct dns_request *late_ask(struct dns_resolver *self, struct span name, enum dns_type type,
                                    enum dns_way way)
{
    struct late_request *request = calloc(1, sizeof(*request));
    (void)way;
    assert_non_null(request);
    request->request.calls = self->calls;
    request->inner = dns_ask(resolver, name, type);
    request->round = late.round;
    return &request->request;
}

static const struct dns_answer *late_peek(struct dns_request *request)
{
    struct late_request *self = (struct late_request *)request;
    return self->round < late.round ? dns_peek(self->inner) : NULL;
}

static const struct dns_answer *late_collect(struct dns_request *request, uint64_t deadline_ns)
{
    struct late_request *self = (struct late_request *)request;
    self->round = 0;
    return dns_collect(self->inner, deadline_ns);
}

static void late_forget(struct dns_request *request)
{
    struct late_request *self = (struct late_request *)request;
    dns_forget(&self->inner);
    free(self);
}

static const struct dns_calls late_calls = {
    .ask = late_ask, .peek = late_peek, .collect = late_collect, .forget = late_forget
};

static void test_rounds(void **state)
{
    static const struct {
        const char *domain, *client;
        unsigned rounds, questions;
        enum spf_says says;
    } cases[] = {
        { "plain.example", "192.0.2.1", 1, 1, SPF_SAYS_PASS },
        { "inc.example", "192.0.2.99", 2, 2, SPF_SAYS_SOFTFAIL },
        /* Its own record; a and mx together; the hosts of mx together. */
        { "hosts.example", "192.0.2.99", 3, 6, SPF_SAYS_FAIL },
        /* Both includes and a at once; what they name, at once. */
        { "ten.example", "192.0.2.99", 2, 4, SPF_SAYS_FAIL },
        { "named.example", "192.0.2.8", 4, 6, SPF_SAYS_PASS },
        { "void3.example", "192.0.2.1", 3, 5, SPF_SAYS_PERMERROR },
        /* An address that decides keeps what is behind it from being asked. */
        { "loop.example", "192.0.2.9", 1, 1, SPF_SAYS_PASS },
    };
    (void)state;
    late.resolver.calls = &late_calls;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena *arena = arena_new((size_t)64 << 10);
        struct dns_questions *questions = dns_questions_new(&late.resolver, SPF_QUESTIONS_MAX);
        struct spf_query query = { .domain = span_of(cases[i].domain) };
        struct spf_answer answer;
        assert_true(ip_parse(span_of(cases[i].client), &query.client));
        unsigned rounds = 0;
        late.round = 1;
        while (!spf_ask(&query, questions, arena, &answer)) {
            rounds++;
            late.round++;
        }
        assert_int_equal(answer.says, cases[i].says);
        if (rounds != cases[i].rounds || dns_questions_count(questions) != cases[i].questions) {
            fail_msg("%s: %u rounds, %u questions", cases[i].domain, rounds,
                     dns_questions_count(questions));
        }
        dns_questions_free(&questions);
        arena_free(&arena);
    }
}

static void *ask_all(void *wrong)
{
    for (size_t i = 0; i < COUNT(verdicts); i++) {
        *(unsigned *)wrong += !comes_out(&verdicts[i]);
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[4];
    unsigned wrong[COUNT(threads)] = { 0 };
    (void)state;
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_all, &wrong[i]), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),      cmocka_unit_test(test_library),
        cmocka_unit_test(test_lifetime),      cmocka_unit_test(test_memory),
        cmocka_unit_test(test_scarce_memory), cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, open_zone, close_zone);
}
