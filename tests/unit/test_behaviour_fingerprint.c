/*
 * fingerprint: the same where a client only moved or was updated, another one where it is another.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "behaviour/fingerprint.h"

static uint32_t network(const char *text)
{
    struct ip ip;
    assert_true(ip_parse(span_of(text), &ip));
    return fingerprint_network(&ip);
}

static void test_network(void **state)
{
    static const struct ip unknown = { .family = 0 };
    (void)state;
    assert_int_equal(network("192.0.2.1"), network("192.0.2.200"));
    assert_int_not_equal(network("192.0.2.1"), network("192.0.3.1"));
    assert_int_equal(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
    assert_int_not_equal(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    assert_int_equal(network("127.0.0.1"), 0);
    assert_int_equal(network("::1"), 0);
    assert_int_equal(fingerprint_network(&unknown), 0);
}

static void test_helo(void **state)
{
    (void)state;
    assert_int_equal(fingerprint_helo(SPAN("[192.168.1.5]")), fingerprint_helo(SPAN("[10.0.0.9]")));
    assert_int_equal(fingerprint_helo(SPAN("DESKTOP-A1")), fingerprint_helo(SPAN("phone")));
    assert_int_equal(fingerprint_helo(SPAN("a.office.example.org")),
                     fingerprint_helo(SPAN("B.Example.ORG")));
    assert_int_not_equal(fingerprint_helo(SPAN("a.example.org")),
                         fingerprint_helo(SPAN("a.example.net")));
    assert_int_not_equal(fingerprint_helo(SPAN("phone")), fingerprint_helo(SPAN("[10.0.0.9]")));
    assert_int_equal(fingerprint_helo(SPAN("")), 0);
}

static void test_client(void **state)
{
    static const char *const same[][2] = {
        { "Mozilla Thunderbird 102.1",
          "Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Thunderbird/91.2" },
        { "Apple Mail (2.3774.300.61.1.2)", "Apple Mail (2.3445)" },
        { "Microsoft Outlook 16.0", "Microsoft Outlook 15.0.4420" },
        { "PHPMailer 6.8.0 (https://example.org)", "phpmailer 5.2" },
        { "Roundcube Webmail/1.6.0", "Roundcube Webmail/1.4.3" },
        { "", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_int_equal(fingerprint_client(span_of(same[i][0])),
                         fingerprint_client(span_of(same[i][1])));
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(fingerprint_client(span_of(same[i][0])),
                                 fingerprint_client(span_of(same[k][0])));
        }
    }
}

static void test_tls_and_text(void **state)
{
    (void)state;
    assert_int_not_equal(fingerprint_tls(SPAN("TLSv1.3"), SPAN("A")),
                         fingerprint_tls(SPAN("TLSv1.2"), SPAN("A")));
    assert_int_not_equal(fingerprint_tls(SPAN("TLSv1"), SPAN(".2A")),
                         fingerprint_tls(SPAN("TLSv1.2"), SPAN("A")));
    assert_int_equal(fingerprint_text(SPAN("A@example.org")),
                     fingerprint_text(SPAN("a@Example.org")));
    assert_int_equal(fingerprint_text(SPAN("")), 0);
}

static void test_country(void **state)
{
    static const char *const none[] = { "", "D", "DEU", "A1", "d ", "\303\204" };
    char code[3];
    (void)state;
    uint32_t country = fingerprint_country(SPAN("de"));
    assert_int_equal(country, fingerprint_country(SPAN("DE")));
    assert_int_not_equal(country, fingerprint_country(SPAN("ED")));
    assert_true(country < 1U << 24); /* what a habit keeps */
    assert_true(fingerprint_country_print(country, code));
    assert_string_equal(code, "DE");
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_int_equal(fingerprint_country(span_of(none[i])), 0);
    }
    assert_false(fingerprint_country_print(0, code));
    assert_false(fingerprint_country_print(7, code));
    assert_false(fingerprint_country_print(country | 1U << 16, code));
    assert_string_equal(code, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network), cmocka_unit_test(test_helo),
        cmocka_unit_test(test_client),  cmocka_unit_test(test_tls_and_text),
        cmocka_unit_test(test_country),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
