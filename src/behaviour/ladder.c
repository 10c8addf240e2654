/*
 * ladder: thresholds, and what keeps a step from being told twice.
 */
#include "behaviour/ladder.h"

#include <string.h>

#include "behaviour/level.h"

/* Points in all that a step takes: where one group of signals says something, where it does so of a
 * client that is more likely somebody else's, and where two do. */
static const struct rung {
    const char *name;
    uint32_t points, points_of_doubt, points_of_two;
} rungs[LADDER_COUNT] = {
    [LADDER_NONE] = { "none", 0, 0, 0 },
    [LADDER_LOG] = { "log", 30, 30, 30 },
    /* One family at its cap is not enough for a mail to the administrator. */
    [LADDER_NOTICE] = { "notice", 63, 35, 45 },
    [LADDER_THROTTLE] = { "throttle", 63, 35, 45 },
    /* What and who: half of one and most of the other. Never one group alone. */
    [LADDER_HOLD] = { "hold", UINT32_MAX, UINT32_MAX, 70 },
    [LADDER_SUSPEND] = { "suspend", UINT32_MAX, UINT32_MAX, 130 },
};
/* A step ends when the score is below so much of what it took. */
#define LEAVE_PERCENT 60
/* What was told is not told again before so long is over and all is calm: messages of a thief and
 * of the owner alternate. */
#define TOLD_MS (UINT64_C(24) * 3600 * 1000)

/* Under a throttle so many new recipients an hour and a day, or as many as is usual; those before
 * it among them. A client that is more likely somebody else's has less, and all recipients count.
 */
#define THROTTLE_HOUR 10
#define THROTTLE_DAY 60
#define STRANGE_HOUR 3
#define STRANGE_DAY 12

const char *ladder_step_name(enum ladder_step step)
{
    return rungs[step].name;
}

bool ladder_step_parse(const char *name, enum ladder_step *step_r)
{
    for (enum ladder_step step = LADDER_NOTICE; step < LADDER_COUNT; step++) {
        if (strcmp(name, rungs[step].name) == 0) {
            *step_r = step;
            return true;
        }
    }
    return false;
}

static enum ladder_step deserved(const struct score *score)
{
    enum ladder_step step = LADDER_NONE;
    for (enum ladder_step i = LADDER_LOG; i < LADDER_COUNT; i++) {
        uint32_t points = score->groups >= 2   ? rungs[i].points_of_two
                          : score->is_doubtful ? rungs[i].points_of_doubt
                                               : rungs[i].points;
        if (score->total >= points) {
            step = i;
        }
    }
    if (score->is_certain && step < LADDER_HOLD) {
        step = LADDER_HOLD;
    }
    return step;
}

/* Whom a machine may hinder: a person who can be asked. */
static enum ladder_step most_for(enum behaviour_kind kind, bool is_service)
{
    bool is_person = kind == BEHAVIOUR_LOGIN || kind == BEHAVIOUR_ACCOUNT;
    return is_person && !is_service ? LADDER_SUSPEND : LADDER_NOTICE;
}

static enum ladder_step allowed(enum ladder_step step, const struct ladder_rules *rules)
{
    while (step > LADDER_LOG && !rules->is_enabled[step]) {
        step--;
    }
    return rules->is_excepted && step > LADDER_LOG ? LADDER_LOG : step;
}

/* The step he is at stays until the score is well below it; hold and suspension until released. */
static enum ladder_step kept(const struct profile_ladder *ladder, const struct score *score,
                             const struct ladder_rules *rules)
{
    enum ladder_step step = allowed((enum ladder_step)ladder->step, rules);
    while (step > LADDER_NONE && step < LADDER_HOLD &&
           score->total * 100 < rungs[step].points_of_two * LEAVE_PERCENT) {
        step--;
    }
    return step;
}

static enum ladder_step lesser(enum ladder_step a, enum ladder_step b)
{
    return a < b ? a : b;
}

