/*
 * address: envelope paths, and the address a sender is counted by.
 */
#include "test_message_support.h"

#include "message/address.h"

static void test_paths(void **state)
{
    static const struct {
        struct span path;
        const char *text, *local, *domain;
        unsigned defects;
    } cases[] = {
#define PATH(literal) { literal, sizeof(literal) - 1 }
        { PATH("<a@b.example>"), "a@b.example", "a", "b.example", 0 },
        { PATH("a@B.Example"), "a@b.example", "a", "b.example", 0 },
        { PATH("<>"), "", NULL, NULL, 0 },
        { PATH(""), "", NULL, NULL, 0 },
        { { NULL, 0 }, "", NULL, NULL, 0 },
        { PATH("<postmaster>"), "postmaster", "postmaster", NULL, ADDRESS_NO_DOMAIN },
        { PATH("<@r.example,@s.example:a@b.example>"), "a@b.example", "a", "b.example",
          ADDRESS_ROUTE },
        { PATH("<\"a b\"@c.example>"), "\"a b\"@c.example", "a b", "c.example",
          ADDRESS_QUOTED_LOCAL },
        { PATH("\"a\\@\\\"b\"@c.example"), "\"a@\\\"b\"@c.example", "a@\"b", "c.example",
          ADDRESS_QUOTED_LOCAL },
        { PATH("\"a\"@c.example"), "a@c.example", "a", "c.example", ADDRESS_QUOTED_LOCAL },
        { PATH("<a@[192.0.2.1]>"), "a@[192.0.2.1]", "a", "[192.0.2.1]", 0 },
        { PATH("<a@[IPv6:2001:db8::1]>"), "a@[IPv6:2001:db8::1]", "a", "[IPv6:2001:db8::1]", 0 },
        { PATH("<a@[x-y:z]>"), "a@[x-y:z]", "a", "[x-y:z]", ADDRESS_BAD_DOMAIN },
        { PATH("<a..b@c.example>"), "\"a..b\"@c.example", "a..b", "c.example", ADDRESS_DOTS },
        { PATH("<a.@c.example>"), "\"a.\"@c.example", "a.", "c.example", ADDRESS_DOTS },
        { PATH("<a@c.example.>"), "a@c.example", "a", "c.example", ADDRESS_BAD_DOMAIN },
        { PATH("<j\xc3\xb6rg@c.example>"), "j\xc3\xb6rg@c.example", "j\xc3\xb6rg", "c.example",
          ADDRESS_UTF8 },
        { PATH("<j\xf6rg@c.example>"), "j\xf6rg@c.example", "j\xf6rg", "c.example", ADDRESS_8BIT },
        { PATH("<a%b!c@d.example>"), "a%b!c@d.example", "a%b!c", "d.example", 0 },
        /* no path: as it stands, and nobody's */
        { PATH("<(any@legit.example>"), "(any@legit.example", NULL, NULL, ADDRESS_BROKEN },
        { PATH("<any@legit.example(a.attack.example>"), "any@legit.example(a.attack.example", NULL,
          NULL, ADDRESS_BROKEN },
        { PATH("<any@legit.example'@any.attack.example>"), "any@legit.example'@any.attack.example",
          NULL, NULL, ADDRESS_BROKEN },
        { PATH("<a@b.example"), "a@b.example", NULL, NULL, ADDRESS_BROKEN },
        { PATH("a@b.example>"), "a@b.example>", NULL, NULL, ADDRESS_BROKEN },
        { PATH("<"), "", NULL, NULL, ADDRESS_BROKEN },
        { PATH("< >"), " ", NULL, NULL, ADDRESS_BROKEN },
        { PATH("<<>>"), "<>", NULL, NULL, ADDRESS_BROKEN },
        { PATH("<a b@c.example>"), "a b@c.example", NULL, NULL, ADDRESS_BROKEN },
        { PATH("<@b.example>"), "@b.example", NULL, NULL, ADDRESS_BROKEN | ADDRESS_ROUTE },
        { PATH("<a@>"), "a@", NULL, NULL, ADDRESS_BROKEN },
        { PATH("<\"a@b.example>"), "\"a@b.example", NULL, NULL, ADDRESS_BROKEN },
        { PATH("<\"a\"b@c.example>"), "\"a\"b@c.example", NULL, NULL,
          ADDRESS_BROKEN | ADDRESS_QUOTED_LOCAL },
        { PATH("<a@b.example, c@d.example>"), "a@b.example, c@d.example", NULL, NULL,
          ADDRESS_BROKEN },
        { PATH("<@r x:a@b.example>"), "@r x:a@b.example", NULL, NULL,
          ADDRESS_BROKEN | ADDRESS_ROUTE },
        { PATH("<a\n@b.example>"), "a\n@b.example", NULL, NULL, ADDRESS_BROKEN | ADDRESS_CONTROL },
        { PATH("<\"a\x01\"@b.example>"), "\"a\x01\"@b.example", NULL, NULL,
          ADDRESS_BROKEN | ADDRESS_CONTROL },
#undef PATH
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address address;

        assert_true(address_parse_path(cases[i].path, *state, &address));
        check_span(cases[i].path.at, address.text, cases[i].text);
        check_span(cases[i].path.at, address.local, cases[i].local);
        check_span(cases[i].path.at, address.domain, cases[i].domain);
        if (address.defects != cases[i].defects)
            fail_msg("%.*s: defects %#x", SPAN_ARG(cases[i].path), address.defects);
    }
}

