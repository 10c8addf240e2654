/*
 * zone: who has the zone, and what they say.
 */
#include "dns/zone_private.h"

#include <stdlib.h>
#include <string.h>

#define FACTS_MAX 200
#define NAMES_MAX 6 /* name servers whose addresses are asked for */
#define CNAMES_MAX 8
#define SERVER_NS UINT64_C(1500000000)  /* for one server */
#define ADDRESS_NS UINT64_C(1500000000) /* for addresses, once there is one */

static const struct dns_answer no_servers = { .result = DNS_SERVFAIL,
                                              .ttl_s = DNS_FAILURE_TTL_S,
                                              .why = "no server of the zone can be found" };
static const struct dns_answer no_answer = { .result = DNS_SERVFAIL,
                                             .ttl_s = DNS_FAILURE_TTL_S,
                                             .why = "no server of the zone has it" };
static const struct dns_answer no_end = { .result = DNS_SERVFAIL,
                                          .ttl_s = DNS_FAILURE_TTL_S,
                                          .why = "its CNAMEs do not end" };

struct dns_zone *dns_zone_new(struct dns_resolver *resolver, struct span name, enum dns_type type,
                              unsigned port)
{
    struct dns_zone *zone = calloc(1, sizeof(*zone));
    if (zone == NULL) {
        return NULL;
    }
    zone->facts = dns_questions_new(resolver, FACTS_MAX);
    zone->type = type;
    zone->port = port;
    zone->exchange.fd = -1;
    memcpy(zone->name, name.at, name.size);
    return zone;
}

void dns_zone_free(struct dns_zone **zone)
{
    if (*zone != NULL) {
        dns_exchange_end(&(*zone)->exchange);
        dns_questions_free(&(*zone)->facts);
        free(*zone);
        *zone = NULL;
    }
}

/* The name above what was tried; false: that was the last below the root. */
static bool go_up(struct dns_zone *zone)
{
    const char *dot = strchr(zone->name + zone->cut, '.');
    zone->has_servers = false;
    zone->server_count = zone->next_server = 0;
    zone->since_ns = 0;
    if (dot == NULL) {
        return false;
    }
    zone->cut = (size_t)(dot - zone->name) + 1;
    return true;
}

static void add_servers(struct dns_zone *zone, const struct dns_answer *answer)
{
    for (size_t i = 0; i < answer->count && zone->server_count < DNS_ZONE_SERVERS; i++) {
        struct ip *ip = &zone->servers[zone->server_count++];
        *ip = (struct ip){ .family = answer->records[i].data.size == 4 ? 4 : 6 };
        memcpy(ip->bytes, answer->records[i].data.at, answer->records[i].data.size);
    }
}

/* False: more may come. */
static bool find_addresses(struct dns_zone *zone, const struct dns_answer *names, uint64_t now_ns)
{
    static const enum dns_type types[] = { DNS_A, DNS_AAAA };
    bool is_complete = true;
    zone->server_count = 0;
    zone->since_ns = zone->since_ns != 0 ? zone->since_ns : now_ns;
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < names->count && i < NAMES_MAX; i++) {
            const struct dns_answer *answer =
                dns_questions_ask(zone->facts, names->records[i].data, types[t]);
            is_complete = is_complete && answer != NULL;
            if (answer != NULL && answer->result == DNS_FOUND) {
                add_servers(zone, answer);
            }
        }
    }
    return is_complete || (zone->server_count > 0 && now_ns - zone->since_ns >= ADDRESS_NS);
}

enum found { FOUND_WAITS, FOUND_SERVERS, FOUND_NOBODY };

/* The servers of the nearest zone at or above `cut`. */
static enum found find_servers(struct dns_zone *zone, uint64_t now_ns)
{
    do {
        const struct dns_answer *names =
            dns_questions_ask(zone->facts, span_of(zone->name + zone->cut), DNS_NS);
        if (names == NULL || (names->result == DNS_FOUND && !find_addresses(zone, names, now_ns))) {
            return FOUND_WAITS;
        }
        if (zone->server_count > 0) {
            zone->has_servers = true;
            return FOUND_SERVERS;
        }
    } while (go_up(zone));
    return FOUND_NOBODY;
}

/* An answer of a server that has the zone; NULL: it leads on to another name. */
static const struct dns_answer *take_packet(struct dns_zone *zone)
{
    const struct dns_packet *packet = &zone->exchange.packet;
    if (packet->next[0] == '\0') {
        return &packet->answer;
    }
    /* An odd character in it was written as an escape, and is no name that can be asked. */
    if (zone->hops++ == CNAMES_MAX || strchr(packet->next, '\\') != NULL ||
        strlen(packet->next) >= DNS_NAME_MAX) {
        return &no_end;
    }
    strcpy(zone->name, packet->next);
    zone->cut = 0;
    zone->has_servers = false;
    zone->server_count = zone->next_server = 0;
    zone->since_ns = 0;
    dns_exchange_end(&zone->exchange);
    return NULL;
}

/* Does what the last server said count? */
static bool has_authority(const struct dns_zone *zone)
{
    return zone->exchange.state == DNS_EXCHANGE_ANSWERED &&
           zone->exchange.packet.is_authoritative && dns_is_known(&zone->exchange.packet.answer);
}

/* The next server that can be reached; false: there is none. */
static bool ask_next(struct dns_zone *zone, const struct clock *clock, uint64_t now_ns)
{
    while (zone->next_server < zone->server_count) {
        const struct ip *server = &zone->servers[zone->next_server++];
        dns_exchange_end(&zone->exchange);
        if (dns_exchange_begin(&zone->exchange, clock, span_of(zone->name), zone->type, server,
                               zone->port, now_ns + SERVER_NS)) {
            zone->has_asked = true;
            return true;
        }
    }
    return false;
}

const struct dns_answer *dns_zone_step(struct dns_zone *zone, const struct clock *clock)
{
    uint64_t now_ns = clock_mono_ns(clock);
    dns_exchange_step(&zone->exchange, now_ns);
    while (!dns_exchange_is_under_way(&zone->exchange)) {
        if (has_authority(zone)) {
            const struct dns_answer *answer = take_packet(zone);
            if (answer != NULL) {
                return answer;
            }
        }
        if (zone->has_servers && !ask_next(zone, clock, now_ns) && !go_up(zone)) {
            return &no_answer;
        }
        if (!zone->has_servers) {
            enum found found = find_servers(zone, now_ns);
            if (found != FOUND_SERVERS) {
                return found == FOUND_WAITS ? NULL : zone->has_asked ? &no_answer : &no_servers;
            }
        }
    }
    return NULL;
}
