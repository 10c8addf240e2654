/*
 * behaviour: what it costs to judge a message by its principal's behaviour, in process, without a
 * store: the profile read from its octets, advanced, measured, scored, put on the ladder, learnt
 * and written again, with its answer likewise.
 *
 *     behaviour PRINCIPALS MESSAGES
 *
 * One line of names and figures: microseconds of CPU a message of one recipient and of twenty, and
 * an answer; octets of a profile at the end, the mean and the largest. Principals send at paces
 * that differ by a hundred, so that some profiles are full.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "behaviour/cohort.h"
#include "behaviour/ladder.h"
#include "tests/bench/cpu_clock.h"
#include "tests/sim/chance.h"

enum { RECIPIENTS_MAX = 20, MESSAGE_MS = 400 };
#define BEGIN_MS UINT64_C(1000000000000)
#define BEGIN_S INT64_C(1780272000)

struct bench {
    unsigned principals;
    struct buffer *rows; /* a record each */
    struct profile profile;
    uint64_t number, now_ms;
};

/* Half of the messages are of a hundredth of the principals. */
static unsigned sender(const struct bench *bench)
{
    uint64_t chance = chance_mix(bench->number);
    unsigned few = bench->principals / 100 + 1;
    return (unsigned)(chance >> 8) % (chance % 2 == 0 ? few : bench->principals);
}

static struct buffer *take(struct bench *bench)
{
    struct buffer *row = &bench->rows[sender(bench)];
    if (row->size == 0 || !profile_read(buffer_span(row), &bench->profile)) {
        memset(&bench->profile, 0, sizeof(bench->profile));
    }
    return row;
}

static void judge(struct bench *bench, size_t count)
{
    static const struct ladder_rules rules = { .is_enabled = { true, true, true } };
    uint64_t recipients[RECIPIENTS_MAX], chance = chance_mix(++bench->number * 31);
    struct buffer *row = take(bench);
    struct profile_facts facts;
    struct score score;
    struct ladder_verdict verdict;
    for (size_t i = 0; i < count; i++) {
        recipients[i] = chance_mix((chance >> i) % 200 + (uint64_t)(row - bench->rows) * 1000 + i);
    }
    struct behaviour_event event = { .at_ms = bench->now_ms += MESSAGE_MS,
                                     .local_s =
                                         BEGIN_S + (int64_t)((bench->now_ms - BEGIN_MS) / 1000),
                                     .recipients = recipients,
                                     .count = count,
                                     .digest = chance % 50 + 1,
                                     .network = (uint32_t)(chance >> 7) % 9 + 1,
                                     .country = 1,
                                     .helo = 2,
                                     .client = (uint32_t)(chance >> 13) % 3 + 1,
                                     .tls = 4,
                                     .from = 5 };
    profile_advance(&bench->profile, event.at_ms, event.local_s);
    profile_measure(&bench->profile, &event, &facts);
    score_message(&bench->profile, &event, &facts, &cohort_shipped, &score);
    ladder_climb(&bench->profile, &event, &facts, &score, &rules, &verdict);
    profile_learn(&bench->profile, &event, &facts, true, score_mood(&score));
    profile_write(&bench->profile, row);
}

static void answer(struct bench *bench)
{
    bench->number++;
    struct buffer *row = take(bench);
    struct behaviour_answer event = { .at_ms = bench->now_ms,
                                      .local_s =
                                          BEGIN_S + (int64_t)((bench->now_ms - BEGIN_MS) / 1000),
                                      .outcome = OUTCOME_DELIVERED,
                                      .count = 1 };
    profile_answer(&bench->profile, &event);
    profile_write(&bench->profile, row);
}

static double many(struct bench *bench, unsigned messages, size_t count)
{
    double began_us = cpu_us();
    for (unsigned i = 0; i < messages; i++) {
        if (count > 0) {
            judge(bench, count);
        } else {
            answer(bench);
        }
    }
    return (cpu_us() - began_us) / messages;
}

static void tell_sizes(const struct bench *bench)
{
    size_t all = 0, largest = 0, count = 0;
    for (unsigned i = 0; i < bench->principals; i++) {
        size_t size = bench->rows[i].size;
        all += size;
        count += size > 0;
        largest = size > largest ? size : largest;
    }
    printf(" profile_octets %zu profile_octets_max %zu\n", count > 0 ? all / count : 0, largest);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bench.principals = argc == 3 ? (unsigned)atoi(argv[1]) : 0;
    unsigned messages = argc == 3 ? (unsigned)atoi(argv[2]) : 0;
    bench.rows = calloc(bench.principals + 1, sizeof(struct buffer));
    bench.now_ms = BEGIN_MS;
    if (bench.principals == 0 || messages == 0 || bench.rows == NULL) {
        fprintf(stderr, "usage: behaviour PRINCIPALS MESSAGES\n");
        return 64;
    }
    many(&bench, messages, 2); /* so that there is something to go by */
    printf("message_us %.2f", many(&bench, messages, 1));
    printf(" message_of_20_us %.2f", many(&bench, messages, RECIPIENTS_MAX));
    printf(" answer_us %.2f", many(&bench, messages, 0));
    tell_sizes(&bench);
    for (unsigned i = 0; i < bench.principals; i++) {
        buffer_free(&bench.rows[i]);
    }
    free(bench.rows);
    return 0;
}
