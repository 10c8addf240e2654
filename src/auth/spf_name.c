/*
 * spf_name: what macros make of a name may be any bytes; which of these DNS can be asked for, which
 * a record can hold, and how they are shown to people.
 */
#include "auth/spf_name.h"

#include <string.h>

#include "util/domain.h"

#define SHOWN_BYTES 80

bool spf_name_is_askable(struct span name)
{
    size_t label = 0;
    if (name.size == 0 || name.size > 253) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        bool is_dot = name.at[i] == '.';
        if (name.at[i] == '\0' || (is_dot ? label == 0 : label == 63)) {
            return false;
        }
        label = is_dot ? 0 : label + 1;
    }
    return label > 0;
}

bool spf_name_is_within(struct span name, struct span domain)
{
    if (name.size <= domain.size) {
        return span_is_equal(name, domain);
    }
    size_t before = name.size - domain.size;
    return name.at[before - 1] == '.' && span_is_equal(span_from(name, before), domain);
}

bool spf_name_is_plain(struct span name)
{
    char out[DOMAIN_MAX];
    return name.size > 0 && (unsigned char)name.at[0] < 0x80 && domain_to_ascii(name, out) &&
           strlen(out) == name.size && memcmp(out, name.at, name.size) == 0;
}

const char *spf_shown(struct span text, struct arena *arena)
{
    struct span start = span_first(text, SHOWN_BYTES);
    char *out = arena_alloc(arena, 4 * start.size + sizeof("..."));
    size_t used = 0;
    if (out == NULL) {
        return "...";
    }
    for (size_t i = 0; i < start.size; i++) {
        unsigned octet = (unsigned char)start.at[i];
        if (octet >= 0x20 && octet < 0x7f) {
            out[used++] = start.at[i];
        } else {
            out[used++] = '\\';
            out[used++] = 'x';
            out[used++] = "0123456789ABCDEF"[octet >> 4];
            out[used++] = "0123456789ABCDEF"[octet & 15];
        }
    }
    strcpy(out + used, text.size > start.size ? "..." : "");
    return out;
}
