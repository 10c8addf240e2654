/*
 * utf8: a character's octets in UTF-8 (RFC 3629).
 */
#ifndef EM_UTIL_UTF8_H
#define EM_UTIL_UTF8_H

#include <stddef.h>

/* Writes one; how many octets it takes. 0: Unicode has no such character. Halves of a pair of
 * UTF-16 are written as any. */
size_t utf8_put(unsigned long point, char out[static 4]);

#endif
