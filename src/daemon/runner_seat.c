/*
 * runner_seat: a pair of unix sockets that keep messages apart (SOCK_SEQPACKET); any number of
 * processes write at the one end.
 */
#include "daemon/runner_seat.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/link.h"
#include "daemon/runner.h"
#include "log/log.h"

#define LOOK_MS 10
#define BEYOND_MS 1000 /* what it gets on top for its own end */

bool runner_seat_open(struct runner_seat *seat)
{
    int ends[2];

    *seat = RUNNER_SEAT_NONE;
    if (!link_open(ends)) {
        return false;
    }
    seat->requests_fd = ends[0];
    seat->door_fd = ends[1];
    return true;
}

void runner_seat_close(struct runner_seat *seat)
{
    if (seat->requests_fd >= 0) {
        close(seat->requests_fd);
    }
    if (seat->door_fd >= 0) {
        close(seat->door_fd);
    }
    *seat = RUNNER_SEAT_NONE;
}

int runner_seat_fd(const struct runner_seat *seat, uint64_t now_ms)
{
    return seat->pid == 0 && now_ms >= seat->start_ms ? seat->requests_fd : -1;
}

uint64_t runner_seat_due_ms(const struct runner_seat *seat, uint64_t now_ms)
{
    return seat->pid == 0 && seat->start_ms > now_ms ? seat->start_ms : UINT64_MAX;
}

pid_t runner_seat_fork(struct runner_seat *seat, uint64_t now_ms)
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid > 0) {
        seat->pid = pid;
        seat->started_ms = now_ms;
        seat->start_ms = 0;
    } else if (pid < 0) {
        seat->start_ms = now_ms + BACKOFF_FIRST_MS;
    }
    return pid;
}

bool runner_seat_ended(struct runner_seat *seat, pid_t pid, int status, uint64_t now_ms)
{
    unsigned wait_ms;

    if (seat->pid == 0 || pid != seat->pid) {
        return false;
    }
    seat->pid = 0;
    seat->start_ms = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return true;
    }
    wait_ms = backoff_died(&seat->backoff, now_ms, now_ms - seat->started_ms + 1);
    seat->start_ms = wait_ms > 0 ? now_ms + wait_ms : 0;
    if (WIFSIGNALED(status)) {
        log_write(LOG_LEVEL_ERR, "the process that runs commands died of signal %d (%s)",
                  WTERMSIG(status), strsignal(WTERMSIG(status)));
    }
    return true;
}

bool runner_seat_is_busy(const struct runner_seat *seat)
{
    struct pollfd waiting = { seat->requests_fd, POLLIN, 0 };

    return seat->pid != 0 || (seat->requests_fd >= 0 && poll(&waiting, 1, 0) > 0);
}

void runner_seat_finish(struct runner_seat *seat)
{
    int left_ms = RUNNER_DRAIN_MS + BEYOND_MS;

    if (seat->pid == 0) {
        return;
    }
    kill(seat->pid, SIGTERM);
    for (; left_ms > 0 && waitpid(seat->pid, NULL, WNOHANG) == 0; left_ms -= LOOK_MS) {
        poll(NULL, 0, LOOK_MS);
    }
    if (left_ms <= 0) {
        log_write(LOG_LEVEL_WARNING, "the process that runs commands did not end in time");
        kill(seat->pid, SIGKILL);
        waitpid(seat->pid, NULL, 0);
    }
    seat->pid = 0;
}
