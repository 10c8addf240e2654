/*
 * builder: bytes to structure for whole files: a message as it lies on disk, taken apart as an MTA
 * takes it apart for a milter.
 *
 * For `explain` and for tests; mail that comes from an MTA comes in pieces and does not pass here.
 */
#ifndef EM_MESSAGE_BUILDER_H
#define EM_MESSAGE_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#include "message/header.h"
#include "message/message.h"
#include "util/arena.h"
#include "util/span.h"

/* One piece of the body, CRLF at its line ends; a CRLF may be cut between two pieces. */
typedef void message_body_fn(void *context, const void *bytes, size_t size);

/*
 * Takes a complete RFC 5322 message apart. Lines end in LF or CRLF, in any mixture. mbox "From "
 * lines at the start (also ">From ") are skipped. Fields are added to `headers`, which the caller
 * has initialised: its keeps_space decides whether values keep the space behind the colon. The
 * header ends at the first empty line, or where Postfix ends it: at a line that is neither a field
 * nor the continuation of one, which is then the first line of the body. Blanks before a field's
 * colon are dropped. Nothing else is repaired: NUL and CR stay where they are, and a body without
 * line end at its end stays so. body() is called for every piece in order, never for an empty body.
 *
 * False: memory was short (arena or heap), and a field was left out with all that follow it; the
 * body is read all the same. The cost is linear in the size of the file.
 */
bool message_read(struct span file, struct arena *arena, struct header_list *headers,
                  message_body_fn *body, void *context);

/*
 * Fills message->from from all From fields of message->headers. False: the arena is exhausted, and
 * message->from is not complete.
 */
bool message_read_from(struct message *message, struct arena *arena);

#endif
