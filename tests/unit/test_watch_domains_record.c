/*
 * domains_record: stories of one record, look by look: what is told, and what is kept. Between two
 * looks what is kept is written and read, as over a restart.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "util/buffer.h"
#include "watch/domains_line.h"
#include "watch/domains_record.h"

#define BEGIN_S 1772366400 /* 2026-03-01 12:00 */
#define HOUR_S 3600

struct step {
    int hours;          /* after the beginning */
    const char *text;   /* NULL: not known */
    const char *faults; /* "g a; f b; n c", weight and code; NULL: not known */
    const char *line;   /* "" for none, else the level's letter and what stands behind the name */
    bool is_muted;      /* faults may not be told */
};

#define STEPS_MAX 10
struct story {
    const char *name;
    struct step steps[STEPS_MAX]; /* ended by one without anything */
};

static const struct story stories[] = {
    { "seen for the first time, with a fault: nothing is told but a day later",
      { { 0, "x", "f a; n b", "", false },
        { 1, "x", "f a; n b", "", false },
        { 23, "x", "f a; n b", "", false },
        { 24, "x", "f a; n b", "w: still: A!", false },
        { 25, "x", "f a", "", false },
        { 47, "x", "f a", "", false },
        { 48, "x", "f a", "w: still: A!", false },
        { 49, "x", "", "i: over: A!", false },
        { 50, "x", "", "", false } } },
    { "a change is told once",
      { { 0, "x", "", "", false },
        { 5, "x", "", "", false },
        { 6, "y", "",
          "w has changed: it was \"x\" (2026-03-01T12:00:00Z to 2026-03-01T17:00:00Z), it is \"y\"",
          false },
        { 7, "y", "", "", false },
        { 99, "y", "", "", false } } },
    { "a record goes, and comes back",
      { { 0, "x", "", "", false },
        { 1, "", "f gone",
          "w has changed: it was \"x\" (2026-03-01T12:00:00Z to 2026-03-01T12:00:00Z), it is "
          "absent; GONE!",
          false },
        { 2, "", "f gone", "", false },
        { 3, "x", "",
          "w has changed: it was absent (2026-03-01T13:00:00Z to 2026-03-01T14:00:00Z), it is "
          "\"x\"; over: GONE!",
          false } } },
    { "a new fault is told once, then daily",
      { { 0, "x", "", "", false },
        { 1, "x", "g a", "w: A!", false },
        { 2, "x", "g a", "", false },
        { 24, "x", "g a", "", false },
        { 25, "x", "g a", "w: still: A!", false } } },
    { "a second fault beside the first, which ends",
      { { 0, "x", "", "", false },
        { 1, "x", "g a", "w: A!", false },
        { 2, "x", "g a; f b", "w: B!", false },
        { 3, "x", "f b; f c", "w: C!; over: A!", false },
        { 4, "x", "f b; f c", "", false } } },
    { "an outage changes nothing",
      { { 0, "x", "g a", "", false },
        { 1, NULL, NULL, "", false },
        { 2, "x", NULL, "", false },
        { 30, NULL, NULL, "", false },
        { 31, "x", "g a", "w: still: A!", false } } },
    { "an outage from the beginning",
      { { 0, NULL, NULL, "", false },
        { 1, "x", NULL, "", false },
        { 2, "x", "g a", "", false },
        { 3, "x", "g a; f b", "w: B!", false } } },
    { "a text that changes while its faults cannot be told",
      { { 0, "x", "g a", "", false },
        { 1, "y", NULL,
          "w has changed: it was \"x\" (2026-03-01T12:00:00Z to 2026-03-01T12:00:00Z), it is \"y\"",
          false },
        { 2, "y", "", "i: over: A!", false } } },
    { "a fault that comes and goes is told daily",
      { { 0, "x", "", "", false },
        { 1, "x", "f a", "w: A!", false },
        { 2, "x", "", "i: over: A!", false },
        { 3, "x", "f a", "", false },
        { 4, "x", "", "", false },
        { 24, "x", "f a", "", false },
        { 25, "x", "f a", "w: A!", false },
        { 26, "x", "", "i: over: A!", false },
        { 50, "x", "f a", "w: A!", false } } },
    { "a fault that may not be told yet is not forgotten",
      { { 0, "x", "", "", false },
        { 1, "x", "f a", "", true },
        { 2, "x", "f a", "", true },
        { 3, "x", "f a", "w: A!", false },
        { 4, "x", "f a; f b", "", true },
        { 5, "x", "f a", "", false } } },
    { "a change is told whatever else may not be",
      { { 0, "x", "", "", false },
        { 1, "y", "f a",
          "w has changed: it was \"x\" (2026-03-01T12:00:00Z to 2026-03-01T12:00:00Z), it is "
          "\"y\"; A!",
          true } } },
    { "notes are never told",
      { { 0, "x", "", "", false }, { 1, "x", "n a", "", false }, { 2, "x", "", "", false } } },
    { "a note that becomes a fault is told",
      { { 0, "x", "n a", "", false }, { 1, "x", "f a", "w: A!", false } } },
};

