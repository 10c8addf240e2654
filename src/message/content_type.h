/*
 * content_type: the values of Content-Type, Content-Disposition and Content-Transfer-Encoding (RFC
 * 2045 5 and 6, 2183, 2231).
 */
#ifndef EM_MESSAGE_CONTENT_TYPE_H
#define EM_MESSAGE_CONTENT_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/span.h"

enum content_defect {
    CONTENT_BROKEN = 1 << 0,    /* no "type/subtype" (or disposition) at the start */
    CONTENT_DUPLICATE = 1 << 1, /* a parameter twice, or twice the same piece of one */
    /* RFC 2045 5.1 and RFC 2231 do not have it: no '=' or no value, a value with blanks or specials
     * that is not quoted (but for '=' and '/', which all readers take), octets over 127 that are no
     * UTF-8 (RFC 6532 3.1), a quote that is not closed,
     * a piece missing, junk behind a value, more than CONTENT_PARAMETERS_MAX */
    CONTENT_ODD = 1 << 2
};

#define CONTENT_PARAMETERS_MAX 64

struct content_parameter {
    struct span name;  /* lower case, without the marks of RFC 2231 */
    struct span value; /* quotes and escapes removed; pieces joined; of an extended one the octets
                          as UTF-8, where its character set is known, else as they are */
};

struct content_type {
    struct span type;    /* lower case; absent when broken */
    struct span subtype; /* lower case; absent when broken, and of a disposition */
    const struct content_parameter *parameters; /* in order of the first mention; each name once */
    size_t count;
    unsigned defects; /* enum content_defect */
};

enum content_encoding {
    ENCODING_NONE, /* none given: it is 7bit (RFC 2045 6.1) */
    ENCODING_7BIT,
    ENCODING_8BIT,
    ENCODING_BINARY,
    ENCODING_QUOTED_PRINTABLE,
    ENCODING_BASE64,
    ENCODING_UNKNOWN
};

/*
 * A Content-Type value (raw: folds and comments allowed). Of a name given twice the first counts;
 * "name*" counts before "name". False only when the arena is exhausted. The texts are in the arena.
 * Linear but for the number of parameters, which is bounded.
 */
bool content_type_parse(struct span value, struct arena *arena, struct content_type *type_r);
/* The same for Content-Disposition: .type is the disposition. */
bool content_disposition_parse(struct span value, struct arena *arena, struct content_type *type_r);
/* Absent when there is none; `name` in lower case. */
struct span content_parameter(const struct content_type *type, struct span name);
/* A Content-Transfer-Encoding value, comments allowed. Nothing but blanks is ENCODING_NONE. */
enum content_encoding content_encoding_parse(struct span value);

#endif
