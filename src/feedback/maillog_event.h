/*
 * maillog_event: what a line of a mail server tells of a message or of a login: one type for
 * Postfix (3.4 to 3.11) and Sendmail (8.14 to 8.18).
 *
 * Clients choose parts of many lines: addresses, the name in HELO, logins that fail, and receivers
 * choose what they answer. Fields are looked for by name where the mail server alone can have put
 * them: before what a stranger says, or behind the last of it. Where that cannot be told, the line
 * is no event.
 */
#ifndef EM_FEEDBACK_MAILLOG_EVENT_H
#define EM_FEEDBACK_MAILLOG_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "feedback/maillog_line.h"
#include "util/span.h"

enum maillog_kind {
    MAILLOG_CLIENT,     /* a client hands a message in: client, client_name, method, login */
    MAILLOG_PICKUP,     /* sendmail(1) of Postfix does: sender, uid */
    MAILLOG_MESSAGE_ID, /* message_id */
    MAILLOG_QUEUED,     /* sender, size_bytes, recipient_count; of Sendmail message_id and client
                           too. Of Postfix again with each retry */
    /* One attempt at delivery, of one recipient or, with Sendmail, several: recipients, orig_to,
     * relay, delay_ms, stage_ms, tls, dsn, code, text, said, is_inside, other_id. */
    MAILLOG_SENT,
    MAILLOG_DEFERRED,
    MAILLOG_BOUNCED,
    MAILLOG_PROBED,       /* an address was tried and nothing sent (verify(8), sendmail -bv) */
    MAILLOG_EXPIRED,      /* given up after the queue's lifetime; recipients where the line has them
                             (Sendmail): else all that were deferred until now */
    MAILLOG_REMOVED,      /* done with */
    MAILLOG_CANCELED,     /* the client withdrew it, or postsuper deleted it while it was written */
    MAILLOG_NOTIFICATION, /* other_id is a message about queue_id: notice */
    MAILLOG_HELD,         /* kept from delivery: stage, text, is_milter */
    MAILLOG_REJECTED,     /* refused: client, client_name, stage, code, dsn, text, sender,
                             recipients, login, is_milter, is_warning */
    MAILLOG_DISCARDED,    /* taken and thrown away; fields as before */
    MAILLOG_AUTH_FAILED,  /* client, client_name, method, login where it is told, text, count */
    MAILLOG_DISCONNECTED, /* client: count logins failed in this session, told one by one or not */
    MAILLOG_GAP           /* the log lacks count lines; 0: nobody knows how many */
};

/* What a notification is about. */
enum maillog_notice { MAILLOG_NON_DELIVERY, MAILLOG_DELAY, MAILLOG_SUCCESS };

/* All spans point into the line; absent where the line has none. Addresses are without brackets,
 * empty for the null sender. */
struct maillog_event {
    enum maillog_kind kind;
    struct span queue_id; /* absent: NOQUEUE, or the line has none */
    struct span other_id; /* SENT: "queued as" of the next hop; NOTIFICATION: the notification's */
    struct span sender;
    struct span recipients;          /* as it stands there; for maillog_recipient() */
    struct span orig_to;             /* before it was expanded */
    struct span relay;               /* "mx.example.com[192.0.2.1]:25"; absent: "none" */
    struct span relay_ip;            /* "192.0.2.1" */
    struct span client, client_name; /* "192.0.2.25", "pc.example.org" */
    struct span login, method;
    struct span message_id; /* without brackets */
    struct span stage;      /* RCPT, END-OF-MESSAGE, check_rcpt */
    struct span tls;
    struct span dsn;  /* "5.1.1" */
    struct span text; /* in full */
    struct span said; /* of it, what the receiver answered; absent: it is the mail server's word */
    uint64_t size_bytes, recipient_count, count;
    int64_t delay_ms;    /* since it came; -1: not told */
    int64_t stage_ms[4]; /* before the queue manager, in it, connecting, sending; -1: not told */
    uint16_t code;       /* of the reply, 0: none */
    enum maillog_notice notice;
    bool is_inside;  /* by an agent that delivers to mailboxes here (local, virtual, lmtp, pipe) */
    bool is_milter;  /* a milter wanted it */
    bool is_warning; /* it was only said, not done */
    bool is_cut;     /* the line ends within the text */
};

/* False: it tells nothing of these. Linear, allocates nothing. */
bool maillog_event_read(const struct maillog_line *line, struct maillog_event *event_r);
/* The next of event.recipients, without brackets; false: no more. */
bool maillog_recipient(struct span *recipients_io, struct span *recipient_r);

#endif
