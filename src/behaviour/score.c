/*
 * score: the points.
 */
#include "behaviour/score.h"

#include <string.h>

#include "behaviour/level.h"
#include "behaviour/score_private.h"

/* A family's cap says how much it may mean alone; together the what may reach 115, the who 70. */
static const struct family {
    const char *name;
    enum score_group group;
    uint32_t cap;
} families[FAMILY_COUNT] = {
    /* A busy day is daily life: volume alone tells, and does no more. */
    [FAMILY_VOLUME] = { "volume", GROUP_WHAT, 40 },
    /* Strangers are what spam is sent to: the strongest of what. */
    [FAMILY_AUDIENCE] = { "audience", GROUP_WHAT, 45 },
    /* One text to many: an invitation as well as spam. */
    [FAMILY_CONTENT] = { "content", GROUP_WHAT, 30 },
    /* People travel, and telephones have a network an hour. */
    [FAMILY_ORIGIN] = { "origin", GROUP_WHO, 35 },
    [FAMILY_IDENTITY] = { "identity", GROUP_WHO, 35 },
    /* Receivers know more than we do, and are wrong at times. */
    [FAMILY_FEEDBACK] = { "feedback", GROUP_ANSWER, 60 },
    /* No honest mail does this: enough for a hold. */
    [FAMILY_CERTAIN] = { "certain", GROUP_ANSWER, 100 },
};

/* Points from which on a group says something: below, chance does. */
static const uint32_t group_least[GROUP_COUNT] = {
    [GROUP_WHAT] = 15, [GROUP_WHO] = 20, [GROUP_ANSWER] = 20
};
/* Points of what and answer below which a message is learnt from, and from which on baselines are
 * frozen; between, what is usual may grow, at its fifth a day. Who does not count: whoever has a
 * new telephone could never teach us that it is his. */
#define CALM_MAX 30
/* Points of what from which on a strange client is in doubt: below, it is somebody's new telephone.
 */
#define DOUBT_LEAST 10
#define HIGH 50

const char *score_family_name(enum score_family family)
{
    return families[family].name;
}

enum score_group score_family_group(enum score_family family)
{
    return families[family].group;
}

/* --- what ------------------------------------------------------------------------------------ */

/* A count against what is usual. */
struct measure {
    uint32_t points; /* for each doubling above what is usual, and above `floor` */
    uint32_t floor;  /* what anybody may do at times, however quiet he is */
};

/* Deviations below 0.6 of a doubling are not believed: few observations look steady. */
#define DEVIATION_LEAST (LEVEL_ONE * 6 / 10)

static const struct measure
    /* A person who writes mail by hand seldom writes to more than that. */
    of_hour = { 10, 20 },
    of_day = { 10, 60 },
    /* New ones are rarer, so each doubling says more. */
    of_hour_new = { 14, 8 }, of_day_new = { 10, 20 }, of_different = { 10, 40 },
    /* An invitation goes to ten. */
    of_spread = { 10, 10 };
/* New recipients of strange clients in some days: the owner has none of those. */
#define STRANGE_NEW_FLOOR 16
#define STRANGE_NEW_POINTS 14

static uint32_t excess_points(struct measure measure, uint32_t count, const struct baseline *usual)
{
    uint32_t level = level_of(count), floor = level_of(measure.floor);
    uint32_t excess = baseline_excess(usual, level, DEVIATION_LEAST);
    uint32_t above = level > floor ? level - floor : 0;
    return measure.points * (excess < above ? excess : above) / LEVEL_ONE;
}

