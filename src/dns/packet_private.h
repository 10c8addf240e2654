/*
 * packet_private: one question to one name server, and its answer, as bytes (RFC 1035 4.1, RFC
 * 6891). Only for dns_ask_zone(): everything else is libunbound's.
 */
#ifndef EM_DNS_PACKET_PRIVATE_H
#define EM_DNS_PACKET_PRIVATE_H

#include "dns/rdata_private.h"
#include "util/arena.h"

#define DNS_QUERY_MAX 300
#define DNS_PACKET_MAX 65535

/* A query without recursion. `name` is in its one form; its size. */
size_t dns_packet_query(struct span name, enum dns_type type, uint16_t id,
                        unsigned char out[static DNS_QUERY_MAX]);

struct dns_packet {
    bool is_truncated;     /* ask again by TCP */
    bool is_authoritative; /* the server has the zone */
    /* FOUND, NODATA, NXDOMAIN, or SERVFAIL for all that is no answer. Records are the arena's, at
     * the end of the CNAMEs that the answer follows. */
    struct dns_answer answer;
    /* Where CNAMEs lead, when the answer does not say what is there; then answer is NODATA. ""
     * otherwise. */
    char next[DNS_NAME_TEXT_MAX];
};

/* False: this is no answer to that query, somebody else's perhaps. */
bool dns_packet_read(struct span message, struct span name, enum dns_type type, uint16_t id,
                     struct arena *arena, struct dns_packet *packet_r);

#endif
