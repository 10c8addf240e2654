/*
 * sim: mail of an office and what thieves do with its passwords, against behaviour/.
 *
 *     sim [-s SEED] [-n SEEDS] [-a ATTACKS] [-v] [-c]
 *
 * Plays SEEDS months (default 1) of 200 people from SEED (default 1) on, without attacks and with
 * ATTACKS (default 10) of each kind a seed, each on a login and a day drawn by lot, and prints
 * what came of it. -v: each step that was told. -c: ends with 1 where what is demanded below does
 * not hold.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/month.h"

struct options {
    uint64_t seed;
    unsigned seeds, attacks;
    bool is_verbose, is_check;
};

struct office {
    uint64_t people, held, suspended, notices, throttles, deferred, given_up, sent, stopped;
    uint64_t octets, octets_max, person_days;
    uint64_t near[5]; /* people whose highest score of two groups was 50, 60, 70, 80, 90 or more */
};

/* What is demanded of a kind: recipients that pass before a hold, at most. The goal is 60 of what
 * comes at once and 300 of what comes slowly, and half of all attacks have to keep it. Thieves who
 * look like the owner, write to his contacts or have few failures get a little beyond it now and
 * then, so the most is pinned at what holds. */
static const struct demand {
    uint32_t goal, p90, most; /* UINT32_MAX: told only */
} demands[ATTACK_COUNT] = {
    [ATTACK_BURST] = { 60, 60, 60 },
    [ATTACK_DISTRIBUTED] = { 60, 60, 100 },
    [ATTACK_DEAD_LIST] = { 60, 60, 60 },
    [ATTACK_REPLY_CHAIN] = { 60, 60, 100 },
    [ATTACK_SLOW_RAMP] = { 300, 300, 300 },
    [ATTACK_NIGHT_DRIP] = { 300, 300, 400 },
    [ATTACK_SNOWSHOE] = { 300, 300, 300 },
    /* Who sits at the owner's own computer looks like him: only what is sent and what receivers
     * answer is left to go by. */
    [ATTACK_OWN_COMPUTER] = { 60, 300, UINT32_MAX },
    [ATTACK_WEBMAIL] = { 60, 300, UINT32_MAX },
};

static int by_size(const void *a, const void *b)
{
    const uint32_t *one = a, *other = b;
    return *one < *other ? -1 : *one > *other;
}

/* --- the office ------------------------------------------------------------------------------ */

static void play_office(const struct options *options, uint64_t seed, struct office *office)
{
    for (unsigned number = 0; number < SIM_PEOPLE; number++) {
        struct person person = person_of(seed, number);
        struct traffic traffic = { 0 };
        struct month month;
        person_traffic(&person, &traffic);
        traffic_sort(&traffic);
        month_run(&person, &traffic, seed, options->is_verbose ? stdout : NULL, &month);
        office->people++;
        office->person_days += SIM_DAYS - person.begins;
        office->held += month.is_owner_held;
        office->suspended += month.is_owner_suspended;
        office->notices += month.notices;
        office->throttles += month.throttles;
        office->deferred += month.deferred;
        office->given_up += month.given_up;
        office->sent += month.sent;
        office->stopped += month.plain_stopped;
        office->octets += month.octets;
        office->octets_max =
            month.octets_max > office->octets_max ? month.octets_max : office->octets_max;
        for (unsigned i = 0; i < 5; i++) {
            office->near[i] += month.near >= 50 + 10 * i;
        }
        traffic_free(&traffic);
    }
}

static bool tell_office(const struct office *office)
{
    uint64_t notices = office->notices * 100000 / office->person_days;
    printf("office: %" PRIu64 " people, %" PRIu64 " recipients; held %" PRIu64
           ", suspended %" PRIu64 ", throttled %" PRIu64 ", notices %" PRIu64 ".%02" PRIu64
           " a 1000 user-days\n",
           office->people, office->sent, office->held, office->suspended, office->throttles,
           notices / 100, notices % 100);
    printf("        messages deferred %" PRIu64 ", given up %" PRIu64
           "; a plain limit of 500 an hour stops %" PRIu64 "\n",
           office->deferred, office->given_up, office->stopped);
    printf("        profile: %" PRIu64 " octets at the end of the month, %" PRIu64 " at most\n",
           office->octets / office->people, office->octets_max);
    printf("        people with two groups at 50, 60, 70, 80, 90 or more:");
    for (unsigned i = 0; i < 5; i++) {
        printf(" %" PRIu64, office->near[i]);
    }
    printf("\n");
    return office->held == 0 && office->suspended == 0 && notices <= 200;
}

/* --- attacks --------------------------------------------------------------------------------- */

struct toll {
    uint32_t *passed, *plain;
    unsigned count, held;
};

