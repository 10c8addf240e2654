/*
 * exchange_private: one query to one server, by UDP and where the answer is cut by TCP. Never
 * waits; its owner polls.
 */
#ifndef EM_DNS_EXCHANGE_PRIVATE_H
#define EM_DNS_EXCHANGE_PRIVATE_H

#include "dns/packet_private.h"
#include "util/clock.h"
#include "util/ip.h"

enum dns_exchange_state {
    DNS_EXCHANGE_NONE,
    DNS_EXCHANGE_UDP,
    DNS_EXCHANGE_TCP_SENDS,
    DNS_EXCHANGE_TCP_HEARS,
    DNS_EXCHANGE_ANSWERED, /* packet is what it said */
    DNS_EXCHANGE_FAILED
};

struct dns_exchange {
    enum dns_exchange_state state;
    int fd;       /* only while it is under way */
    short events; /* what to poll it for */
    struct ip server;
    unsigned port;
    uint64_t deadline_ns;
    uint16_t id;
    enum dns_type type;
    char name[DNS_NAME_MAX];
    unsigned char query[DNS_QUERY_MAX + 2]; /* with the length that TCP wants before it */
    size_t query_size, sent;
    char *heard; /* DNS_PACKET_MAX and the length before it; NULL before it is needed */
    size_t heard_size;
    struct arena *arena;
    struct dns_packet packet;
};

/* `exchange` is all zero, or ended. False: the server cannot be reached. */
bool dns_exchange_begin(struct dns_exchange *exchange, const struct clock *clock, struct span name,
                        enum dns_type type, const struct ip *server, unsigned port,
                        uint64_t deadline_ns);
/* After its descriptor was polled, or time has passed. */
void dns_exchange_step(struct dns_exchange *exchange, uint64_t now_ns);
bool dns_exchange_is_under_way(const struct dns_exchange *exchange);
/* Gives everything back; the packet is gone. */
void dns_exchange_end(struct dns_exchange *exchange);

#endif
