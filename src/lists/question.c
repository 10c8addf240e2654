/*
 * question: the name to ask a list for (RFC 5782 2.1, 2.4, 3): octets of an IPv4 address or nibbles
 * of an IPv6 address backwards, or a domain name, before the zone.
 */
#include <stdio.h>

#include "lists/judge.h"

#define NIBBLES_MAX 64 /* 32 nibbles, each with a dot */

static bool is_within(const struct ip *ip, const char *network)
{
    struct ip_network of;
    return ip_network_parse(span_of(network), &of, NULL) && ip_network_contains(&of, ip);
}

/* Nobody outside knows such an address: RFC 1918, 3927, 6598, 4193, 4291. */
static bool is_inner(const struct ip *ip)
{
    static const char *const networks[] = { "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",
                                            "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
                                            "fc00::/7",       "fe80::/10",     "::/128" };
    bool is_some = ip_is_loopback(ip);
    for (size_t i = 0; !is_some && i < sizeof(networks) / sizeof(networks[0]); i++) {
        is_some = is_within(ip, networks[i]);
    }
    return is_some;
}

/* All digits and dots: an address that came as a name. */
static bool is_number(struct span name)
{
    struct ip ip;
    return (name.size > 0 && name.at[0] == '[') || ip_parse(name, &ip);
}

bool list_wants(const struct list_zone *zone, const struct list_subject *subject)
{
    if ((zone->uses & 1u << subject->use) == 0) {
        return false;
    }
    if (zone->kind == LIST_OF_ADDRESSES) {
        return subject->ip.family != 0 && !is_inner(&subject->ip);
    }
    return subject->ip.family == 0 && !is_number(subject->name) &&
           span_find(subject->name, '.') > 0;
}

static void reverse(const struct ip *ip, char out[static NIBBLES_MAX])
{
    static const char digits[] = "0123456789abcdef";
    if (ip->family == 4) {
        snprintf(out, NIBBLES_MAX, "%u.%u.%u.%u", ip->bytes[3], ip->bytes[2], ip->bytes[1],
                 ip->bytes[0]);
        return;
    }
    size_t at = 0;
    for (int i = 15; i >= 0; i--) {
        out[at++] = digits[ip->bytes[i] & 15];
        out[at++] = '.';
        out[at++] = digits[ip->bytes[i] >> 4];
        out[at++] = '.';
    }
    out[at - 1] = '\0';
}

static bool join(struct span before, const struct list_zone *zone,
                 char out[static LIST_QUESTION_MAX])
{
    int size = snprintf(out, LIST_QUESTION_MAX, "%.*s.%s", SPAN_ARG(before), zone->suffix);
    return size > 0 && size < LIST_QUESTION_MAX;
}

static struct span name_for(const struct list_zone *zone, const struct list_subject *subject)
{
    bool is_reduced = zone->level == LIST_LEVEL_ORGANIZATION && subject->organization.size > 0;
    return is_reduced ? subject->organization : subject->name;
}

bool list_question(const struct list_zone *zone, const struct list_subject *subject,
                   char out[static LIST_QUESTION_MAX])
{
    char nibbles[NIBBLES_MAX];
    if (!list_wants(zone, subject)) {
        return false;
    }
    if (zone->kind == LIST_OF_DOMAINS) {
        return join(name_for(zone, subject), zone, out);
    }
    reverse(&subject->ip, nibbles);
    return join(span_of(nibbles), zone, out);
}

bool list_point_question(const struct list_zone *zone, const char *point,
                         char out[static LIST_QUESTION_MAX])
{
    return join(span_of(point), zone, out);
}

struct span list_asked(const struct list_zone *zone, const struct list_subject *subject,
                       char room[static IP_TEXT_MAX])
{
    if (subject->ip.family == 0) {
        return name_for(zone, subject);
    }
    ip_print(&subject->ip, room);
    return span_of(room);
}
