/*
 * zone_private: a question to the servers of the name's own zone. They are found by asking for NS
 * from the name upwards, and for their addresses, as everybody does; then they are asked one after
 * the other, past all caches, until one that has the zone answers. A CNAME that leads out of what
 * it says is followed in the same way.
 */
#ifndef EM_DNS_ZONE_PRIVATE_H
#define EM_DNS_ZONE_PRIVATE_H

#include "dns/exchange_private.h"
#include "dns/questions.h"

#define DNS_ZONE_SERVERS 8

struct dns_zone {
    enum dns_type type;
    char name[DNS_NAME_MAX]; /* what is asked now: CNAMEs move it on */
    size_t cut;              /* the zone that is tried: from here on in name */
    struct dns_questions *facts;
    struct ip servers[DNS_ZONE_SERVERS];
    size_t server_count, next_server;
    bool has_servers;  /* those of `cut` are known */
    uint64_t since_ns; /* when its name servers were known */
    bool has_asked;    /* some server was there */
    unsigned hops;
    unsigned port;
    struct dns_exchange exchange;
};

/* NULL: out of memory. `resolver` answers what everybody asks; `port` is 53 but in tests. */
struct dns_zone *dns_zone_new(struct dns_resolver *resolver, struct span name, enum dns_type type,
                              unsigned port);
void dns_zone_free(struct dns_zone **zone);
/* Goes on as far as it can; the answer, which lives as long as the zone, or NULL: it waits, for its
 * exchange's descriptor, for other answers or for time. */
const struct dns_answer *dns_zone_step(struct dns_zone *zone, const struct clock *clock);

#endif
