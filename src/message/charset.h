/*
 * charset: text in the character sets of mail (RFC 2045 2.2, RFC 2978) as UTF-8.
 */
#ifndef EM_MESSAGE_CHARSET_H
#define EM_MESSAGE_CHARSET_H

#include <stdbool.h>

#include "util/arena.h"
#include "util/span.h"

/*
 * `bytes` in the set `charset` (case does not matter) as UTF-8: in the arena, or the bytes
 * themselves. False: the set is
 * unknown, the bytes are not of it, they would become more than four times as many, or the arena is
 * exhausted (arena_is_exhausted() tells). iso-8859-1 and us-ascii mean what readers take them for:
 * the former is windows-1252, the latter has no octet over 127. May take a millisecond where a
 * rarer set is asked for the first time.
 */
bool charset_decode(struct span charset, struct span bytes, struct arena *arena,
                    struct span *text_r);

#endif
