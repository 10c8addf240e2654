/*
 * fuzz_spf: the first line is the sender, its first octet chooses the client; each further one is
 * the record of d0.example, d1.example and so on. All other answers of DNS follow from the name
 * that is asked. There is always a verdict, what is told of it is one line, the review of the same
 * records comes to an end, and libspf2 never differs. A permerror is among the faults of the
 * review.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/spf_private.h"
#include "auth/spf_walk.h"
#include "dns/resolver_private.h"

#define ARENA_BYTES ((size_t)16 << 20)
#define QUESTIONS 300
#define RECORDS 8
#define ANSWERS 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_spf: %s\n", what);
        abort();
    }
}

static struct world {
    struct dns_resolver resolver; /* first */
    struct span texts[RECORDS];
    size_t text_count;
    struct ip client;
} world;

struct made_request {
    struct dns_request request; /* first */
    struct dns_answer answer;
    struct dns_record records[ANSWERS];
    char room[ANSWERS][32];
};

static uint32_t hash_of(struct span name, uint32_t seed)
{
    for (size_t i = 0; i < name.size; i++) {
        seed = (seed ^ (unsigned char)name.at[i]) * 16777619u;
    }
    return seed ^ seed >> 15;
}

static void make_text(struct made_request *made, struct span name)
{
    made->answer.result = DNS_NXDOMAIN;
    for (size_t i = 0; i < world.text_count; i++) {
        snprintf(made->room[0], sizeof(made->room[0]), "d%zu.example", i);
        if (span_is_equal(name, span_of(made->room[0]))) {
            made->records[0].data = world.texts[i];
            made->answer.result = DNS_FOUND;
            made->answer.count = 1;
            return;
        }
    }
}

static void make_record(struct made_request *made, enum dns_type type, size_t index, uint32_t hash)
{
    char *room = made->room[index];
    size_t size = type == DNS_A ? 4 : 16;
    if (type == DNS_MX || type == DNS_PTR) {
        snprintf(room, sizeof(made->room[0]), "h%u.d%u.example", (hash >> 4) % 64 + (unsigned)index,
                 hash % 3);
        made->records[index].data = span_of(room);
        return;
    }
    memset(room, (int)(hash >> 8), size);
    if ((hash & 3) == 0 && world.client.family == (type == DNS_A ? 4 : 6)) {
        memcpy(room, world.client.bytes, size - ((hash >> 2) & 1));
    }
    made->records[index].data = (struct span){ room, size };
}

static struct dns_request *made_ask(struct dns_resolver *resolver, struct span name,
                                    enum dns_type type, enum dns_way way)
{
    static const enum dns_result results[] = { DNS_FOUND,    DNS_FOUND,    DNS_FOUND, DNS_FOUND,
                                               DNS_NXDOMAIN, DNS_NODATA,   DNS_FOUND, DNS_FOUND,
                                               DNS_FOUND,    DNS_SERVFAIL, DNS_FOUND, DNS_NXDOMAIN,
                                               DNS_FOUND,    DNS_FOUND,    DNS_BOGUS, DNS_FOUND };
    struct made_request *made = calloc(1, sizeof(*made));
    uint32_t hash = hash_of(name, 2166136261u + (uint32_t)type);
    (void)way;
    demand(made != NULL, "memory");
    made->request.calls = resolver->calls;
    made->answer.records = made->records;
    made->answer.ttl_s = hash % 10000;
    if (type == DNS_TXT) {
        make_text(made, name);
        return &made->request;
    }
    made->answer.result = results[hash % 16];
    if (made->answer.result == DNS_FOUND) {
        made->answer.count = 1 + (hash >> 5) % ((hash & 0x100) != 0 ? ANSWERS : 3);
        for (size_t i = 0; i < made->answer.count; i++) {
            make_record(made, type, i, hash_of(SPAN("x"), hash + (uint32_t)i));
        }
    }
    return &made->request;
}

static const struct dns_answer *made_peek(struct dns_request *request)
{
    return &((struct made_request *)request)->answer;
}

