/*
 * ip: addresses and networks in the spellings of MTAs and of configurations.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "util/ip.h"

static void test_parse_and_print(void **state)
{
    static const char *const cases[][2] = {
        { "192.0.2.1", "192.0.2.1" },
        { "0.0.0.0", "0.0.0.0" },
        { "255.255.255.255", "255.255.255.255" },
        { "[192.0.2.1]", "192.0.2.1" },
        { "2001:DB8::1", "2001:db8::1" },
        { "[2001:db8::1]", "2001:db8::1" },
        { "IPv6:2001:db8::1", "2001:db8::1" },
        { "[ipv6:2001:db8::1]", "2001:db8::1" },
        { "IPv6:::1", "::1" },
        { "::", "::" },
        { "::1", "::1" },
        { "1::", "1::" },
        { "::ffff:192.0.2.1", "192.0.2.1" },
        { "[IPv6:::ffff:192.0.2.1]", "192.0.2.1" },
        { "::ffff:c000:201", "192.0.2.1" },
        { "::192.0.2.1", "::c000:201" },
        { "0:0:0:0:0:0:0:1", "::1" },
        /* RFC 5952 4.1 to 4.2.3 */
        { "2001:0db8:0000:0001:0001:0001:0001:0001", "2001:db8:0:1:1:1:1:1" },
        { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
        { "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
        { "1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0" },
        { "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
        { "", NULL },
        { "[]", NULL },
        { "[", NULL },
        { "IPv6:", NULL },
        { "IPv6:192.0.2.1", NULL },
        { "192.0.2", NULL },
        { "192.0.2.256", NULL },
        { "192.0.2.01", NULL },
        { " 192.0.2.1", NULL },
        { "192.0.2.1 ", NULL },
        { "[192.0.2.1", NULL },
        { "192.0.2.1]", NULL },
        { "fe80::1%eth0", NULL },
        { "1:2:3:4:5:6:7", NULL },
        { "1::2::3", NULL },
        { "0xc0.0.2.1", NULL },
        { "unknown", NULL },
        { "00000000000000000000000000000000000000000000::1", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ip ip;
        char text[IP_TEXT_MAX];
        bool ok = ip_parse(span_of(cases[i][0]), &ip);

        if (ok != (cases[i][1] != NULL))
            fail_msg("%s", cases[i][0]);
        ip_print(&ip, text);
        assert_string_equal(text, ok ? cases[i][1] : "");
    }
}

static void test_parse_bytes(void **state)
{
    struct ip ip;

    (void)state;
    assert_false(ip_parse((struct span){ NULL, 0 }, &ip));
    assert_int_equal(ip.family, 0);
    assert_false(ip_parse(SPAN("192.0.2.1\0x"), &ip));
    assert_false(ip_parse(SPAN("192.0.2.1\0"), &ip));
    assert_true(ip_parse(span_first(SPAN("192.0.2.12"), 9), &ip));
    assert_int_equal(ip.family, 4);
    assert_memory_equal(ip.bytes, "\xc0\x00\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void test_network(void **state)
{
    static const struct {
        const char *text;
        const char *base; /* NULL: no network */
        unsigned prefix;
        bool host_bits;
    } cases[] = {
        { "192.0.2.0/24", "192.0.2.0", 24, false },
        { "192.0.2.1", "192.0.2.1", 32, false },
        { "192.0.2.1/32", "192.0.2.1", 32, false },
        { "0.0.0.0/0", "0.0.0.0", 0, false },
        { "192.0.2.128/25", "192.0.2.128", 25, false },
        { "10.0.0.0/7", "10.0.0.0", 7, false },
        { "11.0.0.0/7", "10.0.0.0", 7, true },
        { "192.0.2.1/24", "192.0.2.0", 24, true },
        { "192.0.2.1/0", "0.0.0.0", 0, true },
        { "2001:db8::/32", "2001:db8::", 32, false },
        { "[2001:db8::]/32", "2001:db8::", 32, false },
        { "2001:db8::1", "2001:db8::1", 128, false },
        { "2001:db8::1/127", "2001:db8::", 127, true },
        { "::/0", "::", 0, false },
        { "::1/128", "::1", 128, false },
        { "::ffff:192.0.2.0/120", "192.0.2.0", 24, false },
        { "::ffff:192.0.2.1", "192.0.2.1", 32, false },
        { "::ffff:192.0.2.1/120", "192.0.2.0", 24, true },
        { "::ffff:0:0/96", "0.0.0.0", 0, false },
        { "::ffff:0:0/80", "::", 80, true },
        { "192.0.2.0/33", NULL, 0, false },
        { "2001:db8::/129", NULL, 0, false },
        { "192.0.2.0/", NULL, 0, false },
        { "192.0.2.0/024", NULL, 0, false },
        { "192.0.2.0/+4", NULL, 0, false },
        { "192.0.2.0/24/24", NULL, 0, false },
        { "192.0.2.0/1000", NULL, 0, false },
        { "192.0.2.0/255.255.255.0", NULL, 0, false },
        { "/24", NULL, 0, false },
        { "", NULL, 0, false },
        { "192.0.2/24", NULL, 0, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ip_network network;
        bool host_bits, ok;
        char text[IP_TEXT_MAX];

        ok = ip_network_parse(span_of(cases[i].text), &network, &host_bits);
        if (ok != (cases[i].base != NULL && !cases[i].host_bits) || host_bits != cases[i].host_bits)
            fail_msg("%s", cases[i].text);
        if (cases[i].base == NULL)
            continue;
        ip_print(&network.base, text);
        assert_string_equal(text, cases[i].base);
        assert_int_equal(network.prefix, cases[i].prefix);
        assert_int_equal(ip_network_parse(span_of(cases[i].text), &network, NULL), ok);
    }
}

static void test_contains(void **state)
{
    static const struct {
        const char *network, *ip;
        bool inside;
    } cases[] = {
        { "192.0.2.0/24", "192.0.2.0", true },
        { "192.0.2.0/24", "192.0.2.255", true },
        { "192.0.2.0/24", "192.0.3.0", false },
        { "192.0.2.128/25", "192.0.2.127", false },
        { "192.0.2.128/25", "192.0.2.128", true },
        { "10.0.0.0/7", "11.255.255.255", true },
        { "10.0.0.0/7", "12.0.0.0", false },
        { "0.0.0.0/0", "203.0.113.7", true },
        { "0.0.0.0/0", "::1", false },
        { "::/0", "192.0.2.1", false },
        { "::/0", "2001:db8::1", true },
        { "192.0.2.0/24", "::ffff:192.0.2.9", true },
        { "2001:db8::/33", "2001:db8:7fff::1", true },
        { "2001:db8::/33", "2001:db8:8000::", false },
        { "192.0.2.1", "192.0.2.1", true },
        { "192.0.2.1", "192.0.2.2", false },
        { "192.0.2.1", "", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ip_network network;
        struct ip ip;

        assert_true(ip_network_parse(span_of(cases[i].network), &network, NULL));
        ip_parse(span_of(cases[i].ip), &ip);
        if (ip_network_contains(&network, &ip) != cases[i].inside)
            fail_msg("%s in %s", cases[i].ip, cases[i].network);
    }
}

static void test_loopback(void **state)
{
    static const struct {
        const char *ip;
        bool loopback;
    } cases[] = {
        { "127.0.0.1", true },
        { "127.255.255.255", true },
        { "128.0.0.1", false },
        { "126.255.255.255", false },
        { "::1", true },
        { "::", false },
        { "::2", false },
        { "1::1", false },
        { "::ffff:127.0.0.1", true },
        { "", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ip ip;

        ip_parse(span_of(cases[i].ip), &ip);
        if (ip_is_loopback(&ip) != cases[i].loopback)
            fail_msg("%s", cases[i].ip);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_and_print), cmocka_unit_test(test_parse_bytes),
        cmocka_unit_test(test_network),         cmocka_unit_test(test_contains),
        cmocka_unit_test(test_loopback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
