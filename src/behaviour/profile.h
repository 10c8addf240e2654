/*
 * profile: what is known of the behaviour of one principal, in bounded room: one row of the store.
 *
 * A message goes so: profile_advance(), profile_measure(), then the score (behaviour/score.h) and
 * the ladder (behaviour/ladder.h), and with what they say profile_learn(). What became of mail
 * comes in by profile_answer(). Nothing here knows a store, time or a disk.
 *
 * What a profile takes for usual is learnt from calm mail only: while the score is high the hour
 * and the day are marked and not learnt, no value of the client gains trust, and no baseline rises
 * by more than a fifth a day (behaviour/baseline.h).
 */
#ifndef EM_BEHAVIOUR_PROFILE_H
#define EM_BEHAVIOUR_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "behaviour/baseline.h"
#include "behaviour/event.h"
#include "behaviour/habit.h"
#include "behaviour/known.h"
#include "limits/window.h"
#include "util/buffer.h"
#include "util/span.h"

enum {
    PROFILE_LAYOUT = 2,
    PROFILE_OCTETS_MAX = 3072, /* written, of any that can be read; a busy one has 1700 */
    PROFILE_REPEATS = 6,
    PROFILE_MAP_OCTETS = 32,
    PROFILE_PART = 16, /* counts that fade are kept in 16ths */
    PROFILE_RIPE_HOURS = 12,
    /* Of 200, origin and identity together: below, a person with his telephone in a new place. */
    PROFILE_STRANGE_LEAST = 60,
    PROFILE_STEP_MAX = 5 /* of the ladder */
};

/* Working time or not, in the week or not. */
enum profile_time { TIME_WORK, TIME_NIGHT, TIME_WEEKEND_DAY, TIME_WEEKEND_NIGHT, TIME_COUNT };
enum profile_hourly { HOURLY_RECIPIENTS, HOURLY_NEW, HOURLY_COUNT };
enum profile_daily { DAILY_RECIPIENTS, DAILY_NEW, DAILY_DIFFERENT, DAILY_SPREAD, DAILY_COUNT };

/* What is usual: own, or of others in the same position (behaviour/cohort.h). */
struct profile_usual {
    struct baseline hourly[HOURLY_COUNT][TIME_COUNT];
    struct baseline daily[DAILY_COUNT][2]; /* in the week, at the weekend */
};

enum profile_meter {
    METER_ASKED,    /* recipients, whether or not they got mail */
    METER_NEW,      /* those of them who were never written to */
    METER_PASSED,   /* profile_facts.cost of what was let through */
    METER_LIST,     /* recipients of newsletters, counted apart from all others */
    METER_ORIGIN,   /* recipients written to from strange places, in PROFILE_PART */
    METER_IDENTITY, /* with strange programs or names, in PROFILE_PART */
    METER_COUNT
};
enum { METER_DAYS = METER_LIST + 1 }; /* the first ones have a day, too */

enum profile_habit {
    HABIT_NETWORK,
    HABIT_COUNTRY,
    HABIT_HELO,
    HABIT_CLIENT,
    HABIT_TLS,
    HABIT_FROM,
    HABIT_COUNT
};

/* A text, and to how many different recipients it went: a map in which each sets one bit. */
struct profile_repeat {
    uint32_t digest;
    uint32_t seen_h;
    uint64_t map;
};

/* What became of recipients, in PROFILE_PART; fades. */
struct profile_answers {
    uint32_t of[OUTCOME_COUNT];
};

/* Passwords that were refused for this login, in PROFILE_PART, and from which networks, a bit each,
 * in 32; fade. */
struct profile_guesses {
    uint32_t count, networks;
};

enum score_family {
    FAMILY_VOLUME,
    FAMILY_AUDIENCE,
    FAMILY_CONTENT,
    FAMILY_ORIGIN,
    FAMILY_IDENTITY,
    FAMILY_FEEDBACK,
    FAMILY_CERTAIN,
    FAMILY_COUNT
};

/* Kept for behaviour/ladder.h. */
struct profile_ladder {
    uint8_t step;            /* enum ladder_step */
    uint8_t told;            /* the highest step told of late, */
    uint8_t told_would;      /* and the highest he would have been at if all was enabled */
    uint64_t since_ms;       /* it is at this step */
    uint64_t told_ms;        /* something was told last */
    uint64_t grace_until_ms; /* released by somebody: nothing above notice until then, */
    uint64_t pardon_s;       /* by his last release that was heard of, wall time; 0: none */
};

