/*
 * provider: the table is in order and each of its domains is found, in any case; all else is other.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <string.h>

#include "limits/provider.h"
#include "limits/provider_private.h"
#include "util/domain.h"

static void test_table(void **state)
{
    bool is_used[PROVIDER_COUNT] = { false };
    (void)state;
    for (size_t i = 0; i < provider_row_count; i++) {
        const struct provider_row *row = &provider_rows[i];
        char normal[DOMAIN_MAX];
        assert_true(domain_to_ascii(span_of(row->domain), normal));
        assert_string_equal(row->domain, normal);
        assert_true(i == 0 || strcmp(provider_rows[i - 1].domain, row->domain) < 0);
        assert_true(row->provider < PROVIDER_OTHER);
        is_used[row->provider] = true;
    }
    for (int i = 0; i < PROVIDER_OTHER; i++) {
        assert_true(is_used[i]);
    }
}

static void test_each_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < provider_row_count; i++) {
        char text[DOMAIN_MAX];
        struct span domain = span_of(provider_rows[i].domain);
        assert_int_equal(provider_of(domain), provider_rows[i].provider);
        for (size_t c = 0; c < domain.size; c++) {
            text[c] = (char)toupper((unsigned char)domain.at[c]);
        }
        assert_int_equal(provider_of((struct span){ text, domain.size }),
                         provider_rows[i].provider);
    }
}

static const struct {
    struct span domain;
    const char *name;
} cases[] = {
    { SPAN("gmail.com"), "google" },
    { SPAN("GoogleMail.COM"), "google" },
    { SPAN("gmail.com."), "google" },
    { SPAN("hotmail.co.uk"), "microsoft" },
    { SPAN("live.nl"), "microsoft" },
    { SPAN("rocketmail.com"), "yahoo" },
    { SPAN("aol.com"), "yahoo" },
    { SPAN("mac.com"), "apple" },
    { SPAN("web.de"), "gmx" },
    { SPAN("gmx.at"), "gmx" },
    { SPAN("t-online.de"), "telekom" },
    { SPAN("bk.ru"), "mailru" },
    { SPAN("ya.ru"), "yandex" },
    { SPAN("qq.com"), "tencent" },
    { SPAN("163.com"), "netease" },
    { SPAN("pm.me"), "proton" },
    { SPAN("zohomail.eu"), "zoho" },
    { SPAN("comcast.net"), "comcast" },
    { SPAN("wanadoo.fr"), "orange" },
    { SPAN("libero.it"), "libero" },
    { SPAN("email.cz"), "seznam" },
    { SPAN("example.org"), "other" },
    { SPAN("mail.gmail.com"), "other" },
    { SPAN("gmail.co"), "other" },
    { SPAN("gmail.comm"), "other" },
    { SPAN("gmail.com\0"), "other" },
    { SPAN("gmail.com\0x"), "other" },
    { SPAN("\xff"), "other" },
    { SPAN("."), "other" },
    { SPAN(""), "other" },
    { { NULL, 0 }, "other" },
    { SPAN("yahoo.co.jp"), "other" }, /* another house */
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(provider_name(provider_of(cases[i].domain)), cases[i].name);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < PROVIDER_COUNT; i++) {
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(provider_name((uint8_t)i), provider_name((uint8_t)k));
        }
    }
    assert_string_equal(provider_name(255), "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_each_is_found),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
