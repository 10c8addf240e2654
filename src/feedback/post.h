/*
 * post: what reports told of mail of ours, from whoever took them in to whoever learns from it
 * (watch/), who may be another process: a queue in the table STORE_POST. What is in it was found to
 * be about our mail (report_join.h).
 */
#ifndef EM_FEEDBACK_POST_H
#define EM_FEEDBACK_POST_H

#include <stdbool.h>

#include "feedback/maillog_join.h"
#include "state/store.h"

enum { POST_MAX = 10000 /* waiting at once; what comes then is lost, and told by false */ };

/* Of an outcome these count: principal, mail_class, sender, message_id, recipient, class, dsn,
 * text, at_s; `is_complaint`: somebody complained of it. */
bool post_add(struct store *store, const struct maillog_outcome *outcome, bool is_complaint);
/* The oldest first, at most `most`; what was given to `take` is gone afterwards. How many. */
typedef void post_take(void *context, const struct maillog_outcome *outcome, bool is_complaint);
unsigned post_each(struct store *store, unsigned most, post_take *take, void *context);

#endif
