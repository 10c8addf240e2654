/*
 * forecast: what receivers conclude from SPF, what we sign with, and the From domain's policy; when
 * a failure is certain, and what the line says.
 */
#include <stdlib.h>

#include "auth/forecast.h"
#include "auth/organization.h"
#include "dns/resolver_private.h"
#include "test_auth_support.h"

#define ADDRESSES_MAX 3
#define SIGNATURES_MAX 5
#define REJECT(name) "_dmarc." name " TXT \"v=DMARC1; p=reject\"\n"
#define SPF(name, terms) name " TXT \"v=spf1 " terms "\"\n"
#define ONE                                                                                        \
    {                                                                                              \
        "192.0.2.1"                                                                                \
    }
#define TWO                                                                                        \
    {                                                                                              \
        "192.0.2.1", "2001:db8::7"                                                                 \
    }

static const struct {
    const char *name;
    const char *zone;
    const char *from, *envelope;
    const char *addresses[ADDRESSES_MAX + 1];
    const char *helo;
    const char *signatures[SIGNATURES_MAX + 1];
    bool is_doubtful;
    enum forecast_spf spf;
    enum forecast_dmarc dmarc;
    const char *spf_failing;
    const char *why; /* part of it */
} rows[] = {
    { .name = "no record, nothing asked",
      .from = "example.org",
      .envelope = "example.org",
      .addresses = ONE,
      .spf = FORECAST_SPF_NONE,
      .dmarc = FORECAST_DMARC_NONE,
      .spf_failing = "192.0.2.1" },
    { .name = "SPF passes, aligned",
      .zone = REJECT("example.org") SPF("example.org", "ip4:192.0.2.1 -all"),
      .from = "example.org",
      .envelope = "example.org",
      .addresses = ONE,
      .spf = FORECAST_SPF_PASS,
      .dmarc = FORECAST_DMARC_PASS },
    { .name = "SPF passes from both",
      .zone = REJECT("example.org") SPF("example.org", "ip4:192.0.2.1 ip6:2001:db8::7 -all"),
      .from = "a.example.org",
      .envelope = "example.org",
      .addresses = TWO,
      .spf = FORECAST_SPF_PASS,
      .dmarc = FORECAST_DMARC_PASS },
    { .name = "SPF passes, not aligned",
      .zone = REJECT("example.org") SPF("mail.example.net", "ip4:192.0.2.1 -all"),
      .from = "example.org",
      .envelope = "mail.example.net",
      .addresses = ONE,
      .spf = FORECAST_SPF_PASS,
      .dmarc = FORECAST_DMARC_FAIL,
      .why = "example.org publishes p=reject; SPF passes for mail.example.net (not aligned), no "
             "signature of example.org: sign with a key of example.org or send with an envelope "
             "sender there" },
    { .name = "an aligned signature is enough",
      .zone = REJECT("example.org") SPF("example.org", "-all"),
      .from = "example.org",
      .envelope = "example.org",
      .addresses = ONE,
      .signatures = { "example.net", "a.example.org" },
      .spf = FORECAST_SPF_FAIL,
      .dmarc = FORECAST_DMARC_PASS,
      .spf_failing = "192.0.2.1" },
    { .name = "neither",
      .zone = REJECT("example.org") SPF("example.org", "-all"),
      .from = "example.org",
      .envelope = "example.org",
      .addresses = ONE,
      .signatures = { "example.net" },
      .spf = FORECAST_SPF_FAIL,
      .dmarc = FORECAST_DMARC_FAIL,
      .spf_failing = "192.0.2.1",
      .why = "SPF does not pass for example.org, signed by example.net (not aligned): sign with a "
             "key of example.org or let the SPF record of example.org allow 192.0.2.1" },
    { .name = "many signatures",
      .zone = REJECT("example.org"),
      .from = "example.org",
      .envelope = "example.net",
      .addresses = ONE,
      .signatures = { "a.example", "b.example", "c.example", "d.example" },
      .spf = FORECAST_SPF_NONE,
      .dmarc = FORECAST_DMARC_FAIL,
      .spf_failing = "192.0.2.1",
      .why =
          "example.net has no SPF record, signed by a.example, b.example, c.example and others" },
    { .name = "softfail and neutral do not pass",
      .zone = REJECT("example.org") SPF("example.org", "~all"),
      .from = "example.org",
      .envelope = "example.org",
      .addresses = TWO,
      .spf = FORECAST_SPF_FAIL,
      .dmarc = FORECAST_DMARC_FAIL,
      .spf_failing = "192.0.2.1, 2001:db8::7",
      .why = "let the SPF record of example.org allow 192.0.2.1, 2001:db8::7" },
    { .name = "SPF passes from one of two, aligned",
      .zone = REJECT("example.org") SPF("example.org", "ip4:192.0.2.1 -all"),
      .from = "example.org",
      .envelope = "example.org",
      .addresses = TWO,
      .spf = FORECAST_SPF_UNKNOWN,
      .dmarc = FORECAST_DMARC_UNKNOWN,
      .spf_failing = "2001:db8::7",
      .why = "SPF does not pass for example.org from 2001:db8::7, no signature of example.org: not "
             "all receivers will see SPF pass" },
    { .name = "SPF passes from one of two, not aligned",
      .zone = REJECT("example.org") SPF("example.net", "ip4:192.0.2.1 -all"),
      .from = "example.org",
      .envelope = "example.net",
      .addresses = TWO,
      .spf = FORECAST_SPF_UNKNOWN,
      .dmarc = FORECAST_DMARC_FAIL,
      .spf_failing = "2001:db8::7",
      .why = "SPF does not pass for example.net from 2001:db8::7" },
    { .name = "strict: below is not enough",
      .zone = "_dmarc.example.org TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n" SPF(
          "b.example.org", "ip4:192.0.2.1"),
      .from = "example.org",
      .envelope = "b.example.org",
      .addresses = ONE,
      .signatures = { "a.example.org" },
      .spf = FORECAST_SPF_PASS,
      .dmarc = FORECAST_DMARC_FAIL,
      .why = "SPF passes for b.example.org (not aligned), signed by a.example.org (not aligned): "
             "sign with a key of example.org or send with an envelope sender there" },
    { .name = "no addresses are told, aligned",
      .zone = REJECT("example.org"),
      .from = "example.org",
      .envelope = "example.org",
      .spf = FORECAST_SPF_UNKNOWN,
      .dmarc = FORECAST_DMARC_UNKNOWN,
      .why = "SPF is not known without egress addresses" },
    { .name = "no addresses are told, and it does not matter",
      .zone = REJECT("example.org"),
      .from = "example.org",
      .envelope = "example.net",
      .spf = FORECAST_SPF_UNKNOWN,
      .dmarc = FORECAST_DMARC_FAIL,
      .why = "no signature of example.org" },
    { .name = "null sender: HELO counts",
      .zone = REJECT("example.org") SPF("mx.example.org", "ip4:192.0.2.1 -all"),
      .from = "example.org",
      .addresses = ONE,
      .helo = "mx.example.org",
      .spf = FORECAST_SPF_PASS,
      .dmarc = FORECAST_DMARC_PASS },
    { .name = "null sender, HELO of others",
      .zone = REJECT("example.org") SPF("mx.example.net", "ip4:192.0.2.1 -all"),
      .from = "example.org",
      .addresses = ONE,
      .helo = "mx.example.net",
      .spf = FORECAST_SPF_PASS,
      .dmarc = FORECAST_DMARC_FAIL,
      .why = "SPF passes for mx.example.net (not aligned)" },
    { .name = "null sender without HELO",
      .zone = REJECT("example.org"),
      .from = "example.org",
      .addresses = ONE,
      .spf = FORECAST_SPF_UNKNOWN,
      .dmarc = FORECAST_DMARC_UNKNOWN, /* it will be some domain */
      .why = "the HELO name is not known, no signature of example.org: alignment is not known" },
    { .name = "doubtful",
      .zone = REJECT("example.org"),
      .from = "example.org",
      .envelope = "example.net",
      .addresses = ONE,
      .is_doubtful = true,
      .spf = FORECAST_SPF_NONE,
      .dmarc = FORECAST_DMARC_UNKNOWN,
      .spf_failing = "192.0.2.1",
      .why = "a signature that cannot be judged here may be aligned" },
    { .name = "no author",
      .zone = REJECT("example.org"),
      .envelope = "example.org",
      .addresses = ONE,
      .spf = FORECAST_SPF_NONE,
      .dmarc = FORECAST_DMARC_UNKNOWN,
      .spf_failing = "192.0.2.1",
      .why = "no one author" },
    { .name = "the record is not the domain's own",
      .zone = "_dmarc.example.org TXT \"v=DMARC1; p=none; sp=quarantine\"\n",
      .from = "a.example.org",
      .envelope = "example.net",
      .addresses = ONE,
      .spf = FORECAST_SPF_NONE,
      .dmarc = FORECAST_DMARC_FAIL,
      .spf_failing = "192.0.2.1",
      .why = "example.org publishes quarantine for a.example.org" },
    { .name = "a defective record, nothing aligned",
      .zone = "_dmarc.example.org TXT \"v=DMARC1; p=r\"\n",
      .from = "example.org",
      .envelope = "example.net",
      .addresses = ONE,
      .spf = FORECAST_SPF_NONE,
      .dmarc = FORECAST_DMARC_UNKNOWN,
      .spf_failing = "192.0.2.1",
      .why = "the DMARC record of example.org: p= is none of" },
    { .name = "a defective record, aligned",
      .zone = "_dmarc.example.org TXT \"v=DMARC1; p=r\"\n",
      .from = "example.org",
      .envelope = "example.net",
      .addresses = ONE,
      .signatures = { "example.org" },
      .spf = FORECAST_SPF_NONE,
      .dmarc = FORECAST_DMARC_PASS,
      .spf_failing = "192.0.2.1",
      .why = "the DMARC record of example.org: p= is none of" },
    { .name = "the policy cannot be asked",
      .zone = "_dmarc.example.org TXT SERVFAIL\n" SPF("example.org", "ip4:192.0.2.1"),
      .from = "example.org",
      .envelope = "example.org",
      .addresses = ONE,
      .signatures = { "example.org" },
      .spf = FORECAST_SPF_PASS,
      .dmarc = FORECAST_DMARC_UNKNOWN,
      .why = "_dmarc.example.org: " },
    { .name = "SPF cannot be asked, aligned",
      .zone = REJECT("example.org") "example.org TXT TIMEOUT\n",
      .from = "example.org",
      .envelope = "example.org",
      .addresses = ONE,
      .spf = FORECAST_SPF_UNKNOWN,
      .dmarc = FORECAST_DMARC_UNKNOWN,
      .why = "SPF of example.org is not known" },
    { .name = "SPF cannot be asked, and it does not matter",
      .zone = REJECT("example.org") "example.net TXT TIMEOUT\n",
      .from = "example.org",
      .envelope = "example.net",
      .addresses = ONE,
      .spf = FORECAST_SPF_UNKNOWN,
      .dmarc = FORECAST_DMARC_FAIL,
      .why = "SPF of example.net is not known" },
    { .name = "whether the signer is aligned cannot be asked",
      .zone = REJECT("example.org") "_dmarc.a.example.org TXT TIMEOUT\n",
      .from = "example.org",
      .envelope = "example.net",
      .addresses = ONE,
      .signatures = { "a.example.org" },
      .spf = FORECAST_SPF_NONE,
      .dmarc = FORECAST_DMARC_UNKNOWN,
      .spf_failing = "192.0.2.1",
      .why = "alignment is not known" },
    { .name = "DNS is dead",
      .zone = "* * TIMEOUT\n",
      .from = "example.org",
      .envelope = "example.org",
      .addresses = TWO,
      .spf = FORECAST_SPF_UNKNOWN,
      .dmarc = FORECAST_DMARC_UNKNOWN,
      .why = "_dmarc.example.org: " },
    { .name = "receivers differ about SPF, and nothing else passes",
      .zone = REJECT("example.org") SPF("example.org", "a:a.example.org mx:b.example.org "
                                                       "a:c.example.org ip4:192.0.2.1 -all"),
      .from = "example.org",
      .envelope = "example.org",
      .addresses = ONE,
      .spf = FORECAST_SPF_PERMERROR,
      .dmarc = FORECAST_DMARC_UNKNOWN,
      .spf_failing = "192.0.2.1",
      .why = "the SPF record of example.org is broken, no signature of example.org: not all "
             "receivers will see SPF pass" },
    { .name = "a broken SPF record",
      .zone = REJECT("example.org") SPF("example.org", "ip4:192.0.2 -all"),
      .from = "example.org",
      .envelope = "example.org",
      .addresses = ONE,
      .spf = FORECAST_SPF_PERMERROR,
      .dmarc = FORECAST_DMARC_FAIL,
      .spf_failing = "192.0.2.1",
      .why = "the SPF record of example.org is broken" },
};

