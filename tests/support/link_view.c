/*
 * link_view: the way a message's body goes in the milter, without the rest of it.
 */
#include "tests/support/link_view.h"

#include <stdlib.h>

const struct link_list *link_view_read(struct arena *arena, struct span content_type,
                                       struct span encoding, struct span body, size_t step)
{
    struct content_tap tap;
    struct links *links = links_new(arena);
    struct content_reader reader;
    struct mime_scan scan;

    if (links == NULL) {
        return NULL;
    }
    reader = links_reader(links);
    content_tap_init(&tap);
    content_tap_add(&tap, &reader);
    mime_scan_init(&scan, content_type, encoding, arena, content_tap_handler(&tap));
    for (size_t at = 0; at < body.size; at += step) {
        size_t size = body.size - at < step ? body.size - at : step;
        char *copy = malloc(size); /* of exactly its size, for the sanitizer */

        if (copy != NULL) {
            memcpy(copy, body.at + at, size);
            mime_scan_feed(&scan, copy, size);
        }
        free(copy);
    }
    mime_scan_finish(&scan, false);
    return links_found(links);
}

void link_view_show(const struct link_list *list, struct buffer *out)
{
    for (const struct link *link = list->first; link != NULL; link = link->next) {
        buffer_add_text(out, out->size > 0 ? ", " : "");
        buffer_add_span(out, link->host);
        buffer_add_char(out, ' ');
        buffer_add_text(out, (link->flags & LINK_IN_HREF) != 0 ? "h" : "");
        buffer_add_text(out, (link->flags & LINK_IN_TEXT) != 0 ? "t" : "");
        buffer_add_text(out, (link->flags & LINK_REDIRECTED) != 0 ? "r" : "");
        buffer_add_text(out, (link->flags & LINK_IS_MAILTO_DOMAIN) != 0 ? "m" : "");
        buffer_add_text(out, link->is_address ? "a" : "");
        if ((link->flags & LINK_MISMATCH) != 0) {
            buffer_add_char(out, '!');
            buffer_add_span(out, link->shown);
        }
    }
    buffer_add_text(out, list->cuts != 0 ? " CUT" : "");
}
