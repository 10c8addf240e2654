/*
 * behaviour_tell: what a step of the ladder (behaviour/ladder.h) leads to outside a message: a
 * warning in the log with its reasons, an event for hooks and mail, an entry in the history, and
 * for the last step a suspension.
 */
#ifndef EM_POLICY_BEHAVIOUR_TELL_H
#define EM_POLICY_BEHAVIOUR_TELL_H

#include "behaviour/book.h"
#include "finding/finding.h"
#include "notice/notice.h"
#include "site/site.h"
#include "state/store.h"
#include "util/clock.h"

/* Whose step it is, and where that is told. */
struct behaviour_step {
    const struct site *site;
    const struct clock *clock;
    struct store *store;
    struct notices *notices; /* NULL: the history alone */
    enum mail_class mail_class;
    struct span principal;
    struct span queue_id; /* of the message that led to it; absent: an answer did */
    struct span client;   /* its client's address, likewise */
    const struct book_entry *entry;
};

/* Where there is news. */
void behaviour_tell(const struct behaviour_step *step);
/* The reasons, the strongest first, with "; " between them; "" without. */
void behaviour_reasons(const struct score *score, char *out, size_t room);
/* What may be done about him, as the configuration has it. `wall_s` is when. */
struct ladder_rules behaviour_rules(const struct site *site, struct span principal, int64_t wall_s);
/* Is it done, too? Not in mode observe. */
bool behaviour_is_enforced(const struct site *site);
bool behaviour_is_service(const struct site *site, struct span plan);

#endif
