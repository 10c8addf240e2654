/*
 * buffer: growing text on the heap. Room doubles, so adding n bytes one by one costs O(n).
 *
 * Fails by its mark: what does not fit is left out whole, and all that follows too.
 */
#include "util/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BUFFER_ROOM_MIN 64

void buffer_free(struct buffer *buffer)
{
    free(buffer->at);
    *buffer = BUFFER_EMPTY;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
    if (buffer->at != NULL)
        buffer->at[0] = '\0';
}

/* Room for `more` bytes and the NUL. */
static bool buffer_reserve(struct buffer *buffer, size_t more)
{
    size_t room = buffer->room > 0 ? buffer->room : BUFFER_ROOM_MIN;
    size_t needed;
    char *grown;

    if (buffer->failed)
        return false;
    if (__builtin_add_overflow(buffer->size, more, &needed) || needed == SIZE_MAX) {
        buffer->failed = true;
        return false;
    }
    needed++;
    if (needed <= buffer->room)
        return true;
    while (room < needed)
        room = room > SIZE_MAX / 2 ? needed : room * 2;
    grown = realloc(buffer->at, room);
    if (grown == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->at = grown;
    buffer->room = room;
    return true;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
    if (!buffer_reserve(buffer, size))
        return;
    if (size > 0)
        memcpy(buffer->at + buffer->size, bytes, size);
    buffer->size += size;
    buffer->at[buffer->size] = '\0';
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_add_span(struct buffer *buffer, struct span text)
{
    buffer_add(buffer, text.at, text.size);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buffer_vprintf(buffer, format, args);
    va_end(args);
}

void buffer_vprintf(struct buffer *buffer, const char *format, va_list args)
{
    va_list again;
    int size;

    if (buffer->failed)
        return;
    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, args);
    if (size < 0)
        buffer->failed = true;
    else if (buffer_reserve(buffer, (size_t)size)) {
        vsnprintf(buffer->at + buffer->size, (size_t)size + 1, format, again);
        buffer->size += (size_t)size;
    }
    va_end(again);
}

bool buffer_has_failed(const struct buffer *buffer)
{
    return buffer->failed;
}

struct span buffer_span(const struct buffer *buffer)
{
    return (struct span){ buffer_text(buffer), buffer->size };
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->size > 0 ? buffer->at : "";
}
