/*
 * limit: how much may be sent, by whom, in which time: the rows of `limits` and what they mean.
 */
#ifndef EM_LIMITS_LIMIT_H
#define EM_LIMITS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/row.h"
#include "finding/finding.h"

/* What is counted. Each is a count of its own; none stands for another. */
enum limit_count {
    LIMIT_MESSAGES,
    LIMIT_RECIPIENTS,        /* envelope recipients; the same address twice in a message is one */
    LIMIT_BYTES,             /* size of the message times its recipients */
    LIMIT_UNIQUE_RECIPIENTS, /* different addresses in the window; exact */
    LIMIT_NEW_RECIPIENTS,    /* those not written to in the last weeks; approximate */
    LIMIT_FAILED_RECIPIENTS, /* those the MTA refused at RCPT */
    LIMIT_COUNT_COUNT
};

/* Who shares one count. */
enum limit_by {
    LIMIT_BY_PRINCIPAL,
    LIMIT_BY_PLAN,     /* all on a plan together */
    LIMIT_BY_DOMAIN,   /* of the envelope sender, one of ours */
    LIMIT_BY_NETWORK,  /* the row of `networks`, else the client's address (IPv6: its /64) */
    LIMIT_BY_PROVIDER, /* who receives; limits/provider.h */
    LIMIT_BY_SITE,
    LIMIT_BY_COUNT
};

/* Which recipients count. */
enum limit_to { LIMIT_TO_EXTERNAL, LIMIT_TO_INTERNAL, LIMIT_TO_ALL, LIMIT_TO_COUNT };

/*
 * What is kept of an account for a limit. Limits with equal meters share what was counted, so a
 * limit can be renamed or have another value and nothing is forgotten.
 */
struct limit_meter {
    uint8_t count; /* enum limit_count */
    uint8_t to;    /* enum limit_to */
    uint32_t per_s;
};

/* A row of `limits`. The struct is what the rows of settings fill; `meter` comes from it. */
struct limit {
    const char *name;
    int count;   /* enum limit_count */
    int by;      /* enum limit_by */
    int to;      /* enum limit_to; setting `recipients` */
    int64_t max; /* 0: unlimited */
    int64_t per_s;
    int64_t burst; /* 0: none */
    int action;    /* enum action: observe, hold, defer, reject */
    /* Selectors; each empty: all. A message must fit each that is not. */
    struct config_texts classes, plans, principals, domains, networks;
    struct config_place place;
};

enum {
    LIMIT_ROWS_MAX = 1000,
    LIMIT_UNIQUE_MAX = 20000 /* different recipients that are kept apart in one window */
};

struct limit_meter limit_meter_of(const struct limit *limit);
bool limit_meter_is_equal(struct limit_meter a, struct limit_meter b);
/* As in the setting: "messages", "principal". */
extern const char *const limit_count_names[];
extern const char *const limit_by_names[];
extern const char *const limit_to_names[];
/* "recipients" -> "external recipients", "bytes" -> "bytes": what an amount of it is called. */
const char *limit_unit(const struct limit *limit);

struct limits_settings {
    struct config_list rows; /* struct limit */
};
/* What is shipped, in force unless a row has its name. */
extern const struct limit limit_default;
extern const struct config_table limits_table; /* top level: `limits` */

#endif
