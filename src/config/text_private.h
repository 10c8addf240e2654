/*
 * text: what a text in a configuration may hold, and how texts are shown to people.
 */
#ifndef EM_CONFIG_TEXT_PRIVATE_H
#define EM_CONFIG_TEXT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buffer.h"
#include "util/error.h"
#include "util/span.h"

/* True: UTF-8 (RFC 3629) without control bytes. Else *error names the first bad byte. */
bool text_is_clean(struct span text, struct error *error);
/* Appends text; control bytes and what is no UTF-8 become \xNN. */
void text_add_printable(struct buffer *out, struct span text);
/* Appends a clean text as libconfig reads it: in quotes, quotes and backslashes escaped. */
void text_add_quoted(struct buffer *out, const char *text);
/* Is `written` so close to `name` that a slip of the fingers explains it? Case aside. */
bool text_is_near(struct span written, struct span name);

#endif
