/*
 * span: comparing, searching and cutting of borrowed text. Nothing here allocates except
 * span_strdup(), and nothing depends on the locale.
 */
#include "util/span.h"

#include <stdint.h>
#include <stdlib.h>

static bool bytes_are_equal_nocase(const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
    }
    return true;
}

bool span_is_equal(struct span a, struct span b)
{
    /* memcmp() may not see the NULL of an absent span, not even for no bytes. */
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

bool span_is_equal_nocase(struct span a, struct span b)
{
    return a.size == b.size && bytes_are_equal_nocase(a.at, b.at, a.size);
}

bool span_has_prefix_nocase(struct span s, struct span prefix)
{
    return s.size >= prefix.size && bytes_are_equal_nocase(s.at, prefix.at, prefix.size);
}

bool span_has_suffix_nocase(struct span s, struct span suffix)
{
    if (suffix.size == 0)
        return true;
    return s.size >= suffix.size &&
           bytes_are_equal_nocase(s.at + (s.size - suffix.size), suffix.at, suffix.size);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span s)
{
    while (s.size > 0 && is_blank(s.at[0])) {
        s.at++;
        s.size--;
    }
    while (s.size > 0 && is_blank(s.at[s.size - 1]))
        s.size--;
    return s;
}

struct span span_from(struct span s, size_t from)
{
    if (from > s.size)
        from = s.size;
    if (from > 0) {
        s.at += from;
        s.size -= from;
    }
    return s;
}

struct span span_first(struct span s, size_t size)
{
    if (size < s.size)
        s.size = size;
    return s;
}

ptrdiff_t span_find(struct span s, char byte)
{
    const char *hit = s.size > 0 ? memchr(s.at, (unsigned char)byte, s.size) : NULL;

    return hit != NULL ? hit - s.at : -1;
}

ptrdiff_t span_find_last(struct span s, char byte)
{
    for (size_t i = s.size; i > 0; i--) {
        if (s.at[i - 1] == byte)
            return (ptrdiff_t)(i - 1);
    }
    return -1;
}

bool span_cut(struct span *rest_io, char separator, struct span *piece_r)
{
    ptrdiff_t cut;

    if (rest_io->at == NULL)
        return false;
    cut = span_find(*rest_io, separator);
    if (cut < 0) {
        *piece_r = *rest_io;
        *rest_io = (struct span){ NULL, 0 };
        return true;
    }
    *piece_r = span_first(*rest_io, (size_t)cut);
    *rest_io = span_from(*rest_io, (size_t)cut + 1);
    return true;
}

bool span_number(struct span s, uint64_t most, uint64_t *number_r)
{
    uint64_t number = 0;
    for (size_t i = 0; i < s.size; i++) {
        uint64_t digit = (uint64_t)((unsigned char)s.at[i] - '0');
        if (digit > 9 || digit > most || number > (most - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *number_r = number;
    return s.size > 0;
}

bool span_take_number(struct span *rest_io, uint64_t most, uint64_t *number_r)
{
    struct span word;
    return span_cut(rest_io, ' ', &word) && span_number(word, most, number_r);
}

bool span_copy(struct span s, char *out, size_t room)
{
    if (s.size >= room || span_find(s, '\0') >= 0) {
        return false;
    }
    if (s.size > 0) {
        memcpy(out, s.at, s.size);
    }
    out[s.size] = '\0';
    return true;
}

char *span_strdup(struct span s)
{
    char *copy = s.size < SIZE_MAX ? malloc(s.size + 1) : NULL;

    if (copy == NULL)
        return NULL;
    if (s.size > 0)
        memcpy(copy, s.at, s.size);
    copy[s.size] = '\0';
    return copy;
}
