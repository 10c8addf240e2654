/*
 * exceptions: what is different for single principals, perhaps for a time, and why.
 */
#ifndef EM_SITE_EXCEPTIONS_H
#define EM_SITE_EXCEPTIONS_H

#include <stdint.h>

#include "config/row.h"
#include "finding/finding.h"
#include "util/span.h"

struct site;

struct exception_settings {
    const char *principal; /* one, or "@domain" for all of a domain */
    const char *rule;      /* the finding; NULL: it is about a limit */
    int action;            /* enum action */
    const char *limit;     /* the limit; NULL: it is about a finding */
    int64_t max;           /* the limit's other value; 0: unlimited */
    const char *until;     /* "2026-12-31": to the end of that day, local time; NULL: for good */
    const char *because;
    struct config_place place;
};

struct exceptions_settings {
    struct config_list rows; /* struct exception_settings */
};

extern const struct config_table site_exceptions_table; /* top level: `exceptions` */

/* The first row for this principal and finding that is still good at `wall_s`; NULL: none. */
const struct exception_settings *exceptions_find(const struct site *site, struct span principal,
                                                 enum finding_id finding, int64_t wall_s);

/* The same for a limit; *max_r is its other value then. */
const struct exception_settings *exceptions_find_max(const struct site *site, struct span principal,
                                                     const char *limit, int64_t wall_s,
                                                     uint64_t *max_r);

#endif
