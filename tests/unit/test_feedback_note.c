/*
 * suppression_note: what bounces and successes come to, as stories: a line is one delivery that
 * ended, and what the list says afterwards.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "feedback/suppression.h"

#define NOW_S INT64_C(1795478400)
#define HOUR_S INT64_C(3600)
#define DAY_S INT64_C(86400)
#define BOB SPAN("Bob@away.example")
#define OURS SPAN("example.org")

enum event { BOUNCES, ARRIVES };

struct line {
    enum event event;
    int64_t hour;
    const char *message, *code;
    enum suppression_note note; /* of a bounce */
    bool is_suppressed;         /* an hour later */
    const char *text;           /* what the receiver said; NULL: "user unknown" */
};

struct story {
    const char *name;
    struct suppression_settings settings;
    struct line lines[8];
    size_t count;
};

#define USUAL                                                                                      \
    {                                                                                              \
        .after = 2, .apart_s = DAY_S, .keep_s = 90 * DAY_S, .max = 100                             \
    }
#define BOUNCE(hour, message, code, note, is)                                                      \
    {                                                                                              \
        BOUNCES, hour, message, code, SUPPRESSION_##note, is, NULL                                 \
    }
#define SAID(hour, message, code, text, note, is)                                                  \
    {                                                                                              \
        BOUNCES, hour, message, code, SUPPRESSION_##note, is, text                                 \
    }
#define ARRIVAL(hour)                                                                              \
    {                                                                                              \
        ARRIVES, hour, NULL, NULL, SUPPRESSION_KNOWN, false, NULL                                  \
    }

static const struct story stories[] = {
    { "two messages, a day apart",
      USUAL,
      { BOUNCE(0, "a", "5.1.1", WATCHED, false), BOUNCE(24, "b", "5.1.1", BEGINS, true) },
      2 },
    { "two messages on one day",
      USUAL,
      { BOUNCE(0, "a", "5.1.1", WATCHED, false), BOUNCE(23, "b", "5.1.1", KNOWN, false),
        BOUNCE(25, "c", "5.1.1", BEGINS, true) },
      3 },
    { "the same message twice",
      USUAL,
      { BOUNCE(0, "a", "5.1.1", WATCHED, false), BOUNCE(48, "a", "5.1.1", KNOWN, false) },
      2 },
    { "what is told late counts by its time",
      USUAL,
      { BOUNCE(48, "b", "5.1.1", WATCHED, false), BOUNCE(40, "a", "5.1.1", KNOWN, false),
        BOUNCE(12, "c", "5.1.1", BEGINS, true) },
      3 },
    { "mail arrives between them",
      USUAL,
      { BOUNCE(0, "a", "5.1.1", WATCHED, false), ARRIVAL(1),
        BOUNCE(24, "b", "5.1.1", WATCHED, false), BOUNCE(48, "c", "5.1.1", BEGINS, true) },
      4 },
    { "mail arrives once it is on the list",
      USUAL,
      { BOUNCE(0, "a", "5.1.1", WATCHED, false), BOUNCE(24, "b", "5.1.6", BEGINS, true),
        ARRIVAL(26), BOUNCE(48, "c", "5.1.1", WATCHED, false) },
      4 },
    { "a bounce keeps it there",
      USUAL,
      { BOUNCE(0, "a", "5.1.1", WATCHED, false), BOUNCE(24, "b", "5.1.1", BEGINS, true),
        BOUNCE(89 * 24, "c", "5.2.1", GOES_ON, true),
        BOUNCE(150 * 24, "d", "5.1.1", GOES_ON, true) },
      4 },
    { "a bounce long ago is forgotten",
      USUAL,
      { BOUNCE(0, "a", "5.1.1", WATCHED, false), BOUNCE(91 * 24, "b", "5.1.1", WATCHED, false),
        BOUNCE(92 * 24, "c", "5.1.1", BEGINS, true) },
      3 },
    { "soft, full, blocked, spam: nothing of the mailbox",
      USUAL,
      { BOUNCE(0, "a", "4.2.2", NOT_HARD, false), BOUNCE(24, "b", "5.2.2", NOT_HARD, false),
        BOUNCE(48, "c", "5.7.1", NOT_HARD, false), BOUNCE(72, "d", "5.7.26", NOT_HARD, false),
        BOUNCE(96, "e", "5.1.8", NOT_HARD, false), SAID(120, "f", "5.1.11", "no", NOT_HARD, false),
        BOUNCE(144, "g", "", NOT_HARD, false) },
      7 },
    { "what the receiver said counts beside a code that says little, and against one that is wrong",
      USUAL,
      { SAID(0, "a", "5.0.0", "550 no such user", WATCHED, false),
        SAID(24, "b", "5.1.1", "550 5.1.1 blocked using zen.spamhaus.org", NOT_HARD, false),
        SAID(48, "c", "5.1.1", "552 5.1.1 mailbox is full", NOT_HARD, false),
        SAID(72, "d", "5.2.1", "too much spam from your host", NOT_HARD, false),
        SAID(96, "e", "5.0.0", "550 refused", NOT_HARD, false) },
      5 },
    { "one is enough",
      { .after = 1, .apart_s = DAY_S, .keep_s = 90 * DAY_S, .max = 100 },
      { BOUNCE(0, "a", "5.1.10", BEGINS, true) },
      1 },
    { "three, however close",
      { .after = 3, .apart_s = 0, .keep_s = 90 * DAY_S, .max = 100 },
      { BOUNCE(0, "a", "5.1.1", WATCHED, false), BOUNCE(0, "b", "5.1.1", WATCHED, false),
        BOUNCE(0, "b", "5.1.1", KNOWN, false), BOUNCE(0, "c", "5.1.2", BEGINS, true) },
      4 },
    { "no room",
      { .after = 2, .apart_s = DAY_S, .keep_s = 90 * DAY_S, .max = 0 },
      { BOUNCE(0, "a", "5.1.1", NOT_NOTED, false) },
      1 },
};

