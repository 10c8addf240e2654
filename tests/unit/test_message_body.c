/*
 * body: facts of small bodies, equal for every way to cut them, against a plain reading octet by
 * octet.
 */
#include "test_message_support.h"

#include <stdlib.h>
#include <string.h>

#include "message/body.h"

static void check_facts(const struct body_facts *seen, const struct body_facts *wanted)
{
    assert_int_equal(seen->size, wanted->size);
    assert_int_equal(seen->longest_line, wanted->longest_line);
    assert_int_equal(seen->longest_line_number, wanted->longest_line_number);
    assert_int_equal(seen->has_8bit, wanted->has_8bit);
    assert_int_equal(seen->has_nul, wanted->has_nul);
    assert_int_equal(seen->has_bare_cr, wanted->has_bare_cr);
    assert_int_equal(seen->has_bare_lf, wanted->has_bare_lf);
    assert_int_equal(seen->ends_in_line_end, wanted->ends_in_line_end);
}

static void note_line(struct body_facts *facts, uint64_t size, uint64_t number)
{
    if (size > facts->longest_line) {
        facts->longest_line = size;
        facts->longest_line_number = number;
    }
}

/* What body.h promises, in the plainest words. */
static struct body_facts read_plainly(struct span body)
{
    struct body_facts facts = { .size = body.size };
    uint64_t start = 0, number = 1;

    for (size_t i = 0; i < body.size; i++) {
        bool after_cr = i > 0 && body.at[i - 1] == '\r';
        bool before_lf = i + 1 < body.size && body.at[i + 1] == '\n';

        facts.has_8bit |= (unsigned char)body.at[i] >= 0x80;
        facts.has_nul |= body.at[i] == '\0';
        facts.has_bare_cr |= body.at[i] == '\r' && !before_lf;
        facts.has_bare_lf |= body.at[i] == '\n' && !after_cr;
        if (body.at[i] == '\n' && after_cr) {
            note_line(&facts, i - 1 - start, number++);
            start = i + 1;
        }
    }
    facts.ends_in_line_end = start == body.size;
    if (start < body.size)
        note_line(&facts, body.size - start, number);
    return facts;
}

/* The pieces lie in memory of exactly their size, so that a sanitizer sees a look too far. */
static void feed(struct body_scan *scan, struct span piece)
{
    char *copy = malloc(piece.size > 0 ? piece.size : 1);

    assert_non_null(copy);
    if (piece.size > 0)
        memcpy(copy, piece.at, piece.size);
    body_scan_feed(scan, copy, piece.size);
    free(copy);
}

static void test_table(void **state)
{
    static const struct {
        struct span body;
        struct body_facts facts;
    } cases[] = {
        { { "", 0 }, { 0, 0, 0, false, false, false, false, true } },
        { { "\r\n", 2 }, { 2, 0, 0, false, false, false, false, true } },
        { { "a", 1 }, { 1, 1, 1, false, false, false, false, false } },
        { { "ab\r\nabc\r\nab\r\n", 13 }, { 13, 3, 2, false, false, false, false, true } },
        { { "ab\r\nab", 6 }, { 6, 2, 1, false, false, false, false, false } },
        { { "a\r\n\r\nbcd", 8 }, { 8, 3, 3, false, false, false, false, false } },
        { { "a\nb\r\n", 5 }, { 5, 3, 1, false, false, false, true, true } },
        { { "a\rb\r\n", 5 }, { 5, 3, 1, false, false, true, false, true } },
        { { "a\r", 2 }, { 2, 2, 1, false, false, true, false, false } },
        { { "a\r\r\n", 4 }, { 4, 2, 1, false, false, true, false, true } },
        { { "\n", 1 }, { 1, 1, 1, false, false, false, true, false } },
        { { "a\r\n\n", 4 }, { 4, 1, 1, false, false, false, true, false } },
        { { "\0\r\n", 3 }, { 3, 1, 1, false, true, false, false, true } },
        { { "\xff\r\n", 3 }, { 3, 1, 1, true, false, false, false, true } },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body_facts plain = read_plainly(cases[i].body);
        struct body_scan scan;

        check_facts(&plain, &cases[i].facts);
        body_scan_init(&scan);
        scan.line_limit = 0;
        feed(&scan, cases[i].body);
        check_facts(body_scan_finish(&scan), &cases[i].facts);
    }
}

/* All cuts of a body of n octets into pieces: one bit of `cuts` for each place. */
static void check_cuts(struct span body, unsigned long cuts, const struct body_facts *wanted)
{
    struct body_scan scan;
    size_t start = 0;

    body_scan_init(&scan);
    scan.line_limit = 0; /* every line is of interest here */
    for (size_t i = 1; i <= body.size; i++) {
        if (i < body.size && (cuts >> (i - 1) & 1) == 0)
            continue;
        feed(&scan, (struct span){ body.at + start, i - start });
        start = i;
    }
    check_facts(body_scan_finish(&scan), wanted);
}

