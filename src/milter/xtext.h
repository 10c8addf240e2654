/*
 * xtext: what Sendmail does to a login before it tells it: bytes that mean something in AUTH= are
 * written "+2B" (RFC 3461 4). Without undoing that "jörg" and "jürg" were both "j" with an
 * extension. Postfix tells logins as they are.
 */
#ifndef EM_MILTER_XTEXT_H
#define EM_MILTER_XTEXT_H

#include "util/arena.h"
#include "util/span.h"

/*
 * The text meant, in the arena, or `text` itself where nothing is to be undone. A '+' that no two
 * upper case hexadecimal digits follow is no xtext and stays, so does one that would be NUL.
 * .at == NULL: the arena is exhausted.
 */
struct span xtext_decode(struct span text, struct arena *arena);

#endif
