/*
 * attachment_walk_rar: from header to header of a rar archive as it streams by. Versions 1.5 to 4
 * have headers of fixed fields, version 5 of numbers of seven bits an octet.
 */
#include "message/attachment_private.h"

#include <string.h>

static unsigned u16(const unsigned char *at)
{
    return (unsigned)at[0] | (unsigned)at[1] << 8;
}

static uint64_t u32(const unsigned char *at)
{
    return (uint64_t)u16(at) | (uint64_t)u16(at + 2) << 16;
}

static enum walk_state go_on(struct attachment_walk *walk, uint64_t skip)
{
    enum { NEXT = 7 }; /* of either version: enough to know the size of a header */
    walk->skip = skip;
    walk->have = 0;
    walk->need = NEXT;
    walk->phase = 0;
    return WALK_GOES_ON;
}

static enum walk_state ask_all(struct attachment_walk *walk, uint64_t size)
{
    if (size <= walk->have || size > WALK_PIECE_MAX) {
        return WALK_LOST;
    }
    walk->need = (size_t)size;
    walk->phase = 1;
    return WALK_GOES_ON;
}

/* The name in a file's header; behind a NUL the same follows in a compressed form of UTF-16. */
static enum walk_state rar4_file(struct attachment_walk *walk, struct attachment_listing *listing)
{
    enum { FIXED = 32, ENCRYPTED = 4, LARGE = 0x100, FOLDER = 0xe0 };
    const unsigned char *at = walk->piece;
    unsigned flags = u16(at + 3);
    size_t start = FIXED + ((flags & LARGE) != 0 ? 8 : 0);
    if (walk->have < start || u16(at + 26) > walk->have - start) {
        return WALK_LOST;
    }
    uint64_t data = u32(at + 7) | ((flags & LARGE) != 0 ? u32(at + FIXED) << 32 : 0);
    struct span name = { (const char *)at + start,
                         strnlen((const char *)at + start, u16(at + 26)) };
    if ((flags & FOLDER) != FOLDER) {
        attachment_list(listing, name, u32(at + 11) == 0);
    }
    if ((flags & ENCRYPTED) != 0) {
        attachment_list_encrypted(listing);
    }
    return go_on(walk, data);
}

enum walk_state attachment_walk_rar4(struct attachment_walk *walk,
                                     struct attachment_listing *listing)
{
    enum { ARCHIVE = 0x73, FILE_HEADER = 0x74, END = 0x7b, HIDES_NAMES = 0x80, HAS_DATA = 0x8000 };
    const unsigned char *at = walk->piece;
    unsigned type = at[2], flags = u16(at + 3), size = u16(at + 5);
    if (type == END) {
        return WALK_ENDED;
    }
    if (walk->phase == 0 && size != walk->have) {
        return ask_all(walk, size);
    }
    if (type == ARCHIVE && (flags & HIDES_NAMES) != 0) {
        attachment_list_encrypted(listing);
        return WALK_ENDED;
    }
    if (type == FILE_HEADER) {
        return rar4_file(walk, listing);
    }
    if ((flags & HAS_DATA) != 0 && walk->have < 11) {
        return WALK_LOST;
    }
    return go_on(walk, (flags & HAS_DATA) != 0 ? u32(at + 7) : 0);
}

/* Reads what is left of a header. */
struct fields {
    const unsigned char *at;
    size_t left;
    bool is_broken;
};

static uint64_t number(struct fields *fields)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 63 && fields->left > 0; shift += 7) {
        unsigned char octet = *fields->at++;
        fields->left--;
        value |= (uint64_t)(octet & 0x7f) << shift;
        if ((octet & 0x80) == 0) {
            return value;
        }
    }
    fields->is_broken = true;
    return 0;
}

static void pass(struct fields *fields, uint64_t size)
{
    if (size > fields->left) {
        fields->is_broken = true;
        return;
    }
    fields->at += size;
    fields->left -= (size_t)size;
}

/* Records of size, type and data; the first type means encryption. */
static bool rar5_is_encrypted(struct fields extra)
{
    enum { ENCRYPTION = 1 };
    while (extra.left > 0 && !extra.is_broken) {
        uint64_t size = number(&extra);
        struct fields record = extra;
        if (!extra.is_broken && number(&record) == ENCRYPTION && !record.is_broken) {
            return true;
        }
        pass(&extra, size);
    }
    return false;
}

static bool rar5_file(struct fields fields, uint64_t extra_size, struct attachment_listing *listing)
{
    enum { FOLDER = 1, HAS_TIME = 2, HAS_CRC = 4 };
    uint64_t flags = number(&fields), size = number(&fields);
    number(&fields); /* attributes */
    pass(&fields, ((flags & HAS_TIME) != 0 ? 4 : 0) + ((flags & HAS_CRC) != 0 ? 4 : 0));
    number(&fields); /* method */
    number(&fields); /* system */
    uint64_t name_size = number(&fields);
    struct span name = { (const char *)fields.at, (size_t)name_size };
    pass(&fields, name_size);
    if (fields.is_broken || extra_size > fields.left) {
        return false;
    }
    if ((flags & FOLDER) == 0) {
        attachment_list(listing, name, size == 0);
    }
    pass(&fields, fields.left - extra_size);
    if (rar5_is_encrypted(fields)) {
        attachment_list_encrypted(listing);
    }
    return true;
}

enum walk_state attachment_walk_rar5(struct attachment_walk *walk,
                                     struct attachment_listing *listing)
{
    enum { CHECKSUM = 4, FILE_HEADER = 2, ENCRYPTION = 4, END = 5, HAS_EXTRA = 1, HAS_DATA = 2 };
    struct fields fields = { walk->piece + CHECKSUM, walk->have - CHECKSUM, false };
    uint64_t size = number(&fields);
    uint64_t all = size + (uint64_t)(fields.at - walk->piece);
    if (fields.is_broken || size > WALK_PIECE_MAX) {
        return WALK_LOST;
    }
    if (walk->phase == 0 && all != walk->have) {
        return ask_all(walk, all);
    }
    uint64_t type = number(&fields), flags = number(&fields);
    uint64_t extra = (flags & HAS_EXTRA) != 0 ? number(&fields) : 0;
    uint64_t data = (flags & HAS_DATA) != 0 ? number(&fields) : 0;
    if (type == ENCRYPTION) {
        attachment_list_encrypted(listing);
    }
    if (type == END || type == ENCRYPTION) {
        return WALK_ENDED;
    }
    if (fields.is_broken || (type == FILE_HEADER && !rar5_file(fields, extra, listing))) {
        return WALK_LOST;
    }
    return go_on(walk, data);
}
