/*
 * book: the profiles of all principals, in the table STORE_PROFILES, each under its account
 * (limits/account.h); what a message or an answer does to one is a single transaction. Beside them
 * lies what is usual of all who log in, under a name no account has (behaviour/cohort.h).
 *
 * A store that is full takes no profile of a newcomer: nothing is said about him.
 */
#ifndef EM_BEHAVIOUR_BOOK_H
#define EM_BEHAVIOUR_BOOK_H

#include <stdbool.h>

#include "behaviour/ladder.h"
#include "finding/finding.h"
#include "state/store.h"
#include "util/span.h"

/* Octets of a row: no login is at its fullest for long, and where there is no room only newcomers
 * have no profile. */
enum { BOOK_KEY_USUAL = 64, BOOK_OCTETS_USUAL = 900 };

/* What was asked, and what came of it. */
struct book_entry {
    struct span account;
    struct ladder_rules rules;
    struct ladder_pardon pardon; /* the release that holds for him */
    bool would_pass;             /* a message: nothing else stops it */
    bool is_enforced;            /* what the ladder says is done, not only told */

    struct score score;
    struct ladder_verdict verdict;
    bool was_stopped; /* a message: by the ladder */
};

/* Whose behaviour is watched: of a class, and its principal. False: nobody's (bounces, mail from
 * outside). */
bool book_kind(enum mail_class mail_class, struct span principal, enum behaviour_kind *kind_r);

/* A message that came to its end; before it goes. False: nothing is known, the store failed or is
 * full. */
bool book_message(struct store *store, const struct behaviour_event *event,
                  struct book_entry *entry);
/* What became of mail; nothing where no profile is there. */
bool book_answer(struct store *store, enum behaviour_kind kind, bool is_service,
                 const struct behaviour_answer *answer, struct book_entry *entry);
/* So many passwords were refused for this account, from a network of fingerprint_network(). Nothing
 * where no profile is there: who guesses names makes none. */
void book_guessed(struct store *store, struct span account, uint64_t at_ms, int64_t local_s,
                  uint32_t network, uint32_t count);
/* Somebody let him go: true where something held or throttled him. */
bool book_release(struct store *store, struct span account, uint64_t now_ms,
                  const struct ladder_pardon *pardon);
/* For whoever looks: false: there is none. */
bool book_read(struct store *store, struct span account, struct profile *profile_r);

/* Removes profiles that are over, looking at `most` rows from where *place_io says (empty at first
 * and when the end was reached). How many went. */
unsigned book_expire(struct store *store, uint64_t now_ms, unsigned most, struct buffer *place_io);

#endif