static struct suppression_delivery delivery_of(const struct line *line)
{
    return (struct suppression_delivery){ .address = BOB,
                                          .domain = OURS,
                                          .message = span_of(line->message),
                                          .at_s = NOW_S + line->hour * HOUR_S,
                                          .by = SPAN("maillog"),
                                          .code = span_of(line->code),
                                          .text = span_of(line->text != NULL ? line->text
                                                                             : "user unknown") };
}

static void play(const struct story *story)
{
    struct store *store = store_in_memory();
    assert_non_null(store);
    for (size_t i = 0; i < story->count; i++) {
        const struct line *line = &story->lines[i];
        struct suppression found;
        if (line->event == BOUNCES) {
            struct suppression_delivery delivery = delivery_of(line);
            enum suppression_note note =
                suppression_note_bounce(store, &story->settings, &delivery);
            if (note != line->note) {
                fail_msg("%s, line %zu: %d", story->name, i + 1, note);
            }
        } else {
            assert_true(suppression_note_success(store, SPAN("bob@AWAY.example"), OURS));
        }
        bool is = suppression_find(store, BOB, SPAN("news.example.org"),
                                   NOW_S + (line->hour + 1) * HOUR_S, &found);
        if (is != line->is_suppressed) {
            fail_msg("%s, line %zu: %s", story->name, i + 1, is ? "suppressed" : "not suppressed");
        }
    }
    store_close(&store);
}

static void test_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        play(&stories[i]);
    }
}

/* What is told to whoever is refused. */
static void test_what_is_kept(void **state)
{
    const struct suppression_settings usual = USUAL;
    const struct line lines[] = { BOUNCE(0, "a", "5.1.1", WATCHED, false),
                                  BOUNCE(30, "b", "5.1.6", BEGINS, true) };
    struct store *store = store_in_memory();
    struct suppression found;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct suppression_delivery delivery = delivery_of(&lines[i]);
        suppression_note_bounce(store, &usual, &delivery);
    }
    assert_true(suppression_find(store, BOB, OURS, NOW_S + 31 * HOUR_S, &found));
    assert_string_equal(found.address, "bob@away.example");
    assert_string_equal(found.domain, "example.org");
    assert_int_equal(found.source, SUPPRESSED_BY_BOUNCE);
    assert_int_equal(found.set_s, NOW_S + 30 * HOUR_S);
    assert_int_equal(found.until_s, NOW_S + 30 * HOUR_S + 90 * DAY_S);
    assert_int_equal(found.bounces, 2);
    assert_string_equal(found.by, "maillog");
    assert_string_equal(found.code, "5.1.6");
    assert_string_equal(found.because, "user unknown");
    assert_false(suppression_find(store, BOB, OURS, NOW_S + 30 * HOUR_S + 90 * DAY_S, &found));
    store_close(&store);
}

/* What a person or a complaint did is not undone, and not counted on. */
static void test_others_stay(void **state)
{
    const struct suppression_settings usual = USUAL;
    const struct line bounce = BOUNCE(24, "a", "5.1.1", KNOWN, true);
    static const enum suppression_source sources[] = { SUPPRESSED_BY_COMMAND,
                                                       SUPPRESSED_BY_COMPLAINT };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct store *store = store_in_memory();
        struct suppression put = { .address = "bob@away.example",
                                   .domain = "example.org",
                                   .source = sources[i],
                                   .set_s = NOW_S,
                                   .by = "root" };
        struct suppression found;
        struct suppression_delivery delivery = delivery_of(&bounce);
        assert_int_equal(suppression_put(store, &usual, &put), SUPPRESSION_DONE);
        assert_false(suppression_note_success(store, BOB, OURS));
        assert_int_equal(suppression_note_bounce(store, &usual, &delivery), SUPPRESSION_KNOWN);
        assert_true(suppression_find(store, BOB, OURS, NOW_S + DAY_S, &found));
        assert_int_equal(found.source, sources[i]);
        assert_int_equal(found.bounces, 0);
        store_close(&store);
    }
}

/* Foreign text is cut, never refused: the bounce counts. */
static void test_long_text(void **state)
{
    const struct suppression_settings usual = USUAL;
    char text[1000];
    struct store *store = store_in_memory();
    struct suppression_delivery delivery;
    const struct line line = BOUNCE(0, "a", "5.1.1", WATCHED, false);
    (void)state;
    memset(text, 'x', sizeof(text));
    text[100] = '\0';
    delivery = delivery_of(&line);
    delivery.text = (struct span){ text, sizeof(text) };
    assert_int_equal(suppression_note_bounce(store, &usual, &delivery), SUPPRESSION_WATCHED);
    text[100] = 'x';
    delivery.address = SPAN("eve@away.example");
    assert_int_equal(suppression_note_bounce(store, &usual, &delivery), SUPPRESSION_WATCHED);
    delivery.address = SPAN("no address");
    assert_int_equal(suppression_note_bounce(store, &usual, &delivery), SUPPRESSION_NOT_NOTED);
    assert_int_equal(suppression_count(store), 2);
    store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_others_stay),
        cmocka_unit_test(test_long_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
