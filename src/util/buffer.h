/*
 * buffer: text that grows on the heap. For work outside a message (configuration, commands, control
 * answers).
 *
 * A buffer that could not grow is marked and ignores what follows: check buffer_has_failed() once
 * at the end.
 */
#ifndef EM_UTIL_BUFFER_H
#define EM_UTIL_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/span.h"

struct buffer {
    char *at;    /* NUL-terminated whenever size > 0; may be NULL while empty */
    size_t size; /* without the NUL */
    size_t room;
    bool failed;
};

#define BUFFER_EMPTY ((struct buffer){ NULL, 0, 0, false })

void buffer_free(struct buffer *buffer);
void buffer_clear(struct buffer *buffer);
void buffer_add(struct buffer *buffer, const void *bytes, size_t size);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_span(struct buffer *buffer, struct span text);
static inline void buffer_add_char(struct buffer *buffer, char c)
{
    if (buffer->failed || buffer->room - buffer->size < 2) { /* with the NUL */
        buffer_add(buffer, &c, 1);
        return;
    }
    buffer->at[buffer->size++] = c;
    buffer->at[buffer->size] = '\0';
}
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *buffer, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
bool buffer_has_failed(const struct buffer *buffer);
struct span buffer_span(const struct buffer *buffer);
/* The text as a NUL-terminated string, "" when empty; owned by the buffer. */
const char *buffer_text(const struct buffer *buffer);

#endif
