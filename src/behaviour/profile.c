/*
 * profile: time, and what is learnt.
 */
#include "behaviour/profile.h"

#include <string.h>

#include "behaviour/level.h"
#include "behaviour/profile_private.h"

#define HOUR_MS UINT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define POINTS_HALF_LIFE_MS (HOUR_MS / 2)
#define QUICK_HALF_LIFE_MS (2 * HOUR_MS)
/* Long enough to add up what comes a little each night, short enough to forgive a week away. */
#define SLOW_HALF_LIFE_MS (3 * DAY_MS)
#define OVER_MS (120 * DAY_MS)
#define FIRST_MS (6 * DAY_MS) /* whoever sends then is the owner */
#define YOUNG_MS (14 * DAY_MS)

/* --- time ------------------------------------------------------------------------------------ */

enum profile_time profile_time(int64_t local_s)
{
    int64_t day = local_s / 86400, hour = local_s % 86400 / 3600;
    bool is_weekend = (day + 3) % 7 >= 5; /* 1970-01-01 was a Thursday */
    bool is_night = hour < 7 || hour >= 19;
    return (enum profile_time)(2 * is_weekend + is_night);
}

/* What fades does so in steps, each large enough to be seen in whole numbers: else what is asked
 * for every second would never fade. A step is a 36th of the half-life. */
static uint32_t left_after(uint64_t last_ms, uint64_t now_ms, uint64_t half_life_ms)
{
    uint64_t step_ms = half_life_ms / 36;
    return level_fade((now_ms / step_ms - last_ms / step_ms) * step_ms, half_life_ms);
}

static void fade(uint32_t *counts, size_t count, uint32_t left)
{
    for (size_t i = 0; i < count; i++) {
        counts[i] = (uint32_t)((uint64_t)counts[i] * left / LEVEL_FADE_ONE);
    }
}

static void fade_all(struct profile *profile, uint64_t now_ms)
{
    uint32_t quick = left_after(profile->last_ms, now_ms, QUICK_HALF_LIFE_MS);
    uint32_t slow = left_after(profile->last_ms, now_ms, SLOW_HALF_LIFE_MS);
    uint32_t points = left_after(profile->last_ms, now_ms, POINTS_HALF_LIFE_MS);
    fade(profile->quick.of, OUTCOME_COUNT, quick);
    fade(profile->slow.of, OUTCOME_COUNT, slow);
    fade(&profile->slow_origin, 1, slow);
    fade(&profile->slow_identity, 1, slow);
    fade(&profile->slow_strange, 1, slow);
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        profile->points[i] = (uint16_t)((uint64_t)profile->points[i] * points / LEVEL_FADE_ONE);
    }
    fade(&profile->guesses.count, 1, slow);
    if (profile->guesses.count < PROFILE_PART) {
        profile->guesses = (struct profile_guesses){ 0, 0 };
    }
}

/* An hour without mail is not learnt: baselines are of hours with mail. */
static void end_hour(struct profile *profile)
{
    enum profile_time time = profile_time((int64_t)profile->local_hour * 3600);
    for (size_t i = 0; i < HOURLY_COUNT && profile->in_hour[HOURLY_RECIPIENTS] > 0; i++) {
        if (!profile->is_hour_marked) {
            baseline_learn(&profile->usual.hourly[i][time], profile->last_ms,
                           level_of(profile->in_hour[i]));
        }
    }
    memset(profile->in_hour, 0, sizeof(profile->in_hour));
    profile->is_hour_marked = false;
}

static void end_day(struct profile *profile)
{
    bool is_weekend = profile_time((int64_t)profile->local_day * 86400) >= TIME_WEEKEND_DAY;
    for (size_t i = 0; i < DAILY_COUNT && profile->in_day[DAILY_RECIPIENTS] > 0; i++) {
        if (!profile->is_day_marked) {
            baseline_learn(&profile->usual.daily[i][is_weekend], profile->last_ms,
                           level_of(profile->in_day[i]));
        }
    }
    memset(profile->in_day, 0, sizeof(profile->in_day));
    memset(profile->map, 0, sizeof(profile->map));
    profile->is_day_marked = false;
}

static void turn_pages(struct profile *profile, int64_t local_s)
{
    uint32_t hour = (uint32_t)(local_s > 0 ? local_s / 3600 : 0);
    if (hour != profile->local_hour) {
        end_hour(profile);
        profile->local_hour = hour;
    }
    if (hour / 24 != profile->local_day) {
        end_day(profile);
        profile->local_day = hour / 24;
    }
}

void profile_advance(struct profile *profile, uint64_t at_ms, int64_t local_s)
{
    if (profile->begun_ms == 0) {
        profile->begun_ms = profile->last_ms = at_ms;
    }
    turn_pages(profile, local_s);
    if (at_ms > profile->last_ms) {
        fade_all(profile, at_ms);
        profile->last_ms = at_ms;
    }
    for (size_t i = 0; i < METER_COUNT; i++) {
        window_advance(&profile->hour[i], profile->last_ms, HOUR_MS);
    }
    for (size_t i = 0; i < METER_DAYS; i++) {
        window_advance(&profile->day[i], profile->last_ms, DAY_MS);
    }
    known_advance(&profile->known, profile->last_ms);
}

