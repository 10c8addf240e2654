/*
 * attachment_zip: the directory at the end of a zip archive (APPNOTE 4.3.12 to 4.3.16), which is
 * what programs go by. Of one that is larger than what is kept of the file, the later names.
 */
#include "message/attachment_private.h"

#include <string.h>

enum { ENTRY = 46, END = 22, LOCATOR64 = 20, END64 = 56 };

static unsigned u16(const unsigned char *at)
{
    return (unsigned)at[0] | (unsigned)at[1] << 8;
}

static uint64_t u32(const unsigned char *at)
{
    return (uint64_t)u16(at) | (uint64_t)u16(at + 2) << 16;
}

/* Where the end record is: the last one whose comment reaches to the end of the file, or before it
 * (some programs write line ends behind). -1: there is none. */
static ptrdiff_t find_end(const unsigned char *tail, size_t size)
{
    for (size_t at = size >= END ? size - END + 1 : 0; at > 0; at--) {
        const unsigned char *end = tail + at - 1;
        if (memcmp(end, "PK\5\6", 4) == 0 && END + u16(end + 20) <= size - (at - 1)) {
            return (ptrdiff_t)(at - 1);
        }
    }
    return -1;
}

/* Octets of the directory, and in *end_io where it ends: before the records for large archives,
 * where there are such. */
static uint64_t directory_size(const unsigned char *tail, size_t *end_io)
{
    enum { TOO_LARGE = 0xffff };
    const unsigned char *end = tail + *end_io;
    uint64_t size = u32(end + 12);
    bool is_large = u16(end + 10) == TOO_LARGE || size == 0xffffffff || u32(end + 16) == 0xffffffff;
    if (is_large && *end_io >= LOCATOR64 + END64) {
        const unsigned char *record = end - LOCATOR64 - END64;
        if (memcmp(end - LOCATOR64, "PK\6\7", 4) == 0 && memcmp(record, "PK\6\6", 4) == 0) {
            *end_io -= LOCATOR64 + END64;
            return u32(record + 40) | u32(record + 44) << 32;
        }
    }
    return size;
}

/* Lists the entries from `at` on. False: what is there ends before `end` does. */
static bool list_entries(const unsigned char *tail, size_t at, size_t end,
                         struct attachment_listing *listing)
{
    while (end - at >= ENTRY && memcmp(tail + at, "PK\1\2", 4) == 0) {
        const unsigned char *entry = tail + at;
        size_t name = u16(entry + 28);
        size_t size = ENTRY + name + u16(entry + 30) + u16(entry + 32);
        if (name > end - at - ENTRY) {
            return false;
        }
        attachment_list(listing, (struct span){ (const char *)entry + ENTRY, name },
                        u32(entry + 24) == 0);
        if ((u16(entry + 8) & 1) != 0) {
            attachment_list_encrypted(listing);
        }
        if (size > end - at) {
            return false;
        }
        at += size;
    }
    return at == end;
}

/* The first entry that is there whole, of a directory that begins further in front. */
static size_t find_entry(const unsigned char *tail, size_t end)
{
    const unsigned char *found = end > 0 ? memmem(tail, end, "PK\1\2", 4) : NULL;
    return found != NULL ? (size_t)(found - tail) : end;
}

bool attachment_zip_directory(const void *tail, size_t size, struct attachment_listing *listing)
{
    const unsigned char *at = tail;
    ptrdiff_t end_record = find_end(at, size);
    if (end_record < 0) {
        return false;
    }
    size_t end = (size_t)end_record;
    uint64_t directory = directory_size(at, &end);
    if (directory > end) {
        list_entries(at, find_entry(at, end), end, listing);
        return false;
    }
    return list_entries(at, end - (size_t)directory, end, listing);
}
