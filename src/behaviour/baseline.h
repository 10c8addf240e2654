/*
 * baseline: what is usual for somebody: mean and variance of levels (behaviour/level.h) of the
 * hours or days in which there was anything, the older the lighter (half-life 14 days).
 *
 * Hours without mail say nothing: how much somebody sends when he sends is asked here. Nobody can
 * teach a baseline quickly: once it rests on BASELINE_RIPE observations its mean rises by a fifth a
 * day at most (log2 1.2 of a level).
 */
#ifndef EM_BEHAVIOUR_BASELINE_H
#define EM_BEHAVIOUR_BASELINE_H

#include <stdint.h>

enum {
    BASELINE_WEIGHT_ONE = 16, /* one observation that is not older */
    BASELINE_RIPE = 8,        /* observations */
    BASELINE_PRIOR = 4 /* so many of somebody's own weigh as much as what is usual of others */
};
#define BASELINE_HALF_LIFE_MS (UINT64_C(14) * 86400 * 1000)

/* All zero is one without observations. */
struct baseline {
    uint16_t weight;   /* of all observations, in BASELINE_WEIGHT_ONE */
    uint16_t mean;     /* a level */
    uint16_t variance; /* of levels, in LEVEL_ONE: 256 is one doubling squared */
    uint32_t at_min;   /* of the last observation, minutes of the profile's time */
};

/* Learns what an hour or day came to. */
void baseline_learn(struct baseline *baseline, uint64_t now_ms, uint32_t level);
/* The same blended with what is usual of others: n/(n + BASELINE_PRIOR) of its own. */
struct baseline baseline_blend(const struct baseline *own, const struct baseline *prior);
/* How far a level is above mean and two deviations, a deviation being `least` or more; 0: not. */
uint32_t baseline_excess(const struct baseline *usual, uint32_t level, uint32_t least);

#endif
