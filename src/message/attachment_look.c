/*
 * attachment_look: what more is to be seen of a file once its first octets are known, and the looks
 * at it: the walk through an archive, words, the end of it.
 */
#include "message/attachment_private.h"

enum {
    ZIP_LOOK_MAX = 64 * 1024, /* there is a directory at its end */
    DISK_LOOK_MAX = 40 * 1024 /* the mark of a disk image is at 32 KB */
};

struct attachment_listing attachment_listing_of(struct attachment_reader *reader)
{
    return (struct attachment_listing){ &reader->own, &reader->look.attachment, &reader->texts };
}

/* Also what has something else before it: programs find the directory all the same. */
static bool is_zip(const struct attachment_look *look)
{
    return look->attachment.format == FORMAT_ZIP ||
           (look->attachment.format == FORMAT_UNKNOWN &&
            (look->name.extension.traits & ATTACHMENT_ZIP) != 0);
}

/* What is looked for in the octets, and in how many of them. */
static unsigned wanted_words(const struct attachment_look *look)
{
    switch (look->attachment.format) {
    case FORMAT_OLE:
        return MARK_MACROS | MARK_ENCRYPTED | MARK_INSTALLER;
    case FORMAT_UNKNOWN:
        return is_zip(look) ? 0 : MARK_DISK;
    case FORMAT_TEXT:
    case FORMAT_WEB_PAGE:
        return look->is_page || look->attachment.format == FORMAT_WEB_PAGE
                   ? MARK_BUILDS | MARK_DELIVERS | MARK_CARRIES
                   : 0;
    default:
        return 0;
    }
}

/* Does the directory of a compound file begin behind what is looked at (MS-CFB 2.2)? Then only the
 * end of the file can tell. */
static bool is_directory_far(const unsigned char *head, size_t size)
{
    enum { SHIFT = 30, FIRST = 48 };
    if (size < FIRST + 4 || (head[SHIFT] != 9 && head[SHIFT] != 12) || head[SHIFT + 1] != 0) {
        return false;
    }
    uint64_t sector = 0;
    for (unsigned i = 4; i > 0; i--) {
        sector = sector << 8 | head[FIRST + i - 1];
    }
    return (sector + 1) << head[SHIFT] >= ATTACHMENT_LOOK_MAX;
}

static size_t look_max(const struct attachment_reader *reader)
{
    const struct attachment_look *look = &reader->look;
    enum attachment_format format = look->attachment.format;
    size_t max = format == FORMAT_UNKNOWN ? DISK_LOOK_MAX
                 : format == FORMAT_ZIP   ? ZIP_LOOK_MAX
                                          : ATTACHMENT_LOOK_MAX;
    if (format == FORMAT_OLE && is_directory_far(look->head, look->head_size)) {
        return 0;
    }
    return max < reader->looks_left ? max : reader->looks_left;
}

bool attachment_look_wants_more(const struct attachment_look *look)
{
    return (look->walks && look->walk.state == WALK_GOES_ON) ||
           (look->search.wanted & ~look->search.found) != 0;
}

void attachment_look_show(struct attachment_reader *reader, const void *bytes, size_t size)
{
    struct attachment_look *look = &reader->look;
    struct attachment_listing listing = attachment_listing_of(reader);
    size_t shown = size < look->left ? size : look->left;
    if (!attachment_look_wants_more(look)) {
        return;
    }
    look->ends_early = shown < size;
    look->left -= shown;
    reader->looks_left -= shown;
    if (look->walks) {
        attachment_walk_feed(&look->walk, &listing, bytes, shown);
    }
    attachment_search_feed(&look->search, bytes, shown);
}

void attachment_look_settle(struct attachment_reader *reader, bool is_readable)
{
    struct attachment_look *look = &reader->look;
    struct attachment *attachment = &look->attachment;
    look->is_settled = true;
    attachment->format =
        is_readable ? attachment_format_of(look->head, look->head_size) : FORMAT_UNSEEN;
    look->walks = attachment_walk_begin(&look->walk, attachment->format);
    look->search.wanted = wanted_words(look);
    look->left = look_max(reader);
    look->wants_tail = is_zip(look) || (look->search.wanted & ~(unsigned)MARK_DISK) != 0;
    attachment_look_show(reader, look->head, look->head_size);
}

/* True: the directory of a zip archive was there whole. */
static bool list_tail(struct attachment_reader *reader, enum content_encoding encoding)
{
    struct attachment_listing listing = attachment_listing_of(reader);
    struct attachment_look *look = &reader->look;
    if (look->is_small) {
        return attachment_zip_directory(look->head, look->head_size, &listing);
    }
    for (unsigned way = 0; reader->tail != NULL && way < ATTACHMENT_TAIL_WAYS; way++) {
        struct span tail = attachment_tail_read(reader->tail, encoding, way);
        if (attachment_zip_directory(tail.at, tail.size, &listing)) {
            return true;
        }
    }
    return false;
}

/* What lies between the beginning and the end is not known. */
static void search_tail(struct attachment_reader *reader, enum content_encoding encoding)
{
    struct attachment_look *look = &reader->look;
    if (reader->tail != NULL && look->ends_early) {
        struct span tail = attachment_tail_read(reader->tail, encoding, 0);
        look->search.carried = 0;
        attachment_search_feed(&look->search, tail.at, tail.size);
    }
}

static bool is_partly_listed(const struct attachment_look *look)
{
    return look->walks && (look->walk.state == WALK_LOST ||
                           (look->walk.state == WALK_GOES_ON && look->ends_early));
}

void attachment_look_end(struct attachment_reader *reader, enum content_encoding encoding)
{
    struct attachment_look *look = &reader->look;
    bool is_whole = false;
    if (is_zip(look)) {
        is_whole = list_tail(reader, encoding);
    } else if (look->wants_tail) {
        search_tail(reader, encoding);
    }
    look->attachment.is_partly_listed = !is_whole && is_partly_listed(look);
}
