/*
 * board: a zone is believed from its test on until a message meets something out of order.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "dns/scripted.h"
#include "lists/ask.h"
#include "lists/known.h"

static const struct list_code codes[] = {
    { .first = 0x7f000002, .last = 0x7f000002, .means = "bad" }
};
static const struct list_zone zone = { .name = "bl.example",
                                       .suffix = "bl.example",
                                       .kind = LIST_OF_DOMAINS,
                                       .uses = 1u << LIST_USE_LINKS,
                                       .codes = codes,
                                       .code_count = 1,
                                       .listed_point = LIST_LISTED_DOMAIN,
                                       .clean_point = LIST_CLEAN_DOMAIN,
                                       .rule = -1 };

static void note(struct list_board *board, enum list_verdict verdict, const char *why)
{
    struct list_judgement judgement = { .verdict = verdict };
    snprintf(judgement.why, sizeof(judgement.why), "%s", why);
    list_board_note(board, &zone, &judgement);
}

static void untested_is_not_believed(void **state)
{
    struct list_board *board = list_board_new();
    (void)state;
    assert_false(list_board_is_on(board, &zone));
    assert_false(list_board_is_on(NULL, &zone));
    list_board_set(board, &zone, LIST_ON);
    assert_true(list_board_is_on(board, &zone));
    list_board_set(board, &zone, LIST_OFF);
    assert_false(list_board_is_on(board, &zone));
    list_board_free(&board);
}

static void an_error_switches_off_at_once(void **state)
{
    struct list_board *board = list_board_new();
    struct list_health health;
    bool was_switched_off;
    (void)state;
    list_board_set(board, &zone, LIST_ON);
    note(board, LIST_LISTED, "");
    note(board, LIST_ERROR, "it answers 1.2.3.4");
    assert_false(list_board_is_on(board, &zone));
    /* What the store said before does not bring it back. */
    list_board_set(board, &zone, LIST_ON);
    assert_false(list_board_is_on(board, &zone));
    assert_true(list_board_take(board, &zone, &health, &was_switched_off));
    assert_true(was_switched_off);
    assert_string_equal(health.why, "it answers 1.2.3.4");
    assert_int_equal(health.questions, 2);
    assert_int_equal(health.hits, 1);
    assert_int_equal(health.errors, 1);
    assert_false(list_board_take(board, &zone, &health, &was_switched_off));
    list_board_set(board, &zone, LIST_ON);
    assert_true(list_board_is_on(board, &zone));
    list_board_free(&board);
}

static void silence_needs_several(void **state)
{
    struct list_board *board = list_board_new();
    (void)state;
    list_board_set(board, &zone, LIST_ON);
    for (int i = 0; i < LIST_SILENT_MAX - 1; i++) {
        note(board, LIST_SILENT, "it does not answer in time");
    }
    assert_true(list_board_is_on(board, &zone));
    note(board, LIST_CLEAN, "");
    for (int i = 0; i < LIST_SILENT_MAX - 1; i++) {
        note(board, LIST_SILENT, "it does not answer in time");
    }
    assert_true(list_board_is_on(board, &zone));
    note(board, LIST_SILENT, "it does not answer in time");
    assert_false(list_board_is_on(board, &zone));
    list_board_free(&board);
}

static void the_kept_form_comes_back(void **state)
{
    struct list_health health = { .state = LIST_OFF,
                                  .is_by_message = true,
                                  .since_s = 1772366400,
                                  .tested_s = 1772366000,
                                  .questions = 12,
                                  .hits = 3,
                                  .errors = UINT64_MAX,
                                  .why = "it answers 1.2.3.4: why" };
    struct list_health back;
    struct buffer kept = BUFFER_EMPTY;
    static const char *const strange[] = { "",          "2 1 0 0 0 0 0 0 x", "1 7 0 0 0 0 0 0 ",
                                           "1 1 0 0 0", "nonsense",          "1 -1 0 0 0 0 0 0 " };
    (void)state;
    list_health_write(&health, &kept);
    assert_true(list_health_read(buffer_span(&kept), &back));
    assert_int_equal(back.state, LIST_OFF);
    assert_true(back.is_by_message);
    assert_int_equal(back.since_s, health.since_s);
    assert_int_equal(back.tested_s, health.tested_s);
    assert_true(back.errors == UINT64_MAX && back.questions == 12 && back.hits == 3);
    assert_string_equal(back.why, health.why);
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        assert_false(list_health_read(span_of(strange[i]), &back));
        assert_int_equal(back.state, LIST_UNTESTED);
    }
    buffer_free(&kept);
}

