/*
 * store: what a charge costs in the store, and what opening, syncing and copying cost beside it.
 *
 *     store FOLDER ACCOUNTS [SECONDS [PROCESSES]]       FOLDER is empty, and filled
 *     store FOLDER ACCOUNTS charge SECONDS              one of its own processes
 *
 * A charge is one transaction that reads and writes four accounts of 250 octets and notes the
 * message. Charges run alone, then in several processes at once, then beside a sync each second,
 * then beside a copy: each line says how many there were in a second, what one took of a CPU (in
 * all, and of it in the kernel), and how long the longest waited.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <pthread.h>

#include "state/store.h"

enum { ROWS = 4, VALUE_BYTES = 250, NOTE_BYTES = 40, PROCESSES_MAX = 16, BATCH = 60 };

struct result {
    uint64_t charges;
    double seconds, cpu_s, kernel_s, longest_s;
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "store: %s: %s\n", what, strerror(errno));
    exit(2);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t account_key(uint64_t number, char *text, size_t room)
{
    uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15); /* names come in no order */
    return (size_t)snprintf(text, room, "principal/submission/u%08llx@a%llu.example",
                            (unsigned long long)(mixed >> 32), (unsigned long long)(number % 97));
}

/* --- charging -------------------------------------------------------------------------------- */

static void charge(struct store_row *rows, size_t count, void *context)
{
    char value[VALUE_BYTES] = "";
    uint64_t used = 0;
    (void)context;
    for (size_t i = 0; i < count; i++) {
        bool is_account = rows[i].table == STORE_LIMITS;
        if (rows[i].value.size >= sizeof(used)) {
            memcpy(&used, rows[i].value.at, sizeof(used));
        } else {
            buffer_add(&rows[i].value, value, is_account ? VALUE_BYTES : NOTE_BYTES);
        }
        if (rows[i].value.size < sizeof(used)) {
            fail("out of memory");
        }
        used++;
        memcpy(rows[i].value.at, &used, sizeof(used));
        rows[i].edit = STORE_EDIT_SET;
    }
}

static bool charge_one(struct store *store, uint64_t accounts, uint64_t *chance, bool with_note)
{
    char keys[ROWS + 1][96];
    struct store_row rows[ROWS + 1] = { 0 };
    size_t count = ROWS + with_note;
    for (size_t i = 0; i < ROWS; i++) {
        uint64_t number = next_random(chance) % accounts / ROWS * ROWS + i; /* none twice */
        rows[i].table = STORE_LIMITS;
        rows[i].key = (struct span){ keys[i], account_key(number, keys[i], sizeof(keys[i])) };
    }
    if (with_note) {
        uint64_t id = next_random(chance);
        rows[ROWS].table = STORE_CHARGES;
        memcpy(keys[ROWS], &id, sizeof(id));
        rows[ROWS].key = (struct span){ keys[ROWS], sizeof(id) };
    }
    return store_update_rows(store, rows, count, STORE_SOON, charge, NULL);
}

static struct result charge_for(struct store *store, uint64_t accounts, double seconds,
                                bool with_note)
{
    struct result result = { 0 };
    struct rusage before, after;
    uint64_t chance = (uint64_t)getpid() * 7919 + 88172645463325252u;
    getrusage(RUSAGE_THREAD, &before);
    double start_s = now_s(), last_s = start_s;
    while (last_s - start_s < seconds) {
        if (!charge_one(store, accounts, &chance, with_note)) {
            fail("a charge");
        }
        double at_s = now_s();
        result.longest_s = at_s - last_s > result.longest_s ? at_s - last_s : result.longest_s;
        last_s = at_s;
        result.charges++;
    }
    getrusage(RUSAGE_THREAD, &after);
    result.seconds = last_s - start_s;
    result.kernel_s = seconds_of(after.ru_stime) - seconds_of(before.ru_stime);
    result.cpu_s = result.kernel_s + seconds_of(after.ru_utime) - seconds_of(before.ru_utime);
    return result;
}

static void print(const char *what, const struct result *result)
{
    double charges = (double)(result->charges > 0 ? result->charges : 1);
    printf("%-22s %8.0f/s  cpu %6.2f us  kernel %6.2f us  longest %7.2f ms\n", what,
           charges / result->seconds, result->cpu_s / charges * 1e6,
           result->kernel_s / charges * 1e6, result->longest_s * 1e3);
    fflush(stdout);
}

/* --- several processes ----------------------------------------------------------------------- */

static int charge_alone(const char *folder, uint64_t accounts, double seconds)
{
    struct store *store = store_open(folder);
    if (store == NULL || !store_is_shared(store)) {
        fail(folder);
    }
    struct result result = charge_for(store, accounts, seconds, false);
    store_close(&store);
    return write(STDOUT_FILENO, &result, sizeof(result)) == sizeof(result) ? 0 : 2;
}

static int start_process(const char *folder, const char *accounts, const char *seconds)
{
    int ends[2];
    if (pipe(ends) < 0) {
        fail("pipe");
    }
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "store", folder, accounts, "charge", seconds, (char *)NULL);
        _exit(2);
    }
    close(ends[1]);
    return ends[0];
}

