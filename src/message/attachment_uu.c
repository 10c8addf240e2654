/*
 * attachment_uu: files in a text, as uuencode writes them (POSIX uuencode): a line "begin 644 name"
 * and lines whose first octet tells their size. The first of these is decoded, so that a sentence
 * which begins with "begin 600" is none, and the octets tell the format. The rest is passed over.
 */
#include "message/attachment_private.h"

#include <string.h>

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* "begin ", three or four digits, a blank: the name behind; absent: it is another line. */
static struct span begin_name(struct span line)
{
    const size_t mode = sizeof("begin ") - 1;
    size_t digits = mode;
    if (line.size < mode || memcmp(line.at, "begin ", mode) != 0) {
        return (struct span){ NULL, 0 };
    }
    while (digits < line.size && digits < mode + 4 && is_octal(line.at[digits])) {
        digits++;
    }
    if (digits < mode + 3 || digits == line.size || line.at[digits] != ' ') {
        return (struct span){ NULL, 0 };
    }
    struct span name = span_trim(span_from(line, digits + 1));
    return name.size > 0 ? name : (struct span){ NULL, 0 };
}

/* Six bits of a character; '`' and ' ' are zero. */
static bool six_bits(char c, unsigned *bits_r)
{
    *bits_r = ((unsigned)(unsigned char)c - ' ') & 0x3f;
    return c >= ' ' && c <= '`';
}

/* A line of a file; false: it is none. Some programs leave out blanks at its end. */
static bool decode_line(struct span line, unsigned char out_r[64], size_t *size_r)
{
    unsigned size, bits;
    if (line.size == 0 || !six_bits(line.at[0], &size) || size == 0 || size > 45) {
        return false;
    }
    size_t needed = (size_t)(size + 2) / 3 * 4 + 1, have = 0;
    uint32_t group = 0;
    if (line.size > needed + 2 || line.size + 4 < needed) {
        return false;
    }
    for (size_t i = 1; i < needed; i++) {
        if (!six_bits(i < line.size ? line.at[i] : ' ', &bits)) {
            return false;
        }
        group = group << 6 | bits;
        if (i % 4 == 0) {
            out_r[have++] = (unsigned char)(group >> 16);
            out_r[have++] = (unsigned char)(group >> 8);
            out_r[have++] = (unsigned char)group;
        }
    }
    *size_r = size;
    return true;
}

static void keep_name(struct attachment_uu *uu, struct span line, struct span name)
{
    memcpy(uu->name_line, line.at, line.size);
    uu->name_start = (size_t)(name.at - line.at);
    uu->name_size = name.size;
}

/* True: the line is the first one of a file. */
static bool take_line(struct attachment_uu *uu, unsigned char head_r[64], size_t *head_size_r)
{
    struct span line = { uu->line, uu->line_size };
    if (line.size > 0 && line.at[line.size - 1] == '\r') {
        line.size--;
    }
    if (uu->has_begun && !uu->is_cut && decode_line(line, head_r, head_size_r)) {
        uu->has_begun = false;
        return true;
    }
    struct span name = begin_name(line);
    uu->has_begun = name.at != NULL;
    if (uu->has_begun) {
        keep_name(uu, line, name);
    }
    return false;
}

bool attachment_uu_feed(struct attachment_uu *uu, struct span bytes, size_t *used_r,
                        struct span *name_r, unsigned char head_r[64], size_t *head_size_r)
{
    size_t at = 0;
    while (at < bytes.size) {
        const char *end = memchr(bytes.at + at, '\n', bytes.size - at);
        size_t size = end != NULL ? (size_t)(end - (bytes.at + at)) : bytes.size - at;
        size_t room = UU_LINE_MAX - uu->line_size;
        /* Most lines are of no interest, whatever is in them. */
        bool may_matter = uu->has_begun || uu->line_size > 0 || bytes.at[at] == 'b';
        if (may_matter && !uu->is_cut) {
            memcpy(uu->line + uu->line_size, bytes.at + at, size < room ? size : room);
            uu->line_size += size < room ? size : room;
        }
        uu->is_cut = uu->is_cut || !may_matter || size > room;
        at += size;
        if (end == NULL) {
            break;
        }
        at++;
        bool is_file = uu->line_size > 0 && take_line(uu, head_r, head_size_r);
        uu->has_begun = uu->has_begun && uu->line_size > 0;
        uu->line_size = 0;
        uu->is_cut = false;
        if (is_file) {
            *used_r = at;
            *name_r = (struct span){ uu->name_line + uu->name_start, uu->name_size };
            return true;
        }
    }
    *used_r = at;
    return false;
}
