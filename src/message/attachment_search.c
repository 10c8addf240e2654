/*
 * attachment_search: words that tell what is in a file whose structure is not read. Each is looked
 * for until it is found once.
 *
 * Of compound files these are the names of storages, which stand in UTF-16 in a directory that may
 * lie anywhere; reading the way to it would need the file as a whole.
 */
#include "message/attachment_private.h"

#include <string.h>

static const struct {
    enum attachment_mark mark;
    unsigned size;
    const char *octets;
} words[] = {
#define WORD(mark, octets)                                                                         \
    {                                                                                              \
        MARK_##mark, sizeof(octets) - 1, octets                                                    \
    }
    WORD(MACROS, "_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0"),
    WORD(ENCRYPTED, "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"),
    WORD(INSTALLER, "\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"),
    WORD(BUILDS, "Blob("),
    WORD(DELIVERS, "createObjectURL"),
    WORD(DELIVERS, "msSaveOrOpenBlob"),
    WORD(DELIVERS, "msSaveBlob"),
    WORD(CARRIES, "data:application/zip;base64,"),
    WORD(CARRIES, "data:application/x-zip-compressed;base64"),
    WORD(CARRIES, "data:application/x-msdownload;base64"),
    WORD(DISK, "\x01"
               "CD001\x01"),
    WORD(DISK, "\0BEA01\x01"),
#undef WORD
};

static void look(struct attachment_search *search, const char *at, size_t size)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        bool is_asked = (words[i].mark & search->wanted & ~search->found) != 0;
        if (is_asked && memmem(at, size, words[i].octets, words[i].size) != NULL) {
            search->found |= words[i].mark;
        }
    }
}

void attachment_search_feed(struct attachment_search *search, const void *bytes, size_t size)
{
    const char *at = bytes;
    size_t joined = size < ATTACHMENT_WORD_MAX ? size : ATTACHMENT_WORD_MAX;
    if ((search->wanted & ~search->found) == 0 || size == 0) {
        return;
    }
    memcpy(search->carry + search->carried, at, joined);
    look(search, search->carry, search->carried + joined);
    if (size >= ATTACHMENT_WORD_MAX) {
        look(search, at, size);
        memcpy(search->carry, at + size - ATTACHMENT_WORD_MAX, ATTACHMENT_WORD_MAX);
        search->carried = ATTACHMENT_WORD_MAX;
        return;
    }
    search->carried += joined;
    if (search->carried > ATTACHMENT_WORD_MAX) {
        size_t gone = search->carried - ATTACHMENT_WORD_MAX;
        memmove(search->carry, search->carry + gone, ATTACHMENT_WORD_MAX);
        search->carried = ATTACHMENT_WORD_MAX;
    }
}
