/*
 * encoded_word: RFC 2047 words good, odd and broken, in the sets of our own tables and in others.
 */
#include "test_message_support.h"

#include "message/encoded_word.h"

struct reading {
    const char *text, *wanted;
};

static void check_readings(struct arena *arena, const struct reading *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_span(cases[i].text, encoded_word_decode(span_of(cases[i].text), arena),
                   cases[i].wanted);
}

static void test_plain(void **state)
{
    struct span text = SPAN("Alice = ? Example");
    struct span absent = { NULL, 0 };

    assert_ptr_equal(encoded_word_decode(text, *state).at, text.at);
    assert_null(encoded_word_decode(absent, *state).at);
    check_span("empty", encoded_word_decode(SPAN(""), *state), "");
}

static void test_words(void **state)
{
    static const struct reading cases[] = {
        /* RFC 2047 8 */
        { "=?US-ASCII?Q?Keith_Moore?=", "Keith Moore" },
        { "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld J\303\270rn Simonsen" },
        { "=?ISO-8859-1?Q?Andr=E9?= Pirard", "Andr\303\251 Pirard" },
        { "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\n "
          "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
          "If you can read this you understand the example." },
        { "(=?ISO-8859-1?Q?a?=)", "(a)" },
        { "(=?ISO-8859-1?Q?a?= b)", "(a b)" },
        { "(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)" },
        { "(=?ISO-8859-1?Q?a?=\n\t =?ISO-8859-1?Q?b?=)", "(ab)" },
        { "(=?ISO-8859-1?Q?a_b?=)", "(a b)" },
        { "=?utf-8*de?q?gr=C3=bcn?=", "gr\303\274n" }, /* RFC 2231 5 */
        { "=?utf-8?Q?"
          "?=",
          "" },
        { "=?utf-8?B?"
          "?= x",
          " x" },
        { "=?windows-1252?q?=80=93?=", "\342\202\254\342\200\234" },
        { "=?iso-8859-15?q?=A4?=", "\342\202\254" },
        { "=?koi8-r?B?8NLJ18XU?=", "\320\237\321\200\320\270\320\262\320\265\321\202" },
        { "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\346\227\245\346\234\254" },
    };

    check_readings(*state, cases, COUNT(cases));
}

/* Written so by programs in use, and read by those of the recipients. */
static void test_lenient(void **state)
{
    static const struct reading cases[] = {
        { "=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "\303\244" }, /* a character cut in two */
        { "=?utf-8?B?w6Q?= =?UTF-8?q?x?=", "\303\244x" },
        { "\"=?utf-8?q?a?=\"", "\"a\"" },
        { "a=?utf-8?q?b?=c", "abc" },
        { "=?utf-8?q?a b?=", "a b" },
        { "=?utf-8?b?YQ?=", "a" },
        { "=?utf-8?b?YWI?=", "ab" },
        { "=?iso-8859-1?q?=93?=", "\342\200\234" },
    };

    check_readings(*state, cases, COUNT(cases));
}

static void test_broken(void **state)
{
    static const struct reading cases[] = {
        { "=?utf-8?q?a", "=?utf-8?q?a" },
        { "=?utf-8?q?a?", "=?utf-8?q?a?" },
        { "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
        { "=?utf-8?q?a\n b?=", "=?utf-8?q?a\n b?=" },
        { "=?utf 8?q?a?=", "=?utf 8?q?a?=" },
        { "=?utf-8?q?=C3?=", "=?utf-8?q?=C3?=" },
        { "=?utf-8?q?=C?=", "=?utf-8?q?=C?=" },
        { "=?utf-8?q?=ZZ?=", "=?utf-8?q?=ZZ?=" },
        { "=?utf-8?b?Y?=", "=?utf-8?b?Y?=" },
        { "=?utf-8?b?Y*==?=", "=?utf-8?b?Y*==?=" },
        { "=?us-ascii?q?=E4?=", "=?us-ascii?q?=E4?=" },
        { "=?no-such-set?q?a?=", "=?no-such-set?q?a?=" },
        { "=?utf-16//TRANSLIT?q?a?=", "=?utf-16//TRANSLIT?q?a?=" },
        { "=?../x?q?a?=", "=?../x?q?a?=" },
        { "=??q?a?=", "=??q?a?=" },
        { "=?=?utf-8?q?a?=", "=?a" },
        /* one bad word does not take its neighbours with it */
        { "=?utf-8?q?a?= =?utf-8?q?=ff?= =?utf-8?q?b?=", "a=?utf-8?q?=ff?= b" },
        { "=?utf-8?q?a?= =?no-such-set?q?b?= c", "a=?no-such-set?q?b?= c" },
    };

    check_readings(*state, cases, COUNT(cases));
}

/* A character that becomes many is bounded, and so is the time for words that begin and never end.
 */
static void test_hostile(void **state)
{
    enum { SIZE = 1 << 20 };
    static const char *const patterns[] = { "=?", "=?a?q?", "=?utf-8?q?a?= ", "=?utf-8?q?=ff?=\n ",
                                            "=?utf-8?q?=C3?= " };
    char *text = arena_alloc(*state, SIZE);

    for (size_t i = 0; i < COUNT(patterns); i++) {
        size_t period = strlen(patterns[i]);

        for (size_t j = 0; j < SIZE; j++)
            text[j] = patterns[i][j % period];
        assert_non_null(encoded_word_decode((struct span){ text, SIZE }, *state).at);
    }
}

static void test_no_memory(void **state)
{
    struct arena *arena = arena_new(1);

    (void)state;
    assert_non_null(arena);
    assert_null(encoded_word_decode(SPAN("=?utf-8?q?a?="), arena).at);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_words, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_lenient, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_broken, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_hostile, arena_setup, arena_teardown),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("message/encoded_word", tests, NULL, NULL);
}
