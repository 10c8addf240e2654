/*
 * child: the order of things in a serving process.
 *
 * The user is changed before anything else is read, so that what the user cannot read is found now
 * and not at a reload. Signals stay blocked in every thread; the attendant waits for its two, and
 * libmilter takes TERM, HUP and INT for "stop" (they reach a child only when somebody aims at it).
 * The process has its own group, so that ^C at the terminal is the parent's to handle.
 */
#include "daemon/child.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "control/server.h"
#include "daemon/detach.h"
#include "daemon/options.h"
#include "daemon/reload.h"
#include "io/loop.h"
#include "log/log.h"
#include "milter/milter.h"

#define STALE_LOOK_S 30   /* how often a key directory is looked at */
#define STALE_RETRY_S 600 /* after a reload because of it was not taken */
#define DRAIN_ALARM_S 20  /* a drain that takes longer ends by SIGALRM */
#define LAST_ANSWER_MS 200
#define ARENAS_MAX 2
/*
 * Signing with RSA-4096 and the hostile cases of the live suite pass with 32 KiB. A sanitizer's own
 * needs come on top, and a thread it cannot fit in does not start.
 */
#ifndef __has_feature
#define __has_feature(name) 0 /* clang's way; gcc defines macros */
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) ||                               \
    __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define STACK_BYTES (4 * 1024 * 1024)
#else
#define STACK_BYTES (256 * 1024)
#endif
/* Reloading looks users up by whatever modules the system has. */
#define ATTENDANT_STACK_BYTES (1024 * 1024)

struct child {
    const struct child_setup *setup;
    const struct child_link *link;
    struct reloader *reloader;
    struct site_holder *holder;
    struct world world;
    struct milter *milter;
    struct loop *loop;
    struct control_host host;
    struct control_server *server;
    pthread_t attendant, io, kicker;
    bool has_attendant, has_io, has_kicker;
    atomic_bool is_ending;
};

/* --- the process ----------------------------------------------------------------------------- */

static bool open_log(const struct child_setup *setup)
{
    if (!setup->foreground)
        return log_open_syslog("egress-milter", setup->plan->log->facility);
    log_open_stderr("egress-milter");
    return true;
}

static void bound_memory(void)
{
    pthread_attr_t attributes;

    mallopt(M_ARENA_MAX, ARENAS_MAX); /* each thread its own would cost more than the waiting */
    if (pthread_attr_init(&attributes) != 0)
        return;
    /* libmilter's threads have the default. */
    if (pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0)
        pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}

/*
 * The kernel drains us when the parent dies. Changing the user clears that wish, so it comes after;
 * a parent that died before is noticed by its number.
 */
static bool follow_parent(const struct child_setup *setup)
{
    return prctl(PR_SET_PDEATHSIG, SIGUSR2, 0, 0, 0) == 0 && getppid() == setup->parent;
}

static bool become(const struct child_setup *setup, struct error *error)
{
    prctl(PR_SET_NAME, "egress-worker", 0, 0, 0); /* so that "pkill -HUP egress-milter" spares us */
    setpgid(0, 0);
    bound_memory();
    if (!identity_assume(&setup->plan->identity, error))
        return false;
    if (!follow_parent(setup)) {
        error_set(error, "the parent process is gone");
        return false;
    }
    return true;
}

/* --- the attendant --------------------------------------------------------------------------- */

static void reload(struct child *child)
{
    reloader_run(child->reloader, child->holder);
    if (child->server != NULL)
        control_server_reload_ended(child->server);
}

/* Seconds until the next look. */
static int look_at_directory(struct child *child)
{
    struct site *site = site_holder_get(child->holder);
    bool is_stale = dkim_domains_is_stale(site->domains);

    site_unref(&site);
    if (!is_stale)
        return STALE_LOOK_S;
    log_write(LOG_LEVEL_INFO, "the key directory has changed");
    return reloader_run(child->reloader, child->holder) ? STALE_LOOK_S : STALE_RETRY_S;
}

/*
 * Nothing is open any more when the drain returns, but libmilter may still be writing the last
 * answer, which nobody tells us; its own way to the end takes up to five seconds of polling, during
 * which a restart would keep mail waiting.
 */
static _Noreturn void drain(struct child *child)
{
    alarm(DRAIN_ALARM_S);
    milter_drain(child->milter, CHILD_DRAIN_MS);
    poll(NULL, 0, LAST_ANSWER_MS);
    fflush(NULL);
    _exit(DAEMON_GOOD);
}

