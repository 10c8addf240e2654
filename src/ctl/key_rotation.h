/*
 * key_rotation: one key of a domain takes over from the others of its algorithm. What is written
 * here only names who takes over; the watch hands over once the new key is proven (dkim/proof.h).
 *
 * Safe to repeat, and safe to interrupt: a key that waits to be proven is taken before one is made.
 */
#ifndef EM_CTL_KEY_ROTATION_H
#define EM_CTL_KEY_ROTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ctl.h"
#include "ctl/key_make.h"
#include "ctl/key_set.h"
#include "ctl/key_states.h"
#include "site/site.h"
#include "util/json.h"

enum rotation_state {
    ROTATION_BEGUN,     /* a key was made for it */
    ROTATION_ADOPTED,   /* begun, with a key that lay there unproven */
    ROTATION_UNDER_WAY, /* begun before */
    ROTATION_UNPROVEN,  /* no key of this algorithm is proven: there is none to replace */
    ROTATION_YOUNG,     /* none is as old as was asked for */
    ROTATION_FAILED     /* why is in ctl->err */
};

struct rotation {
    const char *domain; /* d=; the caller's, as all that is no buffer */
    const char *row;    /* name of the row of `domains` */
    enum dkim_algorithm algorithm;
    enum rotation_state state;
    enum ctl_exit code;       /* of FAILED */
    struct buffer old;        /* selectors of the keys that sign until then, ", " between */
    struct key_making making; /* the new key: selector and path; hint only when it was made */
    struct dkim_key *key;
    bool is_configured;  /* the configuration finds the new key */
    int64_t since_s;     /* UNDER_WAY: the new key's state; 0: not known */
    int64_t removable_s; /* the records of old keys may go, if it takes over now */
};

struct rotation_wish {
    const char *selector; /* of the new key; NULL: the next one */
    int64_t older_than_s; /* 0: however old */
};

/* Rotates the keys of rotation->domain and ->algorithm, which are filled; `states` is open. */
void key_rotate(struct ctl *ctl, const struct site *site, const struct key_states *states,
                const struct key_set *set, const struct rotation_wish *wish,
                struct rotation *rotation);
/* Prints it, or adds it to the array that is open; UNPROVEN is a note, and YOUNG is for programs
 * only. Not for FAILED. False: out of memory. */
bool key_rotation_tell(struct ctl *ctl, struct json *json, const struct rotation *rotation);
void key_rotation_free(struct rotation *rotation);

#endif
