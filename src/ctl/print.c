/*
 * print: escaping and the little layout that text output has.
 */
#include <string.h>

#include "ctl/print.h"

#define LABEL_COLUMN 12

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '\\';
}

void print_escaped(struct buffer *out, struct span text, size_t max_bytes)
{
    size_t size = text.size < max_bytes ? text.size : max_bytes;
    size_t from = 0;

    for (size_t i = 0; i <= size; i++) {
        if (i < size && is_plain((unsigned char)text.at[i]))
            continue;
        if (i > from)
            buffer_add(out, text.at + from, i - from);
        if (i < size)
            buffer_printf(out, "\\x%02x", (unsigned)(unsigned char)text.at[i]);
        from = i + 1;
    }
    if (size < text.size)
        buffer_printf(out, "... (%zu octets)", text.size);
}

void print_styled(const struct ctl *ctl, struct buffer *out, enum print_style style,
                  const char *text)
{
    static const char *const codes[] = {
        [PRINT_PLAIN] = "", [PRINT_HEADING] = "1", [PRINT_GOOD] = "32",
        [PRINT_BAD] = "31", [PRINT_DIM] = "2",
    };

    if (!ctl->has_colour || style == PRINT_PLAIN)
        buffer_add_text(out, text);
    else
        buffer_printf(out, "\033[%sm%s\033[0m", codes[style], text);
}

void print_label(const struct ctl *ctl, struct buffer *out, const char *label)
{
    size_t size = strlen(label);

    print_styled(ctl, out, PRINT_HEADING, label);
    for (; size < LABEL_COLUMN; size++)
        buffer_add_char(out, ' ');
}
