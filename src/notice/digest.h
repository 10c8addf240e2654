/*
 * digest: what is to be told by mail: lines of one kind, in one record of the store, until it is
 * time for a mail that lists them all. A burst of notices is thus a few mails.
 */
#ifndef EM_NOTICE_DIGEST_H
#define EM_NOTICE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "notice/kind.h"
#include "state/store.h"
#include "util/buffer.h"
#include "util/span.h"

#define DIGEST_LINES_MAX 100 /* in one mail; the rest is counted */
#define DIGEST_LINE_MAX 300  /* bytes of one */
#define DIGEST_HOUR_S 3600

struct digest {
    int64_t mailed_s;     /* the last mail */
    int64_t hour_s;       /* since when the hour is counted */
    unsigned mails;       /* in it */
    uint64_t lines, more; /* kept, and those there was no place for */
    struct span text;     /* the lines, each ended by LF */
};

/* Adds a line (printable, cut). False: the store failed. */
bool digest_note(struct store *store, enum notice_kind kind, struct span line);
/* Reads into *bytes, which the digest points into. False: nothing is kept. */
bool digest_load(struct store *store, enum notice_kind kind, struct buffer *bytes,
                 struct digest *digest_r);
/* Is it time for a mail? */
bool digest_is_due(const struct digest *digest, enum notice_kind kind, int64_t now_s);
/* What was read has been mailed; what came meanwhile stays. */
bool digest_mailed(struct store *store, enum notice_kind kind, const struct digest *digest,
                   int64_t now_s);

#endif
