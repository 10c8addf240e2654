/*
 * fan: the kicker's connections to libmilter. Not for other rooms.
 *
 * Speaks the few words of the MTA's side it needs, all in the one thread that runs it. A line that
 * libmilter closes is lost until it is dialled again.
 */
#ifndef EM_MILTER_FAN_H
#define EM_MILTER_FAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "milter/kicker.h"

struct milter;

struct line {
    int fd;          /* -1: lost, or never had */
    bool is_awaited; /* its last command has no answer yet */
    size_t have;     /* bytes of the answer */
};

struct fan {
    struct line lines[KICKER_FAN_MAX];
    size_t count; /* that there should be */
    size_t next;  /* whose turn the pulse is */
};

/* Of no line yet; at most KICKER_FAN_MAX. */
void fan_init(struct fan *fan, size_t count);
/* How many there are. */
size_t fan_size(const struct fan *fan);
/* Dials what is missing while the doors are private. False with fewer than wanted: the time is
 * over, libmilter does not take one, or the kicker is stopped. */
bool fan_dial(struct fan *fan, struct milter *milter, int within_ms);
void fan_close(struct fan *fan);
/* A kick on each of the next `most` lines that have none under way. */
void fan_kick(struct fan *fan, size_t most);
/* Waits for answers, for wake_fd, or the time. True when an answer was complete. */
bool fan_poll(struct fan *fan, int wake_fd, int timeout_ms);

#endif
