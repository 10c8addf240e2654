/*
 * report_learner: takes the reports that come in by mail (feedback/report_sink.h), and hands on
 * what is about mail of ours (feedback/post.h): failed deliveries that a remote server told by
 * mail, and complaints. A report that names no message we sent, or one that did not go to whom it
 * is about, is forged or somebody else's, and is counted and forgotten.
 */
#ifndef EM_POLICY_REPORT_LEARNER_H
#define EM_POLICY_REPORT_LEARNER_H

#include "feedback/report_sink.h"
#include "limits/ledger.h"
#include "log/log.h"
#include "site/site.h"
#include "state/store.h"
#include "util/clock.h"

/* All outlive it. NULL: out of memory. Freed with free(). */
struct report_sink *report_learner_new(struct store *store, const struct ledger *ledger,
                                       const struct clock *clock, struct log_sink *log);

/* The id in a Message-ID, without angle brackets and blanks; absent: none. */
struct span sent_message_id(struct span value);
/* An address as `sent` keeps it: the domain in any case. */
uint64_t sent_recipient(const struct ledger *ledger, struct span address);

#endif