static void *attend(void *context)
{
    struct child *child = context;
    struct timespec wait = { .tv_sec = STALE_LOOK_S };
    sigset_t wanted;

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

static bool start_attendant(struct child *child)
{
    pthread_attr_t attributes;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    child->has_attendant = pthread_attr_setstacksize(&attributes, ATTENDANT_STACK_BYTES) == 0 &&
                           pthread_create(&child->attendant, &attributes, attend, child) == 0;
    pthread_attr_destroy(&attributes);
    return child->has_attendant;
}

/* --- the loop and the control socket -----------------------------------------------------------
 */

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

static void *run_loop(void *context)
{
    struct child *child = context;

    loop_run(child->loop);
    return NULL;
}

static bool start_control(struct child *child)
{
    const struct child_setup *setup = child->setup;
    const struct plan *plan = setup->plan;

    child->host = (struct control_host){
        .holder = child->holder,
        .clock = child->world.clock,
        .config_path = plan->config_path,
        .started_s = setup->started_s,
        .replaced_s = child->link->deaths > 0 ? clock_wall_s(child->world.clock) : 0,
        .sockets = plan->sockets->socket.at,
        .socket_count = plan->sockets->socket.count,
        .context = child,
        .last_load = host_last_load,
        .reload_begin = host_reload_begin,
        .reload_ended = host_reload_ended,
    };
    child->loop = loop_new();
    if (child->loop != NULL && setup->control_fd >= 0)
        child->server =
            control_server_new(child->loop, setup->control_fd, &plan->control_access, &child->host);
    if (child->loop == NULL || (setup->control_fd >= 0 && child->server == NULL))
        return false;
    child->has_io = pthread_create(&child->io, NULL, run_loop, child) == 0;
    return child->has_io;
}

/* --- life ------------------------------------------------------------------------------------ */

static int complain(const struct child *child, int code, const char *what)
{
    if (child->link->deaths == 0)
        fprintf(stderr, "egress-milter: %s\n", what);
    if (child->link->deaths > 0 || !child->setup->foreground)
        log_write(LOG_LEVEL_ERR, "%s", what);
    return code;
}

/* The faults of the first child are the start's; those of a replacement nobody stands by to read.
 */
static void tell_faults(const struct child *child, const struct config_report *report)
{
    if (child->link->deaths == 0)
        faults_print(report, true, stderr);
    if (child->link->deaths > 0 || !child->setup->foreground)
        faults_log(report);
}

/* NULL: told why. */
static struct site *load_first(struct child *child)
{
    bool strict = child->setup->strict && child->link->deaths == 0;
    struct config_report *report = config_report_new();
    struct site *site = NULL;

    if (report != NULL) {
        site = reloader_first(child->reloader, report);
        tell_faults(child, report);
        if (site != NULL && faults_are_fatal(report, strict))
            site_unref(&site);
    }
    config_report_free(&report);
    return site;
}

static void *kick(void *context)
{
    struct child *child = context;

    milter_kicker_run(child->milter);
    return NULL;
}

static bool start_kicker(struct child *child)
{
    child->has_kicker = pthread_create(&child->kicker, NULL, kick, child) == 0;
    return child->has_kicker;
}

static bool build(struct child *child, struct site *site)
{
    child->holder = site_holder_new(site);
    if (child->holder == NULL) {
        site_unref(&site);
        return false;
    }
    child->milter = milter_new(child->holder, &child->world);
    return child->milter != NULL && start_control(child) && start_attendant(child) &&
           start_kicker(child);
}

static int serve(struct child *child)
{
    struct error error;

    child_link_ready(child->link);
    if (!child->setup->foreground)
        detach_stdio();
    if (milter_serve(child->milter, child->setup->fd, child->setup->spec, &error))
        return DAEMON_GOOD;
    log_write(LOG_LEVEL_ERR, "%s", error.text);
    return DAEMON_INTERNAL;
}

/*
 * The attendant sits in sigtimedwait, or is on its way out of a drain. Memory goes with the
 * process: libmilter returns while its workers may still be in a callback.
 */
static void stop_threads(struct child *child)
{
    atomic_store(&child->is_ending, true);
    if (child->has_attendant) {
        pthread_kill(child->attendant, SIGUSR2);
        pthread_join(child->attendant, NULL);
    }
    if (child->has_kicker) {
        milter_kicker_stop(child->milter);
        pthread_join(child->kicker, NULL);
    }
    if (child->has_io) {
        loop_stop(child->loop);
        pthread_join(child->io, NULL);
    }
}

int child_run(const struct child_setup *setup, const struct child_link *link)
{
    struct child child = { .setup = setup,
                           .link = link,
                           .world = { .clock = &clock_system, .log = log_process_sink() } };
    struct reload_setup reload_setup = { .config_path = setup->plan->config_path,
                                         .tables = all_config_tables(),
                                         .at_start = setup->plan->config,
                                         .clock = child.world.clock,
                                         .to_syslog = !setup->foreground };
    struct error error;
    struct site *site;
    int code;

    open_log(setup);
    if (!become(setup, &error))
        return complain(&child, DAEMON_INTERNAL, error.text);
    child.reloader = reloader_new(&reload_setup);
    if (child.reloader == NULL)
        return complain(&child, DAEMON_INTERNAL, "out of memory");
    site = load_first(&child);
    if (site == NULL)
        code = DAEMON_CONFIG;
    else if (build(&child, site))
        code = serve(&child);
    else
        code =
            complain(&child, DAEMON_INTERNAL, "cannot start threads: out of memory or processes");
    stop_threads(&child);
    return code;
}
