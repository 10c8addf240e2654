/*
 * unsubscribe: what List-Unsubscribe and List-Unsubscribe-Post of a message offer to whoever has
 * had enough of it (RFC 2369 3.2, RFC 8058 3.1).
 */
#ifndef EM_BULK_UNSUBSCRIBE_H
#define EM_BULK_UNSUBSCRIBE_H

#include <stdbool.h>
#include <stddef.h>

#include "message/header.h"
#include "util/span.h"

/* The URIs in angle brackets, by scheme; comments and what stands beside the brackets are passed
 * over, as RFC 2369 2 has it. */
struct unsubscribe_uris {
    size_t https, http, mailto, others;
};

/* value: raw, folds allowed. Linear in its size. */
void unsubscribe_read(struct span value, struct unsubscribe_uris *uris_r);

/* Is one click enough for a receiver to unsubscribe, as far as the fields tell? */
enum one_click {
    ONE_CLICK_OFFERED,
    ONE_CLICK_NO_FIELD,       /* no List-Unsubscribe */
    ONE_CLICK_SEVERAL_FIELDS, /* more than one of it, or of List-Unsubscribe-Post */
    ONE_CLICK_NO_URI,         /* nothing in angle brackets */
    ONE_CLICK_MAIL_ONLY,      /* no URI of the web */
    ONE_CLICK_HTTP,           /* http instead of https */
    ONE_CLICK_SEVERAL_URIS,   /* more than one of the web, where RFC 8058 has one */
    ONE_CLICK_NO_POST,        /* no List-Unsubscribe-Post */
    ONE_CLICK_OTHER_POST      /* it does not say List-Unsubscribe=One-Click */
};
enum one_click one_click_of(const struct header_list *headers);
/* What is missing, to be put behind "without one-click unsubscribe: ". */
const char *one_click_missing(enum one_click one_click);

#endif
