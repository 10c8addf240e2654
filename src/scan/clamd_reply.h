/*
 * clamd_reply: what clamd answers, clamd(8): "stream: OK", "stream: NAME FOUND", "... ERROR", each
 * ended by NUL where the command began with 'z'.
 */
#ifndef EM_SCAN_CLAMD_REPLY_H
#define EM_SCAN_CLAMD_REPLY_H

#include <stdbool.h>

#include "util/span.h"

#define CLAMD_REPLY_MAX 1024 /* octets with the NUL; names are far shorter */

enum clamd_status {
    CLAMD_MORE,      /* no whole reply yet */
    CLAMD_CLEAN,     /* "stream: OK" */
    CLAMD_FOUND,     /* text is the name, never empty */
    CLAMD_TOO_LARGE, /* beyond StreamMaxLength */
    CLAMD_ERROR,     /* text is what it said */
    CLAMD_GARBAGE    /* no such reply, whatever comes behind */
};

/* Reads the first reply of what has come. The text points into it; any bytes but NUL. */
enum clamd_status clamd_reply_parse(struct span received, struct span *text_r);
/* Is a name the lesser case: a guess (Heuristics), or a program somebody may not want (PUA)? */
bool clamd_name_is_mild(struct span name);

#endif