static const struct {
    const char *script, *why; /* NULL: passed */
    bool is_silent;
} tests_of[] = {
    { "test.bl.example A 127.0.0.2\n", NULL, false },
    { "*.bl.example A 127.0.0.2\n", "it lists everything: invalid is listed too", false },
    { "*.bl.example A 1.2.3.4\n", "it answers 1.2.3.4: no list", false },
    { "test.bl.example A 127.0.0.2\ninvalid.bl.example A 1.2.3.4\n", "it lists everything", false },
    { "*.bl.example A 127.255.255.254\n", "it answers 127.255.255.254", false },
    { "bl.example A 192.0.2.1\n", "its test entry test is not listed", false },
    { "*.bl.example A SERVFAIL\n", "fail or refuse", true },
    { "*.bl.example A TIMEOUT\n", "in time", true },
    { "test.bl.example A 127.0.0.2\ninvalid.bl.example A TIMEOUT\n", "in time", true },
};

static void tests_find_what_is_out_of_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tests_of) / sizeof(tests_of[0]); i++) {
        struct error error;
        struct clock_fixed clock;
        struct list_board *board = list_board_new();
        struct list_zones zones = { .at = &zone, .count = 1 };
        struct list_test test;
        clock_fixed_init(&clock, 1772366400);
        struct dns_resolver *resolver =
            dns_scripted_new(span_of(tests_of[i].script), &clock.clock, &error);
        lists_test_all(&zones, board, resolver, 0, &test);
        assert_int_equal(test.is_passed, tests_of[i].why == NULL);
        assert_int_equal(test.is_silent, tests_of[i].is_silent);
        assert_int_equal(list_board_is_on(board, &zone), test.is_passed);
        if (tests_of[i].why != NULL && strstr(test.why, tests_of[i].why) == NULL) {
            fail_msg("%s: %s", tests_of[i].script, test.why);
        }
        dns_resolver_free(&resolver);
        list_board_free(&board);
    }
}

/* So many questions and no more, in the order of subjects. */
static void questions_are_bounded(void **state)
{
    struct error error;
    struct clock_fixed clock;
    struct list_subject subjects[20];
    char names[20][16];
    (void)state;
    clock_fixed_init(&clock, 1772366400);
    struct dns_resolver *resolver = dns_scripted_new(
        SPAN("n3.x.bl.example A 127.0.0.2\nn9.x.bl.example A 127.0.0.2\n"), &clock.clock, &error);
    struct list_board *board = list_board_new();
    struct list_zones zones = { .at = &zone, .count = 1 };
    struct arena *arena = arena_new(1 << 16);
    struct dns_questions *asked = dns_questions_new(resolver, 100);
    struct list_hits hits;
    for (size_t i = 0; i < 20; i++) {
        snprintf(names[i], sizeof(names[i]), "n%zu.x", i);
        subjects[i] = (struct list_subject){ .use = LIST_USE_LINKS, .name = span_of(names[i]) };
    }
    struct list_query query = {
        .zones = &zones, .board = board, .subjects = subjects, .subject_count = 20, .most = 5
    };
    list_board_set(board, &zone, LIST_ON);
    assert_true(lists_ask(&query, asked, arena, &hits));
    assert_int_equal(dns_scripted_count(resolver), 5);
    assert_true(hits.is_incomplete);
    assert_int_equal(hits.count, 1);
    assert_true(span_is_equal(hits.first->asked, SPAN("n3.x")));
    query.board = NULL; /* nobody tested anything */
    assert_true(lists_ask(&query, asked, arena, &hits));
    assert_int_equal(hits.count, 0);
    dns_questions_free(&asked);
    arena_free(&arena);
    list_board_free(&board);
    dns_resolver_free(&resolver);
}

static void *crowd(void *context)
{
    struct list_board *board = context;
    struct list_health health;
    bool was_switched_off;
    for (int i = 0; i < 2000; i++) {
        note(board, i % 7 == 0 ? LIST_ERROR : LIST_CLEAN, "why");
        if (i % 5 == 0) {
            list_board_set(board, &zone, LIST_ON);
            (void)list_board_is_on(board, &zone);
            (void)list_board_take(board, &zone, &health, &was_switched_off);
        }
    }
    return NULL;
}

static void threads_share_it(void **state)
{
    struct list_board *board = list_board_new();
    pthread_t threads[4];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, crowd, board), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    list_board_free(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untested_is_not_believed),
        cmocka_unit_test(an_error_switches_off_at_once),
        cmocka_unit_test(silence_needs_several),
        cmocka_unit_test(the_kept_form_comes_back),
        cmocka_unit_test(tests_find_what_is_out_of_order),
        cmocka_unit_test(questions_are_bounded),
        cmocka_unit_test(threads_share_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
