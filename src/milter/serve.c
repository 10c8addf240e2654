/*
 * serve: the life of a serving process as the daemon sees it: begin, drain, retire.
 *
 * What is open is counted in atomics; only where somebody waits for a count to reach zero is the
 * lock taken to wake him.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "log/log.h"
#include "milter/connection.h"

enum {
    WAITS_MAX = 64, /* each is a thread of libmilter; beyond that evidence stays unknown */
    FORECAST_MEMORY_BYTES = 8 * 1024 * 1024,
    LOOK_MS = 20 /* between looks for sessions that libmilter has not told of */
};

size_t milter_descriptors_needed(const struct ceiling_settings *ceilings)
{
    enum { OTHERS = 128 /* logs, tables, control, libmilter's own */ };
    size_t connections = (size_t)ceilings->connections;
    return connections + connections / 4 + 2 * (size_t)KICKER_FAN + OTHERS;
}

struct milter *milter_new(struct site_holder *holder, const struct world *world)
{
    struct milter *milter = calloc(1, sizeof(*milter));
    pthread_condattr_t attributes;
    if (milter == NULL) {
        return NULL;
    }
    milter->own = calloc(1, sizeof(*milter->own));
    milter->census = login_census_new();
    milter->forecasts = forecast_memory_new(world->clock, FORECAST_MEMORY_BYTES);
    milter->replies = reply_memory_new();
    if (milter->own == NULL || milter->census == NULL || milter->forecasts == NULL ||
        milter->replies == NULL || !waiting_init(&milter->waits, WAITS_MAX)) {
        login_census_free(&milter->census);
        forecast_memory_free(&milter->forecasts);
        reply_memory_free(&milter->replies);
        free(milter->own);
        free(milter);
        return NULL;
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    sem_init(&milter->sign_gate, 0, cores > 0 ? (unsigned)cores : 1);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&milter->lock, NULL);
    pthread_cond_init(&milter->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    milter->holder = holder;
    milter->own_world = *world;
    milter->own_world.waits = &milter->waits;
    milter->own_world.sign_gate = &milter->sign_gate;
    milter->own_world.memory = &milter->memory;
    milter->own_world.census = milter->census;
    milter->own_world.forecasts = milter->forecasts;
    milter->own_world.replies = milter->replies;
    milter->world = &milter->own_world;
    milter->mta = &mta_libmilter;
    milter->kicker.fan = KICKER_FAN;
    milter->doors.listen_fd = -1;
    milter->doors.real_fd = -1;
    milter->doors.idle_fd = -1;
    milter->doors.woken_fd = -1;
    return milter;
}

void milter_free(struct milter **milter)
{
    struct milter *m = *milter;
    if (m == NULL) {
        return;
    }
    waiting_destroy(&m->waits);
    login_census_free(&m->census);
    forecast_memory_free(&m->forecasts);
    reply_memory_free(&m->replies);
    sem_destroy(&m->sign_gate);
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    free(m->own);
    free(m);
    *milter = NULL;
}

/* --- serving --------------------------------------------------------------------------------- */

/* False with *error; without one when it was told to stop before it began. */
static bool begin(struct milter *milter, int fd, const char *spec, struct error *error)
{
    bool is_good = false;
    pthread_mutex_lock(&milter->lock);
    if (milter->doors.state == DOORS_NONE) {
        is_good = doors_begin(&milter->doors, fd, error);
        if (!is_good) {
            error_prefix(error, "%s", spec);
        }
    }
    pthread_cond_broadcast(&milter->changed);
    pthread_mutex_unlock(&milter->lock);
    return is_good;
}

bool milter_serve(struct milter *milter, int fd, const char *spec, struct error *error)
{
    error->text[0] = '\0';
    if (!library_register(milter)) {
        error_set(error, "libmilter does not take our callbacks (a version below 8.14?)");
        return false;
    }
    if (!begin(milter, fd, spec, error)) {
        return error->text[0] == '\0';
    }
    if (!library_run()) {
        error_set(error, "libmilter ended with an error on %s", spec);
        return false;
    }
    return true;
}

void milter_guard(struct milter *milter)
{
    if (!atomic_load(&milter->doors.is_guarded)) {
        return;
    }
    pthread_mutex_lock(&milter->lock);
    doors_guard(&milter->doors);
    pthread_mutex_unlock(&milter->lock);
}

/* --- ending ---------------------------------------------------------------------------------- */

void milter_note_end(struct milter *milter)
{
    if (!atomic_load(&milter->is_awaited)) {
        return;
    }
    pthread_mutex_lock(&milter->lock);
    pthread_cond_broadcast(&milter->changed);
    pthread_mutex_unlock(&milter->lock);
}

static struct timespec time_after(struct timespec from, int ms)
{
    from.tv_sec += ms / 1000;
    from.tv_nsec += (long)(ms % 1000) * 1000000;
    if (from.tv_nsec >= 1000000000) {
        from.tv_nsec -= 1000000000;
        from.tv_sec++;
    }
    return from;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* With the lock held: is that over, and if not, does its end come with a signal? */
typedef bool is_over(struct milter *milter, bool *comes_r);

static bool is_drained(struct milter *milter, bool *comes_r)
{
    *comes_r = true;
    return atomic_load(&milter->open_messages) <= 0;
}

/* What libmilter has accepted but not told us of is seen only by looking. */
static bool is_retired(struct milter *milter, bool *comes_r)
{
    if (atomic_load(&milter->is_draining)) {
        return true;
    }
    *comes_r = atomic_load(&milter->open_sessions) > 0;
    return !*comes_r && !doors_have_sessions(&milter->doors);
}

static void leave(struct milter *milter, is_over *is_so, int grace_ms)
{
    struct timespec now, end;
    clock_gettime(CLOCK_MONOTONIC, &now);
    end = time_after(now, grace_ms);
    pthread_mutex_lock(&milter->lock);
    if (milter->doors.state != DOORS_CLOSED && !doors_close(&milter->doors)) {
        log_write(LOG_LEVEL_WARNING, "cannot stop accepting connections: %m");
    }
    pthread_cond_broadcast(&milter->changed);
    atomic_store(&milter->is_awaited, true); /* before the counts are read */
    for (bool comes; !is_so(milter, &comes) && is_before(&now, &end);) {
        struct timespec next = time_after(now, LOOK_MS);
        bool is_last = comes || !is_before(&next, &end);
        pthread_cond_timedwait(&milter->changed, &milter->lock, is_last ? &end : &next);
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    pthread_mutex_unlock(&milter->lock);
}

void milter_drain(struct milter *milter, int grace_ms)
{
    atomic_store(&milter->is_draining, true);
    leave(milter, is_drained, grace_ms);
}

void milter_retire(struct milter *milter, int grace_ms)
{
    leave(milter, is_retired, grace_ms);
}
