/*
 * spf: records that make libspf2 write past its buffers (CVE-2023-42118), as they are, cut to what
 * is read here, and in ten thousand mutations, each evaluated. None may crash, and a record that is
 * not good by its syntax is a permerror.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "auth/spf.h"
#include "auth/spf_record.h"
#include "dns/resolver_private.h"
#include "util/buffer.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MUTATIONS 10000

/* Every name has the record under test; e.example an explanation that is 528 octets long. */
static struct {
    struct dns_resolver resolver; /* first */
    struct dns_record record, explanation;
    struct dns_answer text, other;
    unsigned asked;
} echo;

struct echo_request {
    struct dns_request request; /* first */
    const struct dns_answer *answer;
};

static struct dns_request *echo_ask(struct dns_resolver *resolver, struct span name,
                                    enum dns_type type, enum dns_way way)
{
    static const struct dns_answer none = { .result = DNS_NXDOMAIN };
    struct echo_request *request = calloc(1, sizeof(*request));
    (void)way;
    assert_non_null(request);
    request->request.calls = resolver->calls;
    request->answer = type != DNS_TXT                                 ? &none
                      : span_is_equal_nocase(name, SPAN("e.example")) ? &echo.other
                                                                      : &echo.text;
    echo.asked++;
    return &request->request;
}

static const struct dns_answer *echo_peek(struct dns_request *request)
{
    return ((struct echo_request *)request)->answer;
}

static void echo_forget(struct dns_request *request)
{
    free(request);
}

static const struct dns_calls echo_calls = { .ask = echo_ask,
                                             .peek = echo_peek,
                                             .forget = echo_forget };

static void repeat(struct buffer *out, const char *piece, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(out, piece);
    }
}

enum { BASES = 10 };
static struct buffer bases[BASES];

/* `before`, macros and a literal, and an end that is a domain. */
static struct buffer make_base(const char *before, const char *macro, size_t macros, size_t literal)
{
    struct buffer base = BUFFER_EMPTY;
    buffer_add_text(&base, before);
    repeat(&base, macro, macros);
    repeat(&base, "A", literal);
    buffer_add_text(&base, ".example");
    assert_false(buffer_has_failed(&base));
    return base;
}

static int make_bases(void **state)
{
    static const char explanation[] = "%{d} A";
    struct buffer text = BUFFER_EMPTY;
    (void)state;
    bases[0] = make_base("v=spf1 exists:", "%{d}", 127, 3700);
    bases[1] = make_base("v=spf1 exists:", "%{d}", 64, 3700);
    bases[2] = make_base("v=spf1 include:", "%{d}", 60, 3600);
    bases[3] = make_base("v=spf1 redirect=", "%{s}", 64, 3000);
    bases[4] = make_base("v=spf1 a:", "%{S255r+-.}", 32, 200);
    bases[5] = make_base("v=spf1 mx:%{p}.", "%{i}", 30, 60);
    bases[6] = make_base("v=spf1 ptr:", "x.", 30, 62);
    bases[7] = make_base("v=spf1 exp=", "%{d}", 63, 3600);
    bases[8] = make_base("v=spf1 -all exp=", "", 0, 0);
    buffer_clear(&bases[8]);
    buffer_add_text(&bases[8], "v=spf1 -all exp=e.example");
    bases[9] = make_base("v=spf1 ip4:192.0.2.1/0 a/24//64 ?include:%{d} ~exists:%{l1r+}.%{h2} ",
                         "a:", 1, 60);
    repeat(&text, explanation, 528 / (sizeof(explanation) - 1));
    echo.explanation.data = span_of(strdup(buffer_text(&text)));
    echo.other =
        (struct dns_answer){ .result = DNS_FOUND, .count = 1, .records = &echo.explanation };
    echo.text = (struct dns_answer){ .result = DNS_FOUND, .count = 1, .records = &echo.record };
    echo.resolver.calls = &echo_calls;
    buffer_free(&text);
    return 0;
}

static int free_bases(void **state)
{
    (void)state;
    for (size_t i = 0; i < BASES; i++) {
        buffer_free(&bases[i]);
    }
    free((char *)echo.explanation.data.at);
    return 0;
}

/* What the record is by its text alone. */
static enum spf_says expected_class(struct span text)
{
    struct arena *arena = arena_new((size_t)4 << 20);
    struct dns_answer answer = { .result = DNS_FOUND,
                                 .count = 1,
                                 .records = &(struct dns_record){ .data = text } };
    struct spf_record record;
    struct span selected;
    enum spf_says says = SPF_SAYS_NONE;
    if (spf_record_select(&answer, &selected) == SPF_SELECTED) {
        assert_true(spf_record_parse(selected, arena, &record));
        says = record.fault != NULL ? SPF_SAYS_PERMERROR : SPF_SAYS_PASS;
    }
    arena_free(&arena);
    return says;
}

