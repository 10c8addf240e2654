/*
 * span: a piece of text that somebody else owns. Pointer and length; may hold any byte, ends in no
 * NUL.
 *
 * An absent text is {NULL, 0}, an empty one {non-NULL, 0}; functions treat both alike unless they
 * say so.
 */
#ifndef EM_UTIL_SPAN_H
#define EM_UTIL_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *at;
    size_t size;
};

/* A span of a string literal. */
#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })
/* For printf: "%.*s", SPAN_ARG(s). Only for text known to be short and printable. */
#define SPAN_ARG(s) (int)(s).size, (s).at != NULL ? (s).at : ""

/* A NUL-terminated string as a span; NULL gives the absent span. */
static inline struct span span_of(const char *text)
{
    return (struct span){ text, text != NULL ? strlen(text) : 0 };
}

/* Byte for byte. */
bool span_is_equal(struct span a, struct span b);
/* ASCII letters compare without case; all other bytes as they are. */
bool span_is_equal_nocase(struct span a, struct span b);
bool span_has_prefix_nocase(struct span s, struct span prefix);
bool span_has_suffix_nocase(struct span s, struct span suffix);
/* Without leading and trailing SP, TAB, CR and LF. */
struct span span_trim(struct span s);
/* From byte `from` on; past the end gives an empty span. */
struct span span_from(struct span s, size_t from);
/* The first `size` bytes, or all when shorter. */
struct span span_first(struct span s, size_t size);
/* Offset of the first/last `byte`, or -1. */
ptrdiff_t span_find(struct span s, char byte);
ptrdiff_t span_find_last(struct span s, char byte);
/*
 * Cuts the next piece off *rest_io, up to `separator` or the end; false when nothing is left.
 * "a,,b" gives "a", "", "b"; "a," gives "a" and "".  *rest_io with .at == NULL means finished.
 */
bool span_cut(struct span *rest_io, char separator, struct span *piece_r);
/* A number of decimal digits and nothing else, from 0 to `most`; false: it is none. */
bool span_number(struct span s, uint64_t most, uint64_t *number_r);
/* The same of the next word, up to a space: what records in text begin with. */
bool span_take_number(struct span *rest_io, uint64_t most, uint64_t *number_r);
/* All of it, with a NUL behind it, into `room` octets; false: it does not fit, or holds a NUL. */
bool span_copy(struct span s, char *out, size_t room);
/* A heap copy ending in NUL; the caller frees it. NULL when memory is out. */
char *span_strdup(struct span s);

/* ASCII only: independent of the locale. */
static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}
/* What a hexadecimal digit stands for, in either case; -1: it is none. */
static inline int ascii_hex(char c)
{
    c = ascii_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
