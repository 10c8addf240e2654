/*
 * judge: does a message, or all mail of a domain, keep a rule (bulk/rule.h)? Yes, no, or nobody can
 * say; each with the reason. Knows no DNS and no store: what is known is handed in.
 */
#ifndef EM_BULK_JUDGE_H
#define EM_BULK_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "bulk/rule.h"

enum bulk_answer {
    BULK_UNKNOWN,
    BULK_YES,
    BULK_POOR, /* yes, but it should be better */
    BULK_NO
};

/* Of facts about one message. */
enum bulk_answer bulk_answer_of(const struct bulk_rule *rule,
                                const enum bulk_answer facts[static BULK_FACT_COUNT]);

enum { BULK_WHY_MAX = 400 };

/* What is known of a domain. Texts may be empty; they are printable. */
struct bulk_state {
    enum bulk_answer answer;
    char why[BULK_WHY_MAX];
};

/* How often a rule was judged for messages of the last 24 hours, and with which result. */
struct bulk_counts {
    uint64_t judged, failed, unknown;
};

struct bulk_sender {
    struct bulk_state facts[BULK_FACT_COUNT];
    struct bulk_counts counts[BULK_RULE_COUNT];
    bool is_bulk[BULK_PROVIDER_COUNT]; /* it sends much there, or did once */
};

enum bulk_outcome {
    BULK_NOT_ASKED,
    BULK_PASSES,
    BULK_CANNOT_TELL,
    BULK_NOTED, /* fails, and that is worth knowing only */
    BULK_WARNS, /* fails what is advised, or what will be asked once it sends much there; or a few
                   messages of many do */
    BULK_FAILS
};

struct bulk_verdict {
    enum bulk_outcome at[BULK_PROVIDER_COUNT];
    enum bulk_outcome worst;
    char why[BULK_WHY_MAX * 2]; /* what it is told by */
};

void bulk_judge(const struct bulk_rule *rule, const struct bulk_sender *sender,
                struct bulk_verdict *verdict_r);
const char *bulk_outcome_name(enum bulk_outcome outcome); /* "pass", "not-asked" */

#endif
