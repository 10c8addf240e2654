/*
 * zone: who has a zone is scripted, what they say comes from a name server on loopback.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "dns/scripted.h"
#include "dns/zone_private.h"
#include "tests/support/dns_server.h"
#include "util/buffer.h"

/* 127.0.0.2 is nobody's: there is no port open. */
#define SCRIPT                                                                                     \
    "example.test     NS  ns.example.test\n"                                                       \
    "ns.example.test  A   127.0.0.1\n"                                                             \
    "two.test         NS  dead.example.test\n"                                                     \
    "two.test         NS  ns.example.test\n"                                                       \
    "dead.example.test A  127.0.0.2\n"                                                             \
    "below.example.test NS nowhere.test\n"                                                         \
    "elsewhere.test   NS  ns.example.test\n"                                                       \
    "broken.test      NS  SERVFAIL\n"                                                              \
    "slow.test        NS  TIMEOUT\n"

static struct dns_server *server;

/* "found 300 onetwo", or what the zone says; "-": it waits for others. */
static void check(const char *name, enum dns_type type, const char *expected)
{
    struct error error;
    struct buffer got = BUFFER_EMPTY;
    const struct dns_answer *answer;
    struct dns_resolver *resolver = dns_scripted_new(SPAN(SCRIPT), &clock_system, &error);
    struct dns_zone *zone = dns_zone_new(resolver, span_of(name), type, dns_server_port(server));
    uint64_t end_ns = clock_mono_ns(&clock_system) + 9000000000u;
    while ((answer = dns_zone_step(zone, &clock_system)) == NULL &&
           dns_exchange_is_under_way(&zone->exchange)) {
        struct pollfd ready = { .fd = zone->exchange.fd, .events = zone->exchange.events };
        assert_true(clock_mono_ns(&clock_system) < end_ns);
        poll(&ready, 1, 50);
    }
    if (answer != NULL) {
        buffer_printf(&got, "%s %u", dns_result_name(answer->result), answer->ttl_s);
        for (size_t i = 0; i < answer->count; i++) {
            struct span data = answer->records[i].data;
            buffer_printf(&got, " %u:%.*s", answer->records[i].preference,
                          (int)(data.size < 20 ? data.size : 20), data.at);
        }
        if (answer->why != NULL) {
            buffer_printf(&got, " (%s)", answer->why);
        }
    } else {
        buffer_add_text(&got, "-");
    }
    if (strcmp(buffer_text(&got), expected) != 0) {
        fail_msg("%s %s: %s, expected %s", name, dns_type_name(type), buffer_text(&got), expected);
    }
    dns_zone_free(&zone);
    dns_resolver_free(&resolver);
    buffer_free(&got);
}