struct mail {
    struct ip addresses[ADDRESSES_MAX];
    struct egress egress;
    struct span signatures[SIGNATURES_MAX];
    struct forecast_query query;
};

static void make_mail(size_t row, struct mail *mail)
{
    *mail = (struct mail){ .egress = { .name = "", .helo = rows[row].helo } };
    while (rows[row].addresses[mail->egress.address_count] != NULL) {
        size_t i = mail->egress.address_count++;
        assert_true(ip_parse(span_of(rows[row].addresses[i]), &mail->addresses[i]));
    }
    mail->egress.addresses = mail->addresses;
    mail->query = (struct forecast_query){ .from_domain = span_of(rows[row].from),
                                           .envelope_domain = span_of(rows[row].envelope),
                                           .egress = &mail->egress,
                                           .signatures = mail->signatures,
                                           .is_doubtful = rows[row].is_doubtful };
    while (rows[row].signatures[mail->query.signature_count] != NULL) {
        size_t i = mail->query.signature_count++;
        mail->signatures[i] = span_of(rows[row].signatures[i]);
    }
}

static struct forecast zone_forecast(struct zone *zone, const struct forecast_query *query,
                                     struct forecast_memory *memory)
{
    struct forecast forecast;
    struct dns_questions *questions = NULL;
    while (!forecast_make(query, memory, zone->resolver, &questions, zone->arena, &forecast)) {
        assert_true(dns_questions_wait(questions, 0));
    }
    dns_questions_free(&questions);
    return forecast;
}