static uint32_t strange_new_points(uint32_t count)
{
    uint32_t level = level_of(count), floor = level_of(STRANGE_NEW_FLOOR);
    return level > floor ? STRANGE_NEW_POINTS * (level - floor) / LEVEL_ONE : 0;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void usual_now(const struct profile *profile, enum profile_time time,
                      const struct profile_usual *cohort, struct score_usual *usual_r)
{
    const struct profile_usual *own = &profile->usual;
    const struct {
        struct baseline *to;
        const struct baseline *own, *prior;
    } rows[] = {
        { &usual_r->hour, &own->hourly[HOURLY_RECIPIENTS][time],
          &cohort->hourly[HOURLY_RECIPIENTS][time] },
        { &usual_r->hour_new, &own->hourly[HOURLY_NEW][time], &cohort->hourly[HOURLY_NEW][time] },
        { &usual_r->day, &own->daily[DAILY_RECIPIENTS][0], &cohort->daily[DAILY_RECIPIENTS][0] },
        { &usual_r->day_new, &own->daily[DAILY_NEW][0], &cohort->daily[DAILY_NEW][0] },
        { &usual_r->different, &own->daily[DAILY_DIFFERENT][0],
          &cohort->daily[DAILY_DIFFERENT][0] },
        { &usual_r->spread, &own->daily[DAILY_SPREAD][0], &cohort->daily[DAILY_SPREAD][0] },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        *rows[i].to = baseline_blend(rows[i].own, rows[i].prior);
    }
}

static void judge_what(const struct profile_facts *facts, const struct score_usual *usual,
                       uint32_t points[static FAMILY_COUNT])
{
    uint32_t fresh = larger(excess_points(of_hour_new, facts->hour_new, &usual->hour_new),
                            excess_points(of_day_new, facts->day_new, &usual->day_new));
    points[FAMILY_VOLUME] = larger(excess_points(of_hour, facts->hour, &usual->hour),
                                   excess_points(of_day, facts->day, &usual->day));
    points[FAMILY_AUDIENCE] =
        larger(larger(fresh, strange_new_points(facts->strange_new)),
               excess_points(of_different, facts->different, &usual->different));
    points[FAMILY_CONTENT] = excess_points(of_spread, facts->spread, &usual->spread);
}

/* --- who ------------------------------------------------------------------------------------- */

#define STRANGE_FULL (5 * LEVEL_ONE) /* 31 recipients: all of the points */

/* More than proportional: three things that changed at once are more than three that change on
 * different days. */
static void judge_who(const struct profile_facts *facts, uint32_t points[static FAMILY_COUNT])
{
    uint32_t both = facts->origin + facts->identity;
    uint32_t level = level_of(larger(facts->origin_count, facts->identity_count));
    if (both <= PROFILE_STRANGE_LEAST) {
        return;
    }
    uint32_t all =
        (both - PROFILE_STRANGE_LEAST) * (level < STRANGE_FULL ? level : STRANGE_FULL) / 2;
    points[FAMILY_ORIGIN] = all * facts->origin / both / STRANGE_FULL;
    points[FAMILY_IDENTITY] = all / STRANGE_FULL - points[FAMILY_ORIGIN];
}

/* --- answer ---------------------------------------------------------------------------------- */

#define SHARE_LEAST 20 /* answers, before a share means anything */

uint32_t score_share_at_least(uint32_t part, uint32_t all)
{
    uint64_t n = all / PROFILE_PART, k = part / PROFILE_PART;
    if (n < SHARE_LEAST || k == 0) {
        return 0;
    }
    /* With z = 1.28: (k + z2/2 - z sqrt(k (n - k) / n + z2/4)) / (n + z2), all in 1/1000. */
    const uint64_t z2 = 1638, z = 1280;
    k = k < n ? k : n;
    uint64_t root = level_root(k * (n - k) * 1000000 / n + z2 * 1000 / 4);
    uint64_t above = k * 1000 + z2 / 2, below = z * root / 1000;
    return above > below ? (uint32_t)((above - below) * 1000 / (n * 1000 + z2)) : 0;
}

static uint32_t all_answers(const struct profile_answers *answers)
{
    uint32_t all = 0;
    for (size_t i = 0; i < OUTCOME_COMPLAINT; i++) { /* who complains was delivered to */
        all += answers->of[i];
    }
    return all;
}

/* Points for each percent of a share above what happens to everybody. */
static uint32_t share_points(uint32_t share, uint32_t usual, uint32_t points)
{
    return share > usual ? (share - usual) * points / 10 : 0;
}

/* Address books hold a few dead addresses (up to 6 %), bought lists a third. */
static uint32_t dead_points(const struct profile_answers *answers)
{
    uint32_t dead = answers->of[OUTCOME_DEAD] + answers->of[OUTCOME_REFUSED];
    return share_points(score_share_at_least(dead, all_answers(answers)), 60, 3);
}

/* Refusals as spam are rare enough to count one by one, if they are one of twelve. */
static uint32_t policy_points(const struct profile_answers *answers)
{
    uint32_t all = all_answers(answers), policy = answers->of[OUTCOME_POLICY];
    uint32_t each =
        policy >= 2 * PROFILE_PART - 1 && policy * 12 >= all ? 8 * policy / PROFILE_PART : 0;
    return larger(each, share_points(score_share_at_least(policy, all), 20, 5));
}

/* A complaint is one of many who were annoyed; receivers want less than 3 of 1000. Of a few it
 * counts anyway. */
static uint32_t complaint_points(const struct profile_answers *answers)
{
    uint32_t all = all_answers(answers), complaints = answers->of[OUTCOME_COMPLAINT];
    bool is_much = all < SHARE_LEAST * PROFILE_PART || score_share_at_least(complaints, all) >= 3;
    return is_much ? 12 * complaints / PROFILE_PART : 0;
}

static uint32_t answers_points(const struct profile_answers *answers)
{
    return dead_points(answers) + policy_points(answers) + complaint_points(answers);
}

/* --- together -------------------------------------------------------------------------------- */

static uint32_t capped(enum score_family family, uint32_t points)
{
    return points < families[family].cap ? points : families[family].cap;
}

/* The points of now or what is left of earlier ones; those of who are only of now. */
static void keep(struct profile *profile, const uint32_t points[static FAMILY_COUNT],
                 struct score *score)
{
    for (enum score_family i = 0; i < FAMILY_COUNT; i++) {
        uint32_t now = capped(i, points[i]);
        uint32_t kept = capped(i, profile->points[i] / PROFILE_PART);
        score->of[i] = families[i].group == GROUP_WHO ? now : larger(now, kept);
        if (now * PROFILE_PART > profile->points[i]) {
            profile->points[i] = (uint16_t)(now * PROFILE_PART);
        }
    }
}

static void add_up(struct score *score)
{
    for (enum score_family i = 0; i < FAMILY_COUNT; i++) {
        score->group[families[i].group] += score->of[i];
        score->total += score->of[i];
    }
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        score->groups += score->group[i] >= group_least[i];
    }
    score->is_certain = score->of[FAMILY_CERTAIN] == families[FAMILY_CERTAIN].cap;
}

