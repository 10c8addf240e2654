/*
 * key_set: the keys of this installation: those the configuration names, and those that merely lie
 * in the keys directory because `key new` was a minute ago.
 */
#ifndef EM_CTL_KEY_SET_H
#define EM_CTL_KEY_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/ctl.h"
#include "dkim/key.h"
#include "dkim/proof_store.h"
#include "site/site.h"
#include "util/domain.h"
#include "util/span.h"

struct key_entry {
    char
        matches[DOMAIN_MAX]; /* name of the entry in `domains`; the domain itself for a mere file */
    char domain[DOMAIN_MAX]; /* d=, A-labels; "" where it follows the From domain */
    char *selector;
    char *path;
    struct dkim_key *key; /* NULL: cannot be used */
    char *fault;          /* why not */
    char *warning;        /* it signs, but this is to be said against it; NULL: nothing */
    bool is_configured;
    /* key_states.h: */
    char name[KEY_NAME_ROOM]; /* of its record in DNS; "" where each From domain has one */
    bool is_known;            /* the store has this of it: */
    struct key_record record; /* else a new one */
    bool signs;
};

struct key_set {
    struct key_entry *at;
    size_t count, room;
};

/* An empty one more; NULL: out of memory. key_entry_fill() copies all it is given, path NULL is
 * "". */
struct key_entry *key_set_add(struct key_set *set);
bool key_entry_fill(struct key_entry *entry, struct span matches, struct span domain,
                    const char *selector, const char *path);
/* Every key of every entry of `domains`. False: out of memory. */
bool key_set_add_configured(struct key_set *set, const struct site *site);
/* Every key that signs as `domain` (A-labels): of the entry that matches it, in which d= may
 * differ.
 */
bool key_set_add_domain(struct key_set *set, const struct site *site, struct span domain);
/* Every DIRECTORY/DOMAIN/SELECTOR.pem whose path is not in the set yet; a missing directory is no
 * fault. */
bool key_set_add_files(struct key_set *set, const char *directory, const char *domain);
/* The same for every DOMAIN there whose name is one. */
bool key_set_add_folders(struct key_set *set, const char *directory);
/* Does its file lie as DIRECTORY/DOMAIN/SELECTOR.pem? *folder_r is then DIRECTORY/DOMAIN, and
 * *cut_r (may be NULL) the length of DIRECTORY. */
bool key_entry_folder(const struct key_entry *entry, struct span *folder_r, size_t *cut_r);
/* The mere files beside those of the set that lie so; they would sign for the same d=. */
bool key_set_add_beside(struct key_set *set);
/* Only the first `count` stay. */
void key_set_cut(struct key_set *set, size_t count);
void key_set_free(struct key_set *set);

/* What a key's file is called when it is none any more: SELECTOR.pem.retired. */
#define KEY_RETIRED_SUFFIX ".retired"

/* Words of a command line; where they are none, a usage error is in ctl->err. NULL is what was not
 * given: it is accepted, and nothing is changed. */
/* May this name a selector: labels of letters, digits and hyphens (RFC 6376 3.1)? */
bool key_selector_accept(struct ctl *ctl, const char *selector);
/* A domain, in A-labels. */
bool key_domain_read(struct ctl *ctl, const char *text, char domain_r[static DOMAIN_MAX]);
/* "rsa" or "ed25519". */
bool key_algorithm_read(struct ctl *ctl, const char *name, enum dkim_algorithm *algorithm_r);

#endif
