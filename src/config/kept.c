/*
 * kept: written and read by one program or its successor; a text that does not fit its form is
 * refused, never guessed at.
 */
#include "config/kept_private.h"

#define SIZE_MOST 999999999

void kept_add(struct buffer *kept, const char *file, struct span text)
{
    buffer_printf(kept, "%zu %s\n", text.size, file);
    buffer_add_span(kept, text);
}

static bool cut_size(struct span *head_io, size_t *size_r)
{
    struct span digits;
    uint64_t size = 0;
    bool is_size = span_cut(head_io, ' ', &digits) && span_number(digits, SIZE_MOST, &size);

    *size_r = size;
    return is_size;
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
