/*
 * fan: see fan.h.
 */
#include "milter/fan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "milter/connection.h"

enum { ANSWER_BYTES = 5 /* length 1, 'c' */ };

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
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

void fan_init(struct fan *fan, size_t count)
{
    *fan = (struct fan){ .count = count < KICKER_FAN_MAX ? count : KICKER_FAN_MAX };
    for (size_t i = 0; i < KICKER_FAN_MAX; i++) {
        fan->lines[i].fd = -1;
    }
}

size_t fan_size(const struct fan *fan)
{
    size_t size = 0;
    for (size_t i = 0; i < fan->count; i++) {
        size += fan->lines[i].fd >= 0;
    }
    return size;
}

bool fan_dial(struct fan *fan, struct milter *milter, int within_ms)
{
    uint64_t until_ms = now_ms() + (uint64_t)within_ms;
    for (size_t i = 0; i < fan->count; i++) {
        struct line *line = &fan->lines[i];
        if (line->fd >= 0) {
            continue;
        }
        milter_guard(milter); /* strangers may crowd the queue */
        *line = (struct line){ .fd = atomic_load(&milter->kicker.is_stopped)
                                         ? -1
                                         : doors_dial(&milter->doors) };
        if (line->fd < 0) {
            return false;
        }
        if (!line_greet(line, until_ms)) {
            line_close(line);
            return false;
        }
    }
    return true;
}

void fan_close(struct fan *fan)
{
    for (size_t i = 0; i < fan->count; i++) {
        line_close(&fan->lines[i]);
    }
}

void fan_kick(struct fan *fan, size_t most)
{
    for (size_t i = 0; i < fan->count && most > 0; i++) {
        struct line *line = &fan->lines[fan->next++ % fan->count];
        if (line->fd < 0 || line->is_awaited) {
            continue;
        }
        most--;
        if (!line_kick(line)) {
            line_close(line);
        }
    }
}

bool fan_poll(struct fan *fan, int wake_fd, int timeout_ms)
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
                line_close(line);
            }
            is_answered |= line->fd >= 0 && !line->is_awaited;
        }
    }
    return is_answered;
}
