/*
 * would: what enforcement would have done, counted (cmd_would.c), put together by finding and by
 * user (would_groups.c) and told (would_print.c).
 */
#ifndef EM_CTL_WOULD_H
#define EM_CTL_WOULD_H

#include "ctl/log_scan.h"
#include "ctl/tally.h"

struct would {
    struct ctl *ctl;
    bool with_findings, with_users, with_observed;
    uint64_t top; /* users told */
    struct log_scan scan;
    uint64_t messages; /* that came to an end and are ours */
    uint64_t reject, hold, defer;
    uint64_t stopped;       /* really */
    uint64_t redacted;      /* of those that would have been stopped: the user is not named */
    struct tally *stops;    /* finding, user */
    struct tally *observed; /* the same, of rules that only observe */
};

/* Rows of one finding, or of one user, summed up. */
struct would_group {
    struct span name;
    struct tally_row **rows; /* of a user: the finding with most messages first */
    size_t row_count;
    struct tally_row sum;
};

struct would_groups {
    struct tally_row **rows;
    struct would_group *at; /* most messages first, then by name */
    size_t count;
};

/* False: no memory. Without rows there are no groups. Free either way; the tally must live on. */
bool would_groups_make(struct tally *tally, bool by_user, struct would_groups *groups_r);
void would_groups_free(struct would_groups *groups);

struct would_result {
    struct would_groups findings, users, observed;
    bool is_whole; /* nothing had to be left out */
};

/* Into would->ctl->out. */
void would_print_text(const struct would *would, const struct would_result *result);
void would_print_json(const struct would *would, const struct would_result *result);

#endif
