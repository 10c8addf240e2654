/*
 * child: the order of things in a serving process.
 *
 * The user is changed before anything else is read, so that what the user cannot read is found now
 * and not at a reload. Signals stay blocked in every thread; the attendant waits for its two, and
 * libmilter takes TERM, HUP and INT for "stop" (they reach a child only when somebody aims at it).
 * The process has its own group, so that ^C at the terminal is the parent's to handle.
 */
#include "daemon/child.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon/child_private.h"
#include "daemon/detach.h"
#include "daemon/last_words.h"
#include "daemon/leaks.h"
#include "daemon/options.h"
#include "daemon/quiet.h"
#include "daemon/state_directory.h"
#include "log/log.h"

#define LAST_ANSWER_MS 3000
#define LAST_LINES_MS 1000
#define ARENAS_MAX 2
/*
 * Signing with RSA-4096 and the hostile cases of the live suite pass with 32 KiB. A sanitizer's own
 * needs come on top, and a thread it cannot fit in does not start.
 */
#define STACK_BYTES ((CHILD_IS_SANITIZED ? 4096 : 256) * 1024)

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

/* Nobody stands by a replacement: the parent listens to what it has to say. */
static void lead_voice(const struct child_link *link)
{
    if (link->voice_fd >= 0)
        dup2(link->voice_fd, STDERR_FILENO);
}

static bool become(const struct child_setup *setup, struct error *error)
{
    prctl(PR_SET_NAME, "egress-worker", 0, 0, 0); /* so that "pkill -HUP egress-milter" spares us */
    setpgid(0, 0);
    last_words_prepare();
    bound_memory();
    if (!identity_assume(&setup->plan->identity, error))
        return false;
    if (!follow_parent(setup)) {
        error_set(error, "the parent process is gone");
        return false;
    }
    return true;
}

/* --- life ------------------------------------------------------------------------------------ */

/*
 * Nothing is open any more, but libmilter may still be about to write the last answers: an MTA that
 * does not get one sends the message again, and it would be counted twice. libmilter's own way to
 * the end takes up to five seconds of polling, during which a restart would keep mail waiting.
 */
void child_end(int code)
{
    if (!quiet_await(LAST_ANSWER_MS))
        log_write(LOG_LEVEL_WARNING, "this process ends although some of its threads are at work");
    leaks_look();
    log_drain(LAST_LINES_MS);
    fflush(NULL);
    _exit(code);
}

static int complain(const struct child *child, int code, const char *what)
{
    link_say(child->link->fd, LINK_FAULT, what);
    if (child->link->is_attended)
        fprintf(stderr, "egress-milter: %s\n", what);
    if (!child->link->is_attended || !child->setup->foreground)
        log_write(LOG_LEVEL_ERR, "%s", what);
    return code;
}

/* To whom they concern: the person who starts the daemon, the parent for whoever wanted a restart,
 * and the log. */
static void tell_faults(const struct child *child, const struct config_report *report)
{
    struct buffer text = BUFFER_EMPTY;

    for (size_t i = 0; i < config_report_size(report); i++) {
        const struct config_fault *fault = config_report_fault(report, i);
        if (fault->severity == CONFIG_ERROR)
            buffer_printf(&text, "%s\n", fault->text);
    }
    if (text.size > 0)
        link_say(child->link->fd, LINK_FAULT, buffer_text(&text));
    buffer_free(&text);
    if (child->link->is_attended)
        faults_print(report, true, stderr);
    if (!child->link->is_attended || !child->setup->foreground)
        faults_log(report);
}

/* Somebody edits the files just when a process has died: that must not stop the mail. */
static struct site *load_last_good(struct child *child)
{
    struct config_report *report = config_report_new();
    struct site *site = NULL;

    if (report != NULL)
        site = reloader_last_good(child->reloader, report);
    if (site != NULL)
        log_write(LOG_LEVEL_ERR,
                  "%s cannot be used (see above): the configuration last in force is; a reload "
                  "takes the file again when it is mended",
                  child->setup->plan->config_path);
    config_report_free(&report);
    return site;
}

/* NULL: told why. */
static struct site *load_first(struct child *child)
{
    bool strict = child->setup->strict && child->link->is_attended;
    struct config_report *report = config_report_new();
    struct site *site = NULL;

    if (report != NULL) {
        site = reloader_first(child->reloader, report);
        if (child->link->is_attended)
            state_directory_check(child->setup->plan, report);
        tell_faults(child, report);
        if (site != NULL && faults_are_fatal(report, strict))
            site_unref(&site);
        if (site == NULL && child->link->deaths > 0)
            site = load_last_good(child);
    }
    config_report_free(&report);
    return site;
}

/* In the kicker's thread: the filter answers, and the real socket is in its place. */
static void serving(void *context)
{
    struct child *child = context;

    if (!child->setup->foreground) {
        detach_stdio();
        lead_voice(child->link);
    }
    child_link_ready(child->link);
}

static void *kick(void *context)
{
    struct child *child = context;

    milter_kicker_run(child->milter);
    return NULL;
}

static bool start_kicker(struct child *child)
{
    milter_on_serving(child->milter, serving, child);
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
    if (!child_dns_start(child, site) || !child_watch_start(child, site))
        return false;
    child->milter = milter_new(child->holder, &child->world);
    return child->milter != NULL && desk_start(child) && attendant_start(child) &&
           start_kicker(child);
}

static int serve(struct child *child)
{
    struct error error;

    if (milter_serve(child->milter, child->setup->fd, child->setup->spec, &error))
        return DAEMON_GOOD;
    return complain(child, DAEMON_INTERNAL, error.text);
}

/* Memory goes with the process: libmilter returns while its workers may still be in a callback. */
static void stop_threads(struct child *child)
{
    atomic_store(&child->is_ending, true);
    attendant_stop(child);
    if (child->has_kicker) {
        milter_kicker_stop(child->milter);
        pthread_join(child->kicker, NULL);
    }
    desk_stop(child);
    child_watch_stop(child);
    child_dns_stop(child);
    log_drain(LAST_LINES_MS);
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
                                         .to_syslog = !setup->foreground,
                                         .last_good_fd = setup->last_good_fd,
                                         .writes_last_good = link->slot == 0 };
    struct error error;
    struct site *site;
    int code;

    if (!link->is_attended)
        lead_voice(link);
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
