/*
 * waiting: see waiting.h. The descriptor is an eventfd; it is written when the count leaves zero.
 */
#include "util/waiting.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool waiting_init(struct waiting *waiting, unsigned limit)
{
    atomic_init(&waiting->count, 0);
    atomic_init(&waiting->queued, 0);
    waiting->limit = limit;
    waiting->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return waiting->wake_fd >= 0;
}

void waiting_destroy(struct waiting *waiting)
{
    if (waiting->wake_fd >= 0)
        close(waiting->wake_fd);
    waiting->wake_fd = -1;
}

/* Fails only when the counter is at its end, and then the descriptor is readable anyway. */
void waiting_wake(struct waiting *waiting)
{
    const uint64_t one = 1;

    if (waiting->wake_fd >= 0)
        (void)!write(waiting->wake_fd, &one, sizeof(one));
}

/* Fails only when there was nothing to take. */
void waiting_settle(struct waiting *waiting)
{
    uint64_t count;

    if (waiting->wake_fd >= 0)
        (void)!read(waiting->wake_fd, &count, sizeof(count));
}

bool waits_begin(struct waiting *waiting)
{
    unsigned before;

    if (waiting == NULL)
        return true;
    before = atomic_fetch_add(&waiting->count, 1);
    if (before >= waiting->limit) {
        atomic_fetch_sub(&waiting->count, 1);
        return false;
    }
    if (before == 0)
        waiting_wake(waiting);
    return true;
}

void waits_end(struct waiting *waiting)
{
    if (waiting != NULL)
        atomic_fetch_sub(&waiting->count, 1);
}

void waits_queue(struct waiting *waiting)
{
    if (waiting != NULL && atomic_fetch_add(&waiting->queued, 1) + 1 == WAITING_LONG_LINE)
        waiting_wake(waiting);
}

void waits_unqueue(struct waiting *waiting)
{
    if (waiting != NULL)
        atomic_fetch_sub(&waiting->queued, 1);
}

unsigned waiting_count(struct waiting *waiting)
{
    return atomic_load(&waiting->count);
}

unsigned waiting_queued(struct waiting *waiting)
{
    return atomic_load(&waiting->queued);
}
