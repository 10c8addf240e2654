/*
 * dns_server: a name server on loopback, UDP and TCP, that does what the first label of a name
 * says:
 *
 *     a        an A and a TXT record (ttl 300), two MX, an NS "ns" beside it
 *     zone     a zone: its NS is "ns" below it, which is this server
 *     alias    a CNAME to "a" beside it; loop1, loop2: to each other
 *     outside  a CNAME to a.elsewhere.test
 *     nodata   no data, with a SOA of minimum 88; short likewise with ttl 7 of the SOA itself
 *     big      a TXT of 60 000 octets: UDP says truncated
 *     junk     A and MX records whose data are cut, TXT likewise
 *     lame     an answer without authority
 *     servfail, refused, garbage (no DNS), wrongid (another's answer), silent (nothing)
 *     other    does not exist, with a SOA of minimum 77
 */
#ifndef EM_TESTS_SUPPORT_DNS_SERVER_H
#define EM_TESTS_SUPPORT_DNS_SERVER_H

#include <stdbool.h>

struct dns_server;

enum dns_server_mood {
    DNS_SERVER_WORKS,
    DNS_SERVER_HOLDS,    /* answers when it works again */
    DNS_SERVER_SILENT,   /* nothing, never */
    DNS_SERVER_SERVFAILS /* whatever is asked */
};

/* Ends the program when it cannot be started. */
struct dns_server *dns_server_start(void);
void dns_server_stop(struct dns_server **server);
unsigned dns_server_port(const struct dns_server *server);
void dns_server_set(struct dns_server *server, enum dns_server_mood mood);
/* How often a name that begins with `label` was asked for. */
unsigned dns_server_asked(struct dns_server *server, const char *label);

#endif
