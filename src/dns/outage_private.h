/*
 * outage: is anything answered at all? One zone's broken servers are no outage, and neither is a
 * handful of them: only when questions about different domains fail one after the other, none
 * succeeds, and a question of ours that any working DNS answers fails too, it is one. What
 * succeeds ends it.
 */
#ifndef EM_DNS_OUTAGE_PRIVATE_H
#define EM_DNS_OUTAGE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/clock.h"
#include "util/span.h"

/* Different domains that failed in a row, when ours fails too. */
#define DNS_OUTAGE_DOMAINS 4
/* And whatever ours says: a server between may make up its answer from what it knows. */
#define DNS_OUTAGE_DOMAINS_SURE 16
/* An answer later than this has failed, and yet is good news when it comes. */
#define DNS_OUTAGE_LATE_NS UINT64_C(2000000000)
/* Between two questions of ours. */
#define DNS_OUTAGE_PROBE_NS UINT64_C(3000000000)

struct dns_outage {
    bool is_out;
    bool is_probe_bad; /* the last one of this row failed */
    bool is_sure;      /* began whatever ours said, and so what ours says does not end it */
    uint64_t domains[DNS_OUTAGE_DOMAINS_SURE]; /* hashes of those that failed in a row */
    size_t count;
    uint64_t next_probe_ns;
};

enum dns_outage_news { DNS_OUTAGE_NOTHING, DNS_OUTAGE_BEGAN, DNS_OUTAGE_ENDED };

/* What two names must not have in common to be different domains: the last two labels. */
struct span dns_outage_domain(struct span name);
/* A question about `name` failed, or is late. */
enum dns_outage_news dns_outage_failed(struct dns_outage *outage, struct span name);
/* One was answered. */
enum dns_outage_news dns_outage_answered(struct dns_outage *outage);
/* Should ours be asked now? True: it is asked. */
bool dns_outage_wants_probe(struct dns_outage *outage, uint64_t now_ns);
enum dns_outage_news dns_outage_probed(struct dns_outage *outage, bool is_answered);

#define DNS_PROBE_NAME_MAX 16
/* A name at the root that nobody has: no cache knows it. */
void dns_outage_probe_name(const struct clock *clock, char out[static DNS_PROBE_NAME_MAX]);

#endif
