/*
 * cohort: the shipped values, and the median.
 *
 * The shipped ones are of people in offices: six recipients in an hour with mail, twenty a day, of
 * whom three were never written to. Deviations are a doubling.
 */
#include "behaviour/cohort.h"

#include <stddef.h>

#include "behaviour/level.h"

#define STEP 4                /* of LEVEL_ONE: a median moves by 1 % a look */
#define REACH (2 * LEVEL_ONE) /* from what is shipped */

/* Means are levels: log2(1 + n) * LEVEL_ONE. */
#define OF_2 406
#define OF_3 512
#define OF_6 719
#define OF_12 947
#define OF_20 1124
#define ONE LEVEL_ONE
#define USUAL(level)                                                                               \
    {                                                                                              \
        .mean = (level), .variance = 2 * ONE                                                       \
    }

const struct profile_usual cohort_shipped = {
    .hourly = { [HOURLY_RECIPIENTS] = { USUAL(OF_6), USUAL(OF_3), USUAL(OF_3), USUAL(OF_3) },
                [HOURLY_NEW] = { USUAL(OF_2), USUAL(ONE), USUAL(ONE), USUAL(ONE) } },
    .daily = { [DAILY_RECIPIENTS] = { USUAL(OF_20), USUAL(OF_6) },
               [DAILY_NEW] = { USUAL(OF_3), USUAL(OF_2) },
               [DAILY_DIFFERENT] = { USUAL(OF_12), USUAL(OF_6) },
               [DAILY_SPREAD] = { USUAL(OF_3), USUAL(OF_3) } },
};

static uint16_t stepped(uint16_t value, uint16_t seen, uint16_t shipped)
{
    int32_t next = value + (seen > value ? STEP : seen < value ? -STEP : 0);
    int32_t least = shipped > REACH ? shipped - REACH : 0, most = shipped + REACH;
    return (uint16_t)(next < least ? least : next > most ? most : next);
}

static void learn(struct baseline *median, const struct baseline *own, uint16_t shipped_mean)
{
    if (own->weight >= BASELINE_RIPE * BASELINE_WEIGHT_ONE) {
        median->mean = stepped(median->mean, own->mean, shipped_mean);
    }
}

void cohort_learn(struct profile_usual *cohort, const struct profile *profile)
{
    for (size_t i = 0; i < HOURLY_COUNT; i++) {
        for (size_t time = 0; time < TIME_COUNT; time++) {
            learn(&cohort->hourly[i][time], &profile->usual.hourly[i][time],
                  cohort_shipped.hourly[i][time].mean);
        }
    }
    for (size_t i = 0; i < DAILY_COUNT; i++) {
        for (size_t end = 0; end < 2; end++) {
            learn(&cohort->daily[i][end], &profile->usual.daily[i][end],
                  cohort_shipped.daily[i][end].mean);
        }
    }
}
