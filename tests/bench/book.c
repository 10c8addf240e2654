/*
 * book: what it costs to judge a message by its principal's behaviour with the profile in the store
 * on disk, as it is for each message, and how large the store is then.
 *
 *     book PRINCIPALS MESSAGES DIRECTORY
 *
 * MESSAGES of each principal, over thirty days, then as many messages again as are measured. One
 * line of names and figures: microseconds of CPU a message; octets of the store's file, and of that
 * for each principal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "behaviour/book.h"

enum { RECIPIENTS = 2, MEASURED = 100000 };
#define BEGIN_MS UINT64_C(1000000000000)
#define BEGIN_S INT64_C(1780272000)
#define MONTH_MS (UINT64_C(30) * 86400 * 1000)

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static uint64_t mixed(uint64_t number)
{
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return number ^ (number >> 31);
}

static void judge(struct store *store, uint64_t principal, uint64_t number, uint64_t at_ms)
{
    char account[64];
    uint64_t chance = mixed(number * 31 + principal);
    uint64_t recipients[RECIPIENTS] = { mixed(principal * 1000 + chance % 40),
                                        mixed(principal * 1000 + 100 + (chance >> 9) % 40) };
    const struct behaviour_event event = {
        .at_ms = at_ms,
        .local_s = BEGIN_S + (int64_t)((at_ms - BEGIN_MS) / 1000),
        .recipients = recipients,
        .count = RECIPIENTS,
        .digest = chance | 1,
        .network = (uint32_t)(chance >> 7) % 3 + 1,
        .helo = 2,
        .client = (uint32_t)(chance >> 13) % 2 + 1,
        .tls = 4,
        .from = 5,
    };
    int size = snprintf(account, sizeof(account), "principal/submission/u%llu@example.org",
                        (unsigned long long)principal);
    struct book_entry entry = { .account = { account, (size_t)size }, .would_pass = true };
    if (!book_message(store, &event, &entry)) {
        fputs("book: the store does not work\n", stderr);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    uint64_t principals = argc == 4 ? strtoull(argv[1], NULL, 10) : 0;
    uint64_t messages = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
    char path[4096];
    struct stat status;
    if (principals == 0 || messages == 0) {
        fputs("usage: book PRINCIPALS MESSAGES DIRECTORY\n", stderr);
        return 64;
    }
    struct store *store = store_open(argv[3]);
    if (store == NULL) {
        return 1;
    }
    for (uint64_t i = 0; i < messages; i++) {
        for (uint64_t principal = 0; principal < principals; principal++) {
            judge(store, principal, i, BEGIN_MS + MONTH_MS * i / messages + principal % 3600000);
        }
        store_sync(store);
    }
    double began_us = cpu_us();
    for (uint64_t i = 0; i < MEASURED; i++) {
        judge(store, mixed(i) % principals, messages + i, BEGIN_MS + MONTH_MS + i);
    }
    double spent_us = (cpu_us() - began_us) / MEASURED;
    store_sync(store);
    snprintf(path, sizeof(path), "%s/" STORE_FILE_NAME, argv[3]);
    if (stat(path, &status) != 0) {
        return 1;
    }
    double octets = (double)status.st_blocks * 512;
    printf("message_us %.2f store_mb %.1f octets_each %.0f used_mb %.1f\n", spent_us, octets / 1e6,
           octets / (double)principals, (double)store_used(store) / 1e6);
    store_close(&store);
    return 0;
}
