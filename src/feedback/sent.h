/*
 * sent: messages that went out lately, by Message-ID, with whom they are charged to and who gets
 * them: what a report has to name so that it counts (report_join.h). In the table STORE_SENT.
 *
 * Ids and recipients are kept as fingerprints, keyed by a secret of the store
 * (ledger_fingerprint()): nobody can read from it who wrote to whom, and nobody can make up an id
 * that is taken for another. Bounded: at the maximum another one, any, gives way to a new one.
 */
#ifndef EM_FEEDBACK_SENT_H
#define EM_FEEDBACK_SENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finding/finding.h"
#include "state/store.h"
#include "util/span.h"

enum {
    SENT_KEEP_S = 7 * 86400, /* a mail server tries for five days, and a mailbox may refuse later */
    SENT_RECIPIENTS_MAX = 64, /* of one message; of more it is not known to whom it went */
    SENT_PRINCIPAL_MAX = 256,
    SENT_ID_OCTETS = 8,                                                       /* of a key */
    SENT_OCTETS_MAX = 16 + SENT_PRINCIPAL_MAX + 256 + SENT_RECIPIENTS_MAX * 8 /* of a value */
};

struct sent {
    int64_t at_s; /* wall time */
    enum mail_class mail_class;
    char principal[SENT_PRINCIPAL_MAX];
    char domain[254];       /* of the envelope sender, A-labels; "": null, or none */
    size_t recipient_count; /* external ones; may be more than there are below */
    uint64_t recipients[SENT_RECIPIENTS_MAX];
};

/* In place of what was known of this id. `most`: how many may be kept, if a quarter of the store
 * holds them. False: the store failed. */
bool sent_note(struct store *store, uint64_t id, const struct sent *sent, uint64_t most);
/* False: nothing is known of it, or it is older than SENT_KEEP_S at wall_s. */
bool sent_find(struct store *store, uint64_t id, int64_t wall_s, struct sent *sent_r);
/* Is this one of those who got it? */
enum sent_to { SENT_TO_HIM, SENT_NOT_TO_HIM, SENT_TO_UNKNOWN };
enum sent_to sent_to(const struct sent *sent, uint64_t recipient);
/* Removes what is too old, looking at `most` records from where *place_io says (empty at first and
 * when the end was reached). How many went. */
unsigned sent_expire(struct store *store, int64_t wall_s, unsigned most, struct buffer *place_io);

#endif
