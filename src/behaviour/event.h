/*
 * event: what happens to somebody whose behaviour is watched: a message he sends, and what became
 * of mail he sent.
 *
 * Times are milliseconds of a clock that never goes back (the ledger's, limits/ledger.h). Local
 * seconds are wall time plus the zone's offset, and decide what is working time and which day it
 * is. Fingerprints of recipients are keyed by a secret of the store (ledger_fingerprint()); values
 * of the client are those of behaviour/fingerprint.h, 0 where nothing is known.
 */
#ifndef EM_BEHAVIOUR_EVENT_H
#define EM_BEHAVIOUR_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of whom: what may be done to him by machine depends on it (behaviour/ladder.h). */
enum behaviour_kind {
    BEHAVIOUR_LOGIN,
    BEHAVIOUR_ACCOUNT, /* of local mail */
    BEHAVIOUR_POOL,    /* all local mail */
    BEHAVIOUR_NETWORK, /* a relay, or somebody it names */
    BEHAVIOUR_LIST,
    BEHAVIOUR_FORWARD
};

struct behaviour_event {
    uint64_t at_ms;
    int64_t local_s;
    enum behaviour_kind kind;
    bool is_service; /* its plan is a service's */
    bool is_bulk;    /* its plan is for bulk mail */
    bool has_list_id, has_one_click;
    bool
        is_repeat; /* the same message came before and was not let through: asked again, not more */
    const uint64_t *recipients; /* fingerprints of the external ones, none twice */
    size_t count;
    uint64_t digest; /* of the normalised body; 0: none */
    uint32_t network, country, helo, client, tls, from;
    bool has_stray_reply_to; /* Reply-To at a freemail provider, and it is not the From address */
    bool is_certain;         /* a certain hit: honeypot, a listed link that is certain */
};

/* What became of one recipient's mail. */
enum behaviour_outcome {
    OUTCOME_DELIVERED,
    OUTCOME_DEAD,      /* there is no such mailbox or domain */
    OUTCOME_POLICY,    /* the receiver takes it for spam, or us for spammers */
    OUTCOME_OTHER,     /* refused for another reason: full, size */
    OUTCOME_REFUSED,   /* by our own mail server at RCPT, as unknown */
    OUTCOME_COMPLAINT, /* somebody complained (ARF) */
    OUTCOME_COUNT
};

struct behaviour_answer {
    uint64_t at_ms;
    int64_t local_s;
    enum behaviour_outcome outcome;
    uint32_t count;  /* recipients */
    bool is_certain; /* a complaint or reply that leaves no doubt */
};

#endif
