/*
 * canonical: header and body canonicalization, simple and relaxed (RFC 6376 section 3.4), as
 * streams.
 *
 * The result does not depend on how the input was cut into chunks. Bytes are taken as they are: a
 * bare CR or LF is data, only CRLF is a line end; SP and TAB are the only white space.
 */
#ifndef EM_DKIM_CANONICAL_H
#define EM_DKIM_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/span.h"

enum canonical { CANONICAL_SIMPLE, CANONICAL_RELAXED };

/* Takes canonical bytes as they become certain; they are valid during the call only. */
typedef void canonical_sink(void *context, const void *bytes, size_t size);

/* White space that relaxed keeps back until it knows what follows. */
enum canonical_held { CANONICAL_HELD_NONE, CANONICAL_HELD_SPACE, CANONICAL_HELD_SPACE_CR };

/* State of one body in one form; plain data, no heap. Fields are private to canonical*.c. */
struct canonical_body {
    enum canonical form;
    enum canonical_held held; /* relaxed only */
    canonical_sink *sink;
    void *context;
    uint64_t pending_lines; /* CRLFs seen and not yet known to be followed by more */
    uint64_t emitted;       /* octets handed to the sink */
    bool after_cr;          /* a CR seen and not yet known to be half of a CRLF */
};

void canonical_body_init(struct canonical_body *body, enum canonical form, canonical_sink *sink,
                         void *context);
void canonical_body_feed(struct canonical_body *body, const void *bytes, size_t size);
/* Final CRLF rules: simple of nothing is one CRLF, relaxed of nothing is nothing. */
void canonical_body_finish(struct canonical_body *body);

/*
 * One header field into sink, its final CRLF included unless `is_last`. `value` in the form of
 * message/header.h (folds as LF are hashed as CRLF; a leading space stands in the value where it
 * was sent).
 */
void canonical_header(enum canonical form, struct span name, struct span value, bool is_last,
                      canonical_sink *sink, void *context);

#endif
