/* organization: the piece of a name that is its organization, by the list of the system. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/organization.h"
#include "auth/organization_private.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_span(struct span seen, const char *expected, const char *what)
{
    if (!span_is_equal(seen, span_of(expected)))
        fail_msg("%s: \"%.*s\", not \"%s\"", what, SPAN_ARG(seen), expected);
}

static const struct {
    const char *domain;
    const char *organization; /* NULL: none */
} names[] = {
    { "example.org", "example.org" },
    { "a.b.example.org", "example.org" },
    { "a.example.co.uk", "example.co.uk" },
    { "example.org.", "example.org" },
    { "A.EXAMPLE.Org", "EXAMPLE.Org" }, /* a piece of what was asked */
    { "x.com", "x.com" },
    { "t.co", "t.co" },
    { "com", NULL },
    { "co.uk", NULL },
    { "bar.ck", NULL }, /* *.ck */
    { "foo.bar.ck", "foo.bar.ck" },
    { "www.ck", "www.ck" }, /* its exception */
    { "xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn" },
    { "unlisted", NULL },
    { "a.b.unlisted", "b.unlisted" },
    { "", NULL },
    { ".", NULL },
    { ".example.org", NULL },
    { "a..example.org", NULL },
};

static void test_names(void **state)
{
    (void)state;
    if (!organization_is_known()) {
        skip(); /* built without libpsl: there is nothing to ask */
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        struct span domain = span_of(names[i].domain);
        struct span organization = organization_of(domain);
        if (names[i].organization == NULL) {
            if (organization.at != NULL)
                fail_msg("%s: %.*s", names[i].domain, SPAN_ARG(organization));
            continue;
        }
        assert_span(organization, names[i].organization, names[i].domain);
        assert_true(organization.at >= domain.at && organization.at < domain.at + domain.size);
    }
}

static void test_too_long(void **state)
{
    char name[400];
    (void)state;
    memset(name, 'a', sizeof(name));
    memcpy(name + sizeof(name) - 4, ".org", 4);
    assert_null(organization_of((struct span){ name, sizeof(name) }).at);
    assert_null(organization_of((struct span){ NULL, 0 }).at);
}

static void test_no_list(void **state)
{
    struct organization_list *list = NULL;
    (void)state;
    assert_null(organization_list_open("/nowhere/list"));
    assert_null(organization_list_find(NULL, SPAN("example.org")).at);
    organization_list_free(&list);
}

/* A list of our own making: what is read is what is asked. */
static void test_own_list(void **state)
{
    char path[] = "/tmp/egress-list.XXXXXX";
    (void)state;
    if (!organization_is_known()) {
        skip();
    }
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char text[] = "// ===BEGIN ICANN DOMAINS===\norg\nexample.org\n"
                               "// ===END ICANN DOMAINS===\n";
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    struct organization_list *list = organization_list_open(path);
    unlink(path);
    assert_non_null(list);
    assert_span(organization_list_find(list, SPAN("a.b.example.org")), "b.example.org", "own list");
    organization_list_free(&list);
    assert_null(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_no_list),
        cmocka_unit_test(test_own_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
