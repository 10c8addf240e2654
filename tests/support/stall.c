/*
 * stall: see stall.h. What waits is the log sink: the line of a message is written at its end,
 * before the MTA is answered.
 */
#include "tests/support/stall.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/settings.h"
#include "milter/connection.h"
#include "milter/listen.h"

struct slow_sink {
    struct log_sink sink; /* first */
    const struct stall *stall;
    struct milter *milter;
    int tell_fd;
};

static void tell(const struct slow_sink *slow, const char *line)
{
    if (write(slow->tell_fd, line, strlen(line)) != (ssize_t)strlen(line)) {
        abort();
    }
}

static void wait_if_slow(struct log_sink *sink, enum log_level level, struct span line)
{
    struct slow_sink *slow = (struct slow_sink *)sink;
    (void)level;
    if (memmem(line.at, line.size, "from=<slow@", 11) == NULL) {
        return;
    }
    if (slow->stall->is_unmarked) {
        poll(NULL, 0, slow->stall->wait_ms);
    } else if (waits_begin(&slow->milter->waits)) {
        poll(NULL, 0, slow->stall->wait_ms);
        waits_end(&slow->milter->waits);
    }
}

static struct site *load_site(const struct stall *stall)
{
    char text[300];
    snprintf(text, sizeof(text), "socket = \"%s\"; mode = \"observe\"; log = { inbound = true; };",
             stall->socket);
    struct config_report *report = config_report_new();
    struct site *site = site_load_text("stall", span_of(text), all_config_tables(), report);
    config_report_free(&report);
    return site;
}

static void tell_ready(void *context)
{
    tell(context, "ready\n");
}

static void *kick(void *context)
{
    milter_kicker_run(context);
    return NULL;
}

enum { GRACE_MS = 10000 };

static void *drain(void *context)
{
    struct slow_sink *slow = context;
    milter_drain(slow->milter, GRACE_MS);
    tell(slow, "drained\n");
    return NULL;
}

static void *retire(void *context)
{
    struct slow_sink *slow = context;
    milter_retire(slow->milter, GRACE_MS);
    tell(slow, "retired\n");
    return NULL;
}

/* Waits for USR1 and USR2, for as long as the process lives. */
static void *attend(void *context)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGUSR2);
    for (;;) {
        pthread_t thread;
        int number;
        if (sigwait(&wanted, &number) != 0 ||
            pthread_create(&thread, NULL, number == SIGUSR1 ? retire : drain, context) != 0 ||
            pthread_detach(thread) != 0) {
            abort();
        }
    }
}

static bool start_threads(struct slow_sink *slow, pthread_t *kicker_r)
{
    pthread_t attendant;
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGUSR1);
    sigaddset(&ours, SIGUSR2);
    return pthread_sigmask(SIG_BLOCK, &ours, NULL) == 0 &&
           pthread_create(&attendant, NULL, attend, slow) == 0 &&
           pthread_create(kicker_r, NULL, kick, slow->milter) == 0;
}

int stall_serve(const struct stall *stall, int tell_fd)
{
    struct slow_sink slow = { .sink = { .write = wait_if_slow },
                              .stall = stall,
                              .tell_fd = tell_fd };
    struct world world = { .clock = &clock_system, .log = &slow.sink };
    struct listen_access access = { .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1 };
    struct listen_spec spec;
    struct listener listener;
    struct error error = { "out of memory" };
    pthread_t kicker;
    struct site *site = load_site(stall);
    struct site_holder *holder = site != NULL ? site_holder_new(site) : NULL;
    slow.milter = holder != NULL ? milter_new(holder, &world) : NULL;
    if (slow.milter == NULL || !listen_parse(stall->socket, &spec, &error) ||
        !listener_open(&spec, &access, &listener, &error)) {
        fprintf(stderr, "stall: %s\n", error.text);
        return 1;
    }
    slow.milter->kicker.fan = stall->fan;
    slow.milter->doors.avoids_fd = stall->avoids_fd;
    milter_on_serving(slow.milter, tell_ready, &slow);
    if (!start_threads(&slow, &kicker)) {
        return 1;
    }
    bool is_good = milter_serve(slow.milter, listener.fd, stall->socket, &error);
    if (!is_good) {
        fprintf(stderr, "stall: %s\n", error.text);
    }
    milter_kicker_stop(slow.milter);
    pthread_join(kicker, NULL);
    return is_good ? 0 : 1; /* libmilter's threads may still use the rest */
}