/* "g a; f b" as a look; the text of fault a is "A!". */
static void make_look(const struct step *step, struct arena *arena, struct domains_look *look_r)
{
    struct span rest = span_of(step->faults);
    struct span word;
    *look_r = (struct domains_look){ .is_text_known = step->text != NULL,
                                     .are_faults_known = step->faults != NULL,
                                     .text = span_of(step->text) };
    while (span_cut(&rest, ';', &word)) {
        word = span_trim(word);
        if (word.size < 3) {
            continue;
        }
        struct domains_fault *fault = &look_r->faults[look_r->fault_count++];
        struct span code = span_from(word, 2);
        char *text = arena_printf(arena, "%.*s!", SPAN_ARG(code));
        for (size_t i = 0; text[i] != '\0'; i++) {
            text[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
        }
        fault->weight = word.at[0] == 'g'   ? DOMAINS_GRAVE
                        : word.at[0] == 'f' ? DOMAINS_FAULT
                                            : DOMAINS_NOTE;
        fault->code = code;
        fault->text = span_of(text);
    }
}

#define HEAD "own domains: SPF of example.org"

/* "w: A!": what a look had to tell; "" for nothing. */
static void print_line(const struct domains_record *record, const struct domains_event *event,
                       struct buffer *out)
{
    struct buffer line = BUFFER_EMPTY;
    enum log_level level;
    if (domains_line(DOMAINS_SPF, SPAN("example.org"), record, event, &level, &line)) {
        assert_true(span_has_prefix_nocase(buffer_span(&line), SPAN(HEAD)));
        buffer_add_char(out, log_level_name(level)[0]);
        buffer_add_span(out, span_from(buffer_span(&line), sizeof(HEAD) - 1));
    }
    buffer_free(&line);
}

static bool play_step(const struct story *story, const struct step *step, struct buffer *kept)
{
    struct arena *arena = arena_new(1 << 16);
    struct buffer found = BUFFER_EMPTY;
    struct domains_record record = { .has_looked = false };
    struct domains_event event;
    struct domains_look look;
    make_look(step, arena, &look);
    if (kept->size > 0) {
        assert_int_equal(domains_record_read(buffer_span(kept), &record), DOMAINS_READ);
    }
    bool says = domains_advance(&record, &look, !step->is_muted,
                                BEGIN_S + (int64_t)step->hours * HOUR_S, &event);
    assert_int_equal(says, step->text != NULL);
    if (says) {
        struct buffer next = BUFFER_EMPTY;
        print_line(&record, &event, &found);
        domains_record_write(&record, &next);
        buffer_free(kept);
        *kept = next;
    }
    bool good = strcmp(buffer_text(&found), step->line) == 0;
    if (!good) {
        print_error("%s, hour %d: \"%s\", expected \"%s\"\n", story->name, step->hours,
                    buffer_text(&found), step->line);
    }
    buffer_free(&found);
    arena_free(&arena);
    return good;
}

static void test_stories(void **state)
{
    int bad = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        struct buffer kept = BUFFER_EMPTY;
        for (size_t k = 0; k < STEPS_MAX && stories[i].steps[k].line != NULL; k++) {
            bad += !play_step(&stories[i], &stories[i].steps[k], &kept);
        }
        buffer_free(&kept);
    }
    assert_int_equal(bad, 0);
}

