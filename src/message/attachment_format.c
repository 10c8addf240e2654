/*
 * attachment_format: signatures as rows. What begins with "MZ" is looked at twice, since letters
 * and lists may begin so, too.
 */
#include "message/attachment_format.h"

#include <stdint.h>
#include <string.h>

struct signature {
    enum attachment_format format;
    unsigned offset;
    unsigned size;
    const char *octets;
};

#define SIGNATURE(format, offset, octets)                                                          \
    {                                                                                              \
        FORMAT_##format, offset, sizeof(octets) - 1, octets                                        \
    }

static const struct signature signatures[] = {
    SIGNATURE(HARMLESS, 0, "%PDF-"),
    SIGNATURE(HARMLESS, 0, "\x89PNG\r\n\x1a\n"),
    SIGNATURE(HARMLESS, 0, "\xff\xd8\xff"), /* JPEG */
    SIGNATURE(ZIP, 0, "PK\x03\x04"),
    SIGNATURE(ZIP, 0, "PK\x05\x06"), /* an empty one */
    SIGNATURE(ZIP, 0, "PK\x07\x08"), /* a split one */
    SIGNATURE(OLE, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    SIGNATURE(HARMLESS, 0, "GIF8"),
    SIGNATURE(HARMLESS, 0, "II*\0"), /* TIFF */
    SIGNATURE(HARMLESS, 0, "MM\0*"),
    SIGNATURE(HARMLESS, 0, "RIFF"),
    SIGNATURE(HARMLESS, 4, "ftyp"), /* MP4, HEIC */
    SIGNATURE(HARMLESS, 0, "ID3"),
    SIGNATURE(HARMLESS, 0, "OggS"),
    SIGNATURE(HARMLESS, 0, "fLaC"),
    SIGNATURE(HARMLESS, 0, "\x1a\x45\xdf\xa3"), /* Matroska */
    SIGNATURE(HARMLESS, 0, "{\\rtf"),
    SIGNATURE(HARMLESS, 0, "%!PS"),
    SIGNATURE(HARMLESS, 0, "wOFF"),
    SIGNATURE(HARMLESS, 0, "wOF2"),
    SIGNATURE(HARMLESS, 0, "SQLite format 3"),
    SIGNATURE(ELF, 0,
              "\x7f"
              "ELF"),
    SIGNATURE(MACH_O, 0, "\xfe\xed\xfa\xce"),
    SIGNATURE(MACH_O, 0, "\xfe\xed\xfa\xcf"),
    SIGNATURE(MACH_O, 0, "\xce\xfa\xed\xfe"),
    SIGNATURE(MACH_O, 0, "\xcf\xfa\xed\xfe"),
    SIGNATURE(RAR5, 0, "Rar!\x1a\x07\x01\0"),
    SIGNATURE(RAR4, 0, "Rar!\x1a\x07\0"),
    SIGNATURE(7Z, 0, "7z\xbc\xaf\x27\x1c"),
    SIGNATURE(TAR, 257, "ustar"),
    SIGNATURE(COMPRESSED, 0, "\x1f\x8b"), /* gzip */
    SIGNATURE(COMPRESSED, 0, "BZh"),
    SIGNATURE(COMPRESSED, 0,
              "\xfd"
              "7zXZ\0"),
    SIGNATURE(COMPRESSED, 0, "\x28\xb5\x2f\xfd"), /* zstd */
    SIGNATURE(CABINET, 0, "MSCF\0\0\0\0"),
    SIGNATURE(SHORTCUT, 0, "L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"),
    SIGNATURE(SHORTCUT, 0, "[InternetShortcut]"),
    SIGNATURE(DISK_IMAGE, 0, "conectix"),
    SIGNATURE(DISK_IMAGE, 0, "vhdxfile"),
    SIGNATURE(DISK_IMAGE, 0, "KDMV"),
    SIGNATURE(DISK_IMAGE, 0, "MSWIM\0\0\0"),
    SIGNATURE(NOTEBOOK, 0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"),
    SIGNATURE(TNEF, 0, "\x78\x9f\x3e\x22"),
};

static const struct {
    enum attachment_class class;
    const char *text;
} meanings[] = {
    [FORMAT_UNSEEN] = { ATTACHMENT_HARMLESS, "not read" },
    [FORMAT_EMPTY] = { ATTACHMENT_HARMLESS, "empty" },
    [FORMAT_UNKNOWN] = { ATTACHMENT_HARMLESS, "of no known format" },
    [FORMAT_TEXT] = { ATTACHMENT_HARMLESS, "text" },
    [FORMAT_WEB_PAGE] = { ATTACHMENT_HARMLESS, "a web page" },
    [FORMAT_RUN_BY_LINE] = { ATTACHMENT_SCRIPT, "a script" },
    [FORMAT_PROGRAM] = { ATTACHMENT_EXECUTABLE, "a Windows program" },
    [FORMAT_DOS_PROGRAM] = { ATTACHMENT_HARMLESS, "a DOS program" },
    [FORMAT_ELF] = { ATTACHMENT_EXECUTABLE, "an ELF program" },
    [FORMAT_MACH_O] = { ATTACHMENT_EXECUTABLE, "a macOS program" },
    [FORMAT_ZIP] = { ATTACHMENT_HARMLESS, "a zip archive" },
    [FORMAT_RAR4] = { ATTACHMENT_HARMLESS, "a rar archive" },
    [FORMAT_RAR5] = { ATTACHMENT_HARMLESS, "a rar archive" },
    [FORMAT_7Z] = { ATTACHMENT_HARMLESS, "a 7z archive" },
    [FORMAT_TAR] = { ATTACHMENT_HARMLESS, "a tar archive" },
    [FORMAT_COMPRESSED] = { ATTACHMENT_HARMLESS, "a compressed file" },
    [FORMAT_CABINET] = { ATTACHMENT_INSTALLER, "a cabinet" },
    [FORMAT_OLE] = { ATTACHMENT_HARMLESS, "a compound file" },
    [FORMAT_SHORTCUT] = { ATTACHMENT_SHORTCUT, "a shortcut" },
    [FORMAT_DISK_IMAGE] = { ATTACHMENT_DISK_IMAGE, "a disk image" },
    [FORMAT_NOTEBOOK] = { ATTACHMENT_NOTEBOOK, "a OneNote notebook" },
    [FORMAT_TNEF] = { ATTACHMENT_HARMLESS, "a winmail.dat" },
    [FORMAT_HARMLESS] = { ATTACHMENT_HARMLESS, "of a harmless format" },
};

_Static_assert(sizeof(meanings) / sizeof(meanings[0]) == FORMAT_COUNT, "a row for each format");

static bool has_at(const unsigned char *head, size_t size, size_t offset, const char *octets,
                   size_t count)
{
    return offset <= size && count <= size - offset && memcmp(head + offset, octets, count) == 0;
}

static uint32_t little_u32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/*
 * What Windows starts has its newer header where the octets from 60 on say, most often within the
 * first kilobyte. A header further away cannot be seen here; no text has so small a number there.
 */
static enum attachment_format format_of_mz(const unsigned char *head, size_t size)
{
    enum { POINTER = 60, FAR_MAX = 1 << 24 };
    static const char *const newer[] = { "PE", "NE", "LE", "LX" };
    if (size < POINTER + 4 || memchr(head, '\0', POINTER) == NULL) {
        return FORMAT_UNKNOWN;
    }
    uint32_t at = little_u32(head + POINTER);
    for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
        if (has_at(head, size, at, newer[i], 2)) {
            return FORMAT_PROGRAM;
        }
    }
    bool is_beyond = size == ATTACHMENT_HEAD_MAX && at >= size - 4 && at < FAR_MAX;
    return is_beyond ? FORMAT_PROGRAM : FORMAT_DOS_PROGRAM;
}

/* A program for several processors; Java's classes begin alike, with a version that is higher than
 * any count of these. */
static bool is_fat_mach_o(const unsigned char *head, size_t size)
{
    return size >= 8 && has_at(head, size, 0, "\xca\xfe\xba\xbe\0\0\0", 7) && head[7] > 0 &&
           head[7] < 20;
}

/* The first sector of a file system that a PC can start from: FAT, NTFS. */
static bool is_boot_sector(const unsigned char *head, size_t size)
{
    return size >= 512 && head[0] == 0xeb && head[2] == 0x90 && head[510] == 0x55 &&
           head[511] == 0xaa;
}

static bool is_text(const unsigned char *head, size_t size)
{
    if (has_at(head, size, 0, "\xff\xfe", 2) || has_at(head, size, 0, "\xfe\xff", 2)) {
        return true;
    }
    for (size_t i = 0; i < size; i++) {
        bool is_control = head[i] < ' ' && (head[i] < '\a' || head[i] > '\r') && head[i] != 0x1b;
        if (is_control || head[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static enum attachment_format format_of_text(struct span text)
{
    static const char *const pages[] = { "<!doctype html", "<html", "<script", "<svg", "<head" };
    if (has_at((const unsigned char *)text.at, text.size, 0, "#!", 2)) {
        return FORMAT_RUN_BY_LINE;
    }
    if (has_at((const unsigned char *)text.at, text.size, 0, "\xef\xbb\xbf", 3)) {
        text = span_from(text, 3);
    }
    text = span_trim(text);
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (span_has_prefix_nocase(text, span_of(pages[i]))) {
            return FORMAT_WEB_PAGE;
        }
    }
    return FORMAT_TEXT;
}

enum attachment_format attachment_format_of(const void *head, size_t size)
{
    const unsigned char *at = head;
    if (size == 0) {
        return FORMAT_EMPTY;
    }
    if (has_at(at, size, 0, "MZ", 2) || has_at(at, size, 0, "ZM", 2)) {
        enum attachment_format format = format_of_mz(at, size);
        return format != FORMAT_UNKNOWN || !is_text(at, size) ? format : FORMAT_TEXT;
    }
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        const struct signature *row = &signatures[i];
        if (has_at(at, size, row->offset, row->octets, row->size)) {
            return row->format;
        }
    }
    if (is_fat_mach_o(at, size)) {
        return FORMAT_MACH_O;
    }
    if (is_boot_sector(at, size)) {
        return FORMAT_DISK_IMAGE;
    }
    return is_text(at, size) ? format_of_text((struct span){ head, size }) : FORMAT_UNKNOWN;
}

enum attachment_class attachment_format_class(enum attachment_format format)
{
    return meanings[format].class;
}

const char *attachment_format_text(enum attachment_format format)
{
    return meanings[format].text;
}
