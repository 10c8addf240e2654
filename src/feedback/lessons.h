/*
 * lessons: what outcomes of deliveries (maillog_join.h) teach about addresses: what failed for good
 * is noted for the suppression list, what arrived takes it away again. A provider who is out
 * (outage.h) teaches nothing, and what he taught shortly before is withdrawn.
 */
#ifndef EM_FEEDBACK_LESSONS_H
#define EM_FEEDBACK_LESSONS_H

#include "feedback/maillog_join.h"
#include "feedback/settings.h"
#include "state/store.h"

struct lessons;

struct lessons_counts {
    uint64_t bounces;   /* noted: of addresses that are watched, or on the list */
    uint64_t begun;     /* addresses that came on the list */
    uint64_t cleared;   /* addresses that were forgiven, since mail arrived */
    uint64_t not_noted; /* the list or the store was full */
    uint64_t outages, withheld, withdrawn; /* providers, bounces not noted, and taken back */
};

/* NULL: out of memory. */
struct lessons *lessons_new(void);
void lessons_free(struct lessons **lessons);

struct lessons_place {
    struct store *store;
    const struct suppression_settings *settings;
    /* Of ours: the domain (A-labels) that the sender's is, or is below; empty: whoever sends from
     * there, we do not keep a list for him. Absent sender: empty too. */
    struct span domain;
};

enum lessons_news {
    LESSONS_NOTHING,
    LESSONS_OUTAGE_BEGINS, /* of the provider that the outcome has; to be told */
    LESSONS_NOT_BELIEVED   /* it goes on: what the outcome says of the address is nobody's fault */
};
/* `is_known`: an outcome that was taken before, told again so that it is remembered who takes
 * mail. */
enum lessons_news lessons_take(struct lessons *lessons, const struct lessons_place *place,
                               const struct maillog_outcome *outcome, bool is_known);
const struct lessons_counts *lessons_counts(const struct lessons *lessons);

enum { LESSONS_PROVIDER_MAX = 254 };
/* Who runs the recipient's mailbox, for telling: "google", or his domain. */
void lessons_provider(const struct maillog_outcome *outcome, char out[static LESSONS_PROVIDER_MAX]);

#endif
