/*
 * service: asking the real resolver. A question that is known, or under way, is the same object for
 * everybody; any other goes into the cache and into a queue, from which the thread takes it.
 */
#include "dns/service_private.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define NS_PER_S UINT64_C(1000000000)
#define ZONE_PORT 53

struct dns_service *dns_service_of(struct dns_resolver *resolver)
{
    return (struct dns_service *)resolver;
}

void dns_service_wake(struct dns_service *service)
{
    uint64_t one = 1;
    /* It fails only when the counter is full, and then it is awake. */
    (void)!write(service->wake_fd, &one, sizeof(one));
}

/* With the lock held. NULL: there are too many, or memory is out. */
static struct dns_question *begin(struct dns_service *service, uint64_t hash, struct span name,
                                  enum dns_type type, enum dns_way way)
{
    if (service->under_way >= DNS_UNDER_WAY_MAX || atomic_load(&service->hall->is_closed)) {
        return NULL;
    }
    struct dns_question *question =
        dns_question_new(service->hall, service->resolver.calls, name, type, way);
    if (question == NULL) {
        return NULL;
    }
    question->hash = hash;
    dns_cache_add(&service->cache, question);
    dns_question_ref(question); /* the queue's, then the thread's */
    if (service->queue_first == NULL) {
        service->queue_first = question;
    } else {
        service->queue_last->next_queued = question;
    }
    service->queue_last = question;
    service->under_way++;
    return question;
}

static struct dns_request *service_ask(struct dns_resolver *resolver, struct span name,
                                       enum dns_type type, enum dns_way way)
{
    struct dns_service *service = dns_service_of(resolver);
    char normal[DNS_NAME_MAX];
    if (!dns_name_normal(name, normal)) {
        return NULL;
    }
    name = span_of(normal);
    uint64_t now_ns = clock_mono_ns(service->clock);
    uint64_t hash = dns_cache_hash(&service->cache, name, type, way);
    pthread_mutex_lock(&service->lock);
    bool is_first = service->queue_first == NULL;
    struct dns_question *question = dns_cache_find(&service->cache, hash, name, type, way, now_ns);
    bool is_new = question == NULL;
    service->asked++;
    if (question != NULL) {
        dns_question_ref(question);
        service->cached += atomic_load(&question->answer) != NULL;
    } else {
        question = begin(service, hash, name, type, way);
    }
    pthread_mutex_unlock(&service->lock);
    if (is_new && is_first && question != NULL) {
        dns_service_wake(service);
    }
    return question != NULL ? &question->request : NULL;
}

static const struct dns_answer *copy_of(const struct dns_answer *answer)
{
    const struct dns_answer *copy =
        answer->result != DNS_TIMEOUT ? dns_answer_copy(answer) : &dns_answer_timeout;
    return copy != NULL ? copy : &dns_answer_timeout;
}

/* What was asked past the caches does not stay in them. */
void dns_service_answer(struct dns_service *service, struct dns_question *question,
                        const struct dns_answer *answer)
{
    const struct dns_answer *copy = copy_of(answer);
    pthread_mutex_lock(&service->lock);
    service->under_way--;
    question->until_ns = clock_mono_ns(service->clock) + copy->ttl_s * NS_PER_S;
    dns_cache_settle(&service->cache, question, copy);
    if (question->way == DNS_WAY_ZONE) {
        dns_cache_remove(&service->cache, question);
    }
    pthread_mutex_unlock(&service->lock);
    dns_question_publish(question, copy);
    dns_question_unref(question);
}

void dns_service_abandon(struct dns_service *service, struct dns_question *question)
{
    pthread_mutex_lock(&service->lock);
    dns_cache_remove(&service->cache, question);
    pthread_mutex_unlock(&service->lock);
    dns_question_unref(question);
}

static void service_state(struct dns_resolver *resolver, struct dns_state *state_r)
{
    struct dns_service *service = dns_service_of(resolver);
    *state_r = (struct dns_state){ .out_since_s = atomic_load(&service->out_since_s) };
    state_r->is_out = state_r->out_since_s != 0;
    pthread_mutex_lock(&service->lock);
    state_r->asked = service->asked;
    state_r->cached = service->cached;
    pthread_mutex_unlock(&service->lock);
}

static void service_run(struct dns_resolver *resolver)
{
    dns_underway_run(dns_service_of(resolver));
}

static void service_stop(struct dns_resolver *resolver)
{
    struct dns_service *service = dns_service_of(resolver);
    atomic_store(&service->is_stopping, true);
    atomic_store(&service->hall->is_closed, true);
    dns_hall_wake(service->hall);
    dns_service_wake(service);
}

/* Made here, so that the caller learns of faults; taken by the thread. What was known is forgotten:
 * other servers may say other things. */
static bool service_configure(struct dns_resolver *resolver, const struct dns_settings *settings,
                              struct error *error)
{
    struct dns_service *service = dns_service_of(resolver);
    struct dns_servers servers;
    dns_servers_find(settings, RESOLV_CONF, &servers);
    if (dns_servers_are_equal(&servers, &service->servers)) {
        return true;
    }
    struct dns_library *library = dns_library_open(&servers, error);
    if (library == NULL) {
        return false;
    }
    pthread_mutex_lock(&service->lock);
    struct dns_library *replaced = service->next;
    service->next = library;
    service->servers = servers;
    dns_cache_forget_answers(&service->cache);
    pthread_mutex_unlock(&service->lock);
    dns_library_close(&replaced);
    dns_service_wake(service);
    return true;
}

static void service_free(struct dns_resolver *resolver)
{
    struct dns_service *service = dns_service_of(resolver);
    atomic_store(&service->hall->is_closed, true);
    dns_underway_end(service);
    dns_cache_clear(&service->cache);
    dns_hall_wake(service->hall);
    dns_hall_unref(&service->hall);
    pthread_mutex_destroy(&service->lock);
    close(service->wake_fd);
    free(service);
}

static const struct dns_calls service_calls = {
    .ask = service_ask,
    .peek = dns_question_peek,
    .collect = dns_question_collect,
    .forget = dns_question_forget,
    .state = service_state,
    .free = service_free,
    .run = service_run,
    .stop = service_stop,
    .configure = service_configure,
};

struct dns_resolver *dns_resolver_new(const struct dns_settings *settings,
                                      const struct clock *clock, struct log_sink *log,
                                      struct error *error)
{
    struct dns_service *service = calloc(1, sizeof(*service));
    if (service == NULL || (service->hall = dns_hall_new(clock)) == NULL) {
        free(service);
        error_set(error, "out of memory");
        return NULL;
    }
    service->resolver.calls = &service_calls;
    service->clock = clock;
    service->log = log;
    service->zone_port = ZONE_PORT;
    pthread_mutex_init(&service->lock, NULL);
    dns_cache_init(&service->cache);
    dns_servers_find(settings, RESOLV_CONF, &service->servers);
    service->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (service->wake_fd < 0) {
        error_set(error, "eventfd: %m");
    } else {
        service->library = dns_library_open(&service->servers, error);
    }
    if (service->library == NULL) {
        service_free(&service->resolver);
        return NULL;
    }
    return &service->resolver;
}