static void judge_row(size_t row, const struct forecast *seen)
{
    if (seen->spf != rows[row].spf || seen->dmarc != rows[row].dmarc)
        fail_msg("%s: spf=%s dmarc=%s (%s)", rows[row].name, forecast_spf_name(seen->spf),
                 forecast_dmarc_name(seen->dmarc), seen->why != NULL ? seen->why : "-");
    assert_line(seen->why, rows[row].why, rows[row].name);
    assert_line(seen->spf_failing, rows[row].spf_failing, rows[row].name);
    assert_int_equal(seen->is_spf_mixed,
                     rows[row].spf == FORECAST_SPF_UNKNOWN && rows[row].spf_failing != NULL);
}

/* Each by itself, then from memory: the same, and without a question. */
static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zone zone;
        struct mail mail;
        make_mail(i, &mail);
        zone_open(&zone, rows[i].zone != NULL ? rows[i].zone : "");
        struct forecast_memory *memory = forecast_memory_new(&zone.clock.clock, (size_t)1 << 20);
        assert_non_null(memory);
        struct forecast alone = zone_forecast(&zone, &mail.query, NULL);
        judge_row(i, &alone);
        struct forecast first = zone_forecast(&zone, &mail.query, memory);
        judge_row(i, &first);
        unsigned before = dns_scripted_count(zone.resolver);
        struct forecast again = zone_forecast(&zone, &mail.query, memory);
        judge_row(i, &again);
        assert_int_equal(dns_scripted_count(zone.resolver), before);
        forecast_memory_free(&memory);
        zone_close(&zone);
    }
}

