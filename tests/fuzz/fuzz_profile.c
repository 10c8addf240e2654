/*
 * fuzz_profile: any octets as what the store has of somebody's behaviour. What is taken for a
 * profile is written and read the same again, and holds together when messages and answers come at
 * any time: no score beyond its caps, no record beyond its size. What is none is an empty one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "behaviour/cohort.h"
#include "behaviour/ladder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct profile profile, again;

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_profile: %s\n", what);
        abort();
    }
}

static void check_same(struct buffer *first, struct buffer *second)
{
    profile_write(&profile, first);
    demand(!buffer_has_failed(first), "no memory");
    demand(first->size <= PROFILE_OCTETS_MAX, "more than it may be");
    demand(profile_read(buffer_span(first), &again), "what was written is none");
    profile_write(&again, second);
    demand(span_is_equal(buffer_span(first), buffer_span(second)), "reads in two ways");
}

static void check_message(uint64_t at_ms, uint64_t seed)
{
    static const struct ladder_rules all = { .is_enabled = { true, true, true, true, true, true } };
    uint64_t recipients[3] = { seed, seed * 3, seed * 5 };
    struct behaviour_event event = { .at_ms = at_ms,
                                     .local_s = (int64_t)(at_ms / 1000),
                                     .recipients = recipients,
                                     .count = 3,
                                     .digest = seed * 7,
                                     .network = (uint32_t)seed,
                                     .client = (uint32_t)(seed >> 3),
                                     .is_bulk = seed % 5 == 0 };
    struct profile_facts facts;
    struct score score;
    struct ladder_verdict verdict;
    profile_advance(&profile, event.at_ms, event.local_s);
    profile_measure(&profile, &event, &facts);
    score_message(&profile, &event, &facts, &cohort_shipped, &score);
    ladder_climb(&profile, &event, &facts, &score, &all, &verdict);
    demand(facts.fresh <= facts.count && facts.origin <= 100 && facts.identity <= 100,
           "facts beyond their measure");
    demand(score.group[GROUP_WHAT] <= 115 && score.group[GROUP_WHO] <= 70, "points beyond caps");
    profile_learn(&profile, &event, &facts, verdict.step < LADDER_HOLD, score_mood(&score));
}

/* At times before, in and after what it holds. */
static void check_use(struct buffer *first, struct buffer *second)
{
    static const uint64_t times_ms[] = { 0, 1, 3600000, UINT64_C(1) << 41, UINT64_C(1) << 45 };
    for (size_t i = 0; i < sizeof(times_ms) / sizeof(times_ms[0]); i++) {
        struct behaviour_answer answer = { .at_ms = times_ms[i],
                                           .local_s = (int64_t)i * 1000000,
                                           .outcome = (enum behaviour_outcome)(i % OUTCOME_COUNT),
                                           .count = UINT32_MAX >> i };
        for (uint64_t seed = 1; seed < 6; seed++) {
            check_message(times_ms[i] + seed * 1000, seed * 0x9e3779b97f4a7c15);
        }
        profile_answer(&profile, &answer);
        profile_guessed(&profile, times_ms[i], answer.local_s, (uint32_t)i, answer.count);
        check_same(first, second);
        ladder_release(&profile, times_ms[i],
                       &(struct ladder_pardon){ (int64_t)i, UINT64_MAX >> i });
        check_same(first, second);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer first = BUFFER_EMPTY, second = BUFFER_EMPTY;
    static const struct profile empty;
    if (profile_read((struct span){ size > 0 ? (const char *)data : "", size }, &profile)) {
        check_same(&first, &second);
        check_use(&first, &second);
    } else {
        demand(memcmp(&profile, &empty, sizeof(profile)) == 0, "none, and not empty");
    }
    buffer_free(&first);
    buffer_free(&second);
    return 0;
}
