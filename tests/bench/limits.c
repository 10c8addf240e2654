/*
 * limits: what it costs to charge a message, in process: ten limits in force on four accounts (its
 * principal, plan, domain, and the site), from the choice of the limits to the answer, with the
 * store in a folder.
 *
 *     limits FOLDER PRINCIPALS MESSAGES [LIMITS]     FOLDER is empty, and filled
 *
 * LIMITS: the first so many of the ten.
 *
 * One line of names and figures: microseconds of CPU a message, how much of it is the kernel's, and
 * the 99th percentile of its time, when as many messages have gone before;
 * charges a second of two threads and of two processes; seconds that opening the store takes with
 * all principals in it. All of them have been charged something before.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "limits/account.h"
#include "limits/bill.h"
#include "limits/ledger.h"
#include "limits/provider.h"
#include "tests/bench/cpu_clock.h"

enum { DOMAINS = 100, TOGETHER = 2, ARENA_BYTES = 1 << 20, BATCH = 60 };

static const struct limit rows[] = {
    { .name = "m-hour", .count = LIMIT_MESSAGES, .per_s = 3600 },
    { .name = "r-hour", .count = LIMIT_RECIPIENTS, .per_s = 3600 },
    { .name = "r-day", .count = LIMIT_RECIPIENTS, .per_s = 86400 },
    { .name = "b-day", .count = LIMIT_BYTES, .per_s = 86400 },
    { .name = "plan-hour", .count = LIMIT_MESSAGES, .by = LIMIT_BY_PLAN, .per_s = 3600 },
    { .name = "plan-day", .count = LIMIT_RECIPIENTS, .by = LIMIT_BY_PLAN, .per_s = 86400 },
    { .name = "domain-hour", .count = LIMIT_MESSAGES, .by = LIMIT_BY_DOMAIN, .per_s = 3600 },
    { .name = "domain-day", .count = LIMIT_RECIPIENTS, .by = LIMIT_BY_DOMAIN, .per_s = 86400 },
    { .name = "site-hour", .count = LIMIT_MESSAGES, .by = LIMIT_BY_SITE, .per_s = 3600 },
    { .name = "site-day", .count = LIMIT_RECIPIENTS, .by = LIMIT_BY_SITE, .per_s = 86400 },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

struct bench {
    const char *folder;
    unsigned principals, messages, rows;
    struct limit limits[ROWS];
    struct limit_set *set;
    struct store *store;
    struct ledger *ledger;
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "limits: %s\n", what);
    exit(2);
}

/* The part of CPU that the kernel takes: pages that are touched. */
static double kernel_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_stime.tv_sec * 1e6 + (double)usage.ru_stime.tv_usec;
}

/* All act, and none is ever reached. */
static void make_set(struct bench *bench)
{
    for (size_t i = 0; i < ROWS; i++) {
        bench->limits[i] = rows[i];
        bench->limits[i].to = LIMIT_TO_ALL;
        bench->limits[i].max = INT64_C(1) << 46;
        bench->limits[i].action = ACTION_DEFER;
    }
    struct limits_settings settings = { .rows = { bench->limits, bench->rows } };
    bench->set = limit_set_new(&settings);
    if (bench->set == NULL) {
        fail("out of memory");
    }
}

static void open_ledger(struct bench *bench)
{
    bench->store = store_open(bench->folder);
    if (bench->store == NULL || !store_is_shared(bench->store)) {
        fail("the folder holds no store");
    }
    bench->ledger = ledger_new(bench->store, &clock_system);
    if (bench->ledger == NULL) {
        fail("no ledger");
    }
}

static void close_ledger(struct bench *bench)
{
    ledger_free(&bench->ledger);
    store_close(&bench->store);
}

/* --- a message ------------------------------------------------------------------------------- */

struct names {
    char principal[64], domain[32];
};

static void name_them(unsigned principal, struct names *names)
{
    snprintf(names->principal, sizeof(names->principal), "user%07u@d%u.example", principal,
             principal % DOMAINS);
    snprintf(names->domain, sizeof(names->domain), "d%u.example", principal % DOMAINS);
}