/* The list makes one organization of what DNS tells apart: no failure is certain. */
static void test_by_list(void **state)
{
    struct zone zone;
    const struct span signature = SPAN("example.org");
    struct forecast_query query = { .from_domain = SPAN("mail.example.org"),
                                    .envelope_domain = SPAN("example.net"),
                                    .signatures = &signature,
                                    .signature_count = 1 };
    (void)state;
    zone_open(&zone, REJECT("mail.example.org"));
    struct forecast forecast = zone_forecast(&zone, &query, NULL);
    assert_int_equal(forecast.dkim_alignment, DMARC_NOT_ALIGNED);
    if (organization_is_known()) {
        assert_int_equal(forecast.dmarc, FORECAST_DMARC_UNKNOWN);
        assert_line(forecast.why, "receivers that go by the public suffix list take it as aligned",
                    "by list");
        assert_line(forecast.policy.difference, "take example.org for the organization",
                    "difference");
    } else {
        assert_int_equal(forecast.dmarc, FORECAST_DMARC_FAIL);
    }
    zone_close(&zone);
}

/* And the other way round: it passes, and the line says where it does not. */
static void test_by_dns(void **state)
{
    struct zone zone;
    const struct span signature = SPAN("other.co.uk");
    struct forecast_query query = { .from_domain = SPAN("example.co.uk"),
                                    .envelope_domain = SPAN("example.net"),
                                    .signatures = &signature,
                                    .signature_count = 1 };
    (void)state;
    zone_open(&zone, REJECT("co.uk"));
    struct forecast forecast = zone_forecast(&zone, &query, NULL);
    assert_int_equal(forecast.dmarc, FORECAST_DMARC_PASS);
    assert_line(forecast.why,
                organization_is_known()
                    ? "receivers that go by the public suffix list do not take it as aligned"
                    : NULL,
                "by DNS");
    zone_close(&zone);
}

