/*
 * socketmap_reply: what a socketmap server answered, from the bytes received; and what it is asked.
 * socketmap_table(5); netstrings as in D. J. Bernstein's note of 1997.
 */
#ifndef EM_TABLES_SOCKETMAP_REPLY_H
#define EM_TABLES_SOCKETMAP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buffer.h"
#include "util/span.h"

#define SOCKETMAP_REPLY_MAX 100000 /* octets of a reply, without what makes it a netstring */

enum socketmap_status {
    SOCKETMAP_MORE,     /* its end has not come yet */
    SOCKETMAP_GARBAGE,  /* this is no reply, and never becomes one */
    SOCKETMAP_OK,       /* text is the value, maybe empty */
    SOCKETMAP_NOTFOUND, /* text counts for nothing */
    SOCKETMAP_TEMP,     /* text is the reason, as sent; these three are "cannot tell" */
    SOCKETMAP_TIMEOUT,
    SOCKETMAP_PERM,
};

struct socketmap_reply {
    struct span text; /* lies in what was received; any bytes */
    size_t used;      /* where the next reply begins; 0 with MORE and GARBAGE */
};

/* Reads the first reply. A value holds no NUL: such a reply is GARBAGE. */
enum socketmap_status socketmap_reply_parse(struct span received, struct socketmap_reply *reply_r);
/* Appends one question. */
void socketmap_request_write(struct buffer *buffer, struct span map, struct span key);

#endif
