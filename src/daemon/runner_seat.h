/*
 * runner_seat: the runner as the parent knows it: the socket that requests wait in, and who takes
 * them. Nobody sits there while there is nothing to do.
 *
 * The socket outlives every runner, the parent's restart in place too: whoever holds its door can
 * go on, and what was said while nobody listened is heard by the next. What does not fit is refused
 * at the door, so neither side ever waits.
 */
#ifndef EM_DAEMON_RUNNER_SEAT_H
#define EM_DAEMON_RUNNER_SEAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/backoff.h"

struct runner_seat {
    int requests_fd;               /* -1: there is no runner */
    int door_fd;                   /* for those who want commands run */
    pid_t pid;                     /* 0: nobody */
    uint64_t started_ms, start_ms; /* when it began; not before this */
    struct backoff backoff;
};

#define RUNNER_SEAT_NONE ((struct runner_seat){ .requests_fd = -1, .door_fd = -1 })

/* False: errno, and there is none. */
bool runner_seat_open(struct runner_seat *seat);
void runner_seat_close(struct runner_seat *seat);
/* What to poll for, so that one is started: -1: nothing now. */
int runner_seat_fd(const struct runner_seat *seat, uint64_t now_ms);
/* Until when runner_seat_fd() has nothing to tell after a failure; UINT64_MAX: there was none. */
uint64_t runner_seat_due_ms(const struct runner_seat *seat, uint64_t now_ms);
/* Forks one: 0 in it, else its pid, which is noted; -1 with errno, and the next try is later. */
pid_t runner_seat_fork(struct runner_seat *seat, uint64_t now_ms);
/* Was this process it? Then the seat is free, and a bad end is told. */
bool runner_seat_ended(struct runner_seat *seat, pid_t pid, int status, uint64_t now_ms);
/* Is anything left to do: requests, or a runner at work? */
bool runner_seat_is_busy(const struct runner_seat *seat);
/* At the end of the parent: lets it finish, for the time it has (RUNNER_DRAIN_MS), then kills. */
void runner_seat_finish(struct runner_seat *seat);

#endif
