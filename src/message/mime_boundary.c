/*
 * mime_boundary: which boundaries can be looked for, and which of the open ones a line is (RFC 2046
 * 5.1.1, 5.1.2).
 */
#include "message/mime_private.h"

/* RFC 2046 5.1.1: bchars; whether it may also be the last. */
static bool is_boundary_octet(char c)
{
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           (c != '\0' && strchr("'()+_,-./:=? ", c) != NULL);
}

struct span mime_boundary_usable(struct mime_scan *scan, struct span boundary)
{
    for (size_t i = 0; i < boundary.size; i++) {
        if (!is_boundary_octet(boundary.at[i]))
            scan->facts.defects |= MIME_ODD_BOUNDARY;
    }
    while (boundary.size > 0 &&
           (boundary.at[boundary.size - 1] == ' ' || boundary.at[boundary.size - 1] == '\t')) {
        scan->facts.defects |= MIME_ODD_BOUNDARY;
        boundary.size--;
    }
    if (boundary.size > 70)
        scan->facts.defects |= MIME_LONG_BOUNDARY;
    if (boundary.size == 0 || boundary.size > MIME_BOUNDARY_MAX) {
        scan->facts.defects |= MIME_NO_BOUNDARY;
        return (struct span){ NULL, 0 };
    }
    return boundary;
}

static bool is_padding(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] != ' ' && text.at[i] != '\t')
            return false;
    }
    return true;
}

/* `line` begins with "--". */
static enum mime_match match_line(struct span line, struct span boundary)
{
    struct span rest = span_from(line, 2);

    if (boundary.at == NULL || rest.size < boundary.size ||
        memcmp(rest.at, boundary.at, boundary.size) != 0)
        return MIME_MATCH_NONE;
    rest = span_from(rest, boundary.size);
    if (is_padding(rest))
        return MIME_MATCH_NEXT;
    if (rest.size >= 2 && rest.at[0] == '-' && rest.at[1] == '-' && is_padding(span_from(rest, 2)))
        return MIME_MATCH_CLOSE;
    return MIME_MATCH_PREFIX;
}

int mime_boundary_find(struct mime_scan *scan, struct span line, enum mime_match *match_r)
{
    const struct mime_walk *walk = scan->walk;
    int found = -1;

    if (line.size < 2 || line.at[0] != '-' || line.at[1] != '-')
        return -1;
    for (int i = (int)walk->open - 1; i >= 0; i--) {
        enum mime_match match = match_line(line, walk->levels[i].boundary);

        if (match == MIME_MATCH_NONE)
            continue;
        if (match == MIME_MATCH_PREFIX || found >= 0) {
            scan->facts.defects |= MIME_PREFIX_BOUNDARY;
        } else if (walk->levels[i].is_closed) {
            scan->facts.defects |= MIME_AFTER_CLOSE;
        } else {
            found = i;
            *match_r = match;
        }
    }
    return found;
}
