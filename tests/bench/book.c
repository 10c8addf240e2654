/*
 * book: what it costs to judge a message by its principal's behaviour with the profile in the store
 * on disk, as it is for each message, and how large the store is then.
 *
 *     book PRINCIPALS DIRECTORY
 *
 * Profiles are those of the simulator's office (tests/sim) after half a month and, written over
 * them in another order, after the whole. One line of names and figures: microseconds of CPU a
 * message; octets of a profile, the mean; of the store's file, and of that for each principal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "behaviour/book.h"
#include "tests/bench/cpu_clock.h"
#include "tests/sim/month.h"

enum { RECIPIENTS = 2, MEASURED = 100000, ACCOUNT_ROOM = 64 };
/* The month is over, and what is answered came. */
#define AFTER_S (INT64_C(40) * SIM_DAY_S)
#define AFTER_MS (MONTH_BEGIN_MS + (uint64_t)AFTER_S * 1000)

static _Noreturn void stop(void)
{
    fputs("book: the store does not work\n", stderr);
    exit(1);
}

static struct span account_of(uint64_t principal, char account[static ACCOUNT_ROOM])
{
    int size =
        snprintf(account, ACCOUNT_ROOM, "principal/submission/u%" PRIu64 "@example.org", principal);
    return (struct span){ account, (size_t)size };
}

static void judge(struct store *store, uint64_t principal, uint64_t number, uint64_t at_ms)
{
    char account[ACCOUNT_ROOM];
    uint64_t chance = chance_mix(number * 31 + principal);
    uint64_t recipients[RECIPIENTS] = { chance_mix(principal * 1000 + chance % 40),
                                        chance_mix(principal * 1000 + 100 + (chance >> 9) % 40) };
    const struct behaviour_event event = {
        .at_ms = at_ms,
        .local_s = SIM_BEGIN_S + (int64_t)((at_ms - MONTH_BEGIN_MS) / 1000),
        .recipients = recipients,
        .count = RECIPIENTS,
        .digest = chance | 1,
        .network = (uint32_t)(chance >> 7) % 3 + 1,
        .helo = 2,
        .client = (uint32_t)(chance >> 13) % 2 + 1,
        .tls = 4,
        .from = 5,
    };
    struct book_entry entry = { .account = account_of(principal, account), .would_pass = true };
    if (!book_message(store, &event, &entry)) {
        stop();
    }
}

/* --- the office ------------------------------------------------------------------------------ */

/* A person's profile after so many days. */
static void write_profile(unsigned number, int64_t days, struct buffer *row)
{
    static struct month month;
    struct person person = person_of(1, number);
    struct traffic traffic = { 0 };
    person_traffic(&person, &traffic);
    traffic_sort(&traffic);
    while (traffic.count > 0 && traffic.mails[traffic.count - 1].at_s >= days * SIM_DAY_S) {
        traffic.count--;
    }
    month_run(&person, &traffic, 1, NULL, &month);
    profile_write(&month.profile, row);
    traffic_free(&traffic);
}

/* Where in an order without order a principal comes: a walk with a step that shares no factor. */
static uint64_t place(uint64_t number, uint64_t step, uint64_t principals)
{
    while (principals % step == 0) {
        step += 2;
    }
    return number * step % principals;
}

/* The mean size. */
static double fill(struct store *store, uint64_t principals, int64_t days, uint64_t step)
{
    struct buffer rows[SIM_PEOPLE] = { { 0 } };
    double octets = 0;
    for (unsigned i = 0; i < SIM_PEOPLE; i++) {
        write_profile(i, days, &rows[i]);
        octets += (double)rows[i].size / SIM_PEOPLE;
    }
    for (uint64_t i = 0; i < principals; i++) {
        char account[ACCOUNT_ROOM];
        uint64_t principal = place(i, step, principals);
        struct span name = account_of(principal, account);
        if (!store_put(store, STORE_PROFILES, name, buffer_span(&rows[principal % SIM_PEOPLE]),
                       STORE_SOON)) {
            stop();
        }
        if (i % 100000 == 99999) {
            store_sync(store);
        }
    }
    for (unsigned i = 0; i < SIM_PEOPLE; i++) {
        buffer_free(&rows[i]);
    }
    return octets;
}

int main(int argc, char **argv)
{
    uint64_t principals = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    char path[4096];
    struct stat status;
    if (principals == 0) {
        fputs("usage: book PRINCIPALS DIRECTORY\n", stderr);
        return 64;
    }
    struct store *store = store_open(argv[2]);
    if (store == NULL) {
        return 1;
    }
    (void)fill(store, principals, SIM_DAYS / 2, 7919);
    double octets_mean = fill(store, principals, SIM_DAYS, 104729);
    store_sync(store);
    double began_us = cpu_us();
    for (uint64_t i = 0; i < MEASURED; i++) {
        judge(store, chance_mix(i) % principals, i, AFTER_MS + i);
    }
    double spent_us = (cpu_us() - began_us) / MEASURED;
    store_sync(store);
    snprintf(path, sizeof(path), "%s/" STORE_FILE_NAME, argv[2]);
    if (stat(path, &status) != 0) {
        return 1;
    }
    double octets = (double)status.st_blocks * 512;
    printf("message_us %.2f profile_octets %.0f store_mb %.1f octets_each %.0f used_mb %.1f\n",
           spent_us, octets_mean, octets / 1e6, octets / (double)principals,
           (double)store_used(store) / 1e6);
    store_close(&store);
    return 0;
}