static void test_answers(void **state)
{
    static const struct {
        const char *name;
        enum dns_type type;
        const char *expected;
    } cases[] = {
        { "a.example.test", DNS_TXT, "found 300 0:onetwo" },
        { "a.example.test", DNS_MX, "found 300 10:mx1.example.test 20:mx2.example.test" },
        { "a.example.test", DNS_NS, "found 300 0:ns.example.test" },
        { "nodata.example.test", DNS_TXT, "no such record 88" },
        { "short.example.test", DNS_TXT, "no such record 7" },
        { "nobody.example.test", DNS_TXT, "no such name 77" },
        { "x.y.nobody.example.test", DNS_TXT, "no such name 77" },
        { "big.example.test", DNS_TXT, "found 300 0:xxxxxxxxxxxxxxxxxxxx" },
        { "alias.example.test", DNS_TXT, "found 300 0:onetwo" },
        { "outside.example.test", DNS_TXT, "found 300 0:onetwo" },
        { "a.two.test", DNS_TXT, "found 300 0:onetwo" },
        { "a.below.example.test", DNS_TXT, "found 300 0:onetwo" }, /* the zone above has it */
        { "a.broken.test", DNS_TXT,
          "its name servers fail 5 (no server of the zone can be found)" },
        { "a.slow.test", DNS_TXT, "-" },
        { "loop1.example.test", DNS_TXT, "its name servers fail 5 (its CNAMEs do not end)" },
        { "junk.example.test", DNS_TXT, "no such record 60" },
        { "refused.example.test", DNS_TXT,
          "its name servers fail 5 (no server of the zone has it)" },
        { "servfail.example.test", DNS_TXT,
          "its name servers fail 5 (no server of the zone has it)" },
        { "lame.example.test", DNS_TXT, "its name servers fail 5 (no server of the zone has it)" },
        { "silent.example.test", DNS_TXT,
          "its name servers fail 5 (no server of the zone has it)" },
        { "wrongid.example.test", DNS_TXT,
          "its name servers fail 5 (no server of the zone has it)" },
        { "garbage.example.test", DNS_TXT,
          "its name servers fail 5 (no server of the zone has it)" },
        { "nowhere.invalid", DNS_TXT,
          "its name servers fail 5 (no server of the zone can be found)" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(cases[i].name, cases[i].type, cases[i].expected);
    }
}

/* A message as bytes, and what is read out of it. */
#define ID "\x12\x34"
#define ASKED "\1a\4test\0\0\x10\0\1" /* a.test TXT */
#define COUNTS(answers, authority) "\0\1\0" answers "\0" authority "\0\0"

static void test_packets(void **state)
{
    static const struct {
        struct span message;
        const char *expected; /* NULL: it is no answer */
    } cases[] = {
        { SPAN(""), NULL },
        { SPAN(ID "\x84\0" COUNTS("\0", "\0")), NULL },
        { SPAN(ID "\x84\0" COUNTS("\0", "\0") ASKED), "no such record 60" },
        { SPAN(ID "\x04\0" COUNTS("\0", "\0") ASKED), NULL },                   /* a question */
        { SPAN(ID "\x8c\0" COUNTS("\0", "\0") ASKED), NULL },                   /* another opcode */
        { SPAN("\x12\x35\x84\0" COUNTS("\0", "\0") ASKED), NULL },              /* another id */
        { SPAN(ID "\x84\0" COUNTS("\0", "\0") "\1b\4test\0\0\x10\0\1"), NULL }, /* about others */
        { SPAN(ID "\x84\0" COUNTS("\0", "\0") "\1a\4test\0\0\1\0\1"), NULL },
        { SPAN(ID "\x84\0" COUNTS("\0", "\0") "\1A\4TEST\0\0\x10\0\1"), "no such record 60" },
        { SPAN(ID "\x84\3" COUNTS("\0", "\0") ASKED), "no such name 60" },
        { SPAN(ID "\x84\5" COUNTS("\0", "\0") ASKED), "its name servers fail 5" },
        /* one record of two strings; then one of another class, one cut, one that lies */
        { SPAN(ID "\x84\0" COUNTS("\1", "\0") ASKED "\xc0\x0c\0\x10\0\1\0\0\0\x09\0\4\1x\1y"),
          "found 9 xy" },
        { SPAN(ID "\x84\0" COUNTS("\1", "\0") ASKED "\xc0\x0c\0\x10\0\3\0\0\0\x09\0\4\1x\1y"),
          "no such record 60" },
        { SPAN(ID "\x84\0" COUNTS("\1", "\0") ASKED "\xc0\x0c\0\x10\0\1\0\0\0\x09\0\5\1x\1y"),
          "no such record 60" },
        { SPAN(ID "\x84\0" COUNTS("\1", "\0") ASKED "\xc0\x0c\0\x10\0\1\0\0\0\x09\0\4\1x\7y"),
          "no such record 60" },
        /* a name that points to itself, and one beyond the end */
        { SPAN(ID "\x84\0" COUNTS("\1", "\0") ASKED "\xc0\x18\0\x10\0\1\0\0\0\x09\0\2\1x"),
          "no such record 60" },
        { SPAN(ID "\x84\0" COUNTS("\1", "\0") ASKED "\xff\xff\0\x10\0\1\0\0\0\x09\0\2\1x"),
          "no such record 60" },
        /* an alias, to itself as well */
        { SPAN(ID "\x84\0" COUNTS("\1", "\0") ASKED "\xc0\x0c\0\5\0\1\0\0\0\x09\0\4\1b\xc0\x0e"),
          "no such record 9 next b.test" },
        { SPAN(ID "\x84\3" COUNTS("\1", "\0") ASKED "\xc0\x0c\0\5\0\1\0\0\0\x09\0\4\1.\xc0\x0e"),
          "no such record 9 next \\046.test" },
        { SPAN(ID "\x84\0" COUNTS("\1", "\0") ASKED "\xc0\x0c\0\5\0\1\0\0\0\x09\0\2\xc0\x0c"),
          "no such record 9" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(1 << 20);
        struct buffer got = BUFFER_EMPTY;
        struct dns_packet packet;
        bool is_answer =
            dns_packet_read(cases[i].message, SPAN("a.test"), DNS_TXT, 0x1234, arena, &packet);
        if (is_answer) {
            buffer_printf(&got, "%s %u", dns_result_name(packet.answer.result),
                          packet.answer.ttl_s);
            for (size_t j = 0; j < packet.answer.count; j++) {
                buffer_printf(&got, " %.*s", SPAN_ARG(packet.answer.records[j].data));
            }
            buffer_printf(&got, packet.next[0] != '\0' ? " next %s" : "%s", packet.next);
        }
        if (is_answer != (cases[i].expected != NULL) ||
            (is_answer && strcmp(buffer_text(&got), cases[i].expected) != 0)) {
            fail_msg("message %zu: %s", i, buffer_text(&got));
        }
        buffer_free(&got);
        arena_free(&arena);
    }
}

/* What is asked is what is read back. */
static void test_query(void **state)
{
    unsigned char query[DNS_QUERY_MAX];
    char longest[DNS_NAME_MAX];
    size_t at = 12, size;
    char name[DNS_NAME_TEXT_MAX];
    (void)state;
    memset(longest, 'x', 253);
    longest[253] = '\0';
    longest[63] = longest[127] = longest[191] = '.';
    size = dns_packet_query(span_of(longest), DNS_MX, 0xabcd, query);
    assert_true(size <= DNS_QUERY_MAX);
    assert_true(dns_wire_name((struct span){ (char *)query, size }, &at, name, &size));
    assert_string_equal(name, longest);
    assert_memory_equal(query, "\xab\xcd\0\0\0\1\0\0\0\0\0\1", 12);
    assert_memory_equal(query + at, "\0\x0f\0\1\0\0\x29\x04\xd0\0\0\0\0\0\0", 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_packets),
        cmocka_unit_test(test_query),
    };
    server = dns_server_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dns_server_stop(&server);
    return failed;
}