void score_message(struct profile *profile, const struct behaviour_event *event,
                   const struct profile_facts *facts, const struct profile_usual *cohort,
                   struct score *score_r)
{
    uint32_t points[FAMILY_COUNT] = { 0 };
    struct score_usual usual;
    memset(score_r, 0, sizeof(*score_r));
    usual_now(profile, facts->time, cohort, &usual);
    if (!facts->is_newsletter) {
        judge_what(facts, &usual, points);
    }
    if (!facts->has_list_fields) {
        judge_who(facts, points);
    }
    /* Readers of newsletters can unsubscribe, and addresses come from a form: failures say more. */
    points[FAMILY_FEEDBACK] =
        larger(answers_points(&profile->quick), answers_points(&profile->slow)) *
        (facts->is_newsletter ? 2 : 1);
    points[FAMILY_CERTAIN] = event->is_certain ? families[FAMILY_CERTAIN].cap : 0;
    keep(profile, points, score_r);
    add_up(score_r);
    score_r->is_doubtful = facts->is_strange && score_r->group[GROUP_WHAT] >= DOUBT_LEAST;
    score_say(profile, facts, &usual, score_r);
}

void score_now(struct profile *profile, struct score *score_r)
{
    uint32_t points[FAMILY_COUNT] = { 0 };
    memset(score_r, 0, sizeof(*score_r));
    points[FAMILY_FEEDBACK] =
        larger(answers_points(&profile->quick), answers_points(&profile->slow));
    keep(profile, points, score_r);
    add_up(score_r);
    score_say(profile, NULL, NULL, score_r);
}

enum profile_mood score_mood(const struct score *score)
{
    uint32_t points = score->group[GROUP_WHAT] + score->group[GROUP_ANSWER];
    return points < CALM_MAX ? MOOD_CALM : points < HIGH ? MOOD_BUSY : MOOD_HIGH;
}
