/*
 * watch: one thread that runs each job when it is due. A job that waits for DNS keeps the others
 * waiting, which none of them minds for some seconds.
 */
#include "watch/watch_private.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PAUSE_MAX_MS 60000

static const struct watch_job *const jobs[] = {
    &watch_list_tests_job, &watch_lists_job,      &watch_proofs_job,     &watch_keys_job,
    &watch_domains_job,    &watch_notices_job,    &watch_held_job,       &watch_ledger_job,
    &watch_fleet_job,      &watch_reputation_job, &watch_suppressed_job, &watch_principals_job,
    &watch_scanner_job,    &watch_maillog_job,    &watch_upkeep_job,
};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

struct job {
    void *state;
    uint64_t due_ns;
    unsigned hurries; /* of the watch's, when it last ran */
};

struct watch {
    struct watch_setup setup;
    struct job jobs[JOBS];
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool is_stopping, leads;
    atomic_uint hurries;
};

const struct watch_setup *watch_setup_of(const struct watch *watch)
{
    return &watch->setup;
}

bool watch_is_stopping(struct watch *watch)
{
    return atomic_load(&watch->is_stopping);
}

void watch_log(struct watch *watch, enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_sink_vprint(watch->setup.log, level, format, args);
    va_end(args);
}

static bool begin_all(struct watch *watch)
{
    for (size_t i = 0; i < JOBS; i++) {
        watch->jobs[i].state = jobs[i]->begin(watch);
        if (watch->jobs[i].state == NULL) {
            return false;
        }
    }
    return true;
}

struct watch *watch_new(const struct watch_setup *setup)
{
    pthread_condattr_t attributes;
    struct watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL) {
        return NULL;
    }
    watch->setup = *setup;
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    atomic_init(&watch->is_stopping, false);
    atomic_init(&watch->hurries, 0);
    /* What nobody else sees, everybody must find out for himself. */
    atomic_init(&watch->leads, setup->is_leader || !store_is_shared(setup->store));
    if (!begin_all(watch)) {
        watch_free(&watch);
    }
    return watch;
}

void watch_free(struct watch **watch)
{
    if (*watch == NULL) {
        return;
    }
    for (size_t i = 0; i < JOBS; i++) {
        if ((*watch)->jobs[i].state != NULL) {
            jobs[i]->end((*watch)->jobs[i].state);
        }
    }
    pthread_cond_destroy(&(*watch)->wake);
    pthread_mutex_destroy(&(*watch)->lock);
    free(*watch);
    *watch = NULL;
}

static void run_job(struct watch *watch, size_t i, uint64_t now_ns)
{
    struct job *job = &watch->jobs[i];
    unsigned hurries = atomic_load(&watch->hurries);
    bool is_hurried = job->hurries != hurries;
    if ((!is_hurried && job->due_ns > now_ns) ||
        (jobs[i]->is_for_leader && !atomic_load(&watch->leads))) {
        return;
    }
    job->hurries = hurries;
    unsigned pause_ms = jobs[i]->run(watch, job->state, is_hurried);
    job->due_ns = clock_mono_ns(watch->setup.clock) + pause_ms * UINT64_C(1000000);
}

unsigned watch_step(struct watch *watch)
{
    uint64_t pause_ns = PAUSE_MAX_MS * UINT64_C(1000000);
    for (size_t i = 0; i < JOBS && !watch_is_stopping(watch); i++) {
        run_job(watch, i, clock_mono_ns(watch->setup.clock));
    }
    uint64_t now_ns = clock_mono_ns(watch->setup.clock);
    for (size_t i = 0; i < JOBS; i++) {
        uint64_t due_ns = watch->jobs[i].due_ns;
        uint64_t left_ns = due_ns > now_ns ? due_ns - now_ns : 0;
        bool is_ours = !jobs[i]->is_for_leader || atomic_load(&watch->leads);
        pause_ns = is_ours && left_ns < pause_ns ? left_ns : pause_ns;
    }
    return (unsigned)((pause_ns + 999999) / 1000000);
}

/* Until so much later, or somebody wakes us. */
static void rest(struct watch *watch, unsigned pause_ms, unsigned hurries)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t nsec = (uint64_t)until.tv_nsec + pause_ms * UINT64_C(1000000);
    until.tv_sec += (time_t)(nsec / 1000000000);
    until.tv_nsec = (long)(nsec % 1000000000);
    pthread_mutex_lock(&watch->lock);
    int code = 0;
    while (code == 0 && !watch_is_stopping(watch) && atomic_load(&watch->hurries) == hurries) {
        code = pthread_cond_timedwait(&watch->wake, &watch->lock, &until);
    }
    pthread_mutex_unlock(&watch->lock);
}

void watch_run(struct watch *watch)
{
    while (!watch_is_stopping(watch)) {
        unsigned hurries = atomic_load(&watch->hurries);
        rest(watch, watch_step(watch), hurries);
    }
}

static void wake(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    pthread_cond_broadcast(&watch->wake);
    pthread_mutex_unlock(&watch->lock);
}

void watch_stop(struct watch *watch)
{
    atomic_store(&watch->is_stopping, true);
    wake(watch);
}

void watch_hurry(struct watch *watch)
{
    atomic_fetch_add(&watch->hurries, 1);
    wake(watch);
}

void watch_step_down(struct watch *watch)
{
    atomic_store(&watch->leads, false);
}
