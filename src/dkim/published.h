/*
 * published: what DNS holds where the record of a key of ours should be (RFC 6376 3.6.1, RFC 8463
 * 4), and whether receivers can verify our signatures with it.
 */
#ifndef EM_DKIM_PUBLISHED_H
#define EM_DKIM_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dkim/key.h"
#include "dkim/proof.h"
#include "dns/answer.h"

struct dkim_published {
    enum key_seen seen;
    bool is_testing;         /* t=y: receivers may ignore the signature */
    bool is_subdomain_bound; /* t=s: i= must be of d= itself, as ours always is */
    bool is_ambiguous;       /* other key records stand beside ours: receivers take any of them */
    bool is_large;           /* the answer does not fit into what UDP usually carries */
    char why[160];           /* what is wrong or to be said against it, for people; "": nothing */
    char found[400];         /* the record that was judged, printable, cut when longer; "": none */
};

/* `name` is where the answer was asked for; of it only the length counts. */
void dkim_published_judge(const struct dns_answer *answer, struct span name,
                          const struct dkim_key *key, struct dkim_published *published_r);

/* A number for the public half of a key: other keys have other ones. Never 0; 0: out of memory. */
uint64_t dkim_key_id(const struct dkim_key *key);

/* One key record as it stands in DNS. */
struct dkim_key_text {
    bool is_key; /* meant as a key record: v=DKIM1 in front, or no v= and a p= */
    bool is_well_formed;
    const char *defect;   /* what is wrong with its form; NULL: nothing */
    struct span type;     /* k=; absent: rsa */
    struct span hashes;   /* h=; absent: all */
    struct span services; /* s=; absent: all */
    struct span flags;    /* t= */
    struct span key;      /* p=, white space included; absent: none */
};
/* Spans point into the record. */
void dkim_key_text_parse(struct span record, struct dkim_key_text *text_r);

#endif
