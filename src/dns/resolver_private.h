/*
 * resolver_private: what a resolver and its requests have in common, whoever answers: libunbound or
 * a script. Each begins with its table of calls.
 */
#ifndef EM_DNS_RESOLVER_PRIVATE_H
#define EM_DNS_RESOLVER_PRIVATE_H

#include "dns/resolver.h"

enum dns_way { DNS_WAY_CACHE, DNS_WAY_ZONE };

struct dns_calls {
    struct dns_request *(*ask)(struct dns_resolver *resolver, struct span name, enum dns_type type,
                               enum dns_way way);
    const struct dns_answer *(*peek)(struct dns_request *request);
    const struct dns_answer *(*collect)(struct dns_request *request, uint64_t deadline_ns);
    void (*forget)(struct dns_request *request);
    void (*state)(struct dns_resolver *resolver, struct dns_state *state_r);
    void (*free)(struct dns_resolver *resolver);
    /* Only of those with a thread; NULL: there is nothing to do. */
    void (*run)(struct dns_resolver *resolver);
    void (*stop)(struct dns_resolver *resolver);
    bool (*configure)(struct dns_resolver *resolver, const struct dns_settings *settings,
                      struct error *error);
};

struct dns_resolver {
    const struct dns_calls *calls;
};

struct dns_request {
    const struct dns_calls *calls;
};

#endif
