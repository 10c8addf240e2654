/*
 * builder: the border between header and body, and line ends.
 *
 * What is a field and what ends the header is decided as Postfix decides it (global/is_header,
 * cleanup): a name of printable ASCII without blanks, blanks perhaps (RFC 5322 4.5), a colon. A
 * line that begins with a blank continues a field; with no field before it, it begins the body.
 * Sendmail agrees in the cases that matter. Where Postfix cuts a field (NUL, header_size_limit)
 * nothing is cut here: what is wrong with a message shall be seen.
 */
#include "message/builder.h"

#include "util/buffer.h"

#define PIECE_BYTES 16384

/* One line without its line end; *rest_io begins behind it. False at the end of the file. */
static bool cut_line(struct span *rest_io, struct span *line_r)
{
    if (rest_io->size == 0 || !span_cut(rest_io, '\n', line_r))
        return false;
    if (rest_io->at != NULL && line_r->size > 0 && line_r->at[line_r->size - 1] == '\r')
        line_r->size--;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_mbox_line(struct span line)
{
    while (line.size > 0 && line.at[0] == '>')
        line = span_from(line, 1);
    return line.size >= 5 && memcmp(line.at, "From ", 5) == 0;
}

/* The name a line begins a field with; empty: it begins none. *colon_r: the colon's place. */
static struct span field_name(struct span line, size_t *colon_r)
{
    size_t size = 0, at;

    while (size < line.size && line.at[size] > ' ' && line.at[size] < 0x7f && line.at[size] != ':')
        size++;
    at = size;
    while (at < line.size && is_blank(line.at[at]))
        at++;
    *colon_r = at;
    return span_first(line, at < line.size && line.at[at] == ':' ? size : 0);
}

/* `raw` with LF for CRLF; a copy in *scratch only where it must be. False: out of memory. */
static bool to_lf(struct span raw, struct buffer *scratch, struct span *value_r)
{
    struct span line;

    *value_r = raw;
    if (span_find(raw, '\n') < 0 || span_find(raw, '\r') < 0)
        return true;
    buffer_clear(scratch);
    while (cut_line(&raw, &line)) {
        buffer_add_span(scratch, line);
        if (raw.at != NULL)
            buffer_add_char(scratch, '\n');
    }
    *value_r = buffer_span(scratch);
    return !buffer_has_failed(scratch);
}

/* From the first line of a field (cut off) to the end of its last: that many bytes follow. */
static struct span take_folds(struct span first, struct span *rest_io)
{
    struct span all = first, line;

    while (rest_io->size > 0 && is_blank(rest_io->at[0]) && cut_line(rest_io, &line))
        all.size = (size_t)(line.at + line.size - all.at);
    return all;
}

static bool read_header(struct span *rest_io, struct arena *arena, struct header_list *headers)
{
    struct buffer scratch = BUFFER_EMPTY;
    struct span before = *rest_io, line, name, value;
    bool ok = true;
    size_t colon;

    while (cut_line(rest_io, &line) && line.size > 0) {
        name = field_name(line, &colon);
        if (name.size == 0) {
            *rest_io = before;
            break;
        }
        value = span_from(take_folds(line, rest_io), colon + 1);
        if (!headers->keeps_space && value.size > 0 && value.at[0] == ' ')
            value = span_from(value, 1);
        ok = ok && to_lf(value, &scratch, &value) && header_list_add(headers, arena, name, value);
        before = *rest_io;
    }
    buffer_free(&scratch);
    return ok;
}

struct piece {
    char bytes[PIECE_BYTES];
    size_t size;
    message_body_fn *body;
    void *context;
};

static void piece_send(struct piece *piece)
{
    if (piece->size > 0)
        piece->body(piece->context, piece->bytes, piece->size);
    piece->size = 0;
}

static void piece_add(struct piece *piece, struct span text)
{
    while (text.size > 0) {
        struct span part = span_first(text, PIECE_BYTES - piece->size);

        memcpy(piece->bytes + piece->size, part.at, part.size);
        piece->size += part.size;
        text = span_from(text, part.size);
        if (piece->size == PIECE_BYTES)
            piece_send(piece);
    }
}

static void read_body(struct span rest, message_body_fn *body, void *context)
{
    struct piece piece;
    struct span line;

    piece.size = 0;
    piece.body = body;
    piece.context = context;
    while (cut_line(&rest, &line)) {
        piece_add(&piece, line);
        if (rest.at != NULL)
            piece_add(&piece, SPAN("\r\n"));
    }
    piece_send(&piece);
}

bool message_read(struct span file, struct arena *arena, struct header_list *headers,
                  message_body_fn *body, void *context)
{
    struct span rest = file, line;
    bool ok;

    while (is_mbox_line(rest) && cut_line(&rest, &line))
        continue;
    ok = read_header(&rest, arena, headers);
    read_body(rest, body, context);
    return ok;
}

/* `more` behind what is in *list; *room_io is what fits into list->at. */
static bool join_lists(struct address_list *list, size_t *room_io, const struct address_list *more,
                       struct arena *arena)
{
    size_t count = list->count + more->count;
    struct address *at = (struct address *)list->at;

    if (count > *room_io) {
        *room_io = count * 2;
        at = arena_array(arena, *room_io, sizeof(*at));
        if (at == NULL)
            return false;
        if (list->count > 0)
            memcpy(at, list->at, list->count * sizeof(*at));
    }
    if (more->count > 0)
        memcpy(at + list->count, more->at, more->count * sizeof(*at));
    *list = (struct address_list){ at, count, list->defects | more->defects };
    return true;
}

bool message_read_from(struct message *message, struct arena *arena)
{
    const struct header_field *field = header_first(&message->headers, HEADER_FROM);
    size_t room = 0;

    message->from = (struct address_list){ NULL, 0, 0 };
    for (; field != NULL; field = header_next(&message->headers, field)) {
        struct address_list list;

        if (!address_parse_list(field->value, arena, &list))
            return false;
        /* Nearly always there is one From field, and its list is the answer. */
        if (message->from.count == 0 && room == 0) {
            list.defects |= message->from.defects;
            message->from = list;
            room = list.count;
        } else if (!join_lists(&message->from, &room, &list, arena)) {
            return false;
        }
    }
    return true;
}
