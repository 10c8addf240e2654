/*
 * span: comparing, cutting and searching, with absent, empty and NUL-holding texts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "util/span.h"

#define ABSENT ((struct span){ NULL, 0 })

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void test_equal(void **state)
{
    static const struct {
        struct span a, b;
        bool same, same_nocase;
    } cases[] = {
        { { "abc", 3 }, { "abc", 3 }, true, true },
        { { "abc", 3 }, { "aBC", 3 }, false, true },
        { { "abc", 3 }, { "abcd", 4 }, false, false },
        { { "a\0b", 3 }, { "a\0c", 3 }, false, false },
        { { "a\0b", 3 }, { "A\0B", 3 }, false, true },
        { { NULL, 0 }, { "", 0 }, true, true },
        { { NULL, 0 }, { NULL, 0 }, true, true },
        { { NULL, 0 }, { "a", 1 }, false, false },
        /* only ASCII folds: these differ in bit 0x20 alone */
        { { "\xc3\x84", 2 }, { "\xc3\xa4", 2 }, false, false },
        { { "@[", 2 }, { "`{", 2 }, false, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (span_is_equal(cases[i].a, cases[i].b) != cases[i].same ||
            span_is_equal(cases[i].b, cases[i].a) != cases[i].same ||
            span_is_equal_nocase(cases[i].a, cases[i].b) != cases[i].same_nocase)
            fail_msg("case %zu", i);
    }
}

