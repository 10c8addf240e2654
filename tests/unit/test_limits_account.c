/*
 * account: what names look like, that no two things share one, and that they come apart again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "limits/account.h"
#include "state/store.h"

struct fixture {
    struct arena *arena;
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture.arena = arena_new(1 << 20);
    *state = &fixture;
    return fixture.arena != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    arena_free(&fixture->arena);
    return 0;
}

static const struct {
    enum limit_by by;
    enum mail_class mail_class;
    struct span name;
    struct span account;
} cases[] = {
    { LIMIT_BY_PRINCIPAL, CLASS_SUBMISSION, SPAN("a@d.example"),
      SPAN("principal/submission/a@d.example") },
    { LIMIT_BY_PRINCIPAL, CLASS_SUBMISSION, SPAN("bounce"), SPAN("principal/submission/bounce") },
    { LIMIT_BY_PRINCIPAL, CLASS_BOUNCE, SPAN(""), SPAN("principal/bounce/") },
    { LIMIT_BY_PRINCIPAL, CLASS_LOCAL, SPAN("1000:mail.php"),
      SPAN("principal/local/1000:mail.php") },
    { LIMIT_BY_PRINCIPAL, CLASS_RELAY, SPAN("exchange"), SPAN("principal/relay/exchange") },
    { LIMIT_BY_PRINCIPAL, CLASS_LIST, SPAN("lists"), SPAN("principal/list/lists") },
    { LIMIT_BY_PRINCIPAL, CLASS_FORWARD, SPAN("bounce/x"), SPAN("principal/forward/bounce/x") },
    { LIMIT_BY_PRINCIPAL, CLASS_SUBMISSION, SPAN("A\0\xff\r\n/B"),
      SPAN("principal/submission/A\0\xff\r\n/B") },
    { LIMIT_BY_PLAN, CLASS_SUBMISSION, SPAN("pro"), SPAN("plan/pro") },
    { LIMIT_BY_DOMAIN, CLASS_SUBMISSION, SPAN("d.example"), SPAN("domain/d.example") },
    { LIMIT_BY_NETWORK, CLASS_SUBMISSION, SPAN("2001:db8::/64"), SPAN("network/2001:db8::/64") },
    { LIMIT_BY_PROVIDER, CLASS_SUBMISSION, SPAN("google"), SPAN("provider/google") },
    { LIMIT_BY_SITE, CLASS_SUBMISSION, SPAN(""), SPAN("site/") },
};

static void test_names(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span account =
            account_name(cases[i].by, cases[i].mail_class, cases[i].name, fixture->arena);
        enum limit_by by;
        enum mail_class mail_class;
        struct span name;
        assert_true(span_is_equal(account, cases[i].account));
        assert_true(account_parse(account, &by, &mail_class, &name));
        assert_int_equal(by, cases[i].by);
        assert_int_equal(mail_class, cases[i].mail_class);
        assert_true(span_is_equal(name, cases[i].name));
    }
}

static void test_what_does_not_count_makes_no_difference(void **state)
{
    struct fixture *fixture = *state;
    struct span plan = account_name(LIMIT_BY_PLAN, CLASS_BOUNCE, SPAN("pro"), fixture->arena);
    struct span site = account_name(LIMIT_BY_SITE, CLASS_BOUNCE, SPAN("pro"), fixture->arena);
    assert_true(span_is_equal(plan, SPAN("plan/pro")));
    assert_true(span_is_equal(site, SPAN("site/")));
}

static void test_none(void **state)
{
    static const char *const bad[] = {
        "",
        "principal",
        "principal/",
        "principal/submission",
        "principal/nobody/a",
        "Principal/submission/a",
        "principal//a",
        "site",
        "site/x",
        "domains/a",
        "/",
        "limit/a",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        enum limit_by by;
        enum mail_class mail_class;
        struct span name;
        assert_false(account_parse(span_of(bad[i]), &by, &mail_class, &name));
    }
    struct span name;
    assert_false(account_parse((struct span){ NULL, 0 }, &(enum limit_by){ 0 },
                               &(enum mail_class){ 0 }, &name));
}

/* Names of all lengths around the cut, and such as differ only behind it. */
static void test_long_names(void **state)
{
    struct fixture *fixture = *state;
    char long_name[1000];
    struct span accounts[1000];
    memset(long_name, 'a', sizeof(long_name));
    for (size_t size = 190; size < 400; size++) {
        struct span name = { long_name, size };
        accounts[size] = account_name(LIMIT_BY_PRINCIPAL, CLASS_SUBMISSION, name, fixture->arena);
        assert_true(accounts[size].size < STORE_KEY_MAX - 100);
        for (size_t other = 190; other < size; other++) {
            assert_false(span_is_equal(accounts[other], accounts[size]));
        }
    }
    assert_int_equal(accounts[200].size, strlen("principal/submission/") + 200);
    assert_int_equal(accounts[201].size, strlen("principal/submission/") + 233);
    long_name[999] = 'b';
    struct span one =
        account_name(LIMIT_BY_PLAN, 0, (struct span){ long_name, 1000 }, fixture->arena);
    long_name[999] = 'c';
    struct span two =
        account_name(LIMIT_BY_PLAN, 0, (struct span){ long_name, 1000 }, fixture->arena);
    assert_false(span_is_equal(one, two));
}

/* Who calls himself as a name that was cut gets another account. */
static void test_cut_names_are_not_to_be_had(void **state)
{
    struct fixture *fixture = *state;
    char long_name[300];
    memset(long_name, 'a', sizeof(long_name));
    struct span cut =
        account_name(LIMIT_BY_PLAN, 0, (struct span){ long_name, 300 }, fixture->arena);
    struct span same =
        account_name(LIMIT_BY_PLAN, 0, span_from(cut, strlen("plan/")), fixture->arena);
    assert_false(span_is_equal(cut, same));
}

/* They are keys on disk: what was written by another version is found again. */
static void test_the_digest_stays(void **state)
{
    struct fixture *fixture = *state;
    char long_name[201];
    memset(long_name, 'x', sizeof(long_name));
    struct span account =
        account_name(LIMIT_BY_PLAN, 0, (struct span){ long_name, 201 }, fixture->arena);
    assert_string_equal(account.at + strlen("plan/") + 200, "~d4ab346ce91ee010130797cc6ec71c0d");
}

static void test_no_memory(void **state)
{
    struct arena *arena = arena_new(1);
    (void)state;
    assert_null(account_name(LIMIT_BY_SITE, 0, SPAN(""), arena).at);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_what_does_not_count_makes_no_difference),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_cut_names_are_not_to_be_had),
        cmocka_unit_test(test_the_digest_stays),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
