/*
 * judge: facts come first. Where they say yes or nothing, the messages of the last day count: as
 * soon as one of a hundred fails, the rule is not kept; fewer are a warning.
 */
#include "bulk/judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FAILED_PERCENT = 1 };

/* --- facts ----------------------------------------------------------------------------------- */

static bool is_told_by(const struct bulk_rule *rule, size_t fact)
{
    return (rule->facts & BULK_FACT_BIT(fact)) != 0;
}

/* One good fact is enough. */
static enum bulk_answer best_of(const struct bulk_rule *rule, const enum bulk_answer *facts)
{
    enum bulk_answer best = BULK_NO;
    bool has_unknown = false;
    for (size_t i = 0; i < BULK_FACT_COUNT; i++) {
        if (is_told_by(rule, i)) {
            has_unknown |= facts[i] == BULK_UNKNOWN;
            best = facts[i] != BULK_UNKNOWN && facts[i] < best ? facts[i] : best;
        }
    }
    return best == BULK_NO && has_unknown ? BULK_UNKNOWN : best;
}

/* One bad fact is enough. */
static enum bulk_answer worst_of(const struct bulk_rule *rule, const enum bulk_answer *facts)
{
    enum bulk_answer worst = BULK_YES;
    bool has_unknown = false;
    for (size_t i = 0; i < BULK_FACT_COUNT; i++) {
        if (is_told_by(rule, i)) {
            has_unknown |= facts[i] == BULK_UNKNOWN;
            worst = facts[i] > worst ? facts[i] : worst;
        }
    }
    return worst != BULK_NO && has_unknown ? BULK_UNKNOWN : worst;
}

enum bulk_answer bulk_answer_of(const struct bulk_rule *rule,
                                const enum bulk_answer facts[static BULK_FACT_COUNT])
{
    return rule->takes_any ? best_of(rule, facts) : worst_of(rule, facts);
}

/* --- a domain -------------------------------------------------------------------------------- */

static enum bulk_answer answer_of_messages(const struct bulk_counts *counts)
{
    if (counts->failed > 0) {
        return counts->failed * 100 >= counts->judged * FAILED_PERCENT ? BULK_NO : BULK_POOR;
    }
    return counts->judged > counts->unknown ? BULK_YES : BULK_UNKNOWN;
}

static enum bulk_answer answer_of_sender(const struct bulk_rule *rule,
                                         const struct bulk_sender *sender)
{
    enum bulk_answer facts[BULK_FACT_COUNT];
    for (size_t i = 0; i < BULK_FACT_COUNT; i++) {
        facts[i] = sender->facts[i].answer;
    }
    enum bulk_answer answer = bulk_answer_of(rule, facts);
    if (rule->is_counted && answer != BULK_NO) {
        enum bulk_answer other = answer_of_messages(&sender->counts[rule - bulk_rules]);
        answer = other > answer ? other : answer;
    }
    return answer;
}

static enum bulk_outcome outcome_at(const struct bulk_rule *rule, enum bulk_provider provider,
                                    bool is_bulk, enum bulk_answer answer)
{
    enum bulk_when when = rule->at[provider].when;
    if (when == BULK_NEVER) {
        return BULK_NOT_ASKED;
    }
    if (answer == BULK_UNKNOWN || answer == BULK_YES) {
        return answer == BULK_YES ? BULK_PASSES : BULK_CANNOT_TELL;
    }
    if (rule->severity == BULK_INFO) {
        return BULK_NOTED;
    }
    bool is_asked = when == BULK_ALL || (when == BULK_SENDERS && is_bulk);
    return answer == BULK_NO && is_asked && rule->severity == BULK_REFUSAL ? BULK_FAILS
                                                                           : BULK_WARNS;
}

static void add_why(struct bulk_verdict *verdict, const char *text)
{
    size_t size = strlen(verdict->why);
    if (text[0] != '\0') {
        snprintf(verdict->why + size, sizeof(verdict->why) - size, "%s%s", size > 0 ? "; " : "",
                 text);
    }
}

/* Where nothing was sent, facts are reason enough. */
static void add_counts(struct bulk_verdict *verdict, const struct bulk_rule *rule,
                       const struct bulk_counts *counts)
{
    const char *what = rule->is_of_lists ? "messages of lists" : "messages";
    char text[160];
    if (counts->judged == 0) {
        snprintf(text, sizeof(text), "no %s in 24 h", what);
        add_why(verdict, verdict->why[0] == '\0' ? text : "");
        return;
    }
    int size = snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64 " %s failed in 24 h",
                        counts->failed, counts->judged, what);
    if (counts->unknown > 0 && size > 0 && (size_t)size < sizeof(text)) {
        snprintf(text + size, sizeof(text) - (size_t)size, ", %" PRIu64 " could not be judged",
                 counts->unknown);
    }
    add_why(verdict, text);
}

void bulk_judge(const struct bulk_rule *rule, const struct bulk_sender *sender,
                struct bulk_verdict *verdict_r)
{
    enum bulk_answer answer = answer_of_sender(rule, sender);
    *verdict_r = (struct bulk_verdict){ .worst = BULK_NOT_ASKED };
    for (int p = 0; p < BULK_PROVIDER_COUNT; p++) {
        verdict_r->at[p] = outcome_at(rule, (enum bulk_provider)p, sender->is_bulk[p], answer);
        verdict_r->worst =
            verdict_r->at[p] > verdict_r->worst ? verdict_r->at[p] : verdict_r->worst;
    }
    for (size_t i = 0; i < BULK_FACT_COUNT; i++) {
        if (is_told_by(rule, i)) {
            add_why(verdict_r, sender->facts[i].why);
        }
    }
    if (rule->is_counted) {
        add_counts(verdict_r, rule, &sender->counts[rule - bulk_rules]);
    }
}

const char *bulk_outcome_name(enum bulk_outcome outcome)
{
    static const char *const names[] = {
        [BULK_NOT_ASKED] = "not-asked", [BULK_PASSES] = "pass", [BULK_CANNOT_TELL] = "unknown",
        [BULK_NOTED] = "note",          [BULK_WARNS] = "warn",  [BULK_FAILS] = "fail",
    };
    return names[outcome];
}
