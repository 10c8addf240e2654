/*
 * spf_remark: a review (spf_walk.h) while it is made. Not for other rooms.
 */
#ifndef EM_AUTH_SPF_REMARK_H
#define EM_AUTH_SPF_REMARK_H

#include "auth/spf_record.h"
#include "auth/spf_walk.h"

struct review {
    struct dns_questions *questions;
    struct arena *arena; /* of this pass alone */
    struct spf_remark *remarks;
    size_t remark_count, room; /* what is beyond is dropped */
    struct spf_review *result; /* texts are of `arena` until they are handed over */
    unsigned records;
    bool is_pending, is_starved;
};

/* A record that is being read, and those it stands in. */
struct level {
    const struct level *above;
    struct span domain;
    unsigned depth;
};

#define SPF_REMARKS_MAX 40
#define SPF_REMARKS_OF_LIMITS 2 /* for which there is always room */

/* One more, unless there are enough. */
void spf_remark_add(struct review *review, enum spf_weight weight, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "TERM in the record of DOMAIN"; never NULL. */
const char *spf_remark_term(struct review *review, const struct level *level,
                            const struct spf_term *term);

/* What is worth a remark in a record that is good by its syntax. */
void spf_remark_breadth(struct review *review, const struct level *level,
                        const struct spf_term *term);
void spf_remark_end(struct review *review, const struct level *level,
                    const struct spf_record *record);
void spf_remark_size(struct review *review, struct span domain, const struct dns_answer *answer);
void spf_remark_limits(struct review *review, struct span domain);

/* To the caller's memory: faults first, each kind in the order of the records. False: memory. */
bool spf_remark_hand_over(const struct review *review, struct arena *arena);

#endif
