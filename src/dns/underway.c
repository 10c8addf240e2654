/*
 * underway: the resolver's thread. Questions stand in the order in which they came, from the queue
 * until their answer: the first ones are with libunbound, of these the first ones are late, and the
 * very first are given up when they are too old. Three places in one list, each moving on.
 */
#include "dns/service_private.h"

#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define LOOK_MS 250 /* while anything is under way, or out: so exactly is late measured */
#define LINE_MAX 600

/* --- telling --------------------------------------------------------------------------------- */

static void tell(struct dns_service *service, enum log_level level, const char *line)
{
    service->log->write(service->log, level, span_of(line));
}

/* The line comes first: who sees the state finds why. */
static void tell_began(struct dns_service *service, const char *name)
{
    char line[LINE_MAX], printed[DNS_NAME_TEXT_MAX + 1];
    /* It may be a stranger's, and what goes before the domain a key of somebody's list. */
    dns_name_print(dns_outage_domain(span_of(name)), printed);
    snprintf(line, sizeof(line),
             "dns: nothing is answered any more, lastly %.253s: what needs DNS is unknown until "
             "that is over, and no message waits for it",
             printed);
    tell(service, LOG_LEVEL_WARNING, line);
    atomic_store(&service->out_since_s, clock_wall_s(service->clock));
    atomic_store(&service->hall->is_out, true);
    dns_hall_wake(service->hall);
}

static void tell_ended(struct dns_service *service)
{
    char line[LINE_MAX];
    int64_t lasted_s = clock_wall_s(service->clock) - atomic_load(&service->out_since_s);
    snprintf(line, sizeof(line), "dns: there are answers again, after %" PRId64 " s", lasted_s);
    tell(service, LOG_LEVEL_INFO, line);
    atomic_store(&service->hall->is_out, false);
    atomic_store(&service->out_since_s, 0);
}

static void take_news(struct dns_service *service, enum dns_outage_news news, const char *name)
{
    if (news == DNS_OUTAGE_BEGAN) {
        tell_began(service, name);
    } else if (news == DNS_OUTAGE_ENDED) {
        tell_ended(service);
    }
}

static void note_failure(struct dns_service *service, const struct dns_question *question)
{
    enum dns_outage_news news =
        question == service->probe
            ? dns_outage_probed(&service->outage, false)
            : dns_outage_failed(&service->outage,
                                (struct span){ question->name, question->name_size });
    take_news(service, news, question->name);
}

/* Forged answers say nothing about whether there are any. */
static void note_answer(struct dns_service *service, const struct dns_question *question,
                        const struct dns_answer *answer)
{
    if (!dns_is_known(answer) && answer->result != DNS_BOGUS) {
        note_failure(service, question);
    } else if (dns_is_known(answer)) {
        take_news(service,
                  question == service->probe ? dns_outage_probed(&service->outage, true)
                                             : dns_outage_answered(&service->outage),
                  question->name);
    }
}

/* --- the list -------------------------------------------------------------------------------- */

/* Takes the caller's reference. */
static void list_add(struct dns_service *service, struct dns_question *question)
{
    question->asked_ns = clock_mono_ns(service->clock);
    question->before = service->last;
    question->behind = NULL;
    if (service->last != NULL) {
        service->last->behind = question;
    } else {
        service->first = question;
    }
    service->last = question;
    service->unsent = service->unsent != NULL ? service->unsent : question;
    service->punctual = service->punctual != NULL ? service->punctual : question;
}

static void list_remove(struct dns_service *service, struct dns_question *question)
{
    struct dns_question *behind = question->behind;
    service->unsent = service->unsent == question ? behind : service->unsent;
    service->punctual = service->punctual == question ? behind : service->punctual;
    service->sent -= question->is_sent;
    if (question->before != NULL) {
        question->before->behind = behind;
    } else {
        service->first = behind;
    }
    if (behind != NULL) {
        behind->before = question->before;
    } else {
        service->last = question->before;
    }
}

/* --- answers --------------------------------------------------------------------------------- */

static void settle(struct dns_service *service, struct dns_question *question,
                   const struct dns_answer *answer)
{
    list_remove(service, question);
    if (question == service->probe) {
        service->probe = NULL;
        dns_question_unref(question);
    } else {
        dns_service_answer(service, question, answer);
    }
}

static void came(struct dns_asked *asked, const struct dns_answer *answer)
{
    struct dns_question *question =
        (struct dns_question *)((char *)asked - offsetof(struct dns_question, asked));
    struct dns_service *service = question->asked_by;
    note_answer(service, question, answer);
    settle(service, question, answer);
}