static void test_prefix_and_suffix(void **state)
{
    static const struct {
        const char *text, *piece;
        bool prefix, suffix;
    } cases[] = {
        { "Content-Type", "content-", true, false },
        { "Content-Type", "-TYPE", false, true },
        { "abc", "abc", true, true },
        { "abc", "abcd", false, false },
        { "abc", "", true, true },
        { "", "", true, true },
        { "", "a", false, false },
        { NULL, "a", false, false },
        { NULL, NULL, true, true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span text = span_of(cases[i].text), piece = span_of(cases[i].piece);

        if (span_has_prefix_nocase(text, piece) != cases[i].prefix ||
            span_has_suffix_nocase(text, piece) != cases[i].suffix)
            fail_msg("case %zu", i);
    }
}

static void test_trim(void **state)
{
    static const char *const cases[][2] = {
        { " \t\r\na b\n", "a b" },
        { "ab", "ab" },
        { "", "" },
        { " \t ", "" },
        { "\v ab\f", "\v ab\f" } /* only these four bytes are blank */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (!span_is_equal(span_trim(span_of(cases[i][0])), span_of(cases[i][1])))
            fail_msg("case %zu", i);
    }
    assert_null(span_trim(ABSENT).at);
}

static void test_copy(void **state)
{
    char out[4] = "???";

    (void)state;
    assert_true(span_copy(SPAN("abc"), out, sizeof(out)));
    assert_string_equal(out, "abc");
    assert_false(span_copy(SPAN("abcd"), out, sizeof(out)));
    assert_false(span_copy((struct span){ "a\0b", 3 }, out, sizeof(out)));
    assert_string_equal(out, "abc");
    assert_true(span_copy(ABSENT, out, sizeof(out)));
    assert_string_equal(out, "");
}

static void test_take_number(void **state)
{
    struct span rest = SPAN("12 7 x");
    uint64_t number = 0;

    (void)state;
    assert_true(span_take_number(&rest, 12, &number));
    assert_int_equal(number, 12);
    assert_false(span_take_number(&rest, 6, &number)); /* the word is gone all the same */
    assert_false(span_take_number(&rest, 6, &number));
    assert_false(span_take_number(&rest, 6, &number)); /* nothing is left */
    assert_int_equal(number, 12);
}

static void test_from_and_first(void **state)
{
    struct span text = SPAN("abcdef");

    (void)state;
    assert_true(span_is_equal(span_from(text, 0), text));
    assert_true(span_is_equal(span_from(text, 4), SPAN("ef")));
    assert_int_equal(span_from(text, 6).size, 0);
    assert_ptr_equal(span_from(text, 99).at, text.at + 6);
    assert_int_equal(span_from(text, SIZE_MAX).size, 0);
    assert_null(span_from(ABSENT, 3).at);
    assert_true(span_is_equal(span_first(text, 2), SPAN("ab")));
    assert_true(span_is_equal(span_first(text, 99), text));
    assert_int_equal(span_first(text, 0).size, 0);
}

static void test_find(void **state)
{
    (void)state;
    assert_int_equal(span_find(SPAN("a@b@c"), '@'), 1);
    assert_int_equal(span_find_last(SPAN("a@b@c"), '@'), 3);
    assert_int_equal(span_find(SPAN("@"), '@'), 0);
    assert_int_equal(span_find_last(SPAN("@"), '@'), 0);
    assert_int_equal(span_find(SPAN("abc"), '@'), -1);
    assert_int_equal(span_find_last(SPAN("abc"), '@'), -1);
    assert_int_equal(span_find(ABSENT, '@'), -1);
    assert_int_equal(span_find_last(ABSENT, '@'), -1);
    assert_int_equal(span_find(SPAN("a\0b"), '\0'), 1);
    assert_int_equal(span_find(SPAN("a\xff"), '\xff'), 1);
    /* the NUL behind a literal is not part of it */
    assert_int_equal(span_find(SPAN("abc"), '\0'), -1);
}

/* Pieces joined by '|', so that a table can show them. */
static void test_cut(void **state)
{
    static const char *const cases[][2] = {
        { "a,,b", "<a><><b>" }, { "a,", "<a><>" }, { ",", "<><>" },
        { "a", "<a>" },         { "", "<>" },      { NULL, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span rest = span_of(cases[i][0]), piece;
        char joined[64] = "";

        while (span_cut(&rest, ',', &piece)) {
            strcat(joined, "<");
            strncat(joined, piece.at, piece.size);
            strcat(joined, ">");
        }
        assert_string_equal(joined, cases[i][1]);
        assert_null(rest.at);
        assert_false(span_cut(&rest, ',', &piece));
    }
}

static void test_number(void **state)
{
    static const struct {
        const char *text;
        uint64_t most;
        bool is_number;
        uint64_t number;
    } cases[] = {
        { "0", 0, true, 0 },
        { "007", 7, true, 7 },
        { "65535", UINT16_MAX, true, 65535 },
        { "65536", UINT16_MAX, false, 0 },
        { "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
        { "18446744073709551616", UINT64_MAX, false, 0 },
        { "99999999999999999999999", UINT64_MAX, false, 0 },
        { "9", 8, false, 0 },
        { "", 9, false, 0 },
        { "-1", 9, false, 0 },
        { "+1", 9, false, 0 },
        { " 1", 9, false, 0 },
        { "1 ", 9, false, 0 },
        { "0x1", 99, false, 0 },
        { "\xb1", 99, false, 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t number = 0;
        assert_int_equal(span_number(span_of(cases[i].text), cases[i].most, &number),
                         cases[i].is_number);
        assert_int_equal(number, cases[i].number);
    }
    uint64_t number;
    assert_false(span_number(ABSENT, 9, &number));
}

static void test_strdup(void **state)
{
    char *copy = span_strdup(span_first(SPAN("abcdef"), 3));

    (void)state;
    assert_string_equal(copy, "abc");
    free(copy);
    copy = span_strdup(ABSENT);
    assert_string_equal(copy, "");
    free(copy);
    copy = span_strdup(SPAN("a\0b"));
    assert_memory_equal(copy, "a\0b", 4);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),       cmocka_unit_test(test_prefix_and_suffix),
        cmocka_unit_test(test_trim),        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_take_number), cmocka_unit_test(test_from_and_first),
        cmocka_unit_test(test_find),        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_number),      cmocka_unit_test(test_strdup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
