/*
 * verify: does a DKIM-Signature field of ours, already on the message, verify completely with our
 * own key? (RFC 6376 section 6, without DNS). Also the whole check of a finished signature in
 * tests.
 */
#ifndef EM_DKIM_VERIFY_H
#define EM_DKIM_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "dkim/hash.h"
#include "dkim/key.h"
#include "message/header.h"
#include "util/arena.h"
#include "util/span.h"

struct dkim_tags {
    struct span domain, selector, algorithm; /* d= s= a= */
    struct span signed_names;                /* h= */
    struct span body_hash, signature;        /* bh= b= as written, white space included */
    struct span identity;                    /* i= */
    enum canonical header_form, body_form;
    int64_t signed_at_s, expires_at_s; /* -1: absent */
    bool has_length;                   /* l= */
};

/* False when the value is no valid tag list, or a required tag is missing or malformed. */
bool dkim_tags_parse(struct span value, struct dkim_tags *tags_r);

enum dkim_verdict {
    DKIM_VALID,
    DKIM_BODY_DIFFERS,
    DKIM_SIGNATURE_WRONG,
    DKIM_EXPIRED,
    DKIM_UNUSABLE
};

/*
 * `field` is the signature, one of view's fields. body must have been finished with tags->body_form
 * among its forms, else DKIM_UNUSABLE; so are l=, unknown algorithms, From not signed, and a key of
 * another algorithm.
 */
enum dkim_verdict dkim_verify(const struct header_list *view, const struct header_field *field,
                              const struct dkim_tags *tags, const struct dkim_body_hash *body,
                              const struct dkim_key *key, int64_t now_s, struct arena *arena);

#endif
