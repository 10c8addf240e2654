/*
 * session: what the MTA told about a connection and an envelope, as facts in one form; no judgement
 * here.
 *
 * Absent facts are absent spans. Texts of struct session live as long as the connection, those of
 * struct envelope as long as the message.
 */
#ifndef EM_MESSAGE_SESSION_H
#define EM_MESSAGE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/address.h"
#include "util/ip.h"
#include "util/span.h"

struct session {
    struct ip client;        /* family 0: a unix-domain or unknown client */
    struct span client_name; /* {client_ptr}, or the name given at connect */
    struct span helo;
    struct span daemon_name;  /* {daemon_name} of the listener */
    struct span mta_name;     /* j */
    struct span mta_version;  /* v */
    struct span tls_version;  /* {tls_version} */
    struct span cipher;       /* {cipher} */
    struct span cert_subject; /* {cert_subject} */
    struct span cert_issuer;  /* {cert_issuer} */
    bool keeps_space;         /* SMFIP_HDR_LEADSPC is in force */
};

enum recipient_side { RECIPIENT_EXTERNAL, RECIPIENT_INTERNAL, RECIPIENT_UNKNOWN };

struct recipient {
    struct span path;   /* text of the address, without brackets */
    struct span domain; /* A-labels; empty for a bare local part */
    enum recipient_side side;
    bool leaves_by_smtp; /* the MTA's own word: its mailer for everything that has no other way */
    bool is_looked_up;   /* external, and the MTA asks DNS where its domain takes mail */
};

struct envelope {
    struct span login;     /* {auth_authen}, raw */
    struct span auth_type; /* {auth_type} */
    struct address sender; /* null path: .text is empty */
    bool sender_is_bare; /* came without angle brackets: the MTA fakes the session (sendmail(1)) */
    bool smtputf8;       /* SMTPUTF8 was given at MAIL */
    bool body_8bitmime;  /* BODY=8BITMIME was given at MAIL */
    struct recipient *recipients;
    size_t recipient_count, recipient_room;
    size_t recipient_total; /* told by the MTA; more than are kept only over the ceiling */
    struct span queue_id;   /* i, from wherever it came first */
};

#endif
