/*
 * question: counting, answering and waiting.
 */
#include "dns/question_private.h"

#include <stdlib.h>
#include <time.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
/* One wait of the C library's; whoever has more time begins another. */
#define WAIT_MAX_NS (60 * NS_PER_S)

/* --- the hall ------------------------------------------------------------------------------- */

struct dns_hall *dns_hall_new(const struct clock *clock)
{
    pthread_condattr_t attributes;
    struct dns_hall *hall = calloc(1, sizeof(*hall));
    if (hall == NULL) {
        return NULL;
    }
    atomic_init(&hall->refs, 1);
    hall->clock = clock;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    for (size_t i = 0; i < DNS_HALL_PLACES; i++) {
        pthread_mutex_init(&hall->places[i].lock, NULL);
        pthread_cond_init(&hall->places[i].changed, &attributes);
    }
    pthread_condattr_destroy(&attributes);
    return hall;
}

void dns_hall_unref(struct dns_hall **hall)
{
    if (*hall != NULL && atomic_fetch_sub(&(*hall)->refs, 1) == 1) {
        for (size_t i = 0; i < DNS_HALL_PLACES; i++) {
            pthread_cond_destroy(&(*hall)->places[i].changed);
            pthread_mutex_destroy(&(*hall)->places[i].lock);
        }
        free(*hall);
    }
    *hall = NULL;
}

static void wake_place(struct dns_hall *hall, size_t place)
{
    pthread_mutex_lock(&hall->places[place].lock);
    pthread_cond_broadcast(&hall->places[place].changed);
    pthread_mutex_unlock(&hall->places[place].lock);
}

void dns_hall_wake(struct dns_hall *hall)
{
    for (size_t i = 0; i < DNS_HALL_PLACES; i++) {
        wake_place(hall, i);
    }
}

/* --- one question ---------------------------------------------------------------------------- */

struct dns_question *dns_question_new(struct dns_hall *hall, const struct dns_calls *calls,
                                      struct span name, enum dns_type type, enum dns_way way)
{
    struct dns_question *question = calloc(1, sizeof(*question) + name.size + 1);
    if (question == NULL) {
        return NULL;
    }
    question->request.calls = calls;
    atomic_init(&question->refs, 1);
    atomic_fetch_add(&hall->refs, 1);
    question->hall = hall;
    question->type = type;
    question->way = way;
    question->name_size = name.size;
    if (name.size > 0) {
        memcpy(question->name, name.at, name.size);
    }
    return question;
}

struct dns_question *dns_question_ref(struct dns_question *question)
{
    atomic_fetch_add_explicit(&question->refs, 1, memory_order_relaxed);
    return question;
}

static bool is_for_ever(const struct dns_answer *answer)
{
    return answer == &dns_answer_timeout || answer == &dns_answer_no_name;
}

void dns_question_unref(struct dns_question *question)
{
    if (atomic_fetch_sub(&question->refs, 1) > 1) {
        return;
    }
    const struct dns_answer *answer = atomic_load(&question->answer);
    if (answer != NULL && !is_for_ever(answer)) {
        free((void *)answer);
    }
    dns_hall_unref(&question->hall);
    free(question);
}

static size_t place_of(const struct dns_question *question)
{
    return question->hash % DNS_HALL_PLACES;
}

void dns_question_publish(struct dns_question *question, const struct dns_answer *answer)
{
    atomic_store(&question->answer, answer);
    wake_place(question->hall, place_of(question));
}

const struct dns_answer *dns_question_peek(struct dns_request *request)
{
    struct dns_question *question = (struct dns_question *)request;
    return atomic_load_explicit(&question->answer, memory_order_acquire);
}

void dns_question_forget(struct dns_request *request)
{
    dns_question_unref((struct dns_question *)request);
}

/* --- waiting --------------------------------------------------------------------------------- */

/* The clock is handed in, and the C library waits by its own: only the distance is common. */
static struct timespec time_after(uint64_t wait_ns)
{
    struct timespec when;
    clock_gettime(CLOCK_MONOTONIC, &when);
    uint64_t ns = (uint64_t)when.tv_nsec + (wait_ns < WAIT_MAX_NS ? wait_ns : WAIT_MAX_NS);
    when.tv_sec += (time_t)(ns / NS_PER_S);
    when.tv_nsec = (long)(ns % NS_PER_S);
    return when;
}

/* How long it may wait from now on; 0: no longer. */
static uint64_t patience_ns(const struct dns_hall *hall, uint64_t began_ns, uint64_t deadline_ns)
{
    uint64_t now_ns = clock_mono_ns(hall->clock);
    uint64_t outage_end_ns = began_ns + DNS_OUTAGE_WAIT_MS * NS_PER_MS;
    if (atomic_load(&hall->is_closed)) {
        return 0;
    }
    if (atomic_load(&hall->is_out) && outage_end_ns < deadline_ns) {
        deadline_ns = outage_end_ns;
    }
    return now_ns < deadline_ns ? deadline_ns - now_ns : 0;
}

static const struct dns_answer *wait_for(struct dns_question *question, uint64_t deadline_ns)
{
    struct dns_hall *hall = question->hall;
    size_t place = place_of(question);
    const struct dns_answer *answer;
    uint64_t began_ns = clock_mono_ns(hall->clock), wait_ns;
    pthread_mutex_lock(&hall->places[place].lock);
    while ((answer = atomic_load(&question->answer)) == NULL &&
           (wait_ns = patience_ns(hall, began_ns, deadline_ns)) > 0) {
        struct timespec until = time_after(wait_ns);
        pthread_cond_timedwait(&hall->places[place].changed, &hall->places[place].lock, &until);
    }
    pthread_mutex_unlock(&hall->places[place].lock);
    return answer;
}

const struct dns_answer *dns_question_collect(struct dns_request *request, uint64_t deadline_ns)
{
    const struct dns_answer *answer = dns_question_peek(request);
    if (answer == NULL) {
        answer = wait_for((struct dns_question *)request, deadline_ns);
    }
    return answer != NULL ? answer : &dns_answer_timeout;
}
