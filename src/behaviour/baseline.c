/*
 * baseline: a weighted mean and variance (West, 1979), whose weights fade.
 */
#include "behaviour/baseline.h"

#include "behaviour/level.h"

#define DAY_MIN 1440
#define WEIGHT_MAX (256 * BASELINE_WEIGHT_ONE)
#define RISE_A_DAY 67  /* log2(1.2) of LEVEL_ONE: learning is capped at a fifth a day */
#define WIDEN_A_DAY 32 /* of a doubling squared, in LEVEL_ONE: an eighth */
#define RISE_DAYS_MAX 7
#define LEVEL_MAX 16384 /* far beyond any count */

/* How much of what is allowed in a day is allowed after so long. */
static uint32_t allowed(uint32_t a_day, uint32_t passed_min)
{
    uint32_t most = RISE_DAYS_MAX * DAY_MIN;
    return (passed_min < most ? passed_min : most) * a_day / DAY_MIN;
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Of a baseline that rests on enough neither mean nor variance rises faster than is allowed. */
static void learn_ripe(const struct baseline *old, uint32_t passed_min, struct baseline *learnt)
{
    learnt->mean = (uint16_t)lesser(learnt->mean, old->mean + allowed(RISE_A_DAY, passed_min));
    learnt->variance =
        (uint16_t)lesser(learnt->variance, old->variance + allowed(WIDEN_A_DAY, passed_min));
}

void baseline_learn(struct baseline *baseline, uint64_t now_ms, uint32_t level)
{
    const struct baseline old = *baseline;
    uint32_t now_min = (uint32_t)(now_ms / 60000);
    uint32_t passed_min = now_min > old.at_min ? now_min - old.at_min : 0;
    uint32_t left = level_fade((uint64_t)passed_min * 60000, BASELINE_HALF_LIFE_MS);
    uint32_t kept = (uint32_t)level_part(old.weight, left), weight = kept + BASELINE_WEIGHT_ONE;
    int64_t away = (int64_t)lesser(level, LEVEL_MAX) - old.mean;
    int64_t step = away * BASELINE_WEIGHT_ONE / weight;
    uint64_t square = (uint64_t)(away * (away - step)) / LEVEL_ONE; /* both of one sign */
    uint64_t variance = ((uint64_t)old.variance * kept + square * BASELINE_WEIGHT_ONE) / weight;
    baseline->mean = (uint16_t)(old.mean + step);
    baseline->variance = (uint16_t)(variance < UINT16_MAX ? variance : UINT16_MAX);
    baseline->weight = (uint16_t)lesser(weight, WEIGHT_MAX);
    baseline->at_min = passed_min > 0 || old.at_min == 0 ? now_min : old.at_min;
    if (old.weight >= BASELINE_RIPE * BASELINE_WEIGHT_ONE) {
        learn_ripe(&old, passed_min, baseline);
    }
}

struct baseline baseline_blend(const struct baseline *own, const struct baseline *prior)
{
    uint32_t n = own->weight, k = BASELINE_PRIOR * BASELINE_WEIGHT_ONE;
    return (struct baseline){
        .weight = own->weight,
        .mean = (uint16_t)((own->mean * n + prior->mean * k) / (n + k)),
        .variance = (uint16_t)((own->variance * n + prior->variance * k) / (n + k)),
        .at_min = own->at_min,
    };
}

uint32_t baseline_excess(const struct baseline *usual, uint32_t level, uint32_t least)
{
    uint32_t deviation = level_root((uint64_t)usual->variance * LEVEL_ONE);
    uint32_t limit = usual->mean + 2 * (deviation > least ? deviation : least);
    return level > limit ? level - limit : 0;
}
