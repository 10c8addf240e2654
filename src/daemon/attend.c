/*
 * attend: the thread that waits for signals: USR1 reloads, USR2 drains. It also looks for key
 * directories that have changed. It can afford to wait; nobody else does for it.
 */
#include "daemon/child_private.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "daemon/options.h"
#include "log/at_work.h"
#include "log/log.h"

#define STALE_LOOK_S 30   /* how often a key directory is looked at */
#define STALE_RETRY_S 600 /* after a reload because of it was not taken */
#define DRAIN_ALARM_S 20  /* a drain that takes longer ends by SIGALRM */
/* Reloading looks users up by whatever modules the system has. */
#define ATTENDANT_STACK_BYTES (1024 * 1024)

static void reload(struct child *child)
{
    reloader_run(child->reloader, child->holder);
    if (child->server != NULL)
        control_server_reload_ended(child->server);
    link_say(child->link->fd, LINK_RELOADED, NULL);
}

/* Seconds until the next look. */
static int look_at_directory(struct child *child)
{
    struct site *site = site_holder_get(child->holder);
    bool is_stale = site_is_stale(site);

    site_unref(&site);
    if (!is_stale)
        return STALE_LOOK_S;
    log_write(LOG_LEVEL_INFO, "the key directory has changed");
    return reloader_run(child->reloader, child->holder) ? STALE_LOOK_S : STALE_RETRY_S;
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
    struct timespec wait = { .tv_sec = STALE_LOOK_S };
    sigset_t wanted;

    at_work_prepare();
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGUSR2);
    for (;;) {
        int number = sigtimedwait(&wanted, NULL, &wait);
        if (atomic_load(&child->is_ending))
            return NULL;
        if (number == SIGUSR1) {
            reload(child);
            wait.tv_sec = STALE_LOOK_S;
        } else if (number == SIGUSR2) {
            drain(child);
        } else if (number < 0 && errno == EAGAIN) {
            wait.tv_sec = look_at_directory(child);
        }
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
