/*
 * corpus_spf: the public suites of SPF against spf_ask(), with the DNS data of each scenario
 * written down. Explanations are not made here, so their texts are not compared.
 *
 * Where we differ from a case for good, `argued` says why; any other difference fails, and so does
 * an argument that nothing needs any more. libspf2 is asked beside the walk about each case that it
 * may be asked about, and must agree.
 */
#include <stdio.h>
#include <stdlib.h>

#include "auth/spf_private.h"
#include "dns/scripted.h"
#include "tests/corpus/jsonl.h"
#include "tests/corpus/spf_zone.h"

#define FILE_BYTES ((size_t)64 << 20)
#define QUESTIONS 200
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define ONE_LABEL                                                                                  \
    "RFC 7208 4.3: a domain that is not of several labels is none, whatever DNS says of it"
#define EXISTS_IS_V4 "RFC 7208 5.7: exists looks for A, whatever the client is"
#define CUT "the case goes on from others that are not in the corpus, with records of theirs"

static const struct {
    const char *suite, *name, *why;
} argued[] = {
    { "pyspf-own", "default-modifier",
      "RFC 7208 6: unknown modifiers mean nothing; that default= once did is pyspf's lax mode" },
    { "blitiri", "mx-resolution-11-terms", ONE_LABEL },
    { "blitiri", "one-mx-not-found", ONE_LABEL },
    { "blitiri", "all-mx-not-found", ONE_LABEL },
    { "blitiri", "include-not-found", ONE_LABEL },
    { "blitiri", "redirect-not-found", ONE_LABEL },
    { "mail-auth", "all-0-0",
      "RFC 7208 4.6: a fault of syntax anywhere in the record, here \"ip:\", is a permerror, also "
      "behind what would decide" },
    { "mail-auth", "exists-0-1", EXISTS_IS_V4 },
    { "mail-auth", "macro-1-1", EXISTS_IS_V4 },
    { "mail-auth", "ip-1-3",
      "RFC 7208 5.6: ip6 is about clients of IPv6; one of IPv4 stays one (5), however the network "
      "is written" },
    { "mail-auth", "examples-0-10", CUT },
    { "mail-auth", "examples-0-12", CUT },
};
static unsigned argued_hits[COUNT(argued)];

/* Cases of the obsolete suite that RFC 7208 decides in another way; its own suite has them. */
static const char *const obsolete[] = {
    "spfonly",    "txtonly",         "spfoverride",   "multitxt1", "multispf2",   "spftimeout",
    "txttimeout", "nospftxttimeout", "exists-dnserr", "cidr6-ip4", "cidr6-0-ip4", "mx-limit",
};

static const char *const suites[] = { "rfc7208", "rfc4408", "pyspf-own", "blitiri", "mail-auth" };
static struct tally {
    unsigned right, argued, differing, obsolete, agreed, unasked;
} tallies[COUNT(suites)];

struct scenario {
    struct span suite;
    const struct jsonl *row;
    const struct jsonl *defaults; /* a case that is none, but tells what others leave out */
    struct tally *tally;
    struct dns_resolver *resolver;
    struct arena *arena;
};

/* A word, also with the explanation behind it, or one of a list of words. */
static bool is_wanted(const struct jsonl *wanted, const char *says)
{
    if (wanted->kind == JSONL_TEXT) {
        struct span rest = wanted->text, word;
        return span_cut(&rest, ' ', &word) && span_is_equal_nocase(word, span_of(says));
    }
    for (const struct jsonl *one = wanted->first; one != NULL; one = one->next) {
        if (span_is_equal_nocase(one->text, span_of(says))) {
            return true;
        }
    }
    return false;
}

static bool is_argued(struct span suite, struct span name)
{
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (span_is_equal(suite, span_of(argued[i].suite)) &&
            span_is_equal(name, span_of(argued[i].name))) {
            argued_hits[i]++;
            return true;
        }
    }
    return false;
}

static bool is_obsolete(const struct scenario *scenario, struct span name)
{
    for (size_t i = 0; i < COUNT(obsolete); i++) {
        if (span_is_equal(scenario->suite, SPAN("rfc4408")) &&
            span_is_equal(name, span_of(obsolete[i]))) {
            return true;
        }
    }
    return false;
}

static struct span text_of(const struct scenario *scenario, const struct jsonl *test,
                           const char *name)
{
    struct span text = jsonl_text(test, name);
    return text.at != NULL ? text : jsonl_text(scenario->defaults, name);
}

static bool read_query(const struct scenario *scenario, const struct jsonl *test,
                       struct spf_query *query_r)
{
    struct span host = jsonl_text(test, "host"), sender = jsonl_text(test, "mailfrom");
    *query_r = (struct spf_query){ .helo = jsonl_text(test, "helo") };
    if (host.at == NULL) { /* of suite mail-auth */
        host = jsonl_text(test, "ip");
        sender = text_of(scenario, test, "sender");
        query_r->helo = text_of(scenario, test, "domain");
    }
    ptrdiff_t at = span_find_last(sender, '@');
    query_r->sender = sender;
    query_r->domain = sender.size == 0 ? query_r->helo : span_from(sender, (size_t)(at + 1));
    return ip_parse(host, &query_r->client);
}

