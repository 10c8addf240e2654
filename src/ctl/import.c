/*
 * import: what the files import_*.c share.
 */
#include "ctl/import.h"

#include <stdarg.h>
#include <stdlib.h>

enum { NOTES_FIRST = 32 };

void import_note(struct import *import, const struct opendkim_setting *place, bool is_loss,
                 const char *format, ...)
{
    va_list args;
    if (import->note_count == import->note_room) {
        size_t room = import->note_room > 0 ? import->note_room * 2 : NOTES_FIRST;
        struct import_note *grown = reallocarray(import->notes, room, sizeof(*grown));
        if (grown == NULL) {
            import->has_failed = true;
            return;
        }
        import->notes = grown;
        import->note_room = room;
    }
    va_start(args, format);
    const char *why = arena_vprintf(import->conf.arena, format, args);
    va_end(args);
    const char *setting = arena_copy(import->conf.arena, span_of(place->name)).at;
    const char *value = arena_copy(import->conf.arena, span_of(place->value)).at;
    if (why == NULL || setting == NULL || value == NULL) {
        import->has_failed = true;
        return;
    }
    import->notes[import->note_count++] =
        (struct import_note){ place->file, place->line, setting, value, why, is_loss };
}

void import_quote(struct import *import, struct span text)
{
    buffer_add_char(&import->out, '"');
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '"' || c == '\\') {
            buffer_add_char(&import->out, '\\');
        }
        if (c < ' ' || c == 0x7f) {
            buffer_printf(&import->out, "\\x%02x", c);
        } else {
            buffer_add_char(&import->out, (char)c);
        }
    }
    buffer_add_char(&import->out, '"');
}
