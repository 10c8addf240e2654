/*
 * answer: what DNS said to one question. Five things that are no records stay different: the name
 * does not exist, it has no records of the type, the servers failed, the answer is forged (DNSSEC),
 * nobody answered in time. Only the first two say something about the name.
 */
#ifndef EM_DNS_ANSWER_H
#define EM_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/ip.h"
#include "util/span.h"

/* Numbers as on the wire (RFC 1035 3.2.2, RFC 3596). */
enum dns_type {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5, /* is the name an alias? Every other type is answered by what it leads to */
    DNS_SOA = 6,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28
};

enum dns_result {
    DNS_FOUND,    /* at least one record */
    DNS_NODATA,   /* the name exists, without records of this type */
    DNS_NXDOMAIN, /* it does not exist */
    DNS_SERVFAIL, /* the servers fail, refuse or answer nonsense; loops of CNAME are this too */
    DNS_BOGUS,    /* DNSSEC says the answer is not the zone's */
    DNS_TIMEOUT   /* no answer by the deadline, or none was asked for: there is no resolver, too
                     many questions, memory is out */
};

struct dns_record {
    struct span data;    /* A: 4 octets; AAAA: 16; TXT: its strings joined, any byte; CNAME, MX,
                            NS, PTR, SOA (its primary): a name, lower case, without final dot, "" for
                            the    root */
    uint16_t preference; /* MX */
};

/* Const for everybody; lives as long as the request or the questions it came from. */
struct dns_answer {
    enum dns_result result;
    bool is_secure; /* DNSSEC proves it */
    uint32_t ttl_s; /* how long it holds from when it was given; of negative answers too */
    size_t count;
    const struct dns_record *records; /* behind CNAMEs those of the last name */
    const char *why;                  /* SERVFAIL, BOGUS: one line for a person, or NULL */
};

/* Is it about the name, and not about servers and time? */
static inline bool dns_is_known(const struct dns_answer *answer)
{
    return answer->result <= DNS_NXDOMAIN;
}

const char *dns_type_name(enum dns_type type);       /* "TXT" */
const char *dns_result_name(enum dns_result result); /* "no such name", ... for people */

#define DNS_REVERSE_MAX 76
/* Where the PTR records of an address stand: "7.100.51.198.in-addr.arpa". */
void dns_reverse_name(const struct ip *ip, char out[static DNS_REVERSE_MAX]);

#endif
