/*
 * key_states: what the store keeps of our keys (dkim/proof.h), put beside the keys themselves; and
 * the store as commands open it: to look, or to change something in it.
 */
#ifndef EM_CTL_KEY_STATES_H
#define EM_CTL_KEY_STATES_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ctl.h"
#include "ctl/key_set.h"
#include "dkim/proof_store.h"
#include "site/site.h"
#include "state/store.h"
#include "util/error.h"

/* A selector with its NUL, where another key's record has to hold it. */
#define KEY_SELECTOR_ROOM ((int)sizeof(((struct key_record *)NULL)->replaced_by))

struct key_states {
    struct store *store;    /* NULL: nothing is known of any key */
    struct error why;       /* why not, or why not all of it; "": it is */
    struct key_rules rules; /* lost_after_s is not filled */
};

/* To look. Never fails: without a store, or where it cannot be read, `why` is filled. */
void key_states_look(const struct site *site, struct key_states *states_r);
/* To change. False with a complaint: there is no store yet (the daemon makes it, so that it is the
 * daemon's), or it cannot be written to. Only one may be open in a process. */
bool key_states_open(struct ctl *ctl, const struct site *site, struct key_states *states_r);
/* Why a record could not be noted. */
void key_states_trouble(const struct key_states *states, struct error *why_r);
void key_states_close(struct key_states *states);

/*
 * Notes in every entry of the set what is known of it. Adds an entry for each record that has none:
 * of a key that is gone (path ""), or of one that signs for whatever From domain comes, for each
 * such domain. `domain`: only records of this one; NULL: all. False: out of memory.
 */
bool key_states_fill(struct key_states *states, const struct site *site, const char *domain,
                     struct key_set *set);
/* Says for every entry whether it signs at this moment, as the daemon decides it. */
bool key_states_mark_signing(const struct site *site, struct key_set *set);
/* All of it: every key of the configuration, the files beside them and in the keys folder, records
 * of keys that are gone, and who signs. False: out of memory. */
bool key_states_gather(const struct ctl *ctl, const struct site *site, struct key_states *states,
                       struct key_set *set);

#endif
