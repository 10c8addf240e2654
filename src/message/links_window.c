/*
 * links_window: text that is shown, in windows of fixed size, so that what is found does not depend
 * on how it came. A window is looked at up to its last break between words; a word that fills one
 * is cut.
 */
#include "message/links_private.h"

static bool is_break(char c)
{
    return (unsigned char)c <= ' ' || c == '<' || c == '>' || c == '"';
}

static void scan_window(struct links *links)
{
    size_t size = links->window_size;

    while (size > 0 && !is_break(links->window[size - 1])) {
        size--;
    }
    if (size == 0) {
        size = links->window_size;
    }
    links_scan(links, links->window, links->window + size);
    links->window_size -= size;
    memmove(links->window, links->window + size, links->window_size);
}

void links_put(struct links *links, const char *text, size_t size)
{
    while (size > 0) {
        size_t room = LINK_WINDOW - links->window_size;
        size_t piece = size < room ? size : room;

        memcpy(links->window + links->window_size, text, piece);
        links->window_size += piece;
        text += piece;
        size -= piece;
        if (links->window_size == LINK_WINDOW) {
            scan_window(links);
        }
    }
}

void links_flush(struct links *links)
{
    links_scan(links, links->window, links->window + links->window_size);
    links->window_size = 0;
}
