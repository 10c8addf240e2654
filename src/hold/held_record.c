/*
 * held_record: lines: the layout and the numbers, then a text each; what follows is the charge.
 */
#include "hold/hold_private.h"

#include <inttypes.h>
#include <stdio.h>

#define LAYOUT "1"
#define HEAD_MAX 120
#define TEXT_MAX 512 /* bytes of one text; what is longer is cut */

/* One line: line ends would be others' lines. */
static void add_text(struct buffer *out, struct span text)
{
    struct span rest = span_first(text, TEXT_MAX);

    for (size_t i = 0; i < rest.size; i++) {
        char c = rest.at[i];
        buffer_add_char(out, c == '\n' || c == '\r' || c == '\0' ? ' ' : c);
    }
    buffer_add_char(out, '\n');
}

bool held_write(const struct held *held, struct buffer *out)
{
    buffer_printf(out, LAYOUT " %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 "\n", held->held_s,
                  held->seen_s, held->recipients, held->size_bytes);
    add_text(out, held->mail_class);
    add_text(out, held->principal);
    add_text(out, held->finding);
    add_text(out, held->reason);
    add_text(out, held->sender);
    add_text(out, held->message_id);
    buffer_add_span(out, span_first(held->charge, HELD_CHARGE_MAX));
    return !buffer_has_failed(out);
}

static bool read_numbers(struct span line, struct held *held)
{
    char text[HEAD_MAX];
    int used = 0;

    if (line.size >= sizeof(text)) {
        return false;
    }
    snprintf(text, sizeof(text), "%.*s", SPAN_ARG(line));
    return sscanf(text, LAYOUT " %" SCNd64 " %" SCNd64 " %" SCNu64 " %" SCNu64 "%n", &held->held_s,
                  &held->seen_s, &held->recipients, &held->size_bytes, &used) == 4 &&
           (size_t)used == line.size;
}

bool held_read(struct span bytes, struct held *held_r)
{
    struct span rest = bytes, line;
    struct span *const texts[] = { &held_r->mail_class, &held_r->principal, &held_r->finding,
                                   &held_r->reason,     &held_r->sender,    &held_r->message_id };

    *held_r = (struct held){ .held_s = 0 };
    if (!span_cut(&rest, '\n', &line) || !read_numbers(line, held_r)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!span_cut(&rest, '\n', texts[i])) {
            return false;
        }
    }
    held_r->charge = rest;
    return rest.at != NULL && rest.size <= HELD_CHARGE_MAX;
}