static void note_told(uint8_t *told, enum ladder_step step)
{
    *told = step > (enum ladder_step) * told ? (uint8_t)step : *told;
}

void ladder_climb_now(struct profile *profile, enum behaviour_kind kind, bool is_service,
                      const struct score *score, const struct ladder_rules *rules,
                      struct ladder_verdict *verdict_r)
{
    struct profile_ladder *ladder = &profile->ladder;
    enum ladder_step most = most_for(kind, is_service);
    memset(verdict_r, 0, sizeof(*verdict_r));
    if (ladder->grace_until_ms > profile->last_ms && !score->is_certain) {
        most = lesser(most, LADDER_NOTICE);
    }
    enum ladder_step would = lesser(deserved(score), rules->is_excepted ? LADDER_LOG : most);
    enum ladder_step step = allowed(would, rules);
    enum ladder_step old = lesser(kept(ladder, score, rules), most);
    step = old > step ? old : step;
    if (step != (enum ladder_step)ladder->step) {
        ladder->step = (uint8_t)step;
        ladder->since_ms = profile->last_ms;
    }
    if (step == LADDER_NONE && profile->last_ms - ladder->told_ms >= TOLD_MS) {
        ladder->told = ladder->told_would = LADDER_NONE;
    }
    verdict_r->step = step;
    verdict_r->would = would > step ? would : step;
    verdict_r->is_news = step > (enum ladder_step)ladder->told ||
                         verdict_r->would > (enum ladder_step)ladder->told_would;
    if (verdict_r->is_news) {
        note_told(&ladder->told, step);
        note_told(&ladder->told_would, verdict_r->would);
        ladder->told_ms = profile->last_ms;
    }
}

static uint32_t allowance(const struct baseline *usual, uint32_t least)
{
    uint64_t count = level_count(usual->mean);
    return count > least ? (uint32_t)count : least;
}

static void throttle(const struct profile *profile, const struct profile_facts *facts,
                     struct ladder_throttle *throttle_r)
{
    const struct profile_usual *usual = &profile->usual;
    uint32_t hour = STRANGE_HOUR, day = STRANGE_DAY, cost = facts->cost;
    if (!facts->is_strange) {
        hour = allowance(&usual->hourly[HOURLY_NEW][facts->time], THROTTLE_HOUR);
        day = allowance(&usual->daily[DAILY_NEW][0], THROTTLE_DAY);
    }
    *throttle_r = (struct ladder_throttle){
        .is_on = true,
        .fits = cost == 0 || (window_sum(&profile->hour[METER_PASSED]) + cost <= hour &&
                              window_sum(&profile->day[METER_PASSED]) + cost <= day),
        .new_per_hour = hour,
    };
}

void ladder_climb(struct profile *profile, const struct behaviour_event *event,
                  const struct profile_facts *facts, const struct score *score,
                  const struct ladder_rules *rules, struct ladder_verdict *verdict_r)
{
    ladder_climb_now(profile, event->kind, event->is_service, score, rules, verdict_r);
    if (verdict_r->step >= LADDER_THROTTLE && rules->is_enabled[LADDER_THROTTLE] &&
        !facts->is_newsletter) {
        throttle(profile, facts, &verdict_r->throttle);
    }
}

void ladder_release(struct profile *profile, uint64_t now_ms, const struct ladder_pardon *pardon)
{
    if (pardon->set_s <= 0 || (uint64_t)pardon->set_s == profile->ladder.pardon_s) {
        return;
    }
    memset(profile->points, 0, sizeof(profile->points));
    memset(&profile->quick, 0, sizeof(profile->quick));
    memset(&profile->slow, 0, sizeof(profile->slow));
    profile->slow_origin = profile->slow_identity = profile->slow_strange = 0;
    profile->ladder = (struct profile_ladder){ .since_ms = now_ms,
                                               .grace_until_ms = now_ms + pardon->grace_ms,
                                               .pardon_s = (uint64_t)pardon->set_s };
}