/* --- a resolver whose answers come when somebody waits for them --- */

struct late {
    struct dns_resolver resolver;
    struct dns_resolver *inner;
};

struct late_request {
    struct dns_request request;
    struct dns_request *inner;
    bool has_come;
};

static struct dns_request *late_ask(struct dns_resolver *self, struct span name, enum dns_type type,
                                    enum dns_way way)
{
    struct late *late = (struct late *)self;
    struct late_request *request = calloc(1, sizeof(*request));
    (void)way;
    assert_non_null(request);
    request->request.calls = self->calls;
    request->inner = dns_ask(late->inner, name, type);
    return &request->request;
}

static const struct dns_answer *late_peek(struct dns_request *request)
{
    struct late_request *late = (struct late_request *)request;
    return late->has_come ? dns_peek(late->inner) : NULL;
}

static const struct dns_answer *late_collect(struct dns_request *request, uint64_t deadline_ns)
{
    struct late_request *late = (struct late_request *)request;
    late->has_come = true;
    return dns_collect(late->inner, deadline_ns);
}

static void late_forget(struct dns_request *request)
{
    struct late_request *late = (struct late_request *)request;
    dns_forget(&late->inner);
    free(late);
}

static const struct dns_calls late_calls = {
    .ask = late_ask, .peek = late_peek, .collect = late_collect, .forget = late_forget
};