static const char good[] =
    "1 10 5 0 0 1\nis v=spf1 -all\nwas \nfault 2 5 6 0 1\ncode a b\ntext c d\n";

/* What is not whole is not read, and nobody falls over it. */
static void test_damage(void **state)
{
    struct domains_record record;
    (void)state;
    assert_int_equal(domains_record_read(span_of(good), &record), DOMAINS_READ);
    assert_int_equal(record.looked_s, 10);
    assert_true(record.has_judged);
    assert_true(span_is_equal(record.text, SPAN("v=spf1 -all")));
    assert_int_equal(record.faults[0].weight, DOMAINS_GRAVE);
    assert_true(span_is_equal(record.faults[0].text, SPAN("c d")));
    for (size_t size = 0; size < sizeof(good) - 1; size++) {
        enum domains_reading reading =
            domains_record_read(span_first(span_of(good), size), &record);
        if (reading == DOMAINS_READ) { /* cut behind the texts: a fault less */
            assert_true(size + 1 >= (size_t)(strstr(good, "fault") - good));
        }
    }
    static const struct {
        const char *bytes;
        enum domains_reading reading;
    } others[] = {
        { "2 what ever comes\n", DOMAINS_NEWER },
        { "0 1 1 0 0 1\nis \nwas \n", DOMAINS_DAMAGED },
        { "1 1 1 0 0 2\nis \nwas \n", DOMAINS_DAMAGED },
        { "1 -1 1 0 0 1\nis \nwas \n", DOMAINS_DAMAGED },
        { "1 9999999999999999999 1 0 0 1\nis \nwas \n", DOMAINS_DAMAGED },
        { "1 1 1 0 0 1\nis \nwas \nfault 3 1 1 0 0\ncode a\ntext b\n", DOMAINS_DAMAGED },
        { "1 1 1 0 0 1\nwas \nis \n", DOMAINS_DAMAGED },
        { "1 1 1 0 0 1\nis \nwas \n", DOMAINS_READ },
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(domains_record_read(span_of(others[i].bytes), &record), others[i].reading);
    }
}

/* As many faults as a look can have, all others a moment later: there is always room. */
static void test_full(void **state)
{
    char codes[3][DOMAINS_FAULTS_MAX][8];
    struct domains_record record = { .has_looked = false };
    struct domains_event event;
    (void)state;
    for (int round = 0; round < 3; round++) {
        struct domains_look look = { .is_text_known = true,
                                     .are_faults_known = true,
                                     .text = SPAN("x"),
                                     .fault_count = DOMAINS_FAULTS_MAX };
        for (int i = 0; i < DOMAINS_FAULTS_MAX; i++) {
            struct span code = { codes[round][i],
                                 (size_t)snprintf(codes[round][i], 8, "%d-%d", round, i) };
            look.faults[i] = (struct domains_fault){ DOMAINS_FAULT, code, code };
        }
        assert_true(domains_advance(&record, &look, true, BEGIN_S + round, &event));
        assert_int_equal(domains_record_faults(&record), DOMAINS_FAULTS_MAX);
        assert_int_equal(event.told, round > 0 ? DOMAINS_FAULTS_MAX : 0);
        assert_int_equal(event.ended, round > 0 ? DOMAINS_FAULTS_MAX : 0);
    }
}

/* Of two long texts the log shows what differs. */
static void test_long_change(void **state)
{
    char old[1001], new[1001];
    struct buffer line = BUFFER_EMPTY;
    (void)state;
    memset(old, 'a', 1000);
    old[1000] = '\0';
    memcpy(new, old, sizeof(new));
    new[900] = 'b';
    struct domains_record record = { .text = span_of(new), .old_text = span_of(old) };
    domains_line_change(&record, &line);
    assert_true(line.size < 700);
    assert_non_null(strstr(buffer_text(&line), "\"...a"));
    assert_non_null(strstr(buffer_text(&line), "ab"));
    buffer_free(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_long_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
