/*
 * print: text for people. Whatever came from outside is escaped here, so that neither a message
 * nor a file name can move a cursor or forge a line.
 */
#ifndef EM_CTL_PRINT_H
#define EM_CTL_PRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/ctl.h"
#include "util/buffer.h"
#include "util/span.h"

/*
 * Appends printable ASCII as it is and every other byte, the backslash too, as \xNN. Beyond
 * `max_bytes` of input the rest is told as "... (N octets)". Line ends are bytes like others.
 */
void print_escaped(struct buffer *out, struct span text, size_t max_bytes);

enum print_style { PRINT_PLAIN, PRINT_HEADING, PRINT_GOOD, PRINT_BAD, PRINT_DIM };

/* Text in a style; plain where ctl->has_colour is false. The text is taken as it is. */
void print_styled(const struct ctl *ctl, struct buffer *out, enum print_style style,
                  const char *text);
/* A line "label      " up to a fixed column; the caller writes the value and the newline. */
void print_label(const struct ctl *ctl, struct buffer *out, const char *label);

#endif
