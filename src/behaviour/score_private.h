/*
 * score_private: the rows of families, shared with the wording.
 */
#ifndef EM_BEHAVIOUR_SCORE_PRIVATE_H
#define EM_BEHAVIOUR_SCORE_PRIVATE_H

#include "behaviour/score.h"

/* What is usual at this time, own and of others. */
struct score_usual {
    struct baseline hour, hour_new, day, day_new, different, spread;
};

enum score_group score_family_group(enum score_family family);
/* Fills score_r->reasons. `facts` and `usual` may be NULL: no message. */
void score_say(const struct profile *profile, const struct profile_facts *facts,
               const struct score_usual *usual, struct score *score_r);

#endif