/* What libspf2 makes of the same. */
static bool library_agrees(struct scenario *scenario, const struct spf_query *query,
                           struct dns_questions *questions)
{
    struct spf_walk walk;
    enum spf_says says, library;
    if (!spf_walk(query, questions, scenario->arena, &walk, &says) || walk.visits == NULL ||
        says == SPF_SAYS_TEMPERROR || says == SPF_SAYS_PERMERROR || says == SPF_SAYS_NONE) {
        return true;
    }
    if (!spf_library_judge(&walk, &library)) {
        scenario->tally->unasked++;
        return true;
    }
    scenario->tally->agreed += library == says;
    return library == says;
}

static void judge(struct scenario *scenario, const struct jsonl *test)
{
    const struct jsonl *wanted = jsonl_get(test, "result");
    struct dns_questions *questions = dns_questions_new(scenario->resolver, QUESTIONS);
    struct spf_query query;
    struct spf_answer answer;
    wanted = wanted != NULL ? wanted : jsonl_get(test, "expect");
    if (wanted == NULL || questions == NULL || !read_query(scenario, test, &query)) {
        printf("FAIL %.*s is no case\n", SPAN_ARG(test->name));
        scenario->tally->differing++;
        dns_questions_free(&questions);
        return;
    }
    while (!spf_ask(&query, questions, scenario->arena, &answer)) {
        dns_questions_wait(questions, 0);
    }
    if (!library_agrees(scenario, &query, questions)) {
        printf("FAIL %.*s %.*s: libspf2 sees another verdict than %s, %s\n",
               SPAN_ARG(scenario->suite), SPAN_ARG(test->name), spf_says_name(answer.says),
               answer.why);
        scenario->tally->differing++;
    } else if (is_wanted(wanted, spf_says_name(answer.says))) {
        scenario->tally->right++;
    } else if (is_argued(scenario->suite, test->name)) {
        scenario->tally->argued++;
    } else {
        printf("FAIL %.*s %.*s: %s, %s\n", SPAN_ARG(scenario->suite), SPAN_ARG(test->name),
               spf_says_name(answer.says), answer.why);
        scenario->tally->differing++;
    }
    dns_questions_free(&questions);
}

static struct tally *tally_of(struct span suite)
{
    for (size_t i = 0; i < COUNT(suites); i++) {
        if (span_is_equal(suite, span_of(suites[i]))) {
            return &tallies[i];
        }
    }
    return NULL;
}

/* False: what DNS is to say makes no script. */
static bool open_zone(struct scenario *scenario, const struct jsonl *test)
{
    struct buffer script = BUFFER_EMPTY;
    struct error error = { "" };
    spf_zone_write_own(test, &script);
    spf_zone_write(scenario->row, &script);
    scenario->resolver = dns_scripted_new(buffer_span(&script), &clock_system, &error);
    if (scenario->resolver == NULL) {
        printf("FAIL %.*s: %s\n", SPAN_ARG(test->name), error.text);
    }
    buffer_free(&script);
    return scenario->resolver != NULL;
}

/* False: the line is no scenario. */
static bool play(struct span line, struct arena *arena)
{
    const struct jsonl *row = jsonl_parse(line, true, arena);
    struct scenario scenario = { .suite = jsonl_text(row, "suite"), .row = row, .arena = arena };
    bool failed = false;
    const struct jsonl *tests = jsonl_get(row, "tests");
    scenario.tally = tally_of(scenario.suite);
    if (tests == NULL || scenario.tally == NULL) {
        return false;
    }
    for (const struct jsonl *test = tests->first; test != NULL && !failed; test = test->next) {
        if (is_obsolete(&scenario, test->name)) {
            scenario.tally->obsolete++;
        } else if (jsonl_get(test, "host") == NULL && jsonl_get(test, "ip") == NULL) {
            scenario.defaults = test;
        } else {
            failed = !open_zone(&scenario, test);
            if (!failed) {
                judge(&scenario, test);
            }
            dns_resolver_free(&scenario.resolver);
        }
    }
    return !failed;
}

static unsigned print_tallies(void)
{
    unsigned failed = 0;
    for (size_t i = 0; i < COUNT(suites); i++) {
        const struct tally *tally = &tallies[i];
        printf("%-9s right %u, argued %u, differing %u, obsolete %u; libspf2 agrees in %u, not "
               "asked in %u\n",
               suites[i], tally->right, tally->argued, tally->differing, tally->obsolete,
               tally->agreed, tally->unasked);
        failed += tally->differing + (tally->right == 0);
    }
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued_hits[i] == 0) {
            printf("FAIL nothing needs the argument for %s %s: %s\n", argued[i].suite,
                   argued[i].name, argued[i].why);
            failed++;
        }
    }
    return failed;
}

int main(void)
{
    struct arena *arena = arena_new(FILE_BYTES);
    struct span file, line;
    unsigned failed = 0;
    if (arena == NULL) {
        return 1;
    }
    if (!corpus_read("spf/cases.jsonl", arena, &file)) {
        puts("SKIP: corpus absent");
        arena_free(&arena);
        return 77;
    }
    while (file.size > 0 && span_cut(&file, '\n', &line)) {
        if (line.size > 0 && !play(line, arena)) {
            printf("FAIL no scenario: %.*s\n", SPAN_ARG(span_first(line, 80)));
            failed++;
        }
    }
    failed += print_tallies();
    arena_free(&arena);
    return failed > 0;
}
