/*
 * judge: the table of rules is whole, and what facts and counts come to for each provider.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bulk/judge.h"

enum { B01, B02, B03, B04, B05, B06, B07, B08, B09, B10 };

static void table_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        const struct bulk_rule *rule = &bulk_rules[i];
        char id[8];
        bool is_asked = false;
        snprintf(id, sizeof(id), "B%02zu", i + 1);
        assert_string_equal(rule->id, id);
        assert_true(rule->facts != 0 && rule->facts < BULK_FACT_BIT(BULK_FACT_COUNT));
        assert_true(strlen(rule->name) <= 13 && strlen(rule->asks) > 0 && strlen(rule->advice) > 0);
        for (int p = 0; p < BULK_PROVIDER_COUNT; p++) {
            bool has_page = rule->at[p].page != PAGE_NONE;
            assert_true(has_page == (rule->at[p].when != BULK_NEVER));
            is_asked |= has_page;
        }
        assert_true(is_asked);
    }
    for (size_t i = PAGE_NONE + 1; i < PAGE_COUNT; i++) {
        assert_true(strncmp(bulk_pages[i].address, "https://", 8) == 0);
        assert_int_equal(strlen(bulk_pages[i].checked_on), 10);
    }
}

static const struct {
    size_t rule;
    enum bulk_answer spf, dkim, expected;
} messages[] = {
    { B01, BULK_YES, BULK_NO, BULK_YES },      { B01, BULK_NO, BULK_YES, BULK_YES },
    { B01, BULK_NO, BULK_NO, BULK_NO },        { B01, BULK_NO, BULK_UNKNOWN, BULK_UNKNOWN },
    { B01, BULK_UNKNOWN, BULK_YES, BULK_YES }, { B01, BULK_UNKNOWN, BULK_UNKNOWN, BULK_UNKNOWN },
    { B02, BULK_YES, BULK_YES, BULK_YES },     { B02, BULK_YES, BULK_NO, BULK_NO },
    { B02, BULK_UNKNOWN, BULK_NO, BULK_NO },   { B02, BULK_UNKNOWN, BULK_YES, BULK_UNKNOWN },
    { B02, BULK_POOR, BULK_YES, BULK_POOR },   { B01, BULK_POOR, BULK_NO, BULK_POOR },
    { B03, BULK_YES, BULK_YES, BULK_UNKNOWN },
};

static void facts_are_combined(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        enum bulk_answer facts[BULK_FACT_COUNT] = {
            [BULK_SPF] = messages[i].spf, [BULK_DKIM] = messages[i].dkim
        };
        assert_int_equal(bulk_answer_of(&bulk_rules[messages[i].rule], facts),
                         messages[i].expected);
    }
}

/* One rule, one fact of it, the counts, whether much is sent; what each provider makes of it. */
static const struct {
    size_t rule;
    enum bulk_fact fact;
    enum bulk_answer answer;
    struct bulk_counts counts; /* judged, failed, unknown */
    bool is_bulk;
    const char *google, *yahoo, *microsoft;
} senders[] = {
    { B03, BULK_DMARC, BULK_YES, { 0, 0, 0 }, false, "pass", "pass", "pass" },
    { B03, BULK_DMARC, BULK_NO, { 0, 0, 0 }, false, "warn", "warn", "warn" },
    { B03, BULK_DMARC, BULK_NO, { 0, 0, 0 }, true, "fail", "fail", "fail" },
    { B03, BULK_DMARC, BULK_UNKNOWN, { 0, 0, 0 }, true, "unknown", "unknown", "unknown" },
    { B03, BULK_DMARC, BULK_POOR, { 0, 0, 0 }, true, "warn", "warn", "warn" },
    /* everybody is asked, and Microsoft asks nothing */
    { B05, BULK_KEY_SIZE, BULK_NO, { 0, 0, 0 }, false, "fail", "fail", "not-asked" },
    { B05, BULK_KEY_SIZE, BULK_POOR, { 0, 0, 0 }, false, "warn", "warn", "not-asked" },
    /* the messages of a day */
    { B04, BULK_ALIGNED, BULK_UNKNOWN, { 812, 0, 0 }, true, "pass", "pass", "pass" },
    { B04, BULK_ALIGNED, BULK_UNKNOWN, { 812, 0, 812 }, true, "unknown", "unknown", "unknown" },
    { B04, BULK_ALIGNED, BULK_UNKNOWN, { 812, 8, 0 }, true, "warn", "warn", "warn" },
    { B04, BULK_ALIGNED, BULK_UNKNOWN, { 812, 9, 0 }, true, "fail", "fail", "fail" },
    { B04, BULK_ALIGNED, BULK_UNKNOWN, { 812, 9, 0 }, false, "warn", "warn", "warn" },
    /* no more than a warning, however many */
    { B10, BULK_ONE_CLICK, BULK_UNKNOWN, { 812, 812, 0 }, true, "warn", "warn", "warn" },
    /* worth knowing only */
    { 17, BULK_HONEST_NAME, BULK_UNKNOWN, { 10, 10, 0 }, true, "note", "not-asked", "not-asked" },
};

static void senders_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
        struct bulk_sender sender = { .is_bulk = { senders[i].is_bulk, senders[i].is_bulk,
                                                   senders[i].is_bulk } };
        struct bulk_verdict verdict;
        sender.facts[senders[i].fact].answer = senders[i].answer;
        sender.counts[senders[i].rule] = senders[i].counts;
        bulk_judge(&bulk_rules[senders[i].rule], &sender, &verdict);
        assert_string_equal(bulk_outcome_name(verdict.at[BULK_GOOGLE]), senders[i].google);
        assert_string_equal(bulk_outcome_name(verdict.at[BULK_YAHOO]), senders[i].yahoo);
        assert_string_equal(bulk_outcome_name(verdict.at[BULK_MICROSOFT]), senders[i].microsoft);
    }
}

static void reasons_are_told(void **state)
{
    struct bulk_sender sender = { .counts = { [B02] = { 812, 3, 2 } } };
    struct bulk_verdict verdict;
    (void)state;
    strcpy(sender.facts[BULK_SPF].why, "SPF: no record");
    strcpy(sender.facts[BULK_DKIM].why, "DKIM: proven");
    bulk_judge(&bulk_rules[B02], &sender, &verdict);
    assert_string_equal(verdict.why, "SPF: no record; DKIM: proven; 3 of 812 messages failed in 24 "
                                     "h, 2 could not be judged");
    memset(sender.facts[BULK_SPF].why, 'x', BULK_WHY_MAX - 1);
    memset(sender.facts[BULK_DKIM].why, 'y', BULK_WHY_MAX - 1);
    bulk_judge(&bulk_rules[B02], &sender, &verdict); /* cut, and still a text */
    assert_int_equal(strlen(verdict.why), sizeof(verdict.why) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_whole),
        cmocka_unit_test(facts_are_combined),
        cmocka_unit_test(senders_are_judged),
        cmocka_unit_test(reasons_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
