/*
 * domain: names in their one form, from every spelling a header may hold.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "util/domain.h"

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz_012345678"
#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define FOUR_60 X60 "." X60 "." X60 "." X60 /* 243 octets */

static void check_ascii(const char *name, size_t size, const char *expected)
{
    char out[DOMAIN_MAX];
    bool ok;

    memset(out, 'z', sizeof(out));
    ok = domain_to_ascii((struct span){ name, size }, out);
    if (ok != (expected != NULL) || strcmp(out, ok ? expected : "") != 0)
        fail_msg("%.*s gives %s \"%s\"", (int)size, name, ok ? "true" : "false", out);
}

static void test_to_ascii(void **state)
{
    static const char *const cases[][2] = {
        { "example.org", "example.org" },
        { "EXAMPLE.Org", "example.org" },
        { "example.org.", "example.org" },
        { "localhost", "localhost" },
        { "a", "a" },
        { "_dmarc.example.org", "_dmarc.example.org" },
        { "-a-.b-", "-a-.b-" },
        { "XN--Mller-KVA.de", "xn--mller-kva.de" },
        { "192.0.2.1", "192.0.2.1" },
        { LABEL_63, LABEL_63 },
        { LABEL_63 "x", NULL },
        { FOUR_60 ".123456789", FOUR_60 ".123456789" }, /* 253 octets */
        { FOUR_60 ".123456789.", FOUR_60 ".123456789" },
        { FOUR_60 ".1234567890", NULL },
        { "", NULL },
        { ".", NULL },
        { "a..b", NULL },
        { ".a", NULL },
        { "a..", NULL },
        { "a b", NULL },
        { "a@b", NULL },
        { "a*", NULL },
        { "[192.0.2.1]", NULL },
        { "a\tb", NULL },
        { "a\x7f", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_ascii(cases[i][0], strlen(cases[i][0]), cases[i][1]);
    check_ascii("a\0b", 3, NULL);
    check_ascii(NULL, 0, NULL);
}

static void test_unicode_to_ascii(void **state)
{
    static const char *const cases[][2] = {
        { "m\xc3\xbcller.de", "xn--mller-kva.de" },
        { "M\xc3\x9cLLER.de.", "xn--mller-kva.de" },
        { "mu\xcc\x88ller.de", "xn--mller-kva.de" }, /* u and a combining diaeresis */
        { "stra\xc3\x9f"
          "e.de",
          "xn--strae-oqa.de" }, /* sharp s is a letter of its own */
        { "_dmarc.m\xc3\xbcller.de", "_dmarc.xn--mller-kva.de" },
        { "m\xc3\xbcller\xe3\x80\x82"
          "de",
          "xn--mller-kva.de" }, /* ideographic full stop */
        { "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.test", "xn--e1afmkfd.test" },
        { "m\xc3\xbcller..de", NULL },
        { "m\xfcller.de", NULL }, /* no UTF-8 */
        { "\xc3", NULL },
        { "m\xc3\xbcl ler.de", NULL },
        { "\xe2\x80\x8b.de", NULL }, /* zero width space: an empty label */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
#ifdef HAVE_IDN
        check_ascii(cases[i][0], strlen(cases[i][0]), cases[i][1]);
#else
        check_ascii(cases[i][0], strlen(cases[i][0]), NULL);
#endif
    }
    check_ascii("\xc3\xbc\0.de", 6, NULL);
}

/* However long a foreign name is, it fails or gives a name in its bounds. */
static void test_long_unicode(void **state)
{
    static char name[3000];
    char out[DOMAIN_MAX];

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(name); i += 2)
        memcpy(name + i, i % 20 == 18 ? "a." : "\xc3\xbc", 2);
    for (size_t size = 2; size <= sizeof(name); size += 2) {
        bool ok = domain_to_ascii((struct span){ name, size }, out);

        assert_true(strlen(out) <= 253);
        if (size > 1016)
            assert_false(ok);
    }
    memset(name, '.', sizeof(name));
    assert_false(domain_to_ascii((struct span){ name, sizeof(name) }, out));
}

static void test_to_unicode(void **state)
{
    static const char *const cases[][2] = {
        { "example.org", "example.org" },
        { "xn--mller-kva.de", "m\xc3\xbcller.de" },
        { "mail.xn--mller-kva.de", "mail.m\xc3\xbcller.de" },
        { "xn--.de", "xn--.de" }, /* no punycode: as it is written */
        { "xn--\x61\x62!!.de", "xn--ab!!.de" },
        { "axn--mller-kva.de", "axn--mller-kva.de" },
        { "", "" },
    };
    char out[64];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(domain_to_unicode(span_of(cases[i][0]), out, sizeof(out)));
#ifdef HAVE_IDN
        assert_string_equal(out, cases[i][1]);
#else
        assert_string_equal(out, cases[i][0]);
#endif
    }
    assert_true(domain_to_unicode(SPAN("example.org"), out, 12));
    assert_false(domain_to_unicode(SPAN("example.org"), out, 11));
    assert_false(domain_to_unicode(SPAN("xn--mller-kva.de"), out, 10));
    assert_false(domain_to_unicode(SPAN("a"), out, 0));
}

static void test_is_below(void **state)
{
    static const struct {
        const char *name, *parent;
        bool below;
    } cases[] = {
        { "a.example.org", "example.org", true },
        { "a.b.example.org", "example.org", true },
        { "example.org", "example.org", false },
        { "badexample.org", "example.org", false },
        { "org", "example.org", false },
        { ".example.org", "example.org", false },
        { "a.example.org", "", false },
        { "", "", false },
        { "a.example.org.x", "example.org", false },
        { "a.org", "org", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (domain_is_below(span_of(cases[i].name), span_of(cases[i].parent)) != cases[i].below)
            fail_msg("%s below %s", cases[i].name, cases[i].parent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_ascii),     cmocka_unit_test(test_unicode_to_ascii),
        cmocka_unit_test(test_long_unicode), cmocka_unit_test(test_to_unicode),
        cmocka_unit_test(test_is_below),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
