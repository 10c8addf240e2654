/*
 * kicker: see kicker.h. Speaks the few words of the MTA's side it needs, over sockets of its own,
 * all in the one thread that runs it.
 *
 * A connection that is lost cannot be dialled again, for the private socket is gone by then; it is
 * left out. libmilter closes none of its own accord.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "log/log.h"
#include "milter/connection.h"

enum {
    DIAL_MS = 10000, /* for the whole fan */
    ROUND_MS = 2,    /* between kicks of the whole fan, while more and more wait */
    STEADY_MS = 10,  /* while they only wait */
    MIND_MS = 1000,  /* between looks at the doors */
    HOT_ROUNDS = 4,  /* whole rounds after the last that began to wait */
    ANSWER_BYTES = 5 /* length 1, 'c' */
};

struct line {
    int fd;          /* -1: lost */
    bool is_awaited; /* its last command has no answer yet */
    size_t have;     /* bytes of the answer */
};

struct fan {
    struct line lines[KICKER_FAN_MAX];
    size_t count;
    size_t next; /* whose turn the pulse is */
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

/* --- one connection -------------------------------------------------------------------------- */

static void line_close(struct line *line)
{
    if (line->fd >= 0) {
        close(line->fd);
    }
    line->fd = -1;
}

/* A frame is a length in network order, a command, its data. Far below what a socket takes. */
static bool line_say(struct line *line, char command, const void *data, size_t size)
{
    char frame[32];
    uint32_t length = htonl((uint32_t)size + 1);
    memcpy(frame, &length, sizeof(length));
    frame[4] = command;
    memcpy(frame + 5, data, size);
    ssize_t written = send(line->fd, frame, size + 5, MSG_NOSIGNAL | MSG_DONTWAIT);
    line->is_awaited = true;
    line->have = 0;
    return written == (ssize_t)(size + 5);
}

static bool line_kick(struct line *line)
{
    return line_say(line, 'H', "own", 4);
}

/* What came; the answer to a kick is complete when `expected` bytes are there. False: lost. */
static bool line_read(struct line *line, size_t expected)
{
    char bytes[64];
    ssize_t got = recv(line->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got <= 0) {
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    line->have += (size_t)got;
    line->is_awaited = line->have < expected;
    return true;
}

static bool line_await(struct line *line, size_t expected, uint64_t until_ms)
{
    while (line->is_awaited) {
        struct pollfd look = { .fd = line->fd, .events = POLLIN };
        uint64_t now = now_ms();
        if (now >= until_ms || poll(&look, 1, (int)(until_ms - now)) < 0) {
            return false;
        }
        if (look.revents != 0 && !line_read(line, expected)) {
            return false;
        }
    }
    return true;
}

/* Negotiation and CONNECT, each answered. No step is offered to go unanswered. */
static bool line_greet(struct line *line, uint64_t until_ms)
{
    enum { VERSION = 6, STEPS = 0x1fffff, OFFER_BYTES = 17 };
    const uint32_t offer[] = { htonl(VERSION), htonl(KICKER_ACTIONS), htonl(STEPS) };
    return line_say(line, 'O', offer, sizeof(offer)) && line_await(line, OFFER_BYTES, until_ms) &&
           line_say(line, 'C', "own\0U", 5) && line_await(line, ANSWER_BYTES, until_ms);
}

/* --- the fan --------------------------------------------------------------------------------- */

/* As many as can be had in time; false with fewer than wanted. */
static bool fan_dial(struct fan *fan, unsigned wanted, struct milter *milter)
{
    uint64_t until_ms = now_ms() + DIAL_MS;
    while (fan->count < wanted && fan->count < KICKER_FAN_MAX &&
           !atomic_load(&milter->kicker.is_stopped)) {
        struct line *line = &fan->lines[fan->count];
        milter_guard(milter); /* strangers may crowd the queue */
        *line = (struct line){ .fd = doors_dial(&milter->doors) };
        if (line->fd < 0) {
            return false;
        }
        if (!line_greet(line, until_ms)) {
            line_close(line);
            return false;
        }
        fan->count++;
    }
    return true;
}

static void fan_close(struct fan *fan)
{
    for (size_t i = 0; i < fan->count; i++) {
        line_close(&fan->lines[i]);
    }
}

static void lose(struct line *line)
{
    log_write(LOG_LEVEL_WARNING, "libmilter has closed one of our own connections to it");
    line_close(line);
}

static void fan_kick(struct fan *fan, size_t most)
{
    for (size_t i = 0; i < fan->count && most > 0; i++) {
        struct line *line = &fan->lines[fan->next++ % fan->count];
        if (line->fd < 0 || line->is_awaited) {
            continue;
        }
        most--;
        if (!line_kick(line)) {
            lose(line);
        }
    }
}

/* Waits for answers, the first waiter, or the time. True when an answer was complete. */
static bool fan_poll(struct fan *fan, int wake_fd, int timeout_ms)
{
    struct pollfd looks[KICKER_FAN_MAX + 1];
    bool is_answered = false;
    for (size_t i = 0; i < fan->count; i++) {
        looks[i] = (struct pollfd){ .fd = fan->lines[i].fd, .events = POLLIN };
    }
    looks[fan->count] = (struct pollfd){ .fd = wake_fd, .events = POLLIN };
    if (poll(looks, (nfds_t)fan->count + 1, timeout_ms) <= 0) {
        return false;
    }
    for (size_t i = 0; i < fan->count; i++) {
        struct line *line = &fan->lines[i];
        if (line->fd >= 0 && looks[i].revents != 0) {
            if (!line_read(line, ANSWER_BYTES)) {
                lose(line);
            }
            is_answered |= line->fd >= 0 && !line->is_awaited;
        }
    }
    return is_answered;
}

/* --- the loop -------------------------------------------------------------------------------- */

struct beat {
    unsigned waiters; /* at the last round */
    bool was_idle;    /* nobody waited then, not even in line */
    int hot;          /* whole rounds still to come */
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
    fan_kick(fan, beat->hot > 0 ? fan->count : 2);
    beat->next_ms = now_ms() + (beat->hot > 0 ? ROUND_MS : STEADY_MS);
    beat->hot -= beat->hot > 0;
}

static void mind_doors(struct milter *milter)
{
    pthread_mutex_lock(&milter->lock);
    doors_mind(&milter->doors);
    pthread_mutex_unlock(&milter->lock);
}

static void kick_on(struct milter *milter, struct fan *fan)
{
    uint64_t mind_ms = now_ms();
    struct kicker *kicker = &milter->kicker;
    struct beat beat = { .next_ms = now_ms() };
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

void milter_kicker_run(struct milter *milter)
{
    struct kicker *kicker = &milter->kicker;
    struct fan fan = { 0 };
    if (!await_private(milter)) {
        return;
    }
    bool is_whole = fan_dial(&fan, kicker->fan, milter);
    bool is_open = open_doors(milter);
    if (is_open && !is_whole) {
        log_write(LOG_LEVEL_ERR,
                  "libmilter gave us %zu of %u connections of our own: mail may have to wait "
                  "behind slow look-ups",
                  fan.count, kicker->fan);
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
