/*
 * resolver: the calls everybody uses, handed on to whoever answers.
 */
#include "dns/resolver.h"

#include "dns/answer_private.h"
#include "dns/resolver_private.h"

void dns_resolver_free(struct dns_resolver **resolver)
{
    if (*resolver != NULL) {
        (*resolver)->calls->free(*resolver);
        *resolver = NULL;
    }
}

void dns_resolver_run(struct dns_resolver *resolver)
{
    if (resolver->calls->run != NULL) {
        resolver->calls->run(resolver);
    }
}

void dns_resolver_stop(struct dns_resolver *resolver)
{
    if (resolver->calls->stop != NULL) {
        resolver->calls->stop(resolver);
    }
}

bool dns_resolver_configure(struct dns_resolver *resolver, const struct dns_settings *settings,
                            struct error *error)
{
    return resolver->calls->configure == NULL ||
           resolver->calls->configure(resolver, settings, error);
}

void dns_resolver_state(struct dns_resolver *resolver, struct dns_state *state_r)
{
    resolver->calls->state(resolver, state_r);
}

struct dns_request *dns_ask(struct dns_resolver *resolver, struct span name, enum dns_type type)
{
    return resolver->calls->ask(resolver, name, type, DNS_WAY_CACHE);
}

struct dns_request *dns_ask_zone(struct dns_resolver *resolver, struct span name,
                                 enum dns_type type)
{
    return resolver->calls->ask(resolver, name, type, DNS_WAY_ZONE);
}

const struct dns_answer *dns_peek(struct dns_request *request)
{
    return request != NULL ? request->calls->peek(request) : &dns_answer_timeout;
}

const struct dns_answer *dns_collect(struct dns_request *request, uint64_t deadline_ns)
{
    return request != NULL ? request->calls->collect(request, deadline_ns) : &dns_answer_timeout;
}

void dns_forget(struct dns_request **request)
{
    if (*request != NULL) {
        (*request)->calls->forget(*request);
        *request = NULL;
    }
}
