/*
 * spf: what SPF costs with all answers at hand, in process: nanoseconds for a record of addresses,
 * for one as large senders have it, and for reading a record alone. Prints one line each; takes no
 * arguments.
 */
#include <stdio.h>
#include <stdlib.h>

#include "auth/spf_private.h"
#include "dns/scripted.h"
#include "tests/bench/cpu_clock.h"

enum { ROUNDS = 20000 };

static const char script[] =
    "plain.example  TXT \"v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/32 -all\"\n"
    "large.example  TXT \"v=spf1 mx include:s1.example include:s2.example ip4:203.0.113.9 -all\"\n"
    "large.example  MX  10 m1.example\n"
    "large.example  MX  20 m2.example\n"
    "m1.example     A   192.0.2.1\n"
    "m2.example     A   192.0.2.2\n"
    "s1.example     TXT \"v=spf1 include:n1.example include:n2.example include:n3.example ~all\"\n"
    "s2.example     TXT \"v=spf1 ip4:40.92.0.0/15 ip4:40.107.0.0/16 ip4:52.100.0.0/14 "
    "ip6:2a01:111:f400::/48 ip6:2a01:111:f403::/49 -all\"\n"
    "n1.example     TXT \"v=spf1 ip4:35.190.247.0/24 ip4:64.233.160.0/19 ip4:66.102.0.0/20 "
    "ip4:66.249.80.0/20 ip4:72.14.192.0/18 ip4:74.125.0.0/16 ip4:108.177.8.0/21 "
    "ip4:173.194.0.0/16 ip4:209.85.128.0/17 ip4:216.58.192.0/19 ip4:216.239.32.0/19 ~all\"\n"
    "n2.example     TXT \"v=spf1 ip6:2001:4860:4000::/36 ip6:2404:6800:4000::/36 "
    "ip6:2607:f8b0:4000::/36 ip6:2800:3f0:4000::/36 ip6:2a00:1450:4000::/36 ~all\"\n"
    "n3.example     TXT \"v=spf1 ip4:172.217.0.0/19 ip4:172.217.32.0/20 ip4:172.253.56.0/21 "
    "~all\"\n";

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* The answer once, whole or the walk alone. */
static enum spf_says ask_once(const struct spf_query *query, struct dns_questions *questions,
                              bool is_whole)
{
    struct arena *arena = arena_new((size_t)1 << 20);
    struct spf_answer answer;
    enum spf_says says = SPF_SAYS_TEMPERROR;
    if (is_whole) {
        spf_ask(query, questions, arena, &answer);
        says = answer.says;
    } else {
        struct spf_walk walk;
        spf_walk(query, questions, arena, &walk, &says);
    }
    arena_free(&arena);
    return says;
}

static void bench_ask(const char *domain, enum spf_says wanted, struct dns_resolver *resolver,
                      bool is_whole)
{
    struct dns_questions *questions = dns_questions_new(resolver, 100);
    struct spf_query query = { .client = { 4, { 198, 51, 100, 7 } }, .domain = span_of(domain) };
    if (ask_once(&query, questions, true) != wanted) {
        fail("the bench's own records do not come out");
    }
    uint64_t began = cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        ask_once(&query, questions, is_whole);
    }
    printf("spf %-24s %8.1f ns%s\n", domain, (double)(cpu_ns() - began) / ROUNDS,
           is_whole ? "" : ", the walk alone");
    dns_questions_free(&questions);
}

static void bench_record(void)
{
    static const char text[] = "v=spf1 mx include:s1.example include:s2.example ip4:203.0.113.9 "
                               "exists:%{ir}.%{v}.x.example -all";
    uint64_t began = cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        struct arena *arena = arena_new(1 << 16);
        struct spf_record record;
        if (!spf_record_parse(span_of(text), arena, &record) || record.fault != NULL) {
            fail("the bench's own record is not good");
        }
        arena_free(&arena);
    }
    printf("spf %-24s %8.1f ns\n", "reading a record", (double)(cpu_ns() - began) / ROUNDS);
}

int main(void)
{
    struct error error = { "" };
    struct dns_resolver *resolver = dns_scripted_new(span_of(script), &clock_system, &error);
    if (resolver == NULL) {
        fail(error.text);
    }
    bench_record();
    for (int is_whole = 0; is_whole < 2; is_whole++) {
        bench_ask("plain.example", SPF_SAYS_FAIL, resolver, is_whole);
        bench_ask("large.example", SPF_SAYS_FAIL, resolver, is_whole);
    }
    dns_resolver_free(&resolver);
    return 0;
}