static void charge_message(const struct bench *bench, unsigned principal, uint64_t number)
{
    struct names names;
    struct charge charge = { .now_ms = ledger_now_ms(bench->ledger) };
    name_them(principal, &names);
    struct charge_recipient recipient = {
        .fingerprint = ledger_fingerprint(bench->ledger, span_of(names.principal)),
        .provider = provider_of(SPAN("gmail.com")),
    };
    struct bill_facts facts = {
        .subject = { .mail_class = CLASS_SUBMISSION,
                     .principal = span_of(names.principal),
                     .plan = principal % 3 == 0 ? SPAN("pro") : SPAN("basic"),
                     .domain = span_of(names.domain) },
        .size_bytes = 10240,
        .recipients = &recipient,
        .recipient_count = 1,
    };
    memcpy(charge.id, &number, sizeof(number));
    charge.id[CHARGE_ID_BYTES - 1] = 1;
    struct arena *arena = arena_new(ARENA_BYTES);
    if (arena == NULL || !bill_write(bench->set, &facts, &charge, arena) ||
        charge.line_count < bench->rows || ledger_charge(bench->ledger, &charge) != CHARGE_DONE) {
        fail("a message was not charged under all limits");
    }
    arena_free(&arena);
}

/* --- filling --------------------------------------------------------------------------------- */

struct batch {
    struct span value;
    struct arena *arena;
    struct store_row rows[BATCH];
    size_t count;
};

static void set_all(struct store_row *batch, size_t count, void *context)
{
    const struct span *value = context;
    for (size_t i = 0; i < count; i++) {
        buffer_add_span(&batch[i].value, *value);
        batch[i].edit = STORE_EDIT_SET;
    }
}

static void put_batch(const struct bench *bench, struct batch *batch)
{
    if (batch->count > 0 && !store_update_rows(bench->store, batch->rows, batch->count, STORE_SOON,
                                               set_all, &batch->value)) {
        fail("the store does not take so many");
    }
    arena_free(&batch->arena);
    batch->arena = arena_new(ARENA_BYTES);
    batch->count = 0;
}

static struct span account_of(unsigned principal, struct arena *arena)
{
    struct names names;
    name_them(principal, &names);
    return account_name(LIMIT_BY_PRINCIPAL, CLASS_SUBMISSION, span_of(names.principal), arena);
}

/* One is charged, and all others get what the store has of it. */
static void fill(const struct bench *bench)
{
    struct buffer value = BUFFER_EMPTY;
    struct batch batch = { .arena = arena_new(ARENA_BYTES) };
    charge_message(bench, 0, 0);
    if (store_get(bench->store, STORE_LIMITS, account_of(0, batch.arena), &value) != STORE_FOUND) {
        fail("what was charged is not there");
    }
    batch.value = buffer_span(&value);
    for (unsigned i = 1; i < bench->principals; i++) {
        batch.rows[batch.count++] =
            (struct store_row){ .table = STORE_LIMITS, .key = account_of(i, batch.arena) };
        if (batch.count == BATCH) {
            put_batch(bench, &batch);
        }
    }
    put_batch(bench, &batch);
    arena_free(&batch.arena);
    buffer_free(&value);
}

/* --- measuring ------------------------------------------------------------------------------- */

/* Anyone, in no order. */
static unsigned anyone(const struct bench *bench, uint64_t number)
{
    uint64_t mixed = (number + 1) * 0x9e3779b97f4a7c15;
    return (unsigned)((mixed ^ mixed >> 29) % bench->principals);
}

static int by_size(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return one < two ? -1 : one > two;
}

static void measure_alone(const struct bench *bench)
{
    double *times_us = calloc(bench->messages, sizeof(times_us[0]));
    if (times_us == NULL) {
        fail("out of memory");
    }
    for (unsigned i = 0; i < bench->messages; i++) { /* pages are there, and some are free */
        charge_message(bench, anyone(bench, i), 1000 + i);
    }
    double began_us = clock_us(CLOCK_PROCESS_CPUTIME_ID), began_kernel_us = kernel_us();
    for (unsigned i = 0; i < bench->messages; i++) {
        double sent_us = clock_us(CLOCK_MONOTONIC);
        charge_message(bench, anyone(bench, bench->messages + i), 50000000 + i);
        times_us[i] = clock_us(CLOCK_MONOTONIC) - sent_us;
    }
    double spent_us = clock_us(CLOCK_PROCESS_CPUTIME_ID) - began_us;
    qsort(times_us, bench->messages, sizeof(times_us[0]), by_size);
    printf(" cpu_us %.2f kernel_us %.2f p99_us %.1f", spent_us / bench->messages,
           (kernel_us() - began_kernel_us) / bench->messages,
           times_us[bench->messages - 1 - bench->messages / 100]);
    free(times_us);
}