static void made_forget(struct dns_request *request)
{
    free(request);
}

static const struct dns_calls made_calls = { .ask = made_ask,
                                             .peek = made_peek,
                                             .forget = made_forget };

static void check_line(const char *line)
{
    demand(line != NULL && strlen(line) < 1000, "no line, or a long one");
    for (; *line != '\0'; line++) {
        demand(*line >= 0x20 && *line < 0x7f, "a line that is not printable");
    }
}

static struct spf_answer check_answer(const struct spf_query *query,
                                      struct dns_questions *questions, struct arena *arena)
{
    struct spf_answer answer;
    demand(spf_ask(query, questions, arena, &answer), "no verdict");
    demand(answer.says <= SPF_SAYS_PERMERROR, "a verdict there is not");
    demand(answer.lookups <= SPF_LOOKUPS_MAX && answer.voids <= SPF_VOIDS_MAX + 1, "its limits");
    check_line(answer.why);
    return answer;
}

static void check_library(const struct spf_query *query, struct dns_questions *questions,
                          struct arena *arena)
{
    struct spf_walk walk;
    enum spf_says says, library;
    demand(spf_walk(query, questions, arena, &walk, &says), "no walk");
    if (walk.visits != NULL && says != SPF_SAYS_NONE && says != SPF_SAYS_TEMPERROR &&
        says != SPF_SAYS_PERMERROR && spf_library_judge(&walk, &library) && library != says) {
        fprintf(stderr, "we say %s, libspf2 says %s\n", spf_says_name(says),
                spf_says_name(library));
        demand(false, "libspf2 differs");
    }
}

static bool has_macros(void)
{
    for (size_t i = 0; i < world.text_count; i++) {
        if (span_find(world.texts[i], '%') >= 0) {
            return true;
        }
    }
    return false;
}

/* What a review need not find: macros, voids of one family, what DNS did not tell. */
static bool is_beyond_review(const struct spf_answer *answer, const struct spf_review *review)
{
    return has_macros() || strstr(answer->why, "look-ups without an answer") != NULL ||
           !review->is_known || review->remark_count >= 40;
}

static void check_review(const struct spf_answer *answer, struct dns_questions *questions,
                         struct arena *arena)
{
    struct spf_review review;
    bool has_fault = false;
    demand(spf_review(SPAN("d0.example"), questions, arena, &review), "no review");
    for (size_t i = 0; i < review.remark_count; i++) {
        check_line(review.remarks[i].text);
        has_fault = has_fault || review.remarks[i].weight == SPF_FAULT;
    }
    if (!review.is_known) {
        check_line(review.why_unknown);
    }
    demand(answer->says != SPF_SAYS_PERMERROR || has_fault || is_beyond_review(answer, &review),
           "a fault that the review does not tell");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const clients[] = { "192.0.2.1", "2001:db8::1", "10.255.255.255", "::2" };
    struct span rest = { (const char *)data, size }, sender, line;
    struct arena *arena = arena_new(ARENA_BYTES);
    world = (struct world){ .resolver = { &made_calls } };
    if (size == 0 || !span_cut(&rest, '\n', &sender)) {
        arena_free(&arena);
        return 0;
    }
    while (world.text_count < RECORDS && rest.at != NULL && span_cut(&rest, '\n', &line)) {
        world.texts[world.text_count++] = line;
    }
    ip_parse(span_of(clients[sender.size > 0 ? sender.at[0] & 3 : 0]), &world.client);
    struct dns_questions *questions = dns_questions_new(&world.resolver, QUESTIONS);
    struct spf_query query = { .client = world.client,
                               .domain = SPAN("d0.example"),
                               .sender = sender,
                               .helo = SPAN("helo.d1.example") };
    demand(questions != NULL && arena != NULL, "memory");
    struct spf_answer answer = check_answer(&query, questions, arena);
    check_library(&query, questions, arena);
    check_review(&answer, questions, arena);
    dns_questions_free(&questions);
    arena_free(&arena);
    return 0;
}
