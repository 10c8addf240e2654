/*
 * fleet: what a charge in Redis costs. Starts a redis-server of its own on loopback, lets threads
 * charge messages under so many limits for some seconds, and prints charges a second, how long they
 * take, and processor time of a charge here and in the server.
 *
 *     fleet [THREADS [LIMITS [SECONDS [PRINCIPALS]]]]
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "limits/fleet.h"
#include "tests/support/redis_server.h"

#define THREADS_MAX 256
#define SAMPLES_MAX 2000000
#define NS_PER_S 1e9

struct bench {
    struct fleet *fleet;
    struct limit limits[CHARGE_LINES_MAX];
    size_t limit_count;
    unsigned principals;
    atomic_bool is_over;
    atomic_uint count, unknown;
    uint32_t *took_us;
};

static void drop_line(struct log_sink *sink, enum log_level level, struct span line)
{
    (void)sink;
    (void)level;
    fprintf(stderr, "%.*s\n", SPAN_ARG(line));
}

static double processor_s(pid_t pid)
{
    char path[64];
    unsigned long user = 0, kernel = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        if (fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                   &kernel) != 2) {
            user = 0;
        }
        fclose(file);
    }
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static void fill(const struct bench *bench, struct charge *charge, char *name, size_t room)
{
    snprintf(name, room, "principal/submission/user%u@example.org",
             (unsigned)rand() % bench->principals);
    *charge = (struct charge){ .account_count = 2, .line_count = bench->limit_count };
    charge->accounts[0] = span_of(name);
    charge->accounts[1] = SPAN("site/");
    for (size_t i = 0; i < bench->limit_count; i++) {
        charge->lines[i] = (struct charge_line){ .limit = &bench->limits[i],
                                                 .account = i % 5 == 4,
                                                 .amount = 1,
                                                 .max = 1000000000,
                                                 .is_strict = true };
    }
}

static void *work(void *context)
{
    struct bench *bench = context;
    while (!atomic_load(&bench->is_over)) {
        struct charge charge;
        struct fleet_receipt receipt;
        char name[80];
        fill(bench, &charge, name, sizeof(name));
        fleet_operation(bench->fleet, &receipt);
        clock_system.random(&clock_system, charge.id, sizeof(charge.id));
        uint64_t begun_ns = clock_mono_ns(&clock_system);
        if (fleet_charge(bench->fleet, &charge, &receipt) == CHARGE_UNKNOWN) {
            atomic_fetch_add(&bench->unknown, 1);
        }
        unsigned at = atomic_fetch_add(&bench->count, 1);
        if (at < SAMPLES_MAX) {
            bench->took_us[at] = (uint32_t)((clock_mono_ns(&clock_system) - begun_ns) / 1000);
        }
    }
    return NULL;
}

static void *run_loop(void *context)
{
    loop_run(context);
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void measure(struct bench *bench, struct redis_server *server, unsigned threads,
                    unsigned seconds)
{
    pthread_t at[THREADS_MAX];
    struct rusage before, after;
    double server_s = processor_s(server->pid);
    uint64_t begun_ns = clock_mono_ns(&clock_system);
    getrusage(RUSAGE_SELF, &before);
    for (unsigned i = 0; i < threads; i++) {
        pthread_create(&at[i], NULL, work, bench);
    }
    sleep(seconds);
    atomic_store(&bench->is_over, true);
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(at[i], NULL);
    }
    getrusage(RUSAGE_SELF, &after);
    server_s = processor_s(server->pid) - server_s;
    double took_s = (double)(clock_mono_ns(&clock_system) - begun_ns) / NS_PER_S;
    double own_s = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
                   (double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
                   (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6 +
                   (double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
    unsigned count = atomic_load(&bench->count);
    unsigned samples = count < SAMPLES_MAX ? count : SAMPLES_MAX;
    if (samples == 0) {
        return;
    }
    qsort(bench->took_us, samples, sizeof(bench->took_us[0]), by_size);
    printf("%u threads, %zu limits, %u principals: %.0f charges/s, median %.2f ms, p99 %.2f ms, "
           "processor %.1f us here and %.1f us in the server, %u not answered\n",
           threads, bench->limit_count, bench->principals, count / took_s,
           bench->took_us[samples / 2] / 1e3, bench->took_us[(uint64_t)samples * 99 / 100] / 1e3,
           own_s / count * 1e6, server_s / count * 1e6, atomic_load(&bench->unknown));
}

static unsigned argument(int argc, char **argv, int at, unsigned otherwise)
{
    return argc > at ? (unsigned)strtoul(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    unsigned threads = argument(argc, argv, 1, 16), limits = argument(argc, argv, 2, 10);
    unsigned seconds = argument(argc, argv, 3, 5);
    struct bench bench = { .principals = argument(argc, argv, 4, 10000) };
    struct log_sink sink = { drop_line };
    struct redis_server server;
    struct error error;
    pthread_t thread;
    if (!redis_server_is_there() || threads > THREADS_MAX || limits > CHARGE_LINES_MAX) {
        fprintf(stderr, "fleet: no redis-server, or too many threads or limits\n");
        return 77;
    }
    redis_server_start(&server, NULL);
    const char *address = server.address;
    struct redis_settings settings = {
        .addresses = { &address, 1 }, .fleet = "mx", .node = "n1", .share = "25%", .deadline_ms = 30
    };
    struct loop *loop = loop_new();
    struct redis *redis = redis_new(&settings, loop, &clock_system, &sink, "-", &error);
    struct store *store = store_in_memory();
    bench.fleet = redis != NULL ? fleet_new(redis, store, &clock_system, 25) : NULL;
    bench.took_us = calloc(SAMPLES_MAX, sizeof(bench.took_us[0]));
    if (bench.fleet == NULL || bench.took_us == NULL) {
        fprintf(stderr, "fleet: %s\n", redis == NULL ? error.text : "out of memory");
        return 1;
    }
    bench.limit_count = limits;
    for (size_t i = 0; i < limits; i++) {
        bench.limits[i] = (struct limit){ .name = "limit",
                                          .count = LIMIT_RECIPIENTS,
                                          .per_s = 3600 * (int64_t)(i + 1) };
    }
    pthread_create(&thread, NULL, run_loop, loop);
    while (!redis_is_up(redis)) {
        usleep(1000);
    }
    measure(&bench, &server, threads, seconds);
    loop_stop(loop);
    pthread_join(thread, NULL);
    fleet_free(&bench.fleet);
    redis_free(&redis);
    loop_free(&loop);
    store_close(&store);
    free(bench.took_us);
    redis_server_end(&server);
    return 0;
}
