/*
 * kicker: see kicker.h. The one thread that runs it has the fan (fan.h).
 *
 * libmilter closes none of our connections of its own accord, but where it can start no thread, for
 * want of memory or processes, it ends sessions, ours among them. A fan that lost lines is mended:
 * libmilter listens on a private socket again for as long as that takes.
 */
#include <stdlib.h>
#include <time.h>

#include "log/log.h"
#include "milter/connection.h"
#include "milter/fan.h"

enum {
    DIAL_MS = 10000,   /* for the whole fan */
    MEND_MS = 1000,    /* for what is missing: connections wait meanwhile */
    PAUSE_MS = 1000,   /* before it is mended; doubled while that fails, */
    PAUSE_MAX = 60000, /* up to this */
    ROUND_MS = 1,      /* between kicks of a part of the fan, while more and more wait */
    /* Into how many parts the fan is cut. Workers take the session that began first, and kicks that
     * arrive together may be queued behind older sessions, where they start nothing: the whole fan
     * at once can be lost like that, when it was made anew. */
    WAVES = 8,
    STEADY_MS = 10,        /* while they only wait */
    MIND_MS = 1000,        /* between looks at the doors */
    HOT_ROUNDS = 4 * WAVES /* rounds after the last that began to wait */
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void note_alive(struct kicker *kicker)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    atomic_store(&kicker->alive_ns, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

/* --- the loop -------------------------------------------------------------------------------- */

struct beat {
    unsigned waiters; /* at the last round */
    bool was_idle;    /* nobody waited then, not even in line */
    int hot;          /* rounds still to come */
    uint64_t next_ms;
};

/* One round, when it is time for one. */
static void kick_round(struct fan *fan, struct beat *beat, unsigned waiters, bool is_idle)
{
    if (waiters > beat->waiters) {
        beat->hot = HOT_ROUNDS;
    }
    beat->waiters = waiters;
    beat->was_idle = is_idle;
    if (is_idle) {
        fan_kick(fan, 1);
        beat->next_ms = now_ms() + KICKER_PULSE_MS / 2; /* the answer comes a little later */
        return;
    }
    fan_kick(fan, beat->hot > 0 ? (fan->count + WAVES - 1) / WAVES : 2);
    beat->next_ms = now_ms() + (beat->hot > 0 ? ROUND_MS : STEADY_MS);
    beat->hot -= beat->hot > 0;
}

static void mind_doors(struct milter *milter)
{
    pthread_mutex_lock(&milter->lock);
    doors_mind(&milter->doors);
    pthread_mutex_unlock(&milter->lock);
}

/* False when they were closed meanwhile. */
static bool open_doors(struct milter *milter)
{
    pthread_mutex_lock(&milter->lock);
    bool is_private = milter->doors.state == DOORS_PRIVATE;
    if (is_private && !doors_open(&milter->doors)) {
        log_write(LOG_LEVEL_ERR, "cannot give libmilter the listening socket: %m");
        is_private = false;
    }
    pthread_mutex_unlock(&milter->lock);
    return is_private;
}

/* --- mending --------------------------------------------------------------------------------- */

struct repair {
    size_t had; /* lines at the last look */
    bool is_told, is_told_few;
    int pause_ms;
    uint64_t next_ms;
};

/* Once for a loss, once more when half is gone, and that all is well again. */
static void tell_losses(const struct fan *fan, struct repair *repair, size_t has)
{
    if (has < repair->had && !repair->is_told) {
        repair->is_told = true;
        log_write(LOG_LEVEL_WARNING,
                  "libmilter has closed %zu of our %zu own connections to it; they are made anew",
                  repair->had - has, fan->count);
    }
    if (has < repair->had && 2 * has < fan->count && !repair->is_told_few) {
        repair->is_told_few = true;
        log_write(LOG_LEVEL_ERR,
                  "libmilter has left us %zu of %zu connections of our own: mail may have to wait "
                  "behind slow look-ups; is memory or the number of processes short?",
                  has, fan->count);
    }
    if (has == fan->count && repair->had < has) {
        repair->is_told = repair->is_told_few = false;
        log_write(LOG_LEVEL_INFO, "all %zu of our own connections to libmilter are there", has);
    }
    repair->had = has;
}

/* False when the doors are not open, and so cannot be private for a while. */
static bool go_private(struct milter *milter)
{
    pthread_mutex_lock(&milter->lock);
    bool is_private = milter->doors.state == DOORS_OPEN ? doors_go_private(&milter->doors) : false;
    pthread_mutex_unlock(&milter->lock);
    return is_private;
}

static void mend(struct milter *milter, struct fan *fan, struct repair *repair)
{
    size_t has = fan_size(fan);
    tell_losses(fan, repair, has);
    if (has == fan->count) {
        repair->pause_ms = PAUSE_MS;
        repair->next_ms = now_ms() + PAUSE_MS;
        return;
    }
    if (now_ms() < repair->next_ms) {
        return;
    }
    if (go_private(milter)) {
        fan_dial(fan, milter, MEND_MS);
        open_doors(milter);
        tell_losses(fan, repair, fan_size(fan));
    }
    repair->next_ms = now_ms() + (uint64_t)repair->pause_ms;
    repair->pause_ms = repair->pause_ms < PAUSE_MAX / 2 ? 2 * repair->pause_ms : PAUSE_MAX;
}

/* --- running --------------------------------------------------------------------------------- */

static void kick_on(struct milter *milter, struct fan *fan)
{
    uint64_t mind_ms = now_ms();
    struct kicker *kicker = &milter->kicker;
    struct beat beat = { .next_ms = now_ms() };
    struct repair repair = { .had = fan_size(fan),
                             .pause_ms = PAUSE_MS,
                             .next_ms = now_ms() + PAUSE_MS };
    while (!atomic_load(&kicker->is_stopped)) {
        waiting_settle(&milter->waits);
        unsigned waiters = waiting_count(&milter->waits);
        bool is_idle = waiters == 0 && waiting_queued(&milter->waits) < WAITING_LONG_LINE;
        uint64_t now = now_ms();
        if (now >= beat.next_ms || (beat.was_idle && !is_idle)) {
            kick_round(fan, &beat, waiters, is_idle);
        }
        if (now >= mind_ms) {
            mind_doors(milter);
            mend(milter, fan, &repair);
            mind_ms = now + MIND_MS;
        }
        int timeout_ms = beat.next_ms > now ? (int)(beat.next_ms - now) : 0;
        if (fan_poll(fan, milter->waits.wake_fd, timeout_ms)) {
            note_alive(kicker);
        }
    }
}

/* True once libmilter has a private socket; false when it never will. */
static bool await_private(struct milter *milter)
{
    pthread_mutex_lock(&milter->lock);
    while (milter->doors.state == DOORS_NONE && !atomic_load(&milter->kicker.is_stopped)) {
        pthread_cond_wait(&milter->changed, &milter->lock);
    }
    bool is_private = milter->doors.state == DOORS_PRIVATE;
    pthread_mutex_unlock(&milter->lock);
    return is_private;
}

void milter_kicker_run(struct milter *milter)
{
    struct kicker *kicker = &milter->kicker;
    struct fan fan;
    fan_init(&fan, kicker->fan);
    if (!await_private(milter)) {
        return;
    }
    bool is_whole = fan_dial(&fan, milter, DIAL_MS);
    bool is_open = open_doors(milter);
    if (is_open && !is_whole) {
        log_write(LOG_LEVEL_ERR,
                  "libmilter gave us %zu of %u connections of our own: mail may have to wait "
                  "behind slow look-ups",
                  fan_size(&fan), kicker->fan);
    }
    if (is_open && kicker->serving != NULL) {
        kicker->serving(kicker->context);
    }
    kick_on(milter, &fan);
    fan_close(&fan);
}

void milter_kicker_stop(struct milter *milter)
{
    pthread_mutex_lock(&milter->lock);
    atomic_store(&milter->kicker.is_stopped, true);
    pthread_cond_broadcast(&milter->changed);
    pthread_mutex_unlock(&milter->lock);
    waiting_wake(&milter->waits);
}

uint64_t milter_last_alive_ns(struct milter *milter)
{
    return atomic_load(&milter->kicker.alive_ns);
}

void milter_on_serving(struct milter *milter, void (*serving)(void *context), void *context)
{
    milter->kicker.serving = serving;
    milter->kicker.context = context;
}