bool profile_is_over(const struct profile *profile, uint64_t now_ms)
{
    return now_ms > profile->last_ms && now_ms - profile->last_ms >= OVER_MS;
}

/* --- learning -------------------------------------------------------------------------------- */

static const unsigned habit_rooms[HABIT_COUNT] = {
    [HABIT_NETWORK] = 12, [HABIT_COUNTRY] = 4, [HABIT_HELO] = 6,
    [HABIT_CLIENT] = 6,   [HABIT_TLS] = 6,     [HABIT_FROM] = 8,
};

/* More than a third of whom somebody writes to are usually new: a help desk, a shop. */
static bool is_usually_new(const struct profile *profile)
{
    const struct baseline *all = &profile->usual.daily[DAILY_RECIPIENTS][0];
    const struct baseline *fresh = &profile->usual.daily[DAILY_NEW][0];
    return all->weight >= BASELINE_PRIOR * BASELINE_WEIGHT_ONE &&
           3 * level_count(fresh->mean) > level_count(all->mean);
}

/* What a message proves about who wrote it: that he writes to those the owner writes to makes him
 * the owner, more or less; that he writes to strangers, somebody else, less so where that is usual.
 * One of some hundred strangers passes for known, so a thief gains less by chance than he loses. */
static int trust_gain(const struct profile *profile, const struct profile_facts *facts)
{
    uint64_t age_ms = profile->last_ms - profile->begun_ms;
    if (age_ms < FIRST_MS || profile->learnt < PROFILE_RIPE_HOURS) {
        return HABIT_TRUST_MAX / 2;
    }
    if (2 * facts->fresh < facts->count) {
        return HABIT_TRUST_MAX / 4;
    }
    if (is_usually_new(profile)) {
        return -1;
    }
    return age_ms < YOUNG_MS ? -2 : -4; /* whom he knows takes weeks to be known */
}

static void learn_habits(struct profile *profile, const struct behaviour_event *event, int gain)
{
    const uint32_t values[HABIT_COUNT] = {
        [HABIT_NETWORK] = event->network, [HABIT_COUNTRY] = event->country,
        [HABIT_HELO] = event->helo,       [HABIT_CLIENT] = event->client,
        [HABIT_TLS] = event->tls,         [HABIT_FROM] = event->from,
    };
    for (size_t i = 0; i < HABIT_COUNT; i++) {
        habit_use(&profile->habits[i], values[i], habit_rooms[i], gain, profile->last_ms);
    }
}

static void count_in(struct profile *profile, const struct profile_facts *facts)
{
    profile_add(&profile->in_hour[HOURLY_RECIPIENTS], facts->count);
    profile_add(&profile->in_hour[HOURLY_NEW], facts->fresh);
    profile_add(&profile->in_day[DAILY_RECIPIENTS], facts->count);
    profile_add(&profile->in_day[DAILY_NEW], facts->fresh);
    profile->in_day[DAILY_DIFFERENT] = facts->different;
    if (facts->spread > profile->in_day[DAILY_SPREAD]) {
        profile->in_day[DAILY_SPREAD] = facts->spread;
    }
}

void profile_learn(struct profile *profile, const struct behaviour_event *event,
                   const struct profile_facts *facts, bool is_passed, enum profile_mood mood)
{
    profile->is_hour_marked = profile->is_hour_marked || mood == MOOD_HIGH;
    profile->is_day_marked = profile->is_day_marked || mood == MOOD_HIGH;
    if (!is_passed || event->count == 0) {
        return;
    }
    if (mood == MOOD_CALM && !facts->is_newsletter) {
        learn_habits(profile, event, trust_gain(profile, facts));
        bool is_first = profile->in_hour[HOURLY_RECIPIENTS] == 0;
        profile->learnt += is_first && profile->learnt < PROFILE_RIPE_HOURS ? 1 : 0;
    }
    if (!facts->is_newsletter) {
        profile_charge(profile, METER_PASSED, facts->cost);
        if (!facts->is_strange) { /* else it would be somebody else's that becomes usual */
            count_in(profile, facts);
        }
    }
    for (size_t i = 0; i < event->count; i++) {
        known_add(&profile->known, event->recipients[i]);
    }
}

static uint32_t parts_of(uint32_t count)
{
    return count < PROFILE_COUNT_MAX / PROFILE_PART ? count * PROFILE_PART : PROFILE_COUNT_MAX;
}

void profile_answer(struct profile *profile, const struct behaviour_answer *answer)
{
    uint32_t amount = parts_of(answer->count);
    profile_advance(profile, answer->at_ms, answer->local_s);
    profile_add(&profile->quick.of[answer->outcome], amount);
    profile_add(&profile->slow.of[answer->outcome], amount);
}

void profile_guessed(struct profile *profile, uint64_t at_ms, int64_t local_s, uint32_t network,
                     uint32_t count)
{
    profile_advance(profile, at_ms, local_s);
    profile_add(&profile->guesses.count, parts_of(count));
    if (network != 0) {
        profile->guesses.networks |= UINT32_C(1) << network % 32;
    }
}
