/*
 * evidence: what a check may know beside the message: facts that policy gathered for it. Const for
 * checks.
 *
 * A check names what it needs (enum evidence_need); what could not be had in time stays unknown,
 * and unknown is never bad.
 */
#ifndef EM_CHECKS_EVIDENCE_H
#define EM_CHECKS_EVIDENCE_H

#include <stdbool.h>

#include "auth/forecast.h"
#include "finding/finding.h"
#include "message/attachment.h"
#include "lists/ask.h"
#include "message/automatic.h"
#include "message/edit.h"
#include "message/links.h"
#include "message/message.h"
#include "message/transit.h"
#include "scan/clamd.h"
#include "util/clock.h"

enum evidence_need {
    NEED_NOTHING = 0,
    NEED_BODY = 1 << 0 /* facts of the whole body */
};

/* Where a message claims to be from somebody. */
enum claim_place { CLAIM_ENVELOPE, CLAIM_FROM, CLAIM_SENDER };

enum claim_state {
    CLAIM_NOT_JUDGED, /* nothing says who may, for mail like this */
    CLAIM_OWNED,
    CLAIM_FOREIGN,
    CLAIM_LENIENT, /* foreign, but the site only wants to see such */
    CLAIM_UNKNOWN  /* who may could not be asked */
};

/* One address the message claims to be from, and whether its principal may. */
struct claim {
    enum claim_place place;
    enum claim_state state;
    const struct address *address;
    bool is_ours;    /* of a domain of ours */
    const char *why; /* UNKNOWN: one line */
};

/* What DNS says of a recipient's domain. */
enum recipient_domain {
    RECIPIENT_DOMAIN_UNKNOWN, /* not asked, or not answered */
    RECIPIENT_DOMAIN_FINE,
    RECIPIENT_DOMAIN_NULL_MX, /* it takes no mail, and says so (RFC 7505) */
    RECIPIENT_DOMAIN_MISSING  /* neither MX nor an address */
};

/* What is known of a recipient beside what the MTA told. */
struct recipient_facts {
    enum recipient_domain domain;
    bool is_ours;      /* his domain is one of this site */
    bool is_honeypot;  /* nobody was ever given this address */
    bool is_reachable; /* to him even those may write who are suspended */
    /* "has bounced, and is on the suppression list since 2026-03-01: ..."; NULL: it is not */
    const char *suppressed;
};

struct evidence {
    const struct message *message;
    /* Of each recipient of the envelope, in its order; NULL: nothing is known. */
    const struct recipient_facts *recipients;
    enum mail_class mail_class;
    struct span principal;
    const char *suspended;         /* since when the principal is; NULL: he is not */
    size_t external_count;         /* recipients outside, unknown ones included */
    struct transit transit;        /* what would break our signature on the way */
    const struct link_list *links; /* hosts the body points to; NULL: nobody looked */
    /* What receivers outside will conclude; NULL: none will get it, or nobody was to ask DNS. */
    const struct forecast *forecast;
    /* What lies in the message beside its text; NULL: it was not read. */
    const struct attachments *attachments;
    const struct scan_result *scan; /* NULL: nobody was to scan it */
    bool defers_unscanned;          /* what could not be scanned waits */
    /* d= of the signature of ours that it will carry if it goes on; absent: none. */
    struct span signature;
    bool signs_here; /* this site has keys at all; else another program may sign */
    /* What DNS lists say of it; NULL: none was asked. */
    const struct list_hits *listings;
    const struct clock *clock;
    /* The envelope sender but for null, each mailbox of From, each of Sender; in this order. */
    const struct claim *claims;
    size_t claim_count;
    enum automatic automatic; /* does a program answer? */
    unsigned replies;         /* automatic ones to one recipient within an hour; 0: not known */
    bool owners_are_unproven; /* most logins own no address: who may is not yet told right */
    bool knows_our_domains;   /* is_ours means something */
    bool lacks_login;         /* the listener demands one, this session has none */
    bool lacks_tls;           /* likewise */
    struct span host_name;    /* ours, for what we write into headers: the MTA's name, A-labels */
};

#endif
