/*
 * mime_header: the header of a part, line by line, of which only the three Content- fields that say
 * how to read it are kept.
 *
 * The header ends where Postfix ends that of a message, and as builder.c has it: at a line that is
 * neither a field nor the continuation of one.
 */
#include "message/mime_private.h"

#define ROOM_FIRST 1024

static const struct span names[MIME_FIELDS] = {
    [MIME_TYPE] = { "Content-Type", 12 },
    [MIME_ENCODING] = { "Content-Transfer-Encoding", 25 },
    [MIME_DISPOSITION] = { "Content-Disposition", 19 },
};

void mime_header_begin(struct mime_walk *walk)
{
    struct mime_collector *header = &walk->header;

    header->size = 0;
    header->current = -1;
    header->has_field = false;
    header->read_bytes = 0;
    memset(header->fields, 0, sizeof(header->fields));
}

static bool make_room(struct mime_collector *header, size_t more, struct arena *arena)
{
    size_t room = header->room > 0 ? header->room : ROOM_FIRST;
    char *at;

    if (header->at != NULL && more <= header->room - header->size)
        return true;
    while (room - header->size < more)
        room *= 2;
    at = arena_alloc(arena, room);
    if (at == NULL)
        return false;
    if (header->size > 0)
        memcpy(at, header->at, header->size);
    header->at = at;
    header->room = room;
    return true;
}

/* To the field that is being collected; the caps end it, or all. */
static void append(struct mime_scan *scan, struct span text)
{
    struct mime_walk *walk = scan->walk;
    struct mime_collector *header = &walk->header;

    if (header->current < 0)
        return;
    if (header->read_bytes > MIME_HEADER_MAX) {
        scan->facts.defects |= MIME_LONG_HEADER;
        header->current = -1;
        return;
    }
    walk->headers_bytes += text.size;
    if (walk->headers_bytes > MIME_HEADERS_MAX)
        scan->facts.defects |= MIME_TOO_MANY;
    if (walk->headers_bytes > MIME_HEADERS_MAX || !make_room(header, text.size, scan->arena)) {
        walk->is_stopped = true;
        return;
    }
    if (text.size > 0)
        memcpy(header->at + header->size, text.at, text.size);
    header->size += text.size;
    header->fields[header->current].size += text.size;
}

static bool is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

/* The name before a colon (RFC 5322 2.2, blanks before the colon: 4.5); empty: it is no field. */
static struct span field_name(struct span line, size_t *value_r)
{
    size_t size = 0, colon;

    while (size < line.size && line.at[size] > ' ' && line.at[size] < 0x7f && line.at[size] != ':')
        size++;
    for (colon = size; colon < line.size && is_wsp(line.at[colon]); colon++)
        continue;
    if (colon == line.size || line.at[colon] != ':')
        return span_first(line, 0);
    *value_r = colon + 1;
    return span_first(line, size);
}

static void begin_field(struct mime_scan *scan, struct span name, struct span value)
{
    struct mime_collector *header = &scan->walk->header;

    header->has_field = true;
    header->current = -1;
    for (int i = 0; i < MIME_FIELDS; i++) {
        if (!span_is_equal_nocase(name, names[i]))
            continue;
        if (header->fields[i].is_given) {
            scan->facts.defects |= MIME_DUPLICATE_FIELD;
            return;
        }
        if (header->read_bytes <= MIME_HEADER_MAX) {
            header->fields[i].is_given = true;
            header->fields[i].start = header->size;
        }
        header->current = i;
        append(scan, value);
    }
}

/* The line that mail programs put before a message they have taken out of an mbox. */
static bool is_mbox_line(const struct mime_walk *walk, struct span line)
{
    return !walk->header.has_field && walk->levels[walk->open - 1].boundary.at == NULL &&
           (span_has_prefix_nocase(line, SPAN("From ")) ||
            span_has_prefix_nocase(line, SPAN(">From ")));
}

bool mime_header_line(struct mime_scan *scan, struct span line)
{
    struct mime_collector *header = &scan->walk->header;
    struct span name;
    size_t value = 0;

    header->read_bytes += line.size + 2;
    if (header->has_field && line.size > 0 && is_wsp(line.at[0])) {
        append(scan, SPAN("\n"));
        append(scan, line);
        return true;
    }
    name = field_name(line, &value);
    if (name.size > 0)
        begin_field(scan, name, span_from(line, value));
    else if (is_mbox_line(scan->walk, line))
        header->current = -1;
    else
        return false;
    return true;
}

void mime_header_more(struct mime_scan *scan, struct span text)
{
    struct mime_collector *header = &scan->walk->header;
    size_t room = header->read_bytes < MIME_HEADER_MAX ? MIME_HEADER_MAX - header->read_bytes : 0;

    /* Up to the cap, wherever the pieces of the line were cut. */
    header->read_bytes += text.size < room ? text.size : room;
    append(scan, span_first(text, room));
    if (text.size > room) {
        header->read_bytes = MIME_HEADER_MAX + 1;
        append(scan, SPAN(""));
    }
}

void mime_header_line_end(struct mime_walk *walk)
{
    struct mime_collector *header = &walk->header;

    if (header->current >= 0 && header->fields[header->current].size > 0 &&
        header->at[header->size - 1] == '\r') {
        header->size--;
        header->fields[header->current].size--;
    }
}

struct mime_header mime_header_fields(const struct mime_walk *walk)
{
    const struct mime_collector *collector = &walk->header;
    struct mime_header header = { { { NULL, 0 } } };

    for (int i = 0; i < MIME_FIELDS; i++) {
        if (collector->fields[i].is_given)
            header.fields[i] = (struct span){ collector->at + collector->fields[i].start,
                                              collector->fields[i].size };
    }
    return header;
}
