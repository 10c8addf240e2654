/*
 * log_summary: what a log tells of a day: of all mail as the mail server has it, and of outgoing
 * mail as we judged it. log_summary_read.c counts, log_summary_delay.c keeps delays,
 * log_summary_print.c and log_summary_json.c tell.
 */
#ifndef EM_CTL_LOG_SUMMARY_H
#define EM_CTL_LOG_SUMMARY_H

#include "ctl/log_causes.h"
#include "ctl/log_walk.h"
#include "ctl/tally.h"
#include "feedback/maillog_join.h"
#include "limits/provider.h"

/* --- delays ---------------------------------------------------------------------------------- */

enum { DELAY_BUCKETS = 96 };
enum log_delay {
    DELAY_QUEUED,  /* before the queue manager had it: receiving, and our milter */
    DELAY_WAITED,  /* in the queue */
    DELAY_CONNECT, /* connecting, greeting, TLS */
    DELAY_SENT,    /* sending until the answer */
    DELAY_WHOLE,
    DELAY_COUNT
};

/* Delays by size, each bucket a quarter longer than the one before. All zero is empty. */
struct delays {
    uint64_t count;
    uint64_t buckets[DELAY_BUCKETS];
};
void delays_add(struct delays *delays, int64_t delay_ms);
/* What so many of a hundred do not exceed, in milliseconds: right to an eighth. */
int64_t delays_percentile(const struct delays *delays, unsigned percent);

/* --- counts ---------------------------------------------------------------------------------- */

/* Recipients, but for `received`, which is messages. */
struct log_volume {
    uint64_t received, delivered, deferred, bounced, rejected;
};

/* Of the mail server's lines. */
struct log_server {
    struct log_volume all, hours[24]; /* local hours */
    uint64_t bytes;                   /* of what was received */
    uint64_t expired;                 /* messages given up */
    uint64_t held, discarded;         /* messages, or recipients where it was said at RCPT */
    uint64_t rejected_by_milter, warned;
    uint64_t notifications; /* reports of failure to senders */
};

/* Of ours. */
struct log_ours {
    uint64_t messages, recipients, external, bytes;
    uint64_t accepted, held, deferred, rejected, aborted, discarded;
    uint64_t inbound; /* looked at for reports only; in no other number */
    uint64_t would;   /* would have been stopped */
};

enum { SUMMARY_SEEN = 1 << 20 };

struct log_summary {
    struct ctl *ctl;
    uint64_t top; /* rows told of each table */
    struct log_walk walk;
    struct log_server server;
    struct log_ours ours;
    struct log_causes causes;
    struct delays delays[PROVIDER_COUNT][DELAY_COUNT];
    struct maillog_join *join;
    uint64_t gaps, lost_lines; /* places where who keeps the log lost some, and how many, if told */
    uint64_t failed_logins;    /* told one by one */
    uint64_t failed_in_sessions; /* told at the end of a session */
    struct tally *senders;       /* of the envelope */
    struct tally *principals;    /* class, name */
    struct tally *findings;      /* finding, what was done */
    struct tally *domains;       /* of recipients */
    struct tally *remarks;       /* lines of ours that are about no message */
    struct tally *logins;        /* that failed, where they are told */
    struct tally *networks;      /* from which they failed */
    uint64_t *seen;              /* numbers of messages that were counted: retries count once */
};

/* NULL: no memory. */
struct log_summary *log_summary_new(struct ctl *ctl, uint64_t top);
void log_summary_free(struct log_summary **summary);
/* Reads the operands of the command (log_walk()). */
enum ctl_exit log_summary_read(struct log_summary *summary, const struct ctl_args *args);

/* Into ctl->out. False: no memory. */
bool log_summary_print(struct log_summary *summary);
bool log_summary_json(struct log_summary *summary);

/* Most messages first; the same as tally_rows(). */
int log_summary_compare(const void *a, const void *b);
extern const char *const log_delay_names[DELAY_COUNT];

#endif
