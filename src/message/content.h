/*
 * content: the content tap. Decodes each part of a message once, while it streams by, and gives the
 * octets to all who want them.
 *
 * A part that nobody wants, or nobody wants any more, is not decoded and costs nothing per octet.
 * Containers are not shown; a part's `parent` tells what it is in.
 */
#ifndef EM_MESSAGE_CONTENT_H
#define EM_MESSAGE_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "message/mime.h"
#include "message/transfer.h"

#define CONTENT_READERS_MAX 4

/* Somebody who wants content. Each call may be NULL. Parts do not overlap. */
struct content_reader {
    /* False: not interested in this part, and neither of the others is called for it. */
    bool (*begin)(void *context, const struct mime_part *part);
    /* A piece of the decoded content, never empty, of any size. False: no more of this part; `end`
     * is called all the same. */
    bool (*data)(void *context, const struct mime_part *part, const void *bytes, size_t size);
    void (*end)(void *context, const struct mime_part *part);
    void *context;
    /* A piece of the content as it came, still encoded; `data` has seen before what it stands for,
     * or wants no more. For whoever needs the end of a large part, and the rest not decoded. False:
     * no more of this part. */
    bool (*encoded)(void *context, const struct mime_part *part, const void *bytes, size_t size);
};

struct content_tap {
    struct mime_handler handler;
    struct content_reader readers[CONTENT_READERS_MAX];
    size_t count;
    bool began[CONTENT_READERS_MAX]; /* who is to hear of the end of this part */
    bool wants[CONTENT_READERS_MAX]; /* who is to hear more of it */
    bool wants_encoded[CONTENT_READERS_MAX];
    bool is_wanted;         /* by anybody */
    bool is_wanted_encoded; /* likewise */
    struct transfer transfer;
};

/* Without readers. A tap is not moved from here on. */
void content_tap_init(struct content_tap *tap);
/* Before the first part begins. False: there are CONTENT_READERS_MAX already. */
bool content_tap_add(struct content_tap *tap, const struct content_reader *reader);
/* For mime_scan_init(); lives as long as the tap. NULL: nobody reads. */
const struct mime_handler *content_tap_handler(const struct content_tap *tap);

#endif
