/*
 * kept: written and read by one program or its successor; a text that does not fit its form is
 * refused, never guessed at.
 */
#include "config/kept_private.h"

void kept_add(struct buffer *kept, const char *file, struct span text)
{
    buffer_printf(kept, "%zu %s\n", text.size, file);
    buffer_add_span(kept, text);
}

static bool cut_size(struct span *head_io, size_t *size_r)
{
    struct span digits;
    size_t size = 0;

    if (!span_cut(head_io, ' ', &digits) || digits.size == 0 || digits.size > 9)
        return false;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return false;
        size = size * 10 + (size_t)(digits.at[i] - '0');
    }
    *size_r = size;
    return true;
}

bool kept_next(struct span *rest_io, struct span *file_r, struct span *text_r)
{
    ptrdiff_t end = span_find(*rest_io, '\n');
    struct span head = end < 0 ? SPAN("") : span_first(*rest_io, (size_t)end);
    struct span rest = end < 0 ? SPAN("") : span_from(*rest_io, (size_t)end + 1);
    size_t size;

    if (!cut_size(&head, &size) || head.size == 0 || size > rest.size)
        return false;
    *file_r = head;
    *text_r = span_first(rest, size);
    *rest_io = span_from(rest, size);
    return true;
}
