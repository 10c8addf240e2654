/*
 * maillog_join: whose mail a delivery was. The mail server's lines have a queue id and no user; our
 * own line of the same message, on the same host, has both. From it on, and as long as the mail
 * server keeps a message, what becomes of the queue id is what became of the principal's mail.
 *
 * Queue ids are used again: an id belongs to a message until its removal, until a line tells that
 * another message begins under it, or until the queue's lifetime is over. Several mail servers of
 * one host may use one id at once: whose it is is told by the envelope sender, and where that does
 * not tell either, nobody is charged with it. Mail that a content filter gives back under a new id
 * ("queued as", over loopback) is followed.
 *
 * Bounded: so many messages at once; the oldest gives way and is counted. One thread.
 */
#ifndef EM_FEEDBACK_MAILLOG_JOIN_H
#define EM_FEEDBACK_MAILLOG_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feedback/cause.h"
#include "feedback/maillog_event.h"
#include "finding/logread.h"

/* What became of a message for one recipient, for now (4) or for good. Spans are good during the
 * call; empty where it is not known. */
struct maillog_outcome {
    struct span principal, mail_class; /* of our line */
    struct span sender;                /* of the envelope; empty: the null sender */
    bool has_sender;                   /* false: our line was cut before it */
    struct span message_id, host, queue_id;
    struct span recipient; /* empty: all that were not yet told to have arrived or failed */
    unsigned class;        /* 2, 4 or 5 */
    struct span dsn, text; /* of the last attempt; the receiver's own words where there are some */
    struct cause_found found;     /* of 4 and 5 */
    enum cause_provider provider; /* by the server that answered */
    int64_t delay_ms;             /* since the mail server had it; -1: not told */
    int64_t at_s;
    bool is_inside;  /* into a mailbox here */
    bool is_relayed; /* 2: taken by a host of our own, which delivers it or not */
};
typedef void maillog_outcome_take(void *context, const struct maillog_outcome *outcome);

struct maillog_join_counts {
    uint64_t messages; /* of ours that went to the mail server */
    uint64_t attributed,
        unattributed;    /* recipients in lines of delivery: of ours, of none of ours */
    uint64_t ambiguous;  /* of two mail servers that use one id, or of a sender who is not ours */
    uint64_t duplicates; /* lines told before */
    uint64_t followed;   /* hops to a content filter and back */
    uint64_t reused, evicted, outlived; /* messages left before their end was told: by another of
                                           the same id, for want of room, by the queue's lifetime */
};

struct maillog_join;

/* `capacity` messages take at most about 2 KB each, most of them 300 octets. `lifetime_s`: how long
 * the mail server keeps one at most. NULL: out of memory. */
struct maillog_join *maillog_join_new(size_t capacity, int64_t lifetime_s,
                                      maillog_outcome_take *take, void *context);
void maillog_join_free(struct maillog_join **join);
/* Our line of a message. */
void maillog_join_message(struct maillog_join *join, struct span host,
                          const struct log_message *message, int64_t at_s);
/* A line of the mail server's, with a time. */
void maillog_join_event(struct maillog_join *join, const struct maillog_line *line,
                        const struct maillog_event *event);
/* One or the other, from a line as it stands in the file; nothing, where it is neither. */
void maillog_join_line(struct maillog_join *join, struct logread *reader,
                       const struct maillog_names *names, struct span bytes);
const struct maillog_join_counts *maillog_join_counts(const struct maillog_join *join);
size_t maillog_join_size(const struct maillog_join *join);

/* The cause of an attempt that failed, by what the line of it tells. */
struct cause_found maillog_cause(const struct maillog_event *event,
                                 enum cause_provider *provider_r);

#endif
