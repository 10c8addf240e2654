/*
 * attachment_name: the name of a file, from its end. The octets are in the order in which machines
 * read them, so a control of writing direction hides nothing here; that there is one is what is
 * told.
 */
#include "message/attachment_name.h"

enum {
    GAP_BLANKS = 8 /* in a row: nobody types so many */
};

static struct span base_of(struct span name)
{
    for (size_t i = name.size; i > 0; i--) {
        if (name.at[i - 1] == '/' || name.at[i - 1] == '\\') {
            name = span_from(name, i);
            break;
        }
    }
    while (name.size > 0 && (name.at[name.size - 1] == '.' || name.at[name.size - 1] == ' ')) {
        name.size--;
    }
    return name;
}

/* Cuts the last extension off; false: there is none. */
static bool cut_extension(struct span *name_io, struct span *extension_r)
{
    ptrdiff_t dot = span_find_last(*name_io, '.');
    if (dot < 0) {
        return false;
    }
    *extension_r = span_from(*name_io, (size_t)dot + 1);
    *name_io = span_first(*name_io, (size_t)dot);
    return true;
}

/* U+202A to U+202E and U+2066 to U+2069. */
static bool has_bidi(struct span name)
{
    for (size_t i = 0; i + 2 < name.size; i++) {
        const unsigned char *at = (const unsigned char *)name.at + i;
        if (at[0] == 0xe2 && ((at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae) ||
                              (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9))) {
            return true;
        }
    }
    return false;
}

/* The octets of a blank at the beginning, U+00A0, U+2000 to U+200B and U+3000 among them; 0: it
 * begins with another. */
static size_t blank_size(struct span name)
{
    const unsigned char *at = (const unsigned char *)name.at;
    if (name.size >= 1 && (at[0] == ' ' || at[0] == '\t')) {
        return 1;
    }
    if (name.size >= 2 && at[0] == 0xc2 && at[1] == 0xa0) {
        return 2;
    }
    if (name.size >= 3 && ((at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0x80 && at[2] <= 0x8b) ||
                           (at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x80))) {
        return 3;
    }
    return 0;
}

static bool has_gap(struct span name)
{
    unsigned blanks = 0;
    while (name.size > 0) {
        size_t size = blank_size(name);
        blanks = size > 0 ? blanks + 1 : 0;
        if (blanks == GAP_BLANKS) {
            return true;
        }
        name = span_from(name, size > 0 ? size : 1);
    }
    return false;
}

/* A click runs it at once; of packages and images there are many with two extensions. */
static bool is_started(const struct attachment_extension *extension)
{
    return extension->class == ATTACHMENT_EXECUTABLE || extension->class == ATTACHMENT_SCRIPT ||
           extension->class == ATTACHMENT_SHORTCUT;
}

static bool is_bait(const struct attachment_extensions *own, struct span stem)
{
    struct span before;
    stem = span_trim(stem);
    return cut_extension(&stem, &before) && stem.size > 0 &&
           (attachment_extension_find(own, before).traits & ATTACHMENT_BAIT) != 0;
}

struct attachment_name attachment_name_read(const struct attachment_extensions *own,
                                            struct span name)
{
    struct attachment_name read = { .base = base_of(name), .extension = { .name = "" } };
    struct span stem = read.base, extension;
    if (has_bidi(name)) {
        read.tricks |= ATTACHMENT_BIDI;
    }
    if (!cut_extension(&stem, &extension)) {
        return read;
    }
    read.extension = attachment_extension_find(own, extension);
    if (is_started(&read.extension)) {
        read.tricks |= is_bait(own, stem) ? ATTACHMENT_DOUBLE_EXTENSION : 0;
        read.tricks |= has_gap(stem) ? ATTACHMENT_GAP : 0;
    }
    return read;
}

struct span attachment_name_inner(const struct attachment_name *name)
{
    struct span stem = name->base, extension;
    if ((name->extension.traits & ATTACHMENT_SINGLE) == 0 || !cut_extension(&stem, &extension)) {
        return (struct span){ NULL, 0 };
    }
    return stem;
}
