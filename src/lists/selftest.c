/*
 * selftest: is a list in order? What answers everything, nothing, or with a code that refuses, is
 * found out before anything it says is believed.
 */
#include "lists/ask.h"

#include <stdarg.h>
#include <stdio.h>

static bool fail(struct list_test *test, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct list_test *test, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(test->why, sizeof(test->why), format, args);
    va_end(args);
    return true;
}

static const struct dns_answer *ask(const struct list_zone *zone, const char *point,
                                    struct dns_questions *questions)
{
    char question[LIST_QUESTION_MAX];
    bool is_name = list_point_question(zone, point, question);
    /* Too long a name is answered as one that is none. */
    return dns_questions_ask(questions, is_name ? span_of(question) : SPAN(""), DNS_A);
}

bool lists_test(const struct list_zone *zone, struct dns_questions *questions,
                struct list_test *test_r)
{
    struct list_judgement listed, clean;
    const struct dns_answer *listed_answer = ask(zone, zone->listed_point, questions);
    const struct dns_answer *clean_answer = ask(zone, zone->clean_point, questions);
    *test_r = (struct list_test){ .is_passed = false };
    if (listed_answer == NULL || clean_answer == NULL) {
        return false;
    }
    /* A list of policy alone is in order, so nothing is left out here. */
    list_judge(zone, LIST_USE_OWN, listed_answer, &listed);
    list_judge(zone, LIST_USE_OWN, clean_answer, &clean);
    if (listed.verdict == LIST_ERROR) {
        return fail(test_r, "%s", listed.why);
    }
    if (clean.verdict == LIST_LISTED) {
        return fail(test_r, "it lists everything: %s is listed too", zone->clean_point);
    }
    if (clean.verdict == LIST_ERROR) {
        return fail(test_r, "it lists everything: asked for %s, which is never listed, %s",
                    zone->clean_point, clean.why);
    }
    if (listed.verdict == LIST_SILENT || clean.verdict == LIST_SILENT) {
        test_r->is_silent = true;
        return fail(test_r, "%s", listed.verdict == LIST_SILENT ? listed.why : clean.why);
    }
    if (listed.verdict == LIST_CLEAN) {
        return fail(test_r, "its test entry %s is not listed: it is empty, or wants a key",
                    zone->listed_point);
    }
    test_r->is_passed = true;
    return true;
}

void lists_test_all(const struct list_zones *zones, struct list_board *board,
                    struct dns_resolver *resolver, uint64_t end_ns, struct list_test *tests_r)
{
    struct dns_questions *questions = dns_questions_new(resolver, (unsigned)(2 * zones->count));
    for (size_t i = 0; i < zones->count; i++) {
        (void)lists_test(&zones->at[i], questions, &tests_r[i]); /* puts its questions under way */
    }
    for (size_t i = 0; i < zones->count; i++) {
        while (!lists_test(&zones->at[i], questions, &tests_r[i]) &&
               dns_questions_wait(questions, end_ns)) {
        }
        list_board_set(board, &zones->at[i], tests_r[i].is_passed ? LIST_ON : LIST_OFF);
    }
    dns_questions_free(&questions);
}
