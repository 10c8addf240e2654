/*
 * attachment_walk: from header to header of an archive as it streams by: zip by its local headers
 * (APPNOTE 4.3.7), tar (POSIX ustar with GNU's long names). rar has a file of its own.
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

static uint64_t u64(const unsigned char *at)
{
    return u32(at) | u32(at + 4) << 32;
}

bool attachment_walk_begin(struct attachment_walk *walk, enum attachment_format format)
{
    *walk = (struct attachment_walk){ .state = WALK_GOES_ON };
    switch (format) {
    case FORMAT_ZIP:
        walk->step = attachment_walk_zip;
        walk->need = 30;
        return true;
    case FORMAT_TAR:
        walk->step = attachment_walk_tar;
        walk->need = 512;
        return true;
    case FORMAT_RAR4:
        walk->step = attachment_walk_rar4;
        walk->skip = 7;
        walk->need = 7;
        return true;
    case FORMAT_RAR5:
        walk->step = attachment_walk_rar5;
        walk->skip = 8;
        walk->need = 7;
        return true;
    default:
        return false;
    }
}

void attachment_walk_feed(struct attachment_walk *walk, struct attachment_listing *listing,
                          const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    while (size > 0 && walk->state == WALK_GOES_ON) {
        size_t more = walk->need - walk->have;
        if (walk->skip > 0) {
            size_t passed = walk->skip < size ? (size_t)walk->skip : size;
            walk->skip -= passed;
            at += passed;
            size -= passed;
            continue;
        }
        more = more < size ? more : size;
        memcpy(walk->piece + walk->have, at, more);
        walk->have += more;
        at += more;
        size -= more;
        if (walk->have == walk->need) {
            walk->state = walk->step(walk, listing);
        }
    }
}

/* The next piece. */
static enum walk_state go_on(struct attachment_walk *walk, uint64_t skip, size_t need)
{
    walk->skip = skip;
    walk->have = 0;
    walk->need = need;
    walk->phase = 0;
    return WALK_GOES_ON;
}

/* More of this one. */
static enum walk_state ask_more(struct attachment_walk *walk, size_t need)
{
    walk->need = need;
    walk->phase++;
    return WALK_GOES_ON;
}

/* The size of the data behind a local header, where 32 bits were too few for it: the second number
 * of field 1 among the extra ones (APPNOTE 4.5.3). False: it is not there. */
static bool zip64_size(const unsigned char *extra, size_t size, uint64_t *size_r)
{
    while (size >= 4) {
        size_t field = u16(extra + 2);
        if (field > size - 4) {
            return false;
        }
        if (u16(extra) == 1 && field >= 16) {
            *size_r = u64(extra + 12);
            return true;
        }
        extra += 4 + field;
        size -= 4 + field;
    }
    return false;
}

enum walk_state attachment_walk_zip(struct attachment_walk *walk,
                                    struct attachment_listing *listing)
{
    enum { ENCRYPTED = 1, SIZE_BEHIND = 8, HEADER = 30 };
    const unsigned char *at = walk->piece;
    size_t name_size = u16(at + 26), size = HEADER + name_size + u16(at + 28);
    unsigned flags = u16(at + 6);
    uint64_t data = u32(at + 18);
    if (memcmp(at, "PK\3\4", 4) != 0) {
        return memcmp(at, "PK\1\2", 4) == 0 ? WALK_ENDED : WALK_LOST;
    }
    if (walk->phase == 0 && size > HEADER) {
        return ask_more(walk, size < WALK_PIECE_MAX ? size : WALK_PIECE_MAX);
    }
    size_t shown = name_size < walk->have - HEADER ? name_size : walk->have - HEADER;
    attachment_list(listing, (struct span){ (const char *)at + HEADER, shown },
                    data == 0 && (flags & SIZE_BEHIND) == 0);
    if ((flags & ENCRYPTED) != 0) {
        attachment_list_encrypted(listing);
    }
    bool is_lost = size > walk->have || (data == 0 && (flags & SIZE_BEHIND) != 0);
    if (!is_lost && data == 0xffffffff) {
        is_lost = !zip64_size(at + HEADER + name_size, size - HEADER - name_size, &data);
    }
    return is_lost ? WALK_LOST : go_on(walk, data, HEADER);
}

/* Digits of eight, or by GNU's way for large numbers those of 256. False: neither. */
static bool tar_number(const unsigned char *at, size_t size, uint64_t *number_r)
{
    uint64_t number = 0;
    size_t i = 0;
    if ((at[0] & 0x80) != 0) {
        for (i = size - 8; i < size; i++) {
            number = number << 8 | at[i];
        }
        *number_r = number;
        return true;
    }
    for (; i < size && at[i] == ' '; i++) {
        continue;
    }
    for (; i < size && at[i] >= '0' && at[i] <= '7'; i++) {
        number = number << 3 | (uint64_t)(at[i] - '0');
    }
    *number_r = number;
    return i == size || at[i] == ' ' || at[i] == '\0';
}

static struct span text_in(const unsigned char *at, size_t room)
{
    return (struct span){ (const char *)at, strnlen((const char *)at, room) };
}

static void tar_list(struct attachment_walk *walk, struct attachment_listing *listing,
                     bool size_is_zero)
{
    struct span name =
        walk->keeps_name ? (struct span){ walk->name, walk->name_size } : text_in(walk->piece, 100);
    attachment_list(listing, name, size_is_zero);
    walk->keeps_name = false;
}

/* A name that did not fit into its header; the data of one of type 'L' is it. */
static void tar_keep_name(struct attachment_walk *walk)
{
    struct span name = text_in(walk->piece + 512, walk->have - 512);
    if (name.size > ATTACHMENT_NAME_MAX) {
        name = span_from(name, name.size - ATTACHMENT_NAME_MAX);
    }
    memcpy(walk->name, name.at, name.size);
    walk->name_size = name.size;
    walk->keeps_name = true;
}

enum walk_state attachment_walk_tar(struct attachment_walk *walk,
                                    struct attachment_listing *listing)
{
    enum { HEADER = 512, LONG_MAX = WALK_PIECE_MAX - HEADER };
    const unsigned char *at = walk->piece;
    uint64_t size;
    if (at[0] == '\0') {
        return WALK_ENDED;
    }
    if (memcmp(at + 257, "ustar", 5) != 0 || !tar_number(at + 124, 12, &size) ||
        size > UINT64_MAX - HEADER) {
        return WALK_LOST;
    }
    uint64_t padded = (size + HEADER - 1) / HEADER * HEADER;
    unsigned char type = at[156];
    if (type == 'L' && size > 0 && size <= LONG_MAX) {
        if (walk->phase == 0) {
            return ask_more(walk, HEADER + (size_t)size);
        }
        tar_keep_name(walk);
        return go_on(walk, padded - size, HEADER);
    }
    if (type == '\0' || type == '0' || type == '7') {
        tar_list(walk, listing, size == 0);
    }
    return go_on(walk, padded, HEADER);
}