/* Every body of up to six octets out of these, in every division into pieces. */
static void test_every_small_body_and_cut(void **state)
{
    static const char letters[] = { 'a', '\r', '\n', '\0', '\xff', ' ' };
    enum { LONGEST = 6 };

    (void)state;
    for (unsigned size = 0, bodies = 1; size <= LONGEST; size++, bodies *= sizeof(letters)) {
        /* With the other octets up to four; longer ones of 'a', CR and LF only. */
        unsigned base = size <= 4 ? sizeof(letters) : 3;

        for (unsigned body = 0; body < bodies; body++) {
            char text[LONGEST];
            unsigned rest = body;
            struct body_facts wanted;

            for (unsigned i = 0; i < size; i++, rest /= base)
                text[i] = letters[rest % base];
            if (rest > 0)
                break;
            wanted = read_plainly((struct span){ text, size });
            for (unsigned long cuts = 0; cuts < (size > 1 ? 1ul << (size - 1) : 1); cuts++)
                check_cuts((struct span){ text, size }, cuts, &wanted);
        }
    }
}

static uint32_t draw(uint32_t *seed_io)
{
    *seed_io = *seed_io * 1664525 + 1013904223;
    return *seed_io >> 8;
}

/* Longer bodies, beyond the width of a vector and of what a lane counts, cut at two places. */
static void test_drawn_bodies(void **state)
{
    enum { LONGEST = 20000 };
    char *text = malloc(LONGEST);
    uint32_t seed = 7;

    (void)state;
    assert_non_null(text);
    for (unsigned round = 0; round < 600; round++) {
        size_t size = draw(&seed) % (round % 20 == 0 ? LONGEST : 200);
        unsigned odd = round % 3 == 0 ? 0 : 1 + draw(&seed) % 300;
        unsigned line_max = 1 + draw(&seed) % 120;
        size_t left = draw(&seed) % line_max, first, second;
        struct body_facts wanted;
        struct body_scan scan;

        for (size_t i = 0; i < size; i++, left--) {
            text[i] = 'x';
            if (odd > 0 && draw(&seed) % odd == 0)
                text[i] = "\r\n\n\r\0\x80"[draw(&seed) % 6];
            if (left > 0)
                continue;
            left = 1 + draw(&seed) % line_max;
            text[i] = '\r';
            if (i + 1 < size)
                text[++i] = '\n';
        }
        wanted = read_plainly((struct span){ text, size });
        first = size > 0 ? draw(&seed) % (size + 1) : 0;
        second = first + (size > first ? draw(&seed) % (size - first + 1) : 0);
        body_scan_init(&scan);
        scan.line_limit = 0;
        feed(&scan, (struct span){ text, first });
        feed(&scan, (struct span){ text + first, second - first });
        feed(&scan, (struct span){ text + second, size - second });
        check_facts(body_scan_finish(&scan), &wanted);
    }
    free(text);
}

/* Bodies made to waste a search that jumps: still linear, or this test would take a minute. */
static void test_hostile_bodies(void **state)
{
    enum { SIZE = 256 << 10 };
    static const char *const patterns[] = { "\n",     "\r",  "\r\n",    "\r\r\n",
                                            "\n\r\n", "a\n", "\n\n\n\r" };
    char *text = malloc(SIZE);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < COUNT(patterns); i++) {
        size_t period = strlen(patterns[i]);
        struct body_scan scan;
        struct body_facts wanted;

        for (size_t j = 0; j < SIZE; j++)
            text[j] = patterns[i][j % period];
        memset(text, 'x', 70000); /* a long line first */
        text[70000] = '\r';
        text[70001] = '\n';
        wanted = read_plainly((struct span){ text, SIZE });
        body_scan_init(&scan);
        scan.line_limit = 0;
        body_scan_feed(&scan, text, SIZE / 3);
        body_scan_feed(&scan, text + SIZE / 3, SIZE - SIZE / 3);
        check_facts(body_scan_finish(&scan), &wanted);
    }
    free(text);
}

/* As the daemon uses it: lines of up to 998 octets are not told. */
static void test_the_limit(void **state)
{
    static const struct {
        size_t before, line;
        uint64_t longest, number;
    } cases[] = {
        { 0, 998, 0, 0 },     { 0, 999, 999, 1 },     { 3, 998, 0, 0 },
        { 3, 1200, 1200, 4 }, { 200, 999, 999, 201 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[4096];
        size_t size = 0;
        for (size_t line = 0; line < cases[i].before; line++) {
            memcpy(text + size, "ab\r\n", 4);
            size += 4;
        }
        memset(text + size, 'x', cases[i].line);
        size += cases[i].line;
        memcpy(text + size, "\r\nend", 5);
        size += 5;
        for (size_t cut = 0; cut <= size; cut += 7) {
            struct body_scan scan;
            body_scan_init(&scan);
            feed(&scan, (struct span){ text, cut });
            feed(&scan, (struct span){ text + cut, size - cut });
            const struct body_facts *facts = body_scan_finish(&scan);
            assert_int_equal(facts->longest_line, cases[i].longest);
            assert_int_equal(facts->longest_line_number, cases[i].number);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),        cmocka_unit_test(test_every_small_body_and_cut),
        cmocka_unit_test(test_drawn_bodies), cmocka_unit_test(test_hostile_bodies),
        cmocka_unit_test(test_the_limit),
    };

    return cmocka_run_group_tests_name("message/body", tests, NULL, NULL);
}
