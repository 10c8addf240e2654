/*
 * ticket_text: the value of an X-Egress-Ticket field, written and read:
 *
 *     v=1; t=1772366400; c=submission; p=alice@example.org; h=BASE64
 *
 * t is when it was made (seconds since 1970), c the class, p the principal with everything but
 * letters, digits and @._+-/: as %XX, h the MAC. Filters may fold the field anew: white space means
 * nothing anywhere. Beyond that the form is strict, each tag once and in this order, for nobody but
 * us writes it. What a ticket is worth is another question (ticket.c).
 */
#ifndef EM_POLICY_TICKET_TEXT_H
#define EM_POLICY_TICKET_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finding/finding.h"
#include "site/ticket_secret.h"
#include "util/arena.h"
#include "util/span.h"

#define TICKET_PRINCIPAL_MAX 15000 /* octets; written it still goes into one field of a milter */

struct ticket {
    int64_t made_s;
    enum mail_class mail_class; /* never inbound */
    struct span principal;      /* never empty */
    uint8_t mac[TICKET_MAC_SIZE];
};

/* The value with its leading space, folded. .at NULL: no memory, or a principal beyond the maximum.
 */
struct span ticket_print(const struct ticket *ticket, struct arena *arena);
/* False: it is no ticket, or there is no memory. The principal lives in the arena. */
bool ticket_parse(struct span value, struct arena *arena, struct ticket *ticket_r);

#endif
