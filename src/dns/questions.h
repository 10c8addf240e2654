/*
 * questions: what one message, or one job of a watch, wants to know from DNS: each question asked
 * once, all answers kept until the end. This is how something that needs many answers, each of
 * which says what to ask next, is worked out without a state machine:
 *
 *     while (!spf_ask(&query, questions, arena, &answer) && dns_questions_wait(questions, end_ns))
 *         ;
 *
 * The work is done again from its beginning each time answers have come; what it asked before is
 * there at once. Where waiting is not allowed it is begun all the same, which puts the first
 * questions under way. When waiting has ended, what has not come is DNS_TIMEOUT, so that the work
 * always comes to an end. One thread at a time.
 */
#ifndef EM_DNS_QUESTIONS_H
#define EM_DNS_QUESTIONS_H

#include "dns/answer.h"
#include "dns/resolver.h"

struct dns_questions;

/* At most `limit` different questions; what is asked beyond is answered DNS_TIMEOUT. resolver NULL:
 * every answer is DNS_TIMEOUT. NULL: out of memory; the calls below take it, as one without a
 * resolver. */
struct dns_questions *dns_questions_new(struct dns_resolver *resolver, unsigned limit);
/* Clears the pointer. Answers die with it. */
void dns_questions_free(struct dns_questions **questions);
/* The answer; NULL while it is under way. */
const struct dns_answer *dns_questions_ask(struct dns_questions *questions, struct span name,
                                           enum dns_type type);
/* Waits until all that is under way has come, or until deadline_ns (clock_mono): then the rest is
 * given up. True: something that was asked for has an answer now that it had not before, so the
 * work is worth doing again. */
bool dns_questions_wait(struct dns_questions *questions, uint64_t deadline_ns);
/* How many were asked. */
unsigned dns_questions_count(const struct dns_questions *questions);

#endif
