/*
 * report_limits_top_private: what report_limits_top.c finds and report_limits_top_tell.c tells.
 */
#ifndef EM_CONTROL_REPORT_LIMITS_TOP_PRIVATE_H
#define EM_CONTROL_REPORT_LIMITS_TOP_PRIVATE_H

#include "control/report_limits_private.h"

enum { TOP_USES_MAX = 48 /* as many as a record has (limits/record.h) */ };

/* An account that is told. */
struct top_entry {
    char account[STORE_KEY_MAX + 1];
    uint64_t attempts_1h;
    struct ledger_use uses[TOP_USES_MAX];
    size_t use_count;
    double rank; /* used, or the part of the limit that is used */
    /* With "nearest". */
    const struct limit *limit;
    uint64_t used, max;
};

struct hash_table;
struct top_bound;

struct top {
    struct limits_inquiry *inquiry;
    bool is_nearest;
    struct limit_meter meter; /* what "used" goes by */
    bool has_meter;
    struct hash_table *overrides; /* "PRINCIPAL\0LIMIT": within a walk nothing else is read */
    struct top_bound *bounds;
    size_t bound_count;
    struct top_entry *entries; /* the highest rank first */
    size_t count, most;
    uint64_t accounts;
};

void report_limits_top_text(const struct top *top);
void report_limits_top_json(const struct top *top);

#endif
