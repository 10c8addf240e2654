/*
 * link: words and texts arrive apart and whole; a full queue and a gone peer are told and never
 * waited for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/link.h"

static void test_words(void **state)
{
    static const struct {
        enum link_word word;
        const char *text;
    } words[] = { { LINK_READY, NULL },
                  { LINK_ALIVE, "" },
                  { LINK_FAULT, "one line\nand another" },
                  { LINK_NOT_RESTARTED, "x" },
                  { (enum link_word)'~', "a later version's" },
                  { (enum link_word)0xff, NULL } };
    char text[LINK_TEXT_MAX + 1];
    enum link_word word;
    int ends[2];

    (void)state;
    assert_true(link_open(ends));
    assert_int_equal(link_hear(ends[0], &word, text), LINK_NOTHING);
    for (int from = 0; from < 2; from++) {
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            assert_true(link_say(ends[from], words[i].word, words[i].text));
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            assert_int_equal(link_hear(ends[1 - from], &word, text), LINK_WORD);
            assert_int_equal(word, words[i].word);
            assert_string_equal(text, words[i].text != NULL ? words[i].text : "");
        }
        assert_int_equal(link_hear(ends[1 - from], &word, text), LINK_NOTHING);
    }
    close(ends[0]);
    close(ends[1]);
}

static void test_cut(void **state)
{
    static char sent[LINK_TEXT_MAX + 100];
    char text[LINK_TEXT_MAX + 1];
    enum link_word word;
    int ends[2];

    (void)state;
    assert_true(link_open(ends));
    for (size_t size = LINK_TEXT_MAX - 1; size <= LINK_TEXT_MAX + 50; size += 51) {
        memset(sent, 'a', size);
        sent[size] = '\0';
        assert_true(link_say(ends[0], LINK_FAULT, sent));
        assert_int_equal(link_hear(ends[1], &word, text), LINK_WORD);
        assert_int_equal(strlen(text), size < LINK_TEXT_MAX ? size : LINK_TEXT_MAX);
        assert_int_equal(strspn(text, "a"), strlen(text));
    }
    /* Another version may say more than we take. */
    memset(sent, 'b', sizeof(sent));
    assert_int_equal(send(ends[0], sent, sizeof(sent), 0), sizeof(sent));
    assert_int_equal(link_hear(ends[1], &word, text), LINK_WORD);
    assert_int_equal(strlen(text), LINK_TEXT_MAX);
    assert_int_equal(link_hear(ends[1], &word, text), LINK_NOTHING);
    close(ends[0]);
    close(ends[1]);
}

/* Whoever does not listen loses words and holds up nobody; what was said before is still there. */
static void test_full(void **state)
{
    char text[LINK_TEXT_MAX + 1], number[16];
    enum link_word word;
    unsigned said = 0, heard = 0;
    int ends[2];

    (void)state;
    assert_true(link_open(ends));
    do
        snprintf(number, sizeof(number), "%u", said);
    while (link_say(ends[0], LINK_FAULT, number) && ++said < 1000000);
    assert_in_range(said, 1, 999999);
    while (link_hear(ends[1], &word, text) == LINK_WORD) {
        snprintf(number, sizeof(number), "%u", heard++);
        assert_string_equal(text, number);
    }
    assert_int_equal(heard, said);
    assert_true(link_say(ends[0], LINK_ALIVE, NULL));
    close(ends[0]);
    close(ends[1]);
}

static void test_ended(void **state)
{
    char text[LINK_TEXT_MAX + 1];
    enum link_word word;
    int ends[2];

    (void)state;
    assert_true(link_open(ends));
    assert_true(link_say(ends[0], LINK_FAULT, "last words"));
    close(ends[0]);
    assert_false(link_say(ends[1], LINK_RETIRE, NULL)); /* and no SIGPIPE */
    assert_int_equal(link_hear(ends[1], &word, text), LINK_WORD);
    assert_string_equal(text, "last words");
    assert_int_equal(link_hear(ends[1], &word, text), LINK_ENDED);
    assert_int_equal(link_hear(ends[1], &word, text), LINK_ENDED);
    close(ends[1]);
    assert_int_equal(link_hear(-1, &word, text), LINK_ENDED);
    assert_false(link_say(-1, LINK_ALIVE, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
