/*
 * attend: the thread that waits for signals: USR1 reloads, USR2 drains. It also looks whether what
 * the configuration names has changed on disk, and reloads by itself then. It can afford to wait;
 * nobody else does for it.
 */
#include "daemon/child_private.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "daemon/options.h"
#include "daemon/stale.h"
#include "log/log.h"
#include "util/file.h"

#define DRAIN_ALARM_S 20 /* a drain that takes longer ends by SIGALRM */
/* Reloading looks users up by whatever modules the system has. */
#define ATTENDANT_STACK_BYTES (1024 * 1024)

struct attendant {
    struct child *child;
    struct stale_watch watch;
};

static uint64_t now_ms(const struct attendant *attendant)
{
    return clock_mono_ns(attendant->child->world.clock) / 1000000;
}

/* --- what is watched --------------------------------------------------------------------------
 * The one place that knows: a change to any of it brings about a reload. */

/* The configuration too: what was refused because of it is tried again when that is mended. */
static uint64_t mark_of_disk(const struct child *child, const struct site *site)
{
    return file_mark_join(site_mark(site), file_mark(child->setup->plan->config_path));
}

/* --- reloads --------------------------------------------------------------------------------- */

/* Another snapshot is in force. */
static void follow(struct child *child)
{
    child_dns_follow(child);
    watch_hurry(child->watch);
}

static void reload(struct attendant *attendant)
{
    struct child *child = attendant->child;
    struct site *site = site_holder_get(child->holder);
    uint64_t mark = mark_of_disk(child, site);

    site_unref(&site);
    if (reloader_run(child->reloader, child->holder, false))
        follow(child);
    stale_tried(&attendant->watch, mark, now_ms(attendant));
    if (child->server != NULL)
        control_server_reload_ended(child->server);
    link_say(child->link->fd, LINK_RELOADED, NULL);
}

/* What this thread has computed. */
static uint64_t spent_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Milliseconds until the next look. By what was computed, not by the clock: on a busy machine
 * changes would be seen minutes late. */
static uint64_t look(struct attendant *attendant)
{
    struct child *child = attendant->child;
    struct site *site = site_holder_get(child->holder);
    uint64_t begin_ms = spent_ms(), look_ms;
    bool has_changed = site_is_stale(site);
    uint64_t mark = has_changed ? mark_of_disk(child, site) : 0;
    enum stale_answer answer = stale_ask(&attendant->watch, has_changed, mark, now_ms(attendant));

    site_unref(&site);
    look_ms = spent_ms() - begin_ms;
    if (answer == STALE_NOT)
        return stale_pause_ms(look_ms, 0);
    if (answer == STALE_CHANGED)
        log_write(LOG_LEVEL_INFO, "files that the configuration names have changed");
    if (reloader_run(child->reloader, child->holder, answer == STALE_AGAIN))
        follow(child);
    stale_tried(&attendant->watch, mark, now_ms(attendant));
    return stale_pause_ms(look_ms, spent_ms() - begin_ms - look_ms);
}

static _Noreturn void drain(struct child *child)
{
    alarm(DRAIN_ALARM_S);
    atomic_store(&child->is_draining, true);
    milter_drain(child->milter, CHILD_DRAIN_MS);
    child_end(DAEMON_GOOD);
}

static void *attend(void *context)
{
    struct child *child = context;
    struct attendant attendant = { .child = child };
    uint64_t pause_ms = STALE_LOOK_MS;
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGUSR2);
    for (;;) {
        struct timespec wait = { (time_t)(pause_ms / 1000), (long)(pause_ms % 1000) * 1000000 };
        int number = sigtimedwait(&wanted, NULL, &wait);
        if (atomic_load(&child->is_ending))
            return NULL;
        if (number == SIGUSR1)
            reload(&attendant);
        else if (number == SIGUSR2)
            drain(child);
        else if (number < 0 && errno == EAGAIN && !atomic_load(&child->is_retiring))
            pause_ms = look(&attendant);
    }
}

bool attendant_start(struct child *child)
{
    pthread_attr_t attributes;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    child->has_attendant = pthread_attr_setstacksize(&attributes, ATTENDANT_STACK_BYTES) == 0 &&
                           pthread_create(&child->attendant, &attributes, attend, child) == 0;
    pthread_attr_destroy(&attributes);
    return child->has_attendant;
}

/* It sits in sigtimedwait, or is on its way out of a drain. */
void attendant_stop(struct child *child)
{
    if (!child->has_attendant)
        return;
    pthread_kill(child->attendant, SIGUSR2);
    pthread_join(child->attendant, NULL);
}
