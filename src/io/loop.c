/*
 * loop: poll(2) over a list of watches, with one deadline each.
 *
 * A round is: sweep what was ended, compute the nearest deadline, poll, call back. Watches ended
 * during a round are only marked, so that a callback may end any of them; watches begun during a
 * round are looked at in the next. Other threads reach the loop by an eventfd and two flags.
 */
#include "io/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log/log.h"
#include "util/clock.h"

#define NO_DEADLINE UINT64_MAX
#define NS_PER_MS 1000000u
#define ALWAYS_REPORTED (POLLERR | POLLHUP | POLLNVAL)

struct loop_watch {
    int fd;
    short events;
    bool ended;
    uint64_t deadline_ns;
    loop_callback *callback;
    void *context;
};

struct loop {
    struct loop_watch **watches;
    struct pollfd *polled; /* room + 1: the last used one is the eventfd */
    size_t count;
    size_t room;
    int wake_fd;
    atomic_bool stopping;
    atomic_bool woken;
    loop_wake_callback *wake_callback;
    void *wake_context;
};

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (loop == NULL)
        return NULL;
    loop->polled = calloc(1, sizeof(*loop->polled));
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->polled == NULL || loop->wake_fd < 0)
        loop_free(&loop);
    return loop;
}

void loop_free(struct loop **loop)
{
    struct loop *gone = *loop;

    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->count; i++)
        free(gone->watches[i]);
    if (gone->wake_fd >= 0)
        close(gone->wake_fd);
    free(gone->watches);
    free(gone->polled);
    free(gone);
    *loop = NULL;
}

static bool loop_reserve(struct loop *loop)
{
    size_t room = loop->room > 0 ? loop->room * 2 : 8;
    struct loop_watch **watches;
    struct pollfd *polled;

    if (loop->count < loop->room)
        return true;
    watches = reallocarray(loop->watches, room, sizeof(struct loop_watch *));
    if (watches == NULL)
        return false;
    loop->watches = watches;
    polled = reallocarray(loop->polled, room + 1, sizeof(*polled));
    if (polled == NULL)
        return false;
    loop->polled = polled;
    loop->room = room;
    return true;
}

static uint64_t deadline_in(int timeout_ms)
{
    if (timeout_ms < 0)
        return NO_DEADLINE;
    return clock_mono_ns(&clock_system) + (uint64_t)timeout_ms * NS_PER_MS;
}

struct loop_watch *loop_watch(struct loop *loop, int fd, short events, int timeout_ms,
                              loop_callback *callback, void *context)
{
    struct loop_watch *watch;

    if (!loop_reserve(loop))
        return NULL;
    watch = calloc(1, sizeof(*watch));
    if (watch == NULL)
        return NULL;
    watch->fd = fd;
    watch->callback = callback;
    watch->context = context;
    loop_arm(loop, watch, events, timeout_ms);
    loop->watches[loop->count++] = watch;
    return watch;
}

void loop_arm(struct loop *loop, struct loop_watch *watch, short events, int timeout_ms)
{
    (void)loop;
    watch->events = events;
    watch->deadline_ns = deadline_in(timeout_ms);
}

void loop_unwatch(struct loop *loop, struct loop_watch **watch)
{
    (void)loop;
    if (*watch != NULL)
        (*watch)->ended = true;
    *watch = NULL;
}

static void sweep(struct loop *loop)
{
    size_t kept = 0;

    for (size_t i = 0; i < loop->count; i++) {
        if (loop->watches[i]->ended)
            free(loop->watches[i]);
        else
            loop->watches[kept++] = loop->watches[i];
    }
    loop->count = kept;
}

/* Fills loop->polled; the milliseconds to wait, -1 for ever. Rounded up: a deadline never fires
 * early. */
static int prepare(struct loop *loop)
{
    uint64_t nearest = NO_DEADLINE, now, wait_ms;

    for (size_t i = 0; i < loop->count; i++) {
        const struct loop_watch *watch = loop->watches[i];

        /* poll() skips negative descriptors, and with them the POLLHUP nobody asked for */
        loop->polled[i] = (struct pollfd){ watch->events != 0 ? watch->fd : -1, watch->events, 0 };
        if (watch->deadline_ns < nearest)
            nearest = watch->deadline_ns;
    }
    loop->polled[loop->count] = (struct pollfd){ loop->wake_fd, POLLIN, 0 };
    if (nearest == NO_DEADLINE)
        return -1;
    now = clock_mono_ns(&clock_system);
    if (nearest <= now)
        return 0;
    wait_ms = (nearest - now + NS_PER_MS - 1) / NS_PER_MS;
    return wait_ms < INT_MAX ? (int)wait_ms : INT_MAX;
}

static void call_back(struct loop *loop, struct loop_watch *watch, short revents, uint64_t now)
{
    /* A callback before this one may have ended it or changed what it waits for. */
    if (watch->ended)
        return;
    if (watch->events != 0)
        revents &= watch->events | ALWAYS_REPORTED;
    else
        revents = 0;
    if (revents == 0) {
        if (watch->deadline_ns > now)
            return;
        watch->deadline_ns = NO_DEADLINE;
    }
    watch->callback(loop, watch, revents, watch->context);
}

static void take_wake(struct loop *loop)
{
    uint64_t count;

    /* EAGAIN: already taken. The flag is read after the eventfd, so no wake is missed. */
    while (read(loop->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
    if (atomic_exchange(&loop->woken, false) && loop->wake_callback != NULL)
        loop->wake_callback(loop, loop->wake_context);
}

static void round_once(struct loop *loop)
{
    size_t count;
    uint64_t now;
    int timeout_ms;

    sweep(loop);
    timeout_ms = prepare(loop);
    count = loop->count;
    if (poll(loop->polled, count + 1, timeout_ms) < 0) {
        if (errno == EINTR)
            return;
        /* Too many descriptors, or no memory in the kernel: it may pass, and must not spin. */
        log_write(LOG_LEVEL_ERR, "io: poll of %zu descriptors failed: %m", count + 1);
        poll(NULL, 0, 100);
        return;
    }
    now = clock_mono_ns(&clock_system);
    if (loop->polled[count].revents != 0)
        take_wake(loop);
    for (size_t i = 0; i < count && !atomic_load(&loop->stopping); i++)
        call_back(loop, loop->watches[i], loop->polled[i].revents, now);
}

void loop_on_wake(struct loop *loop, loop_wake_callback *callback, void *context)
{
    loop->wake_callback = callback;
    loop->wake_context = context;
}

void loop_run(struct loop *loop)
{
    while (!atomic_load(&loop->stopping))
        round_once(loop);
    atomic_store(&loop->stopping, false);
}

static void ring(struct loop *loop)
{
    static const uint64_t one = 1;
    int saved_errno = errno; /* a signal handler may not disturb what it interrupted */

    /* The only failure is a counter about to overflow: the loop is then rung already. */
    while (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    errno = saved_errno;
}

void loop_wake(struct loop *loop)
{
    atomic_store(&loop->woken, true);
    ring(loop);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true);
    ring(loop);
}
