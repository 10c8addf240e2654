/*
 * What is a table's spec and what is not; where a socketmap's server is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "tables/socketmap_place.h"
#include "tables/table.h"

#define LONG_NAME                                                                                  \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"     \
    "8901234567890123456789012345678901234567890123456789"

static void specs(void **state)
{
    static const struct {
        const char *spec, *says; /* NULL: it is one */
        bool is_local;
    } cases[] = {
        { "file:/etc/owners", NULL, true },
        { "FILE:/etc/owners", NULL, true },
        { "lmdb:/etc/owners", NULL, true },
        { "file:relative", "named from / on", true },
        { "lmdb:", "named from / on", true },
        { "hash:/etc/owners", "not a table; valid: \"file:/path\", \"lmdb:/path\"", true },
        { "/etc/owners", "not a table", true },
        { "", "not a table", true },
        { "socketmap:unix:/run/maps:owners", NULL, false },
        { "socketmap:unix:/run/ma:ps:owners", NULL, false },
        { "socketmap:inet:127.0.0.1:2222:owners", NULL, false },
        { "socketmap:inet:[::1]:2222:owners", NULL, false },
        { "socketmap:inet:db.example.org:maps:owners", NULL, false },
        { "socketmap:unix:run/maps:owners", "not a socketmap; valid:", false },
        { "socketmap:unix:/:owners", "not a socketmap", false },
        { "socketmap:unix:/run/maps", "not a socketmap", false },
        { "socketmap:unix:/run/maps:", "not a socketmap", false },
        { "socketmap:unix:/run/maps:two words", "not a socketmap", false },
        { "socketmap:inet:127.0.0.1:owners", "not a socketmap", false },
        { "socketmap:inet::2222:owners", "not a socketmap", false },
        { "socketmap:tcp:127.0.0.1:2222:owners", "not a socketmap", false },
        { "socketmap:unix:/" LONG_NAME ":owners", "the path of the socket is longer than", false },
        { "socketmap:unix:/run/maps:" LONG_NAME, "NAME is longer than 127 octets", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = { "" };
        assert_int_equal(table_accepts(cases[i].spec, &error), cases[i].says == NULL);
        if (cases[i].says != NULL) {
            assert_non_null(strstr(error.text, cases[i].says));
        }
        assert_int_equal(table_accepts_local(cases[i].spec, &error),
                         cases[i].says == NULL && cases[i].is_local);
        if (!cases[i].is_local) {
            assert_non_null(strstr(error.text, "asked where nobody may wait"));
        }
    }
}

static void places(void **state)
{
    (void)state;
    struct socketmap_place place;
    struct error error;
    assert_true(socketmap_place_open(&place, "unix:/run/a:b:owners", &error));
    assert_string_equal(((struct sockaddr_un *)&place.endpoint.at[0].address)->sun_path,
                        "/run/a:b");
    assert_string_equal(place.map, "owners");
    assert_int_equal(place.endpoint.count, 1);

    assert_true(socketmap_place_open(&place, "inet:127.0.0.7:2222:o", &error));
    const struct sockaddr_in *in = (const struct sockaddr_in *)&place.endpoint.at[0].address;
    assert_int_equal(ntohs(in->sin_port), 2222);
    assert_int_equal(ntohl(in->sin_addr.s_addr), 0x7f000007);

    assert_true(socketmap_place_open(&place, "inet:[::1]:25:o", &error));
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&place.endpoint.at[0].address;
    assert_int_equal(in6->sin6_family, AF_INET6);
    assert_int_equal(ntohs(in6->sin6_port), 25);

    assert_true(socketmap_place_open(&place, "inet:localhost:2222:o", &error));
    assert_in_range(place.endpoint.count, 1, ENDPOINT_ADDRESSES_MAX);

    assert_false(socketmap_place_open(&place, "inet:127.0.0.1:no-such-port:o", &error));
    assert_non_null(strstr(error.text, "127.0.0.1, port no-such-port: "));
    assert_null(table_open("socketmap:inet:127.0.0.1:no-such-port:o", NULL, &error));
    assert_non_null(strstr(error.text, "socketmap:inet:127.0.0.1:no-such-port:o: 127.0.0.1, "));
}

/* Its server may come later: opening a table asks nobody. */
static void not_there_yet(void **state)
{
    (void)state;
    struct error error;
    struct span key, value;
    size_t position = 0;
    struct table *table = table_open("socketmap:unix:/nonexistent/socket:o", NULL, &error);
    assert_non_null(table);
    assert_true(table_waits(table));
    assert_false(table_is_stale(table));
    assert_false(table_is_walkable(table));
    assert_false(table_next(table, &position, &key, &value));
    assert_int_equal(table_count(table), 0);
    table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(specs), cmocka_unit_test(places),
                                        cmocka_unit_test(not_there_yet) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
