/*
 * zones: the questions of dns_ask_zone(), a few at once, in the resolver's thread.
 */
#include "dns/service_private.h"

#include <poll.h>

#define STEP_MS 100 /* while one waits for time, or for answers of others */

void dns_zones_add(struct dns_service *service, struct dns_question *question)
{
    struct dns_zones *zones = &service->zones;
    question->asked_ns = clock_mono_ns(service->clock);
    question->behind = NULL;
    if (zones->waiting_last != NULL) {
        zones->waiting_last->behind = question;
    } else {
        zones->waiting = question;
    }
    zones->waiting_last = question;
}

static struct dns_question *take_waiting(struct dns_zones *zones)
{
    struct dns_question *question = zones->waiting;
    if (question != NULL) {
        zones->waiting = question->behind;
        zones->waiting_last = zones->waiting != NULL ? zones->waiting_last : NULL;
    }
    return question;
}

/* Fills a free place; the question is answered at once where memory is out. */
static void begin(struct dns_service *service, struct dns_zone_work *work)
{
    struct dns_question *question = take_waiting(&service->zones);
    if (question == NULL) {
        return;
    }
    work->zone =
        dns_zone_new(&service->resolver, (struct span){ question->name, question->name_size },
                     question->type, service->zone_port);
    work->question = question;
    if (work->zone == NULL) {
        work->question = NULL;
        dns_service_answer(service, question, &dns_answer_timeout);
    }
}

static void step(struct dns_service *service, struct dns_zone_work *work)
{
    struct dns_question *question = work->question;
    const struct dns_answer *answer = dns_zone_step(work->zone, service->clock);
    if (answer == NULL && clock_mono_ns(service->clock) - question->asked_ns >= DNS_LIFE_NS) {
        answer = &dns_answer_timeout;
    }
    if (answer != NULL) {
        work->question = NULL;
        dns_service_answer(service, question, answer);
        dns_zone_free(&work->zone);
    }
}

int dns_zones_step(struct dns_service *service)
{
    bool is_any = false;
    for (size_t i = 0; i < DNS_ZONES_AT_ONCE; i++) {
        struct dns_zone_work *work = &service->zones.works[i];
        if (work->question == NULL) {
            begin(service, work);
        }
        if (work->question != NULL) {
            step(service, work);
        }
        is_any = is_any || work->question != NULL;
    }
    return is_any || service->zones.waiting != NULL ? STEP_MS : -1;
}

size_t dns_zones_poll(const struct dns_service *service,
                      struct pollfd fds[static DNS_ZONES_AT_ONCE])
{
    size_t count = 0;
    for (size_t i = 0; i < DNS_ZONES_AT_ONCE; i++) {
        const struct dns_zone *zone = service->zones.works[i].zone;
        if (zone != NULL && dns_exchange_is_under_way(&zone->exchange)) {
            fds[count++] =
                (struct pollfd){ .fd = zone->exchange.fd, .events = zone->exchange.events };
        }
    }
    return count;
}

void dns_zones_end(struct dns_service *service)
{
    struct dns_question *question;
    for (size_t i = 0; i < DNS_ZONES_AT_ONCE; i++) {
        struct dns_zone_work *work = &service->zones.works[i];
        dns_zone_free(&work->zone);
        if (work->question != NULL) {
            dns_service_abandon(service, work->question);
        }
    }
    while ((question = take_waiting(&service->zones)) != NULL) {
        dns_service_abandon(service, question);
    }
}
