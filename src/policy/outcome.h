/*
 * outcome: what became of mail is told of its principal: of his behaviour, which may climb a step
 * for it, and of limits on failed recipients. For whoever learns of outcomes: the mail server's log
 * and reports (watch/).
 */
#ifndef EM_POLICY_OUTCOME_H
#define EM_POLICY_OUTCOME_H

#include "feedback/maillog_join.h"
#include "limits/books.h"
#include "notice/notice.h"
#include "site/site.h"
#include "state/store.h"
#include "util/clock.h"

struct outcome_house {
    const struct site *site;
    const struct clock *clock;
    struct store *store;
    const struct books *books;
    struct notices *notices; /* NULL: nobody is told */
};

/* Of an outcome that is known to be of a principal's mail, once each. `is_complaint`: a receiver
 * complained; else what the outcome says. */
void outcome_learn(const struct outcome_house *house, const struct maillog_outcome *outcome,
                   bool is_complaint);
/* Passwords were refused, `times` of them, for a login as it was given, from an address in text. A
 * name nobody sends as is left alone. */
void outcome_login_failed(const struct outcome_house *house, struct span login, struct span client,
                          uint64_t times);

#endif
