/*
 * desk: what a serving process does beside mail, in one thread on one loop: answers at the control
 * socket, listens to the parent and gives it signs of life, sends log lines that had to wait.
 */
#include "daemon/child_private.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "daemon/options.h"
#include "log/log.h"

#define LOG_BUSY_MS 10      /* for lines that waited, between two rests */
#define PULSE_MS 2000       /* between two signs of life */
#define STALE_PULSE_MS 5000 /* a round trip older than this is no sign of life */
#define RETIRE_MS 330000    /* an MTA ends an idle SMTP session after five minutes */

/* --- the parent ------------------------------------------------------------------------------ */

static void *retire(void *context)
{
    struct child *child = context;

    milter_retire(child->milter, RETIRE_MS);
    if (atomic_load(&child->is_draining))
        return NULL; /* the attendant sees to the rest */
    milter_drain(child->milter, CHILD_DRAIN_MS);
    child_end(DAEMON_GOOD);
}

/* A successor serves: what comes new is its own, the control socket too. */
static void begin_retirement(struct child *child, const char *text)
{
    pthread_t thread;

    atomic_store(&child->is_retiring, true);
    reloader_leave_good(child->reloader);
    watch_step_down(child->watch);
    if (child->server != NULL) {
        control_server_restart_ended(child->server, true, text);
        control_server_close(child->server);
    }
    log_write(LOG_LEVEL_INFO, "%s; this process ends when its sessions have", text);
    if (pthread_create(&thread, NULL, retire, child) == 0)
        pthread_detach(thread);
    else
        kill(getpid(), SIGUSR2);
}

static void forget_restart(struct child *child, const char *text)
{
    child->awaits_restart = false;
    reloader_keep_good(child->reloader, child->holder);
    if (child->server != NULL)
        control_server_restart_ended(child->server, false, text);
}

static void take_word(struct child *child, enum link_word word, const char *text)
{
    if (word == LINK_RETIRE)
        begin_retirement(child, text);
    else if (word == LINK_NOT_RESTARTED)
        forget_restart(child, text);
}

static void give_sign_of_life(struct child *child)
{
    uint64_t alive_ns = milter_last_alive_ns(child->milter);
    uint64_t now_ns = clock_mono_ns(child->world.clock);

    if (alive_ns != 0 && now_ns - alive_ns < STALE_PULSE_MS * UINT64_C(1000000))
        link_say(child->link->fd, LINK_ALIVE, NULL);
}

static void link_event(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    struct child *child = context;
    char text[LINK_TEXT_MAX + 1];
    enum link_word word;
    enum link_heard heard = LINK_NOTHING;

    while (revents != 0 && (heard = link_hear(child->link->fd, &word, text)) == LINK_WORD)
        take_word(child, word, text);
    if (heard == LINK_ENDED) { /* the kernel tells of the parent's death in its own way */
        loop_arm(loop, watch, 0, -1);
        return;
    }
    if (revents == 0) {
        give_sign_of_life(child);
        loop_arm(loop, watch, POLLIN, PULSE_MS);
    }
}

/* --- the log ------------------------------------------------------------------------------- */

static void wake_desk(void *loop)
{
    loop_wake(loop);
}

static void flush_event(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    (void)revents;
    (void)context;
    /* A receiver's queue holds as few as ten lines: one that reads gets all it can take. */
    if (!log_drain(LOG_BUSY_MS))
        loop_arm(loop, watch, 0, LOG_FLUSH_MS);
}

static void log_has_backlog(struct loop *loop, void *context)
{
    struct child *child = context;

    loop_arm(loop, child->log_watch, 0, LOG_FLUSH_MS);
}

static bool follow_log(struct child *child)
{
    child->log_watch = loop_watch(child->loop, -1, 0, -1, flush_event, child);
    if (child->log_watch == NULL)
        return false;
    loop_on_wake(child->loop, log_has_backlog, child);
    log_on_backlog(wake_desk, child->loop);
    return true;
}

/* --- the control socket ---------------------------------------------------------------------- */

static bool host_last_load(void *context, struct load_result *result_r)
{
    struct child *child = context;

    return reloader_last(child->reloader, result_r);
}

static uint64_t host_reload_begin(void *context)
{
    struct child *child = context;
    uint64_t ticket = reloader_ask(child->reloader);

    child_link_reload_others(child->link);
    kill(getpid(), SIGUSR1);
    return ticket;
}

static uint64_t host_reload_ended(void *context)
{
    struct child *child = context;

    return reloader_reached(child->reloader);
}

static int64_t host_silent_s(void *context)
{
    struct child *child = context;
    uint64_t alive_ns = milter_last_alive_ns(child->milter);

    if (alive_ns == 0)
        return 0; /* it has just begun, or has no connections of its own */
    return (int64_t)((clock_mono_ns(child->world.clock) - alive_ns) / 1000000000u);
}

/* Who asks while one is under way waits for the same outcome. */
static bool host_restart_begin(void *context)
{
    struct child *child = context;

    child->awaits_restart = child->awaits_restart || link_say(child->link->fd, LINK_RESTART, NULL);
    return child->awaits_restart;
}

/* The process that serves the control socket is the one that looks (slot 0). */
static void host_look_now(void *context)
{
    struct child *child = context;

    watch_hurry(child->watch);
}

static bool open_control(struct child *child)
{
    const struct child_setup *setup = child->setup;
    const struct plan *plan = setup->plan;

    child->host = (struct control_host){
        .holder = child->holder,
        .clock = child->world.clock,
        .proofs = child->world.proofs,
        .store = child->store,
        .notices = child->world.notices,
        .ledger = child->world.books.ledger,
        .fleet = child->world.books.fleet,
        .resolver = child->world.resolver,
        .config_path = plan->config_path,
        .started_s = setup->started_s,
        .sockets = plan->sockets->socket.at,
        .socket_count = plan->sockets->socket.count,
        .context = child,
        .last_load = host_last_load,
        .reload_begin = host_reload_begin,
        .reload_ended = host_reload_ended,
        .silent_s = host_silent_s,
        .restart_begin = host_restart_begin,
        .look_now = host_look_now,
    };
    if (setup->control_fd < 0)
        return true;
    child->server =
        control_server_new(child->loop, setup->control_fd, &plan->control_access, &child->host);
    return child->server != NULL;
}

/* --- the thread ------------------------------------------------------------------------------ */

static void *run_loop(void *context)
{
    struct child *child = context;

    loop_run(child->loop);
    return NULL;
}

bool desk_start(struct child *child)
{
    child->loop = loop_new();
    if (child->loop == NULL || !open_control(child) || !follow_log(child))
        return false;
    child->link_watch =
        loop_watch(child->loop, child->link->fd, POLLIN, PULSE_MS, link_event, child);
    child->has_io =
        child->link_watch != NULL && pthread_create(&child->io, NULL, run_loop, child) == 0;
    return child->has_io;
}

void desk_stop(struct child *child)
{
    if (!child->has_io)
        return;
    loop_stop(child->loop);
    pthread_join(child->io, NULL);
}