static void charge_in_processes(const char *folder, const char *accounts, const char *seconds,
                                int processes)
{
    struct result all = { 0 }, one;
    int from[PROCESSES_MAX];
    char what[32];
    for (int i = 0; i < processes; i++) {
        from[i] = start_process(folder, accounts, seconds);
    }
    for (int i = 0; i < processes; i++) {
        if (read(from[i], &one, sizeof(one)) != sizeof(one)) {
            fail("a process");
        }
        close(from[i]);
        all.charges += one.charges;
        all.cpu_s += one.cpu_s;
        all.kernel_s += one.kernel_s;
        all.seconds = one.seconds > all.seconds ? one.seconds : all.seconds;
        all.longest_s = one.longest_s > all.longest_s ? one.longest_s : all.longest_s;
        wait(NULL);
    }
    snprintf(what, sizeof(what), "%d processes", processes);
    print(what, &all);
}

/* --- beside the upkeep ----------------------------------------------------------------------- */

struct upkeep {
    struct store *store;
    bool (*work)(struct store *store);
    useconds_t pause_us;
    atomic_bool is_over;
    unsigned rounds;
    double longest_s;
};

static void *keep_up(void *context)
{
    struct upkeep *upkeep = context;
    while (!atomic_load(&upkeep->is_over)) {
        double start_s = now_s();
        if (!upkeep->work(upkeep->store)) {
            fail("upkeep");
        }
        double took_s = now_s() - start_s;
        upkeep->longest_s = took_s > upkeep->longest_s ? took_s : upkeep->longest_s;
        upkeep->rounds++;
        usleep(upkeep->pause_us);
    }
    return NULL;
}

static void charge_beside(const char *what, struct store *store, uint64_t accounts, double seconds,
                          bool (*work)(struct store *store), useconds_t pause_us)
{
    struct upkeep upkeep = { .store = store, .work = work, .pause_us = pause_us };
    pthread_t thread;
    if (pthread_create(&thread, NULL, keep_up, &upkeep) != 0) {
        fail("thread");
    }
    struct result result = charge_for(store, accounts, seconds, true);
    atomic_store(&upkeep.is_over, true);
    pthread_join(thread, NULL);
    print(what, &result);
    printf("%-22s %u times, the longest %.2f s\n", "", upkeep.rounds, upkeep.longest_s);
}

/* --- the whole ------------------------------------------------------------------------------- */

static void fill(struct store *store, uint64_t accounts)
{
    char keys[BATCH][96];
    for (uint64_t at = 0; at < accounts; at += BATCH) {
        struct store_row rows[BATCH] = { 0 };
        size_t count = accounts - at < BATCH ? (size_t)(accounts - at) : BATCH;
        for (size_t i = 0; i < count; i++) {
            rows[i].table = STORE_LIMITS;
            rows[i].key = (struct span){ keys[i], account_key(at + i, keys[i], sizeof(keys[i])) };
        }
        if (!store_update_rows(store, rows, count, STORE_SOON, charge, NULL)) {
            fail("filling");
        }
    }
}

static struct store *open_timed(const char *folder, const char *what)
{
    double start_s = now_s();
    struct store *store = store_open(folder);
    struct error trouble = { "" };
    if (store == NULL || store_trouble(store, &trouble)) {
        fprintf(stderr, "store: %s\n", trouble.text);
        exit(2);
    }
    printf("%-22s %.3f s\n", what, now_s() - start_s);
    return store;
}

static void describe(struct store *store, const char *folder, uint64_t accounts)
{
    struct stat status = { 0 };
    char path[512], key[96];
    snprintf(path, sizeof(path), "%s/" STORE_FILE_NAME, folder);
    if (stat(path, &status) < 0) {
        fail(path);
    }
    printf("%-22s %.0f octets an account, foreseen %.0f; file %.0f MiB\n", "room",
           (double)store_used(store) / (double)accounts,
           (double)store_bytes_for(accounts, account_key(1, key, sizeof(key)), VALUE_BYTES) /
               (double)accounts,
           (double)status.st_blocks * 512 / (1 << 20));
}

static double timed(struct store *store, bool (*work)(struct store *store))
{
    double start_s = now_s();
    if (!work(store)) {
        fail("upkeep");
    }
    return now_s() - start_s;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: store FOLDER ACCOUNTS [SECONDS [PROCESSES]]\n");
        return 64;
    }
    uint64_t accounts = strtoull(argv[2], NULL, 10);
    if (argc == 5 && strcmp(argv[3], "charge") == 0) {
        return charge_alone(argv[1], accounts, atof(argv[4]));
    }
    const char *seconds = argc > 3 ? argv[3] : "2";
    int processes = argc > 4 ? atoi(argv[4]) : 2;
    struct store *store = open_timed(argv[1], "opening, new");
    double start_s = now_s();
    fill(store, accounts);
    printf("%-22s %.2f s\n", "filling", now_s() - start_s);
    describe(store, argv[1], accounts);
    printf("%-22s %.3f s\n", "first sync", timed(store, store_sync));
    printf("%-22s %.3f s\n", "first copy", timed(store, store_checkpoint));
    struct result alone = charge_for(store, accounts, atof(seconds), false);
    print("4 accounts", &alone);
    alone = charge_for(store, accounts, atof(seconds), true);
    print("4 accounts and a note", &alone);
    charge_beside("beside a sync a second", store, accounts, atof(seconds), store_sync, 1000000);
    charge_beside("beside copies", store, accounts, atof(seconds), store_checkpoint, 1000000);
    describe(store, argv[1], accounts);
    store_close(&store);
    charge_in_processes(argv[1], argv[2], seconds, processes < PROCESSES_MAX ? processes : 1);
    store = open_timed(argv[1], "opening, looked at");
    store_close(&store);
    return 0;
}