static enum spf_says ask(struct span text, const char *client)
{
    struct arena *arena = arena_new((size_t)64 << 10);
    struct dns_questions *questions = dns_questions_new(&echo.resolver, 200);
    struct spf_query query = { .domain = SPAN("crash.example"),
                               .sender = SPAN("some-body+x@crash.example"),
                               .helo = SPAN("mx.helo.example") };
    struct spf_answer answer;
    assert_true(ip_parse(span_of(client), &query.client));
    echo.record.data = text;
    assert_true(spf_ask(&query, questions, arena, &answer));
    assert_non_null(answer.why);
    dns_questions_free(&questions);
    arena_free(&arena);
    return answer.says;
}

static unsigned classes[SPF_SAYS_PERMERROR + 1];

static void check(struct span text, const char *client)
{
    enum spf_says expected = expected_class(text), seen = ask(text, client);
    classes[seen]++;
    if (expected == SPF_SAYS_PASS) { /* a good record: any verdict of the record's own */
        assert_true(seen != SPF_SAYS_NONE && seen != SPF_SAYS_TEMPERROR);
    } else {
        assert_int_equal(seen, expected);
    }
}

static void test_as_they_are(void **state)
{
    static const enum spf_says wanted[BASES] = {
        SPF_SAYS_PERMERROR, /* longer than what is read */
        SPF_SAYS_NEUTRAL,   /* a name too long for DNS does not exist */
        SPF_SAYS_PERMERROR, SPF_SAYS_PERMERROR, SPF_SAYS_NEUTRAL, SPF_SAYS_NEUTRAL,
        SPF_SAYS_NEUTRAL,   SPF_SAYS_NEUTRAL,   SPF_SAYS_FAIL,    SPF_SAYS_PASS,
    };
    (void)state;
    for (size_t i = 0; i < BASES; i++) {
        enum spf_says seen = ask(buffer_span(&bases[i]), "192.0.2.1");
        if (seen != wanted[i]) {
            fail_msg("record %zu: %s", i, spf_says_name(seen));
        }
    }
    unsigned asked = echo.asked;
    assert_int_equal(ask(buffer_span(&bases[8]), "192.0.2.1"), SPF_SAYS_FAIL);
    assert_int_equal(echo.asked - asked, 1); /* nobody reads the explanation */
}

/* The same in every run. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Octets that mean something in a record, more often than others. */
static char pick(uint32_t *seed)
{
    static const char some[] = "%{}/:=.-+~?_ ,rsldiphcv019aA\xff\t";
    uint32_t random = next_random(seed);
    return (random & 3) != 0 ? some[(random >> 2) % (sizeof(some) - 1)] : (char)(random >> 2);
}

static struct span mutate(const struct buffer *base, char *out, uint32_t *seed)
{
    size_t size = base->size;
    memcpy(out, base->at, size);
    for (unsigned n = 1 + next_random(seed) % 8; n > 0 && size > 8; n--) {
        size_t at = next_random(seed) % 4 == 0 ? next_random(seed) % size
                                               : 7 + next_random(seed) % (size - 7);
        switch (next_random(seed) % 4) {
        case 0:
            out[at] = pick(seed);
            break;
        case 1:
            memmove(out + at + 1, out + at, size - at);
            out[at] = pick(seed);
            size++;
            break;
        case 2:
            memmove(out + at, out + at + 1, size - at - 1);
            size--;
            break;
        default: { /* a piece goes, from the literal mostly */
            size_t piece = next_random(seed) % (size - at);
            memmove(out + at, out + at + piece, size - at - piece);
            size -= piece;
        }
        }
    }
    return (struct span){ out, size };
}

static void test_mutations(void **state)
{
    static char out[8192];
    uint32_t seed = 7208;
    (void)state;
    for (unsigned i = 0; i < MUTATIONS; i++) {
        struct span text = mutate(&bases[i % BASES], out, &seed);
        check(text, i % 3 == 0 ? "2001:db8::1" : "192.0.2.1");
    }
    for (size_t i = 0; i < COUNT(classes); i++) {
        print_message("%s %u\n", spf_says_name((enum spf_says)i), classes[i]);
    }
    assert_true(classes[SPF_SAYS_PERMERROR] > 1000 && classes[SPF_SAYS_NEUTRAL] > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_they_are),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, make_bases, free_bases);
}
