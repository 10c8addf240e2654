/*
 * report_join: is a report about mail of ours, sent to whom it says?
 *
 * Anybody can write a report about anything. One counts only if it names a message that went out
 * here, by an id that we are known to have given, and, as far as recipients are remembered, one who
 * got that message: ids stand in archives of lists for all to read.
 */
#ifndef EM_FEEDBACK_REPORT_JOIN_H
#define EM_FEEDBACK_REPORT_JOIN_H

#include <stdbool.h>
#include <stddef.h>

#include "feedback/report.h"
#include "util/span.h"

enum join_id { JOIN_MESSAGE_ID, JOIN_QUEUE_ID, JOIN_ENVELOPE_ID };

enum join_memory {
    JOIN_NEVER_SEEN,
    JOIN_SEEN, /* it went out, and to whom is not remembered */
    JOIN_SEEN_TO_HIM,
    JOIN_SEEN_TO_OTHERS /* it went out, and not to him */
};

/* What is handed in. */
struct join_world {
    /* What is remembered of a message: `id` without angle brackets, as it was written; `recipient`
     * is absent where only the message is asked about. Does not wait. */
    enum join_memory (*look)(void *context, enum join_id kind, struct span id,
                             struct span recipient);
    void *context;
    /* A-labels, lower case: the domains we send for and our mail servers are in. Queue ids of other
     * hosts are not asked about: they are short, and each host counts for itself. */
    const struct span *domains;
    size_t domain_count;
};

enum join_answer {
    JOIN_OURS,
    JOIN_NO_REPORT,       /* it tells of no message */
    JOIN_NO_ID,           /* it names no id that could be ours */
    JOIN_FOREIGN,         /* none of its ids is known: forged, or of somebody else's mail */
    JOIN_OTHER_RECIPIENT, /* the message is ours and did not go to him */
    JOIN_ANSWER_COUNT
};
/* For a person, behind "ignored: "; of JOIN_OURS what made it ours. */
const char *join_wording(enum join_answer answer);

struct join {
    enum join_answer answer;
    enum join_id kind; /* of an answer that a known id gave, with `id` */
    struct span id;    /* in the report */
};
/*
 * Is it about a message of ours that went to this recipient (absent: to anybody)? Message-IDs are
 * asked about first, then queue ids of our hosts, then the envelope id; the first that is known
 * decides, unless a later one knows the recipient. Pure but for `look`.
 */
struct join report_join(const struct report *report, struct span recipient,
                        const struct join_world *world);

#endif
