/*
 * charset: the sets nearly all mail is in by tables of our own, others by iconv(3).
 *
 * The name of a set comes from strangers, and to iconv(3) it may be more than a name ("//TRANSLIT",
 * paths); only letters, digits and the punctuation of registered names get there.
 */
#include "message/charset.h"

#include <iconv.h>
#include <stdint.h>

#include "message/address_private.h"

#define NAME_MAX_OCTETS 40 /* RFC 2978 2.3 */
#define GROWTH 4           /* UTF-8 octets for one octet of text */

static bool is_ascii(struct span bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if ((unsigned char)bytes.at[i] >= 0x80)
            return false;
    }
    return true;
}

/* 0x80 to 0x9f of windows-1252; what it leaves open stays a control, as browsers have it. */
static uint32_t western_point(unsigned char octet)
{
    static const uint16_t points[] = {
        0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
        0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178,
    };

    return octet >= 0x80 && octet < 0xa0 ? points[octet - 0x80] : octet;
}

static bool decode_western(struct span bytes, struct arena *arena, struct span *text_r)
{
    char *start = arena_alloc(arena, bytes.size * 3), *out = start;

    if (start == NULL)
        return false;
    for (size_t i = 0; i < bytes.size; i++) {
        uint32_t point = western_point((unsigned char)bytes.at[i]);

        if (point < 0x80) {
            *out++ = (char)point;
        } else if (point < 0x800) {
            *out++ = (char)(0xc0 | point >> 6);
            *out++ = (char)(0x80 | (point & 0x3f));
        } else {
            *out++ = (char)(0xe0 | point >> 12);
            *out++ = (char)(0x80 | (point >> 6 & 0x3f));
            *out++ = (char)(0x80 | (point & 0x3f));
        }
    }
    *text_r = (struct span){ start, (size_t)(out - start) };
    return true;
}

static bool is_set_name(struct span name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = ascii_lower(name.at[i]);

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && strchr("-_.:+()", c) == NULL)
            return false;
    }
    return name.size > 0 && name.size <= NAME_MAX_OCTETS &&
           memchr(name.at, '\0', name.size) == NULL;
}

/* All of `bytes` through an opened conversion, and what it still holds back. */
static bool convert(iconv_t conversion, struct span bytes, struct arena *arena, struct span *text_r)
{
    size_t room = bytes.size * GROWTH + GROWTH, in_left = bytes.size, out_left = room;
    char *start = arena_alloc(arena, room), *out = start;
    char *in = (char *)bytes.at; /* iconv() writes nothing there */

    if (start == NULL || iconv(conversion, &in, &in_left, &out, &out_left) == (size_t)-1 ||
        iconv(conversion, NULL, NULL, &out, &out_left) == (size_t)-1)
        return false;
    *text_r = (struct span){ start, room - out_left };
    return true;
}

static bool decode_other(struct span charset, struct span bytes, struct arena *arena,
                         struct span *text_r)
{
    char name[NAME_MAX_OCTETS + 1] = "";
    iconv_t conversion;
    bool is_converted;

    if (!is_set_name(charset))
        return false;
    memcpy(name, charset.at, charset.size);
    conversion = iconv_open("UTF-8", name);
    if (conversion == (iconv_t)-1)
        return false;
    is_converted = convert(conversion, bytes, arena, text_r);
    iconv_close(conversion);
    return is_converted;
}

bool charset_decode(struct span charset, struct span bytes, struct arena *arena,
                    struct span *text_r)
{
    if (bytes.at == NULL)
        bytes = SPAN("");
    if (span_is_equal_nocase(charset, SPAN("utf-8")) ||
        span_is_equal_nocase(charset, SPAN("utf8"))) {
        *text_r = bytes;
        return (text_defects(bytes) & ADDRESS_8BIT) == 0;
    }
    if (span_is_equal_nocase(charset, SPAN("us-ascii"))) {
        *text_r = bytes;
        return is_ascii(bytes);
    }
    if (span_is_equal_nocase(charset, SPAN("iso-8859-1")) ||
        span_is_equal_nocase(charset, SPAN("windows-1252")))
        return decode_western(bytes, arena, text_r);
    return decode_other(charset, bytes, arena, text_r);
}