static void play_attack(const struct options *options, enum attack kind, uint64_t seed,
                        unsigned number, struct toll *toll)
{
    struct chance chance = chance_of(seed, 900000 + (uint64_t)kind * 1000 + number);
    bool is_slow = kind == ATTACK_SLOW_RAMP || kind == ATTACK_NIGHT_DRIP;
    uint32_t day = chance_from(&chance, 7, is_slow ? 15 : 29);
    struct person person;
    do { /* but nobody's passwords, and those who have not been there for a working week */
        person = person_of(seed, (unsigned)chance_below(&chance, SIM_PEOPLE));
    } while (person.role == ROLE_FORWARD || person.role == ROLE_TERM ||
             (person.begins > 0 && person.begins + 10 > day));
    struct traffic traffic = { 0 };
    struct month month;
    person_traffic(&person, &traffic);
    attack_traffic(&person, kind, seed * 1000 + number, day, &traffic);
    traffic_sort(&traffic);
    if (options->is_verbose) {
        printf("%s %u on day %u: %s %" PRIu64 "/%" PRIu64 "\n", attack_names[kind], number, day,
               role_names[person.role], seed, person.number);
    }
    month_run(&person, &traffic, seed, options->is_verbose ? stdout : NULL, &month);
    if (options->is_verbose) {
        printf("  asked %u passed %u held %d\n", month.asked, month.passed, month.is_held);
    }
    toll->passed[toll->count] = month.passed;
    toll->plain[toll->count++] = month.plain_passed;
    toll->held += month.is_held;
    traffic_free(&traffic);
}

static uint32_t at_share(const uint32_t *sorted, unsigned count, unsigned percent)
{
    return sorted[(count - 1) * percent / 100];
}

static bool tell_attack(enum attack kind, struct toll *toll)
{
    unsigned count = toll->count;
    qsort(toll->passed, count, sizeof(uint32_t), by_size);
    qsort(toll->plain, count, sizeof(uint32_t), by_size);
    uint32_t median = at_share(toll->passed, count, 50), p90 = at_share(toll->passed, count, 90);
    uint32_t most = toll->passed[count - 1];
    unsigned beyond = 0;
    for (unsigned i = 0; i < count; i++) {
        beyond += toll->passed[i] > demands[kind].goal;
    }
    printf("%-12s %6u %6u %6u   %3u: %-4u   %4u of %-4u  %6u %6u %6u\n", attack_names[kind], median,
           p90, most, demands[kind].goal, beyond, toll->held, count,
           at_share(toll->plain, count, 50), at_share(toll->plain, count, 90),
           toll->plain[count - 1]);
    return median <= demands[kind].goal && p90 <= demands[kind].p90 && most <= demands[kind].most;
}

static bool play_attacks(const struct options *options)
{
    bool is_good = true;
    printf("%-12s %20s   %-9s   %12s  %20s\n", "", "passed before a hold", "beyond", "held",
           "with 500 an hour");
    printf("%-12s %6s %6s %6s   %9s   %12s  %6s %6s %6s\n", "", "median", "p90", "most", "", "",
           "median", "p90", "most");
    for (unsigned kind = 0; kind < ATTACK_COUNT && options->attacks > 0; kind++) {
        size_t room = (size_t)options->seeds * options->attacks;
        struct toll toll = { .passed = calloc(room, sizeof(uint32_t)),
                             .plain = calloc(room, sizeof(uint32_t)) };
        for (unsigned i = 0; i < room; i++) {
            play_attack(options, (enum attack)kind, options->seed + i / options->attacks,
                        i % options->attacks, &toll);
        }
        is_good = tell_attack((enum attack)kind, &toll) && is_good;
        free(toll.passed);
        free(toll.plain);
    }
    return is_good;
}

int main(int argc, char **argv)
{
    struct options options = { .seed = 1, .seeds = 1, .attacks = 10 };
    struct office office = { 0 };
    for (int option; (option = getopt(argc, argv, "s:n:a:vc")) != -1;) {
        switch (option) {
        case 's':
            options.seed = strtoull(optarg, NULL, 10);
            break;
        case 'n':
            options.seeds = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'a':
            options.attacks = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'v':
            options.is_verbose = true;
            break;
        case 'c':
            options.is_check = true;
            break;
        default:
            fprintf(stderr, "usage: sim [-s SEED] [-n SEEDS] [-a ATTACKS] [-v] [-c]\n");
            return 64;
        }
    }
    for (unsigned i = 0; i < options.seeds; i++) {
        play_office(&options, options.seed + i, &office);
    }
    bool is_good = options.seeds == 0 || tell_office(&office);
    is_good = play_attacks(&options) && is_good;
    return options.is_check && !is_good ? 1 : 0;
}
