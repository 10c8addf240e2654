/*
 * header_digest: the SHA-256 digest that b= of a signature signs: the header fields that h= names,
 * then the signature field itself without its b= (RFC 6376 3.7, 5.4.2).
 */
#ifndef EM_DKIM_HEADER_DIGEST_H
#define EM_DKIM_HEADER_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "dkim/canonical.h"
#include "dkim/hash.h"
#include "message/header.h"
#include "util/span.h"

struct header_digest_request {
    const struct header_list *view;
    const struct header_field *skipped; /* the signature itself where it stands in view, or NULL */
    enum canonical form;
    struct span names; /* h=: names with colons between, white space around them is fine */
    struct span signature_name;
    struct span signature_value; /* with the value of b= taken out */
};

/*
 * Of several fields of one name the lowest is taken first, one for each mention; a mention beyond
 * their number stands for nothing. False: OpenSSL failed, or h= holds more different unusual names
 * than any signature of ours.
 */
bool header_digest(const struct header_digest_request *request,
                   uint8_t digest_r[static DKIM_DIGEST_SIZE]);

#endif
