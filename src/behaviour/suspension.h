/*
 * suspension: principals who may send nothing outside until a person releases them, in the table
 * STORE_SUSPENDED, with who did it, when and why. Who was released stays there for a while: his
 * behaviour is looked at with more patience then (grace).
 *
 * A principal is one name here, whatever the class of his mail: who has lost his password is to be
 * stopped at every door. Bounces and mail from outside have nobody who could be suspended.
 */
#ifndef EM_BEHAVIOUR_SUSPENSION_H
#define EM_BEHAVIOUR_SUSPENSION_H

#include <stdbool.h>
#include <stdint.h>

#include "behaviour/ladder.h"
#include "state/store.h"
#include "util/error.h"
#include "util/span.h"

enum suspension_state { PRINCIPAL_SUSPENDED, PRINCIPAL_RELEASED };

struct suspension {
    char principal[256]; /* canonical, as the log line has it; the octets with the NUL */
    enum suspension_state state;
    bool is_by_machine; /* behaviour did it, not a person */
    int64_t set_s;      /* wall time: since when it is so */
    int64_t until_s;    /* wall time: the end of it; 0: until somebody changes it */
    char by[64];        /* a user's name, or "behaviour" */
    char because[400];  /* one line */
};

/* From the octets of the table, which are those of a fleet's records, too. False: that is none, or
 * a later version's. */
bool suspension_read(struct span key, struct span value, struct suspension *suspension_r);
bool suspension_is_over(const struct suspension *suspension, int64_t wall_s);

/* What holds for a principal at wall_s, suspended or released; false: nothing. One look, which
 * waits for nobody; what cannot be read is nothing. */
bool suspension_find(struct store *store, struct span principal, int64_t wall_s,
                     struct suspension *suspension_r);
/* For his profile, where he is released: so that it holds wherever and whenever that was. */
struct ladder_pardon suspension_pardon(const struct suspension *suspension, int64_t wall_s);
/* On disk on return, in place of what is there. False with *error: the name is none that can be
 * kept, or the store failed. */
bool suspension_put(struct store *store, const struct suspension *suspension, struct error *error);

/* All of them in order of names, those that are over too. `each` returns false to end it, and does
 * not write. */
typedef bool suspension_each(const struct suspension *suspension, void *context);
bool suspension_walk(struct store *store, suspension_each *each, void *context);
/* How many are suspended at wall_s. */
uint64_t suspension_count(struct store *store, int64_t wall_s);
/* Removes what is over, at most so many as one call of store_update_rows() takes. */
unsigned suspension_expire(struct store *store, int64_t wall_s);

#endif
