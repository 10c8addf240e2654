/*
 * gist: the same for texts that differ in names, numbers, links and case; another one for another
 * text; whatever the cut.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/gist.h"

#define KEY 42

static uint64_t gist_of(const char *text)
{
    struct gist gist;
    gist_init(&gist, KEY);
    gist_feed(&gist, text, strlen(text));
    return gist_finish(&gist);
}

static const char letter[] =
    "Dear %s,\n\nyour account %s has been limited because of a payment that could not be booked.\n"
    "Please confirm the details of your bank on our page %s within two days, or the account will\n"
    "be closed and all messages that are kept in it will be lost for good. We are sorry for any\n"
    "trouble that this may cause, and thank you for your patience.\n\nThe security team\n";

static void test_filled_in(void **state)
{
    char one[1000], other[1000];
    unsigned same = 0;
    (void)state;
    for (int i = 0; i < 100; i++) {
        char name[20];
        snprintf(name, sizeof(name), "%c%c%c%c", 'a' + i % 26, 'e' + i % 7, 'k' + i % 11,
                 'b' + i % 17);
        snprintf(one, sizeof(one), letter, "Bob", "A-17", "<https://a.example/1>");
        snprintf(other, sizeof(other), letter, name, "Q-99x", "<https://b.example/2?u=7>");
        same += gist_of(one) == gist_of(other);
    }
    assert_in_range(same, 85, 100);
}

static void test_others(void **state)
{
    static const char *const texts[] = {
        "Good morning, can we meet on Friday at the usual place to speak about the offer?",
        "Good morning, thank you for the offer. We will let you know until next week.",
        "Attached is the invoice for May, as agreed when we spoke on the telephone.",
        "Hello",
        "Hello you",
        "you Hello",
        "See attached",
        "",
        "Liebe Kollegin, anbei die Unterlagen zur Sitzung am Montag; bitte vorher lesen.",
    };
    enum { COUNT = sizeof(texts) / sizeof(texts[0]) };
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < i; k++) {
            if (gist_of(texts[i]) == gist_of(texts[k])) {
                fail_msg("%zu and %zu are the same", i, k);
            }
        }
    }
}

static void test_no_words(void **state)
{
    (void)state;
    assert_int_equal(gist_of(""), 0);
    assert_int_equal(gist_of(" 12 \r\n<p><br> -- 3x4 bob@example"), 0);
    assert_int_not_equal(gist_of("a"), 0);
}

static void test_form(void **state)
{
    (void)state;
    assert_int_equal(gist_of("Come to the feast on Sunday, all of you"),
                     gist_of("<p>COME to  the\r\n<b>feast</b> on Sunday; all of 100 you!</p>"));
    assert_int_equal(gist_of("<unclosed tag eats all of the rest"), 0);
}

static void test_cut(void **state)
{
    char text[1000];
    struct gist gist;
    (void)state;
    snprintf(text, sizeof(text), letter, "Bob", "17", "<x>");
    for (size_t size = 1; size < 40; size++) {
        gist_init(&gist, KEY);
        for (size_t at = 0; at < strlen(text); at += size) {
            size_t left = strlen(text) - at;
            gist_feed(&gist, text + at, left < size ? left : size);
        }
        assert_int_equal(gist_finish(&gist), gist_of(text));
    }
}

static void test_long(void **state)
{
    size_t size = (size_t)GIST_OCTETS_MAX + 1000;
    char *text = malloc(size);
    struct gist one, other;
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) {
        text[i] = i % 7 == 6 ? ' ' : (char)('a' + i * i % 23);
    }
    gist_init(&one, KEY);
    gist_feed(&one, text, size);
    gist_init(&other, KEY);
    gist_feed(&other, text, GIST_OCTETS_MAX);
    assert_int_equal(gist_finish(&one), gist_finish(&other));
    free(text);
}

static void test_key(void **state)
{
    struct gist one, other;
    (void)state;
    gist_init(&one, 1);
    gist_init(&other, 2);
    gist_feed(&one, letter, strlen(letter));
    gist_feed(&other, letter, strlen(letter));
    assert_int_not_equal(gist_finish(&one), gist_finish(&other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filled_in), cmocka_unit_test(test_others),
        cmocka_unit_test(test_no_words),  cmocka_unit_test(test_form),
        cmocka_unit_test(test_cut),       cmocka_unit_test(test_long),
        cmocka_unit_test(test_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
