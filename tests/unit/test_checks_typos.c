/*
 * The table of misspelled domains: in order, since it is searched by halves; no row is what another
 * one means; and what is near a row is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "checks/typo_domains.h"
#include "util/domain.h"

static void every_row_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < typo_domain_count; i++) {
        const char *meant = typo_domain_meant(span_of(typo_domains[i].domain));
        assert_non_null(meant);
        assert_string_equal(meant, typo_domains[i].meant);
        if (i > 0) {
            assert_true(strcmp(typo_domains[i - 1].domain, typo_domains[i].domain) < 0);
        }
    }
}

static void rows_are_domains_and_mean_others(void **state)
{
    char ascii[DOMAIN_MAX];
    (void)state;
    for (size_t i = 0; i < typo_domain_count; i++) {
        assert_true(domain_to_ascii(span_of(typo_domains[i].domain), ascii));
        assert_string_equal(ascii, typo_domains[i].domain);
        assert_true(domain_to_ascii(span_of(typo_domains[i].meant), ascii));
        assert_string_equal(ascii, typo_domains[i].meant);
        assert_null(typo_domain_meant(span_of(typo_domains[i].meant)));
    }
}

static void what_is_near_is_none(void **state)
{
    static const char *const names[] = { "",          "gmial.co",  "gmial.comm", "a.gmial.com",
                                         "gmail.com", "ymail.com", "com",        "zzz.zzz" };
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_null(typo_domain_meant(span_of(names[i])));
    }
    assert_null(typo_domain_meant((struct span){ NULL, 0 }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_found),
        cmocka_unit_test(rows_are_domains_and_mean_others),
        cmocka_unit_test(what_is_near_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
