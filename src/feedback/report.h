/*
 * report: what a message that came in tells about mail that went out: delivery reports (RFC 3464,
 * and the texts that mail servers write instead), complaints (RFC 5965, 6591, 6650) and automatic
 * replies.
 *
 * Reading judges nothing: a report may be forged, and whether it is about our mail is asked of
 * report_join.h. All of it is bounded: octets of the body, parts, recipients, ids and texts, so a
 * reader that takes everything anybody sends cannot be kept busy.
 */
#ifndef EM_FEEDBACK_REPORT_H
#define EM_FEEDBACK_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "feedback/cause.h"
#include "message/header.h"
#include "util/arena.h"
#include "util/span.h"

enum {
    REPORT_BODY_MAX = 512 * 1024, /* octets of a body that are read */
    REPORT_RECIPIENTS_MAX = 200,
    REPORT_IDS_MAX = 16, /* of each kind */
    REPORT_DOMAINS_MAX = 8,
    REPORT_TEXT_MAX = 1000,         /* octets of one recipient's reply */
    REPORT_ARENA = 4 * 1024 * 1024, /* what an arena needs at most to read one */
};

enum report_kind {
    REPORT_NONE,     /* something else, or nothing that can be made out */
    REPORT_DELIVERY, /* of a delivery that failed, waits, or was made */
    REPORT_COMPLAINT,
    REPORT_AUTOMATIC_REPLY, /* somebody is away: says nothing of the delivery */
    REPORT_KIND_COUNT
};
const char *report_kind_name(enum report_kind kind); /* "delivery" */

/* RFC 3464 2.3.3 */
enum report_action {
    REPORT_FAILED,
    REPORT_DELAYED,
    REPORT_DELIVERED,
    REPORT_RELAYED,
    REPORT_EXPANDED,
    REPORT_ACTION_COUNT
};
const char *report_action_name(enum report_action action);

/* All texts lie in the arena, without line ends and control octets; absent: not told. */
struct report_recipient {
    struct span address; /* whom the message was sent to: Original-Recipient, else `final` */
    struct span final;   /* whom it was to be delivered to, where that is another */
    enum report_action action;
    unsigned status_class;  /* 2, 4 or 5 */
    struct span status;     /* enhanced, "5.1.1" */
    struct span reply_code; /* "550" */
    struct span text;       /* what the server said */
    struct span remote_mta; /* the host that said it */
    struct cause_found cause;
};

struct report_queue_id {
    struct span id;
    struct span host; /* who gave it: "by" of a Received field, the reporting MTA; or absent */
};

struct report {
    enum report_kind kind;
    const char *format; /* how it was known: "dsn", "arf", or a mail server's name; "": no report */
    const struct report_recipient *recipients;
    size_t recipient_count;
    bool is_cut; /* there were more recipients, or the body is longer than what was read */

    struct span reporting_mta;
    struct span arrival_date;
    /* of the message it is about */
    struct span message_ids[REPORT_IDS_MAX]; /* with their angle brackets off */
    size_t message_id_count;
    struct report_queue_id queue_ids[REPORT_IDS_MAX];
    size_t queue_id_count;
    struct span envelope_id; /* Original-Envelope-Id */
    struct span from;        /* the address in its From */
    struct span mail_from;   /* its envelope sender */

    /* of a complaint */
    struct span feedback_type; /* "abuse", "auth-failure" ... lower case */
    struct span source_ip;
    struct span user_agent;
    struct span reported_domains[REPORT_DOMAINS_MAX];
    size_t reported_domain_count;
};

/* What is known of a message beside its octets. */
enum {
    REPORT_NULL_SENDER = 1 << 0, /* its envelope sender is null, as those of reports are */
    REPORT_BODY_CUT = 1 << 1     /* the body is longer than what was kept of it */
};
/*
 * Reads one. `headers` are the message's own, `body` what follows the empty line, lines ending in
 * LF or CRLF. The report lives as long as the arena; body and headers may go. False: the arena is
 * exhausted, and *report_r is REPORT_NONE.
 */
bool report_read(const struct header_list *headers, struct span body, unsigned flags,
                 struct arena *arena, struct report *report_r);
/* A whole message as it lies in a file; a longer body is cut at REPORT_BODY_MAX. A Return-Path of
 * <> says that the sender was null. */
bool report_read_file(struct span file, struct arena *arena, struct report *report_r);

/* Could a message with this header be a report, so that its body is worth keeping? A null sender
 * always can. */
bool report_may_be(const struct header_list *headers, bool has_null_sender);

#endif
