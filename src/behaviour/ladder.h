/*
 * ladder: what is done about a score: nothing, a log line, a notice, a throttle, a hold, a
 * suspension; as far as it is enabled, and never more than a person can undo.
 *
 * Hold and suspension need two groups of signals or one certain hit. Who is not a person who logs
 * in or has an account (networks, lists, the local pool, service plans) is never throttled, held or
 * suspended by machine. Each step is told once, also one that is not enabled; it is told again
 * after a day, if all was calm meanwhile.
 *
 * A hold or suspension stays until somebody releases it (ladder_release()); all else ends by itself
 * when the score is well below what it took.
 */
#ifndef EM_BEHAVIOUR_LADDER_H
#define EM_BEHAVIOUR_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "behaviour/profile.h"
#include "behaviour/score.h"

enum ladder_step {
    LADDER_NONE,
    LADDER_LOG,
    LADDER_NOTICE,
    LADDER_THROTTLE,
    LADDER_HOLD,
    LADDER_SUSPEND,
    LADDER_COUNT
};
/* "none", "log", "notice", "throttle", "hold", "suspend"; static. */
const char *ladder_step_name(enum ladder_step step);
/* Of those that can be enabled, LADDER_NOTICE to LADDER_SUSPEND; false: it is the name of none. */
bool ladder_step_parse(const char *name, enum ladder_step *step_r);

struct ladder_rules {
    /* LADDER_NOTICE to LADDER_SUSPEND: is it enabled? A step that is not gives way to the next
     * lower one that is. */
    bool is_enabled[LADDER_COUNT];
    bool is_excepted; /* a time-boxed exception holds now: nothing above log */
};

/* A throttle tightens what may be sent to people who were never written to. */
struct ladder_throttle {
    bool is_on;
    bool fits;             /* this message is within it; where it is not, it waits */
    uint32_t new_per_hour; /* profile_facts.cost */
};

struct ladder_verdict {
    enum ladder_step step;
    enum ladder_step would; /* if all was enabled; never below step */
    bool is_news;           /* to be told: a line with the reasons, an event, a notice */
    struct ladder_throttle throttle;
};

/* Of a message that has its score; keeps the step in the profile. */
void ladder_climb(struct profile *profile, const struct behaviour_event *event,
                  const struct profile_facts *facts, const struct score *score,
                  const struct ladder_rules *rules, struct ladder_verdict *verdict_r);
/* The same after an answer, without a message. `kind` and is_service as in the event. */
void ladder_climb_now(struct profile *profile, enum behaviour_kind kind, bool is_service,
                      const struct score *score, const struct ladder_rules *rules,
                      struct ladder_verdict *verdict_r);
/* Somebody released him: points and step are gone, and until grace_ms are over nothing above a
 * notice happens without a certain hit. */
struct ladder_pardon {
    int64_t set_s;     /* when, wall time: no two of them are alike; 0: nobody did */
    uint64_t grace_ms; /* from now on */
};
/* Where it was not heard of before: a profile may learn of it late, or twice, from another node. */
void ladder_release(struct profile *profile, uint64_t now_ms, const struct ladder_pardon *pardon);

#endif
