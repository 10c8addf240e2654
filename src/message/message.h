/*
 * message: one mail as the checks see it: who brought it, the envelope, the header, facts of the
 * body. Filled by the milter (or `explain`) while it arrives, const from then on.
 */
#ifndef EM_MESSAGE_MESSAGE_H
#define EM_MESSAGE_MESSAGE_H

#include "message/address.h"
#include "message/body.h"
#include "message/header.h"
#include "message/mime_facts.h"
#include "message/session.h"

struct message {
    const struct session *session;
    struct envelope envelope;
    struct header_list headers;
    struct address_list from; /* of all From fields together, in order; empty without one */
    struct body_facts body;
    struct mime_facts mime; /* all zero where the MIME structure was not read */
    bool is_over_ceiling; /* something was left out for lack of memory: nothing here is complete */
};

#endif