/* All zero is one of somebody who never sent anything. */
struct profile {
    uint64_t begun_ms, last_ms; /* its first event, its last */
    uint16_t learnt;            /* hours with calm mail, to PROFILE_RIPE_HOURS */
    struct profile_usual usual;
    struct window hour[METER_COUNT], day[METER_DAYS];
    /* METER_ORIGIN and METER_IDENTITY over days, and new recipients of strange clients; fade. */
    uint32_t slow_origin, slow_identity, slow_strange;
    struct profile_answers quick, slow; /* over hours, over days */
    struct profile_guesses guesses;     /* over days */
    struct known known;
    uint8_t map[PROFILE_MAP_OCTETS]; /* of today's different recipients, as in profile_repeat */
    struct habit habits[HABIT_COUNT];
    struct profile_repeat repeats[PROFILE_REPEATS];
    /* This hour and this day, in local time, until they are over and learnt. */
    uint32_t local_hour, local_day;
    uint32_t in_hour[HOURLY_COUNT], in_day[DAILY_COUNT];
    bool is_hour_marked, is_day_marked;
    /* Points of behaviour/score.h in PROFILE_PART, as of last_ms; fade. */
    uint16_t points[FAMILY_COUNT];
    struct profile_ladder ladder;
};

/* What a message adds up to, with what came before it. */
struct profile_facts {
    enum profile_time time;
    uint32_t count, fresh; /* recipients; those of them who were never written to */
    uint32_t ten_minutes, hour, hour_new, day, day_new; /* recipients with this message */
    uint32_t different;                                 /* different recipients today */
    uint32_t spread; /* different recipients of this text within a day */
    /* How strange its client is, 0 to 100, and to how many recipients such clients wrote lately. */
    uint32_t origin, identity, origin_count, identity_count;
    uint32_t strange_new; /* new recipients strange clients wrote to in the last days */
    uint8_t strange;      /* a bit for each enum profile_habit that is strange */
    /* Failed logins of late, and from how many networks; 0: few, or its client is no stranger. */
    uint32_t guesses, guess_networks;
    uint32_t country; /* its client's, strange or not */
    /* It has the fields of lists, and does not come from a country that is strange: its program may
     * be as new as the newsletter is. */
    bool has_list_fields;
    bool is_newsletter; /* mail of lists by its fields or its plan, from a client that is not
                           strange */
    bool is_strange;    /* its client is more likely somebody else's than its principal's */
    uint32_t cost;      /* recipients a throttle counts: new ones, and all of a strange client */
};

/* Brings all to a time: windows move, counts fade, hours and days that are over are learnt. Before
 * all else. A time before the last changes nothing. */
void profile_advance(struct profile *profile, uint64_t at_ms, int64_t local_s);
/* Adds a message to what was asked for, and says what it comes to. */
void profile_measure(struct profile *profile, const struct behaviour_event *event,
                     struct profile_facts *facts_r);
/* How unusual a message is (score_mood()). */
enum profile_mood {
    MOOD_CALM, /* all is learnt */
    MOOD_BUSY, /* baselines are, networks and programs gain no trust */
    MOOD_HIGH  /* nothing of this hour and day */
};
/* Learns a message that was measured. is_passed: it goes out. */
void profile_learn(struct profile *profile, const struct behaviour_event *event,
                   const struct profile_facts *facts, bool is_passed, enum profile_mood mood);
/* What became of mail. Advances it. */
void profile_answer(struct profile *profile, const struct behaviour_answer *answer);
/* So many passwords were refused for this login, from a network of fingerprint_network(); that
 * somebody guesses is no deed of his. Advances it. */
void profile_guessed(struct profile *profile, uint64_t at_ms, int64_t local_s, uint32_t network,
                     uint32_t count);
/* How many of late, and from about how many networks. */
void profile_guesses(const struct profile *profile, uint32_t *count_r, uint32_t *networks_r);
/* Nothing in it is worth keeping: not seen for 120 days. */
bool profile_is_over(const struct profile *profile, uint64_t now_ms);
enum profile_time profile_time(int64_t local_s);

/* False: these octets are no profile, or of a later layout; *profile_r is empty then. */
bool profile_read(struct span octets, struct profile *profile_r);
/* Replaces what is in `out`; at most PROFILE_OCTETS_MAX. */
void profile_write(const struct profile *profile, struct buffer *out);

#endif
