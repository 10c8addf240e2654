/*
 * error: one line of text about a failure. Control bytes become spaces here, since paths and names
 * from outside end up in these lines.
 */
#include "util/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Formatted aside first: the arguments may point into the very text that is replaced. */
static void error_take(struct error *error, const char *text)
{
    size_t size = strnlen(text, sizeof(error->text) - 1);

    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];

        error->text[i] = c < 0x20 || c == 0x7f ? ' ' : text[i];
    }
    error->text[size] = '\0';
}

void error_set(struct error *error, const char *format, ...)
{
    char text[sizeof(error->text)];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    error_take(error, text);
}

void error_prefix(struct error *error, const char *format, ...)
{
    char prefix[sizeof(error->text)];
    char text[2 * sizeof(error->text) + 2];
    va_list args;

    va_start(args, format);
    vsnprintf(prefix, sizeof(prefix), format, args);
    va_end(args);
    snprintf(text, sizeof(text), "%s: %s", prefix, error->text);
    error_take(error, text);
}
