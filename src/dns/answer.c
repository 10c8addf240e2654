/*
 * answer: names of types and results, and answers as one block of memory.
 */
#include "dns/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/answer_private.h"

const struct dns_answer dns_answer_timeout = { .result = DNS_TIMEOUT, .ttl_s = DNS_FAILURE_TTL_S };
const struct dns_answer dns_answer_no_name = { .result = DNS_SERVFAIL,
                                               .ttl_s = DNS_FAILURE_TTL_S,
                                               .why = "this can be no name in DNS" };

const char *dns_type_name(enum dns_type type)
{
    switch (type) {
    case DNS_A:
        return "A";
    case DNS_NS:
        return "NS";
    case DNS_CNAME:
        return "CNAME";
    case DNS_SOA:
        return "SOA";
    case DNS_PTR:
        return "PTR";
    case DNS_MX:
        return "MX";
    case DNS_TXT:
        return "TXT";
    case DNS_AAAA:
        return "AAAA";
    }
    return "?";
}

const char *dns_result_name(enum dns_result result)
{
    static const char *const names[] = {
        [DNS_FOUND] = "found",
        [DNS_NODATA] = "no such record",
        [DNS_NXDOMAIN] = "no such name",
        [DNS_SERVFAIL] = "its name servers fail",
        [DNS_BOGUS] = "DNSSEC finds it forged",
        [DNS_TIMEOUT] = "no answer in time",
    };
    return names[result];
}

/* One digit a label, the last one first (RFC 3596 2.5). */
static void reverse_v6(const struct ip *ip, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 15; i >= 0; i--) {
        *out++ = digits[ip->bytes[i] & 0xf];
        *out++ = '.';
        *out++ = digits[ip->bytes[i] >> 4];
        *out++ = '.';
    }
    strcpy(out, "ip6.arpa");
}

void dns_reverse_name(const struct ip *ip, char out[static DNS_REVERSE_MAX])
{
    if (ip->family == 6) {
        reverse_v6(ip, out);
    } else {
        snprintf(out, DNS_REVERSE_MAX, "%u.%u.%u.%u.in-addr.arpa", ip->bytes[3], ip->bytes[2],
                 ip->bytes[1], ip->bytes[0]);
    }
}

bool dns_name_normal(struct span name, char out[static DNS_NAME_MAX])
{
    size_t label = 0;
    if (name.size > 0 && name.at[name.size - 1] == '.') {
        name.size--;
        if (name.size == 0) { /* the root */
            out[0] = '\0';
            return true;
        }
    }
    if (name.size == 0 || name.size >= DNS_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        bool is_dot = name.at[i] == '.';
        if (name.at[i] == '\0' || (is_dot ? label == 0 : label == DNS_LABEL_MAX)) {
            return false;
        }
        label = is_dot ? 0 : label + 1;
        out[i] = ascii_lower(name.at[i]);
    }
    out[name.size] = '\0';
    return label > 0;
}

size_t dns_answer_size(const struct dns_answer *answer)
{
    size_t size = sizeof(*answer) + answer->count * sizeof(struct dns_record);
    for (size_t i = 0; i < answer->count; i++) {
        size += answer->records[i].data.size + 1;
    }
    return size;
}

struct dns_answer *dns_answer_copy(const struct dns_answer *answer)
{
    struct dns_answer *copy = malloc(dns_answer_size(answer));
    if (copy == NULL) {
        return NULL;
    }
    struct dns_record *records = (struct dns_record *)(copy + 1);
    char *text = (char *)(records + answer->count);
    *copy = *answer;
    copy->records = records;
    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *from = &answer->records[i];
        records[i] = *from;
        records[i].data.at = text;
        if (from->data.size > 0) {
            memcpy(text, from->data.at, from->data.size);
        }
        text[from->data.size] = '\0'; /* outside of .size, for those who look with a debugger */
        text += from->data.size + 1;
    }
    return copy;
}
