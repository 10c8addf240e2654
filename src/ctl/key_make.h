/*
 * key_make: a new key as a file, FOLDER/SELECTOR.pem, which never replaces one and is never
 * readable by anyone but its owner and the daemon's group.
 */
#ifndef EM_CTL_KEY_MAKE_H
#define EM_CTL_KEY_MAKE_H

#include <stdbool.h>
#include <sys/types.h>

#include "ctl/ctl.h"
#include "ctl/key_set.h"
#include "dkim/key.h"
#include "util/buffer.h"
#include "util/domain.h"

#define KEY_RSA_BITS_DEFAULT 2048
#define KEY_RSA_BITS_MIN 1024
#define KEY_RSA_BITS_MAX 8192

struct key_making {
    char domain[DOMAIN_MAX];
    char selector[DOMAIN_MAX];
    enum dkim_algorithm algorithm;
    unsigned bits;
    struct buffer directory; /* where keys lie: FOLDER is DIRECTORY/DOMAIN */
    struct buffer folder;
    struct buffer path; /* FOLDER/SELECTOR.pem */
    gid_t group;        /* of the daemon */
    bool has_group;     /* it exists, and we may give the file to it */
    struct buffer hint; /* what the caller has to do about access; empty: nothing */
};

void key_making_free(struct key_making *making);
/* Keys lie in `directory`; domain is set. */
void key_making_place(struct key_making *making, struct span directory);
/* Or: the folder itself, "DIRECTORY/ANYTHING". */
void key_making_place_beside(struct key_making *making, struct span folder);
/* Takes this selector (valid). False with a complaint: a key with it is or was there, by its file
 * or in `used`. */
bool key_making_name(struct ctl *ctl, struct key_making *making, const char *selector,
                     const struct key_set *used);
/* Finds the next one: s2026a, s2026b, ... of the current year, e2026a for Ed25519. Likewise. */
bool key_making_choose_name(struct ctl *ctl, struct key_making *making, const struct key_set *used);
/*
 * Makes the key and writes the file, and the two folders around it where they are missing; the path
 * is absolute afterwards. NULL: *code_r is what the command ends with, and why is in ctl->err.
 */
struct dkim_key *key_make(struct ctl *ctl, struct key_making *making, enum ctl_exit *code_r);

#endif
