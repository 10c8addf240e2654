/*
 * transit: what in a message may be changed on its way, so that a signature over it breaks.
 */
#ifndef EM_MESSAGE_TRANSIT_H
#define EM_MESSAGE_TRANSIT_H

#include "message/message.h"

#define TRANSIT_RISKS 6

enum transit_risk {
    TRANSIT_LONG_LINE = 1 << 0, /* over 998 octets (RFC 5322 2.1.1): cut in two or refused */
    /* 8-bit octets in the body without BODY=8BITMIME, in the header without SMTPUTF8 (RFC 6152 3,
     * 6531 3.3): encoded or stripped by a relay that was not told */
    TRANSIT_8BIT = 1 << 1,
    /* An address field that Sendmail writes anew otherwise, and so that relaxed canonicalisation
     * sees it too. Postfix leaves them alone; whether a Sendmail is on the way is for the caller.
     */
    TRANSIT_REQUOTE = 1 << 2,
    /* A continuation line of blanks only, a fold before the first octet of a value, blanks before a
     * fold: unfolded and trimmed in different ways, seen by simple and sometimes by relaxed
     * canonicalisation */
    TRANSIT_FOLDING = 1 << 3,
    TRANSIT_BARE_NEWLINE = 1 << 4, /* CR or LF alone: made CRLF, dropped or refused */
    TRANSIT_NUL = 1 << 5           /* dropped, cuts the line, or refused */
};

struct transit {
    unsigned risks; /* enum transit_risk */
    /* The first field that has a risk, by transit_field(). */
    const struct header_field *fields[TRANSIT_RISKS];
};

/*
 * Of a message whose header and body are complete. Folds are looked at in fields that signatures
 * cover and that have an identifier (header.h), but not in trace fields. No memory, one pass over
 * the header at most.
 */
void transit_read(const struct message *message, struct transit *transit_r);
/* The first field with this one risk; NULL: it has none in the header, but perhaps in the body. */
const struct header_field *transit_field(const struct transit *transit, enum transit_risk risk);

#endif