static void give_up(struct dns_service *service, struct dns_question *question)
{
    if (question->is_sent) {
        dns_library_cancel(service->library, &question->asked);
    }
    settle(service, question, &dns_answer_timeout);
}

/* --- rounds ---------------------------------------------------------------------------------- */

static void send_some(struct dns_service *service)
{
    while (service->unsent != NULL && service->sent < DNS_LIBRARY_QUESTIONS) {
        struct dns_question *question = service->unsent;
        struct error error;
        service->unsent = question->behind;
        question->asked = (struct dns_asked){ .came = came, .type = question->type };
        question->asked_by = service;
        question->is_sent =
            dns_library_ask(service->library, (struct span){ question->name, question->name_size },
                            &question->asked, &error);
        service->sent += question->is_sent;
        if (!question->is_sent) { /* memory is out */
            settle(service, question, &dns_answer_timeout);
        }
    }
}

/* Servers may be other ones: what the old library has is asked of the new one. */
static void change_library(struct dns_service *service, struct dns_library *next)
{
    dns_library_close(&service->library);
    service->library = next;
    for (struct dns_question *at = service->first; at != NULL; at = at->behind) {
        at->is_sent = false;
    }
    service->unsent = service->first;
    service->sent = 0;
}

static void take_queue(struct dns_service *service)
{
    pthread_mutex_lock(&service->lock);
    struct dns_question *queued = service->queue_first;
    struct dns_library *next = service->next;
    service->queue_first = service->queue_last = NULL;
    service->next = NULL;
    pthread_mutex_unlock(&service->lock);
    if (next != NULL) {
        change_library(service, next);
    }
    while (queued != NULL) {
        struct dns_question *question = queued;
        queued = queued->next_queued;
        if (question->way == DNS_WAY_ZONE) {
            dns_zones_add(service, question);
        } else {
            list_add(service, question);
        }
    }
}

static void look_at_time(struct dns_service *service)
{
    uint64_t now_ns = clock_mono_ns(service->clock);
    while (service->punctual != NULL &&
           now_ns - service->punctual->asked_ns >= DNS_OUTAGE_LATE_NS) {
        struct dns_question *late = service->punctual;
        service->punctual = late->behind;
        note_failure(service, late);
    }
    while (service->first != NULL && now_ns - service->first->asked_ns >= DNS_LIFE_NS) {
        give_up(service, service->first);
    }
}

/* Ours stands in no cache. */
static void probe(struct dns_service *service)
{
    char name[DNS_PROBE_NAME_MAX];
    if (service->probe != NULL ||
        !dns_outage_wants_probe(&service->outage, clock_mono_ns(service->clock))) {
        return;
    }
    dns_outage_probe_name(service->clock, name);
    service->probe = dns_question_new(service->hall, service->resolver.calls, span_of(name), DNS_NS,
                                      DNS_WAY_CACHE);
    if (service->probe != NULL) {
        list_add(service, service->probe);
    }
}

/* Of two times to poll, of which -1 is for ever. */
static int sooner(int a, int b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

static void wait_for_work(struct dns_service *service, int pause_ms)
{
    uint64_t count;
    struct pollfd fds[2 + DNS_ZONES_AT_ONCE] = { { .fd = service->wake_fd, .events = POLLIN },
                                                 { .fd = dns_library_fd(service->library),
                                                   .events = POLLIN } };
    size_t others = dns_zones_poll(service, fds + 2);
    bool looks = service->first != NULL || service->outage.is_out;
    poll(fds, 2 + others, sooner(pause_ms, looks ? LOOK_MS : -1));
    if (fds[0].revents != 0) {
        (void)!read(service->wake_fd, &count, sizeof(count));
    }
    if (fds[1].revents != 0) {
        dns_library_process(service->library);
    }
}

void dns_underway_run(struct dns_service *service)
{
    while (!atomic_load(&service->is_stopping)) {
        take_queue(service);
        look_at_time(service);
        probe(service);
        send_some(service);
        wait_for_work(service, dns_zones_step(service));
    }
}

void dns_underway_end(struct dns_service *service)
{
    take_queue(service);
    dns_library_close(&service->library);
    dns_zones_end(service);
    take_queue(service); /* what the zones asked */
    while (service->first != NULL) {
        struct dns_question *question = service->first;
        list_remove(service, question);
        dns_service_abandon(service, question);
    }
}
