/*
 * pause: the parent stands in while no child can be started: connections are closed at once, and
 * whoever asks at the control socket is told how things are.
 */
#include "daemon/supervisor_private.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log/counter.h"

#define TURNED_AWAY_AT_ONCE 64

bool supervisor_is_pausing(const struct supervisor *supervisor, size_t slot)
{
    return supervisor->is_ready && !supervisor->is_draining &&
           supervisor_lacks_child(supervisor, slot) &&
           supervisor_child_of(supervisor, slot, true) == NULL &&
           supervisor->slots[slot].start_ms > supervisor_now_ms();
}

/* Nobody serves this socket: an MTA that is cut off defers at once, one that is left hanging waits
 * for its time to run out. */
void pause_turn_away(const struct supervisor *supervisor, size_t slot)
{
    int listening = supervisor->job->slot_socket(supervisor->job->context, slot);

    for (int i = 0; i < TURNED_AWAY_AT_ONCE; i++) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        close(fd);
        counter_add(COUNTER_TURNED_AWAY, 1);
    }
}

static void describe(const struct supervisor *supervisor, char *out, size_t size)
{
    const struct slot *slot = &supervisor->slots[0];
    uint64_t now = supervisor_now_ms();

    snprintf(
        out, size,
        "exit 2\ncritical: no process serves %.100s: %u died in a row, the next starts in %u s; "
        "the log tells why\n",
        supervisor->job->slot_name(supervisor->job->context, 0), slot->backoff.deaths,
        (unsigned)(slot->start_ms > now ? (slot->start_ms - now + 999) / 1000 : 0));
}

/* In the form of control/protocol.h; what was asked is not read. */
void pause_answer(const struct supervisor *supervisor)
{
    static const char refusal[] = "exit 77\nnot permitted\n";
    const struct supervisor_job *job = supervisor->job;
    char text[300];

    describe(supervisor, text, sizeof(text));
    for (int i = 0; i < TURNED_AWAY_AT_ONCE; i++) {
        int fd = accept4(job->desk_socket(job->context), NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        bool may;
        if (fd < 0)
            return;
        may = job->desk_admits == NULL || job->desk_admits(job->context, fd);
        send(fd, may ? text : refusal, strlen(may ? text : refusal), MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
    }
}