/* How often a message waits: what can be asked for is asked for at once. */
static const struct {
    const char *name;
    const char *from, *envelope, *signature;
    unsigned rounds, questions;
} waits[] = {
    { "one domain", "example.org", "example.org", "example.org", 1, 3 },
    { "one domain below another", "a.example.org", "example.org", "example.org", 1, 4 },
    { "a redirect, and names whose organization must be asked", "example.org", "b.example.org",
      "mail.example.org", 2, 6 },
    { "nothing that could be aligned", "example.org", "example.net", "example.com", 1, 3 },
};

static void test_rounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(waits); i++) {
        struct zone zone;
        struct late late = { .resolver = { .calls = &late_calls } };
        const struct ip address = { 4, { 192, 0, 2, 1 } };
        const struct egress egress = { .addresses = &address, .address_count = 1 };
        const struct span signature = span_of(waits[i].signature);
        const struct forecast_query query = { .from_domain = span_of(waits[i].from),
                                              .envelope_domain = span_of(waits[i].envelope),
                                              .egress = &egress,
                                              .signatures = &signature,
                                              .signature_count = 1 };
        struct dns_questions *questions = NULL;
        struct forecast forecast;
        unsigned rounds = 0;
        zone_open(&zone, REJECT("example.org") SPF("example.org", "ip4:192.0.2.1 -all")
                             SPF("b.example.org", "redirect=example.org"));
        late.inner = zone.resolver;
        while (!forecast_make(&query, NULL, &late.resolver, &questions, zone.arena, &forecast)) {
            rounds++;
            assert_true(dns_questions_wait(questions, 0));
        }
        if (rounds != waits[i].rounds || dns_questions_count(questions) != waits[i].questions)
            fail_msg("%s: %u rounds, %u questions", waits[i].name, rounds,
                     dns_questions_count(questions));
        dns_questions_free(&questions);
        zone_close(&zone);
    }
}

/* Each ceiling of the arena: never a failure that was not there, never a crash. */
static void test_no_memory(void **state)
{
    (void)state;
    for (size_t row = 0; row < COUNT(rows); row++) {
        for (size_t ceiling = 0; ceiling < 16384; ceiling += 512) {
            struct zone zone;
            struct mail mail;
            struct forecast forecast;
            struct dns_questions *questions = NULL;
            make_mail(row, &mail);
            zone_open(&zone, rows[row].zone != NULL ? rows[row].zone : "");
            struct arena *small = arena_new(ceiling);
            assert_non_null(small);
            while (!forecast_make(&mail.query, NULL, zone.resolver, &questions, small, &forecast)) {
                assert_true(dns_questions_wait(questions, 0));
            }
            if (forecast.dmarc == FORECAST_DMARC_FAIL && rows[row].dmarc != FORECAST_DMARC_FAIL)
                fail_msg("%s fails with %zu octets", rows[row].name, ceiling);
            dns_questions_free(&questions);
            arena_free(&small);
            zone_close(&zone);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(forecast_spf_name(FORECAST_SPF_UNKNOWN), "unknown");
    assert_string_equal(forecast_spf_name(FORECAST_SPF_PASS), "pass");
    assert_string_equal(forecast_spf_name(FORECAST_SPF_FAIL), "fail");
    assert_string_equal(forecast_spf_name(FORECAST_SPF_NONE), "none");
    assert_string_equal(forecast_spf_name(FORECAST_SPF_PERMERROR), "permerror");
    assert_string_equal(forecast_dmarc_name(FORECAST_DMARC_UNKNOWN), "unknown");
    assert_string_equal(forecast_dmarc_name(FORECAST_DMARC_PASS), "pass");
    assert_string_equal(forecast_dmarc_name(FORECAST_DMARC_FAIL), "fail");
    assert_string_equal(forecast_dmarc_name(FORECAST_DMARC_NONE), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),   cmocka_unit_test(test_by_list),
        cmocka_unit_test(test_by_dns), cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_rounds), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
