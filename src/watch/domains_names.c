/*
 * domains_names: from names to addresses and back.
 */
#include "watch/domains_private.h"

static bool is_among(const struct dns_answer *answer, const struct ip *ip)
{
    size_t size = ip->family == 4 ? 4 : 16;
    for (size_t i = 0; i < answer->count; i++) {
        struct span data = answer->records[i].data;
        if (data.size == size && memcmp(data.at, ip->bytes, size) == 0) {
            return true;
        }
    }
    return false;
}

enum domains_found domains_leads_to(struct dns_questions *questions, struct span name,
                                    const struct ip *ip)
{
    const struct dns_answer *answer =
        dns_questions_ask(questions, name, ip->family == 4 ? DNS_A : DNS_AAAA);
    if (answer == NULL) {
        return DOMAINS_PENDING;
    }
    if (!dns_is_known(answer)) {
        return DOMAINS_UNKNOWN;
    }
    return is_among(answer, ip) ? DOMAINS_YES : DOMAINS_NO;
}

enum domains_found domains_has_address(struct dns_questions *questions, struct span name)
{
    const struct dns_answer *v4 = dns_questions_ask(questions, name, DNS_A);
    const struct dns_answer *v6 = dns_questions_ask(questions, name, DNS_AAAA);
    if (v4 == NULL || v6 == NULL) {
        return DOMAINS_PENDING;
    }
    if (v4->result == DNS_FOUND || v6->result == DNS_FOUND) {
        return DOMAINS_YES;
    }
    return dns_is_known(v4) && dns_is_known(v6) ? DOMAINS_NO : DOMAINS_UNKNOWN;
}

const struct dns_answer *domains_names_of(struct dns_questions *questions, const struct ip *ip)
{
    char reverse[DNS_REVERSE_MAX];
    dns_reverse_name(ip, reverse);
    return dns_questions_ask(questions, span_of(reverse), DNS_PTR);
}
