/*
 * cohort: what is usual of others in the same position (class and plan), for whom nothing is known
 * of yet.
 *
 * Each value is a running median: it takes a small step towards whatever it sees (Ma and others,
 * Frugal Streaming, 2013), so no single principal moves it far, however much he sends. It begins
 * with what is shipped, and stays within two doublings of that.
 */
#ifndef EM_BEHAVIOUR_COHORT_H
#define EM_BEHAVIOUR_COHORT_H

#include "behaviour/profile.h"

/* Of people who write to people. */
extern const struct profile_usual cohort_shipped;
/* Learns from one profile, once a day each; from those that are ripe. */
void cohort_learn(struct profile_usual *cohort, const struct profile *profile);

#endif
