/*
 * postfix_log: what the lines of Postfix tell of a message: who handed it in, its size and number
 * of recipients, where they were delivered. For sites whose past is in no line of ours yet.
 */
#ifndef EM_CTL_POSTFIX_LOG_H
#define EM_CTL_POSTFIX_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "finding/logread.h"
#include "util/span.h"

enum postfix_event {
    POSTFIX_CLIENT,    /* smtpd took it: client, login */
    POSTFIX_PICKUP,    /* sendmail(1) handed it in: sender */
    POSTFIX_QUEUED,    /* qmgr: sender, size_bytes, recipients; again with each retry */
    POSTFIX_DELIVERED, /* of one recipient: recipient, is_inside */
    POSTFIX_REMOVED    /* qmgr is done with it */
};

/* All spans point into the line. */
struct postfix_line {
    enum postfix_event event;
    struct span queue_id;
    struct span client; /* the address, "192.0.2.25" */
    struct span login;  /* absent: without */
    struct span sender; /* without brackets; empty: the null sender */
    uint64_t size_bytes, recipients;
    struct span recipient;
    bool is_inside; /* by an agent that delivers to mailboxes here */
};

/* Any bytes. False: no line of Postfix, or one that tells nothing of these. Linear. */
bool postfix_line_read(const struct log_entry *entry, struct postfix_line *line_r);

#endif
