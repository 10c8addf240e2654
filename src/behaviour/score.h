/*
 * score: how unlike its principal a message is, in points.
 *
 * Seven families of signals, each with a cap, in three groups: what is sent (volume, audience,
 * content), who sends it (origin, identity), what receivers answer (feedback, certain). No single
 * family can reach what a hold takes, and no single group may (behaviour/ladder.h): a person who
 * does one unusual thing is not somebody else.
 *
 * A message is judged with itself counted, before it goes. What was high stays so for a while:
 * points of what and answer fade with a half-life of 30 minutes. Who is judged by this message's
 * own client and by how much came from such clients, so that the owner is not held for a thief's
 * address.
 */
#ifndef EM_BEHAVIOUR_SCORE_H
#define EM_BEHAVIOUR_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "behaviour/event.h"
#include "behaviour/profile.h"

enum score_group { GROUP_WHAT, GROUP_WHO, GROUP_ANSWER, GROUP_COUNT };
enum { SCORE_REASONS = 3, SCORE_REASON_MAX = 120 };

struct score {
    uint32_t of[FAMILY_COUNT]; /* points */
    uint32_t group[GROUP_COUNT];
    uint32_t total;
    unsigned groups; /* how many of them say something */
    bool is_certain;
    bool is_doubtful; /* somebody else's client, more likely than not, and not quite usual */
    /* The strongest, the strongest first: "1200 recipients in 10 min, usual 14 an hour". Not all of
     * one group where another has points. */
    struct {
        enum score_family family;
        char text[SCORE_REASON_MAX];
    } reasons[SCORE_REASONS];
    size_t reason_count;
};

/* "volume", "audience", ...; static. */
const char *score_family_name(enum score_family family);
/* Of a message that was measured; keeps the points in the profile. */
void score_message(struct profile *profile, const struct behaviour_event *event,
                   const struct profile_facts *facts, const struct profile_usual *cohort,
                   struct score *score_r);
/* Without a message: after an answer, or for whoever looks. Who is not judged then. */
void score_now(struct profile *profile, struct score *score_r);
/* What may be learnt. */
enum profile_mood score_mood(const struct score *score);

/* What of this happens so often at least, in 1/1000, with nine chances in ten: the lower bound of
 * Wilson's interval (1927). Counts in PROFILE_PART. 0 below 20 of them. */
uint32_t score_share_at_least(uint32_t part, uint32_t all);

#endif