struct part {
    const struct bench *bench;
    uint64_t first;
};

static void *charge_part(void *context)
{
    const struct part *part = context;
    for (uint64_t i = 0; i < part->bench->messages; i++) {
        charge_message(part->bench, anyone(part->bench, part->first + i), part->first + i);
    }
    return NULL;
}

static double rate(const struct bench *bench, double began_us)
{
    return TOGETHER * (double)bench->messages / (clock_us(CLOCK_MONOTONIC) - began_us) * 1e6;
}

static void measure_threads(const struct bench *bench)
{
    pthread_t threads[TOGETHER];
    struct part parts[TOGETHER];
    double began_us = clock_us(CLOCK_MONOTONIC), began_cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID);
    for (unsigned i = 0; i < TOGETHER; i++) {
        parts[i] = (struct part){ bench, (i + 1) * UINT64_C(100000000) };
        if (pthread_create(&threads[i], NULL, charge_part, &parts[i]) != 0) {
            fail("no thread");
        }
    }
    for (unsigned i = 0; i < TOGETHER; i++) {
        pthread_join(threads[i], NULL);
    }
    double cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID) - began_cpu_us;
    printf(" threads_per_s %.0f threads_cpu_us %.2f", rate(bench, began_us),
           cpu_us / bench->messages / TOGETHER);
}

static _Noreturn void be_process(struct bench *bench, unsigned number, int ready, int go)
{
    char octet = 1;
    struct part part = { bench, (number + 11) * UINT64_C(100000000) };
    open_ledger(bench);
    if (write(ready, &octet, 1) != 1 || read(go, &octet, 1) != 1) {
        fail("a process was left alone");
    }
    charge_part(&part);
    _exit(0);
}

/* The time begins when all have opened the store. */
static void measure_processes(struct bench *bench)
{
    int ready[2], go[2], status;
    char octets[TOGETHER] = { 0 };
    if (pipe(ready) != 0 || pipe(go) != 0) {
        fail("no pipe");
    }
    for (unsigned i = 0; i < TOGETHER; i++) {
        if (fork() == 0) {
            be_process(bench, i, ready[1], go[0]);
        }
    }
    for (unsigned i = 0; i < TOGETHER; i++) {
        if (read(ready[0], octets, 1) != 1) {
            fail("a process did not begin");
        }
    }
    double began_us = clock_us(CLOCK_MONOTONIC);
    if (write(go[1], octets, TOGETHER) != TOGETHER) {
        fail("no process listens");
    }
    for (unsigned i = 0; i < TOGETHER; i++) {
        if (wait(&status) < 0 || status != 0) {
            fail("a process failed");
        }
    }
    printf(" processes_per_s %.0f", rate(bench, began_us));
}

static unsigned number_of(int argc, char **argv, int at)
{
    return argc > at ? (unsigned)strtoul(argv[at], NULL, 10) : 0;
}

int main(int argc, char **argv)
{
    struct bench bench = { .folder = argc > 1 ? argv[1] : "" };
    bench.principals = number_of(argc, argv, 2);
    bench.messages = number_of(argc, argv, 3);
    bench.rows = argc > 4 ? number_of(argc, argv, 4) : ROWS;
    if (bench.principals == 0 || bench.messages < 100 || bench.rows == 0 || bench.rows > ROWS) {
        fprintf(stderr, "usage: limits FOLDER PRINCIPALS MESSAGES [LIMITS]\n");
        return 64;
    }
    make_set(&bench);
    open_ledger(&bench);
    fill(&bench);
    close_ledger(&bench);
    double began_us = clock_us(CLOCK_MONOTONIC);
    open_ledger(&bench);
    printf("%u start_s %.3f", bench.principals, (clock_us(CLOCK_MONOTONIC) - began_us) / 1e6);
    measure_alone(&bench);
    measure_threads(&bench);
    close_ledger(&bench);
    fflush(stdout); /* or each process would say it again */
    measure_processes(&bench);
    printf("\n");
    limit_set_free(&bench.set);
    return 0;
}
