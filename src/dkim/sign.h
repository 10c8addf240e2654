/*
 * sign: one DKIM-Signature field over an edited view (RFC 6376 section 5).
 *
 * What is signed: From first, then the fields of the signed set from the table in sign.c, every
 * instance of each, and one mention more for those that are oversigned. No l=, no z=, no i=. The
 * text is folded once; the bytes hashed are the bytes inserted. It is verified before it is handed
 * back as DESIGN section 5 says.
 */
#ifndef EM_DKIM_SIGN_H
#define EM_DKIM_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "dkim/hash.h"
#include "dkim/key.h"
#include "message/header.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/span.h"

struct dkim_request {
    struct dkim_key *key;
    struct span domain;   /* d=, A-labels (or U-labels where the message is SMTPUTF8 and the caller
                             wants it) */
    struct span selector; /* s= */
    enum canonical header_form, body_form;
    int64_t signed_at_s; /* t= */
    int64_t expire_s;    /* x= is t + this; 0: no x= */
    /*
     * Fields the MTA may still add after us are never oversigned while absent: Date, Message-ID,
     * To, Cc when neither is there (Bcc is removed), and the MIME trio of 8-bit mail without
     * MIME-Version. True: nothing that is absent is oversigned (observe).
     */
    bool no_absent_oversign;
    bool is_body_8bit; /* the body holds octets above 127 */
};

/*
 * *value_r: the field's value with its leading space, folded with LF + TAB, at most 78 columns
 * where tokens allow; lives in the arena. `view` must hold exactly one From. Where the view does
 * not keep leading spaces, simple would hash what nobody knows: the header is then signed relaxed.
 * False with *error filled: nothing was signed.
 */
bool dkim_sign(const struct dkim_request *request, const struct header_list *view,
               const struct dkim_body_hash *body, struct arena *arena, struct span *value_r,
               struct error *error);

/* Does the signature cover fields of this identifier? */
bool dkim_signs(enum header_id id);

#endif
