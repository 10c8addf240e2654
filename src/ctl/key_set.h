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
};

struct key_set {
    struct key_entry *at;
    size_t count, room;
};

/* Every key of every entry of `domains`. False: out of memory. */
bool key_set_add_configured(struct key_set *set, const struct site *site);
/* Every key that signs as `domain` (A-labels): of the entry that matches it, in which d= may
 * differ.
 */
bool key_set_add_domain(struct key_set *set, const struct site *site, struct span domain);
/* Every DIRECTORY/DOMAIN/SELECTOR.pem whose path is not in the set yet; a missing directory is no
 * fault. */
bool key_set_add_files(struct key_set *set, const char *directory, const char *domain);
void key_set_free(struct key_set *set);

/* May this name a selector: labels of letters, digits and hyphens (RFC 6376 3.1)? */
bool key_selector_is_valid(const char *selector);
/* The domain of a command line, in A-labels; else an error is in ctl->err. */
bool key_domain_read(struct ctl *ctl, const char *text, char domain_r[static DOMAIN_MAX]);

#endif
