/*
 * daybook: what one organization's mail came to in the last 24 hours, as one row of the store: how
 * many recipients at each provider, how many messages failed which rule; and since when it counts
 * as a bulk sender, which is never over (Google says so; the others do not say it ends).
 *
 * What a domain's subdomains send counts together, as the providers do it.
 */
#ifndef EM_BULK_DAYBOOK_H
#define EM_BULK_DAYBOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "bulk/judge.h"
#include "bulk/rule.h"
#include "limits/window.h"
#include "util/buffer.h"
#include "util/span.h"

enum { DAYBOOK_LAYOUT = 1, DAYBOOK_PER_MS = 86400 * 1000 };

struct daybook {
    struct {
        struct window recipients;
        uint64_t told_until_ms; /* that it is near was told, and is not again before */
        int64_t bulk_since_s;   /* wall time; 0: it is none */
    } at[BULK_PROVIDER_COUNT];
    struct window messages, lists; /* to outside; mail of lists among them */
    struct window failed[BULK_RULE_COUNT], unknown[BULK_RULE_COUNT];
};

/* False: these octets are no daybook, or of a later layout; *daybook_r is empty then. */
bool daybook_read(struct span octets, struct daybook *daybook_r);
/* Drops what is out of its window at now_ms. */
void daybook_advance(struct daybook *daybook, uint64_t now_ms);
/* Replaces what is in `out`; what is empty takes no room. */
void daybook_write(const struct daybook *daybook, uint64_t now_ms, struct buffer *out);
/* How much that can be. */
size_t daybook_octets_max(void);
/* Nothing is worth keeping: no window holds anything, and it never was a bulk sender. */
bool daybook_is_empty(const struct daybook *daybook, uint64_t now_ms);
/* For bulk_judge(); has to be advanced before. */
void daybook_counts(const struct daybook *daybook,
                    struct bulk_counts counts_r[static BULK_RULE_COUNT]);

#endif
