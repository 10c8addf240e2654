/*
 * mime: the parts of a message while its body streams by (RFC 2045, 2046), without keeping any of
 * their content.
 *
 * A scan is begun with the fields of the message's own header and fed the body in chunks of any
 * size; the answers, and the content that a handler sees, do not depend on how it was cut. What is
 * kept is a stack of open parts and what their headers say, bounded by MIME_DEPTH_MAX,
 * MIME_PARTS_MAX and MIME_HEADERS_MAX. A message that is neither a multipart nor a message in a
 * message costs nothing per octet.
 */
#ifndef EM_MESSAGE_MIME_H
#define EM_MESSAGE_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "message/content_type.h"
#include "message/mime_facts.h"
#include "util/arena.h"
#include "util/span.h"

#define MIME_DEPTH_MAX 32                    /* parts within parts, the message itself counted */
#define MIME_PARTS_MAX 1000                  /* parts of a message */
#define MIME_HEADER_MAX ((size_t)64 << 10)   /* octets of a part's header that are read */
#define MIME_HEADERS_MAX ((size_t)256 << 10) /* octets of all Content- fields together */

/* One part; its texts are in the arena, itself it is valid from part_begin to part_end. */
struct mime_part {
    const struct mime_part *parent; /* NULL: the message itself */
    size_t index;                   /* in the order of their beginnings; the message itself is 0 */
    unsigned depth;                 /* parents above it */
    struct span type, subtype;      /* lower case; "text", "plain" (in a digest "message", "rfc822")
                                       where there is no usable Content-Type */
    struct span charset;            /* parameter of Content-Type as written, or absent */
    struct span method;             /* likewise */
    bool is_delsp;         /* format=flowed; delsp=yes (RFC 3676 4.2): some line ends are none */
    struct span file_name; /* filename of Content-Disposition, else name of Content-Type, as a
                              person sees it (encoded words decoded), or absent */
    enum content_encoding encoding;
    bool is_container; /* other parts are in it: it has no content of its own, preamble and epilogue
                          are nobody's */
};

/* Each may be NULL. Calls nest as the parts do. */
struct mime_handler {
    void (*part_begin)(void *context, const struct mime_part *part);
    /* A piece of the content, still encoded and never empty; the line end before a boundary is the
     * boundary's (RFC 2046 5.1.1). Never for a container. */
    void (*part_data)(void *context, const struct mime_part *part, const void *bytes, size_t size);
    void (*part_end)(void *context, const struct mime_part *part);
    void *context;
};

struct mime_walk;

struct mime_scan {
    struct mime_facts facts;
    struct mime_part message; /* while it has no parts */
    struct mime_walk *walk;   /* NULL: it has none */
    struct arena *arena;
    const struct mime_handler *handler;
};

/*
 * The values of the message's first Content-Type and Content-Transfer-Encoding (raw; absent: there
 * is none). `handler` (NULL: only the facts) outlives the scan. Where the arena is exhausted, now
 * or later, the scan reads on no more: arena_is_exhausted() tells.
 */
void mime_scan_init(struct mime_scan *scan, struct span content_type,
                    struct span content_transfer_encoding, struct arena *arena,
                    const struct mime_handler *handler);
/* A mime_scan may be moved before the first piece is fed, not after. */
void mime_scan_feed(struct mime_scan *scan, const void *bytes, size_t size);
/*
 * Nothing may be fed afterwards. `body_has_8bit`: the body has octets over 127 (body_facts), for a
 * message that has no parts. The facts live as long as the scan.
 */
const struct mime_facts *mime_scan_finish(struct mime_scan *scan, bool body_has_8bit);

#endif
