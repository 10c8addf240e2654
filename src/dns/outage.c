/*
 * outage: the row of failures.
 */
#include "dns/outage_private.h"

struct span dns_outage_domain(struct span name)
{
    size_t dots = 0, at = name.size;
    while (at > 0) {
        dots += name.at[at - 1] == '.';
        if (dots == 2) {
            break;
        }
        at--;
    }
    return span_from(name, at);
}

/* FNV-1a: strangers gain nothing by names that collide. */
static uint64_t hash_of(struct span text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < text.size; i++) {
        hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3u;
    }
    return hash;
}

static void note_domain(struct dns_outage *outage, uint64_t hash)
{
    for (size_t i = 0; i < outage->count; i++) {
        if (outage->domains[i] == hash) {
            return;
        }
    }
    if (outage->count < DNS_OUTAGE_DOMAINS_SURE) {
        outage->domains[outage->count++] = hash;
    }
}

static enum dns_outage_news judge(struct dns_outage *outage)
{
    bool is_sure = outage->count >= DNS_OUTAGE_DOMAINS_SURE;
    if (outage->is_out ||
        !(is_sure || (outage->is_probe_bad && outage->count >= DNS_OUTAGE_DOMAINS))) {
        return DNS_OUTAGE_NOTHING;
    }
    outage->is_out = true;
    outage->is_sure = !outage->is_probe_bad;
    return DNS_OUTAGE_BEGAN;
}

enum dns_outage_news dns_outage_failed(struct dns_outage *outage, struct span name)
{
    note_domain(outage, hash_of(dns_outage_domain(name)));
    return judge(outage);
}

enum dns_outage_news dns_outage_answered(struct dns_outage *outage)
{
    bool was_out = outage->is_out;
    outage->is_out = false;
    outage->is_probe_bad = false;
    outage->count = 0;
    return was_out ? DNS_OUTAGE_ENDED : DNS_OUTAGE_NOTHING;
}

bool dns_outage_wants_probe(struct dns_outage *outage, uint64_t now_ns)
{
    if (now_ns < outage->next_probe_ns || (!outage->is_out && outage->count < 2)) {
        return false;
    }
    outage->next_probe_ns = now_ns + DNS_OUTAGE_PROBE_NS;
    return true;
}

enum dns_outage_news dns_outage_probed(struct dns_outage *outage, bool is_answered)
{
    if (is_answered && outage->is_out && !outage->is_sure) {
        return dns_outage_answered(outage);
    }
    outage->is_probe_bad = !is_answered;
    return judge(outage);
}

void dns_outage_probe_name(const struct clock *clock, char out[static DNS_PROBE_NAME_MAX])
{
    unsigned char bytes[12];
    clock->random(clock, bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        out[i] = (char)('a' + bytes[i] % 26);
    }
    out[sizeof(bytes)] = '\0';
}
