/*
 * encoded_word: RFC 2047 text as a person would see it.
 */
#ifndef EM_MESSAGE_ENCODED_WORD_H
#define EM_MESSAGE_ENCODED_WORD_H

#include "util/arena.h"
#include "util/span.h"

/*
 * The encoded words of a phrase or unstructured text decoded to UTF-8, all else as it is, white
 * space between two adjacent words left out (RFC 2047 6.2; folds are LF + WSP). Lenient as readers
 * are: a word is found wherever "=?" stands and may be longer than 75 octets; octets of one
 * character may be spread over adjacent words of one set. A word of an unknown set or with bad data
 * stands as it is written. What comes out may hold any octet, NUL and line ends too, and is for
 * looking at only.
 *
 * Text without a word is given back itself; otherwise the result is in the arena. .at == NULL: the
 * arena is exhausted (or `text` was absent). Linear.
 */
struct span encoded_word_decode(struct span text, struct arena *arena);

#endif