static void test_nul_in_a_path(void **state)
{
    struct address address;

    assert_true(address_parse_path((struct span){ "<a@b.example\0@c>", 16 }, *state, &address));
    assert_int_equal(address.defects, ADDRESS_BROKEN | ADDRESS_CONTROL);
    assert_int_equal(address.text.size, 14);
}

static void test_reduce(void **state)
{
    static const struct {
        const char *path, *delimiter, *wanted;
    } cases[] = {
        { "<>", "+", "" },
        { "Alice@Example.org", "+", "alice@example.org" },
        { "alice+x+y@example.org", "+", "alice@example.org" },
        { "alice+x@example.org", "", "alice+x@example.org" },
        { "alice-x@example.org", "+-", "alice@example.org" },
        { "+alice@example.org", "+", "+alice@example.org" },
        { "alice+@example.org", "+", "alice@example.org" },
        { "MAILER-DAEMON@example.org", "-", "mailer-daemon@example.org" },
        { "owner-list@example.org", "-", "owner-list@example.org" },
        { "\"A b+c\"@example.org", "+", "\"a b\"@example.org" },
        { "J\xc3\x96rg@example.org", "+", "j\xc3\x96rg@example.org" },
        { "postmaster", "+", "postmaster" },
        { "a@[192.0.2.1]", "+", "a@[192.0.2.1]" },
        /* VERP */
        { "list-bounces+bob=dest.example@lists.example.org", "", "list-bounces@lists.example.org" },
        { "list-return-42-bob-x=dest.example@example.org", "", "list-return@example.org" },
        { "news-bob=dest.example@example.org", "", "news@example.org" },
        { "bounce+e4f6b7.187-auth-verifier=posrt25.com@senderhost.com", "",
          "bounce@senderhost.com" },
        { "bob=dest.example@example.org", "", "@example.org" },
        { "+bob=dest.example@example.org", "", "@example.org" },
        /* '=' that is none */
        { "bc=some+more@server.com", "", "bc=some+more@server.com" },
        { "a=1.5@example.org", "", "a=1.5@example.org" },
        { "a=b@example.org", "", "a=b@example.org" },
        { "=dest.example@example.org", "", "=dest.example@example.org" },
        /* BATV */
        { "prvs=0123456789=alice@example.org", "+", "alice@example.org" },
        { "prvs=0123456789=alice+x@example.org", "+", "alice@example.org" },
        { "PRVS=0123456789=Alice@example.org", "+", "alice@example.org" },
        { "btv1==012345abc==alice@example.org", "+", "alice@example.org" },
        { "msprvs1=18000abc=bounces-7@example.org", "+", "bounces-7@example.org" },
        { "prvs=0123456789=@example.org", "+", "prvs=0123456789=@example.org" },
        { "prvs=alice@example.org", "+", "prvs=alice@example.org" },
        /* SRS */
        { "SRS0=HHH=TT=Dest.example=Alice@fwd.example", "+", "alice@dest.example" },
        { "srs0+HHH=TT=dest.example=alice+x@fwd.example", "+", "alice@dest.example" },
        { "SRS1=HHH=fwd.example==HHH=TT=dest.example=alice@fwd2.example", "+",
          "alice@dest.example" },
        { "SRS1=HHH=fwd.example=+HHH=TT=dest.example=alice@fwd2.example", "+",
          "alice@dest.example" },
        { "SRS0=HHH=TT=dest.example=prvs=0123456789=alice@fwd.example", "+", "alice@dest.example" },
        { "SRS0=HHH=TT=dest.example=list-bounces+bob=x.example@fwd.example", "",
          "list-bounces@dest.example" },
        { "SRS0=HHH=TT=dest.example=@fwd.example", "", "srs0=hhh=tt=dest.example=@fwd.example" },
        { "SRS0=HHH=alice@fwd.example", "", "srs0=hhh=alice@fwd.example" },
        { "SRS0alice@fwd.example", "", "srs0alice@fwd.example" },
        { "<any@Legit.example(a>", "+", "any@legit.example(a" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address address;

        assert_true(address_parse_path(span_of(cases[i].path), *state, &address));
        check_span(cases[i].path, address_reduce(&address, span_of(cases[i].delimiter), *state),
                   cases[i].wanted);
    }
}

static void test_every_ceiling(void **state)
{
    const struct span path = SPAN("<SRS0=HHH=TT=dest.example=\xc3\xa4@fwd.example>");
    unsigned failed = 0;

    (void)state;
    for (size_t ceiling = 0; ceiling < 1000; ceiling += 8) {
        struct arena *arena = arena_new(ceiling);
        struct address address;

        assert_non_null(arena);
        if (address_parse_path(path, arena, &address)) {
            struct span key = address_reduce(&address, SPAN("+"), arena);

            if (key.at != NULL)
                check_span("key", key, "\xc3\xa4@dest.example");
            else
                failed++;
        } else {
            failed++;
        }
        arena_free(&arena);
    }
    assert_in_range(failed, 1, 124);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_nul_in_a_path),
        cmocka_unit_test(test_reduce),
        cmocka_unit_test(test_every_ceiling),
    };

    return cmocka_run_group_tests_name("message/path", tests, arena_setup, arena_teardown);
}
