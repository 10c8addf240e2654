/*
 * reply: the text a refused client reads: code, enhanced code, finding, what was seen, what to do
 * (RFC 5321 4.2, RFC 3463).
 *
 * Printable ASCII without '%' (both MTAs trip over it), at most 400 octets, one line.
 */
#ifndef EM_FINDING_REPLY_H
#define EM_FINDING_REPLY_H

#include "finding/finding.h"

struct reply {
    char code[4];      /* "550" */
    char enhanced[12]; /* "5.7.1" */
    char text[420];    /* "from-missing: ..." */
};

/* For ACTION_REJECT and ACTION_DEFER (code and class become 451 4.x.x). Other actions give an empty
 * reply. */
void reply_build(const struct finding *finding, enum action action, struct reply *reply_r);

#endif
