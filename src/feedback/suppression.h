/*
 * suppression: addresses that mail is not to be sent to any more, in the table STORE_SUPPRESSED,
 * each for the senders of one domain or of all.
 *
 * Hard bounces bring an address there, so many of different messages and so far apart as the
 * settings say; a bounce that is not yet one of enough is a record that is only watched. Mail that
 * arrives takes away whatever bounces brought, and nothing that a person or a complaint did. A list
 * that is full takes nothing new and drops nothing old.
 */
#ifndef EM_FEEDBACK_SUPPRESSION_H
#define EM_FEEDBACK_SUPPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "feedback/cause.h"
#include "feedback/settings.h"
#include "state/store.h"
#include "util/error.h"
#include "util/span.h"

enum {
    SUPPRESSION_ADDRESS_MAX = 200, /* octets of all these with the NUL */
    SUPPRESSION_DOMAIN_MAX = 254,
    SUPPRESSION_TEXT_MAX = 200,
    SUPPRESSION_OCTETS_MAX = 384 /* of a record, beside its key */
};
#define SUPPRESSION_ANY_DOMAIN "*"

enum suppression_source { SUPPRESSED_BY_BOUNCE, SUPPRESSED_BY_COMPLAINT, SUPPRESSED_BY_COMMAND };
/* "bounce", "complaint", "command". */
const char *suppression_source_name(enum suppression_source source);

struct suppression {
    char address[SUPPRESSION_ADDRESS_MAX]; /* as suppression_address() makes it */
    char domain[SUPPRESSION_DOMAIN_MAX];   /* senders of it and below it, or "*": all */
    bool is_watched;                       /* it bounced, and not often enough: it gets mail */
    enum suppression_source source;
    int64_t set_s;     /* wall time: since when it is on the list; watched: of the first bounce */
    int64_t until_s;   /* 0: for good */
    int64_t bounced_s; /* the last bounce that counted; 0: none */
    unsigned bounces;
    uint64_t bounced_message;           /* a number of the message that bounced last */
    char by[64];                        /* who put it there: a user's name, or what read it */
    char code[16];                      /* "5.1.1"; "": none */
    char because[SUPPRESSION_TEXT_MAX]; /* what the receiver said, or a person */
};

/* The one form of an address: domain in A-labels, all lower case. False: none that the list takes
 * (no domain, or too long). */
bool suppression_address(struct span address, char out[static SUPPRESSION_ADDRESS_MAX]);
/* From the octets of the table, which are those of a fleet's records, too. False: that is none, or
 * a later version's. */
bool suppression_read(struct span key, struct span value, struct suppression *suppression_r);
/* Is it over at wall_s? */
bool suppression_is_over(const struct suppression *suppression, int64_t wall_s);

/*
 * Is mail of a sender of this domain (A-labels; absent: a null sender, whom only "*" is for) to
 * this address suppressed at wall_s? The first that says so in order of domains. Costs some
 * microseconds and waits for nothing; what cannot be read is none.
 */
bool suppression_find(struct store *store, struct span address, struct span sender_domain,
                      int64_t wall_s, struct suppression *suppression_r);

enum suppression_answer {
    SUPPRESSION_DONE,
    SUPPRESSION_ABSENT, /* there was none */
    SUPPRESSION_FULL,   /* suppression.max is reached, or the store is full: nothing was put */
    SUPPRESSION_FAILED  /* the store failed */
};
/* On disk on return; in place of one that is there. */
enum suppression_answer suppression_put(struct store *store,
                                        const struct suppression_settings *settings,
                                        const struct suppression *suppression);
/* Of all domains where `domain` is absent; *count_r: how many it were. */
enum suppression_answer suppression_remove(struct store *store, struct span address,
                                           struct span domain, unsigned *count_r);

/* One delivery that ended, as a bounce or the mail server's log tells. */
struct suppression_delivery {
    struct span address;          /* the envelope recipient, in any case */
    struct span domain;           /* A-labels: of ours, the one that the sender's is, or is below */
    struct span message;          /* what tells messages apart: a queue id, a Message-ID */
    int64_t at_s;                 /* wall time */
    struct span by;               /* what says so: "bounce", "maillog" */
    struct span code;             /* enhanced (RFC 3463) */
    struct span text;             /* what the receiver said */
    enum cause_provider provider; /* who said it; CAUSE_ANYBODY: by the address */
};

/* What a bounce came to. */
enum suppression_note {
    SUPPRESSION_NOT_HARD, /* nothing was noted: it says nothing of the mailbox (cause_found.is_hard)
                           */
    SUPPRESSION_KNOWN,    /* the same message again, or too soon after the last one */
    SUPPRESSION_WATCHED,  /* it counts, and more are wanted */
    SUPPRESSION_BEGINS,   /* it was the one that was missing: the address is on the list */
    SUPPRESSION_GOES_ON,  /* it is on the list and stays there for longer */
    SUPPRESSION_NOT_NOTED, /* the list or the store is full, or the store failed; to be told */
};
enum suppression_note suppression_note_bounce(struct store *store,
                                              const struct suppression_settings *settings,
                                              const struct suppression_delivery *delivery);
/* Mail arrived: what bounces brought is gone. True: there was something. */
bool suppression_note_success(struct store *store, struct span address, struct span domain);

/* All of them, over and watched ones too, in order of addresses, behind `after` (a key of
 * suppression_key(); absent: from the first). `each` returns false to end it, and does not write.
 */
typedef bool suppression_each(const struct suppression *suppression, void *context);
bool suppression_walk(struct store *store, struct span after, suppression_each *each,
                      void *context);
enum { SUPPRESSION_KEY_MAX = SUPPRESSION_ADDRESS_MAX + SUPPRESSION_DOMAIN_MAX };
struct span suppression_key(const struct suppression *suppression,
                            char room[static SUPPRESSION_KEY_MAX]);
uint64_t suppression_count(struct store *store);
/* Removes what is over, at most `most`; how many it were. */
unsigned suppression_expire(struct store *store, int64_t wall_s, unsigned most);

#endif
