/* The milter protocol as bytes. See milter_wire.h; numbers are those of libmilter's mfdef.h. */
#include "milter_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

static void buffer_reserve(struct wire_buffer *buffer, size_t more)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 1024;
    char *data;

    if (more <= buffer->capacity - buffer->length)
        return;
    while (capacity - buffer->length < more)
        capacity *= 2;
    data = realloc(buffer->data, capacity);
    if (!data) {
        fprintf(stderr, "mtaload: no memory for %zu bytes\n", capacity);
        exit(70);
    }
    buffer->data = data;
    buffer->capacity = capacity;
}

void wire_buffer_free(struct wire_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct wire_buffer){ 0 };
}

void wire_add_bytes(struct wire_buffer *buffer, const void *data, size_t length)
{
    buffer_reserve(buffer, length);
    if (length)
        memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
}

struct wire_text wire_rest(const struct wire_buffer *buffer, size_t used)
{
    if (used >= buffer->length)
        return (struct wire_text){ "", 0 };
    return (struct wire_text){ buffer->data + used, buffer->length - used };
}

void wire_begin(struct wire_buffer *buffer, enum wire_command command)
{
    char letter = (char)command;

    buffer->frame_start = buffer->length;
    wire_add_u32(buffer, 0);
    wire_add_bytes(buffer, &letter, 1);
}

void wire_add_u16(struct wire_buffer *buffer, uint16_t value)
{
    uint16_t wire = htons(value);

    wire_add_bytes(buffer, &wire, sizeof wire);
}

void wire_add_u32(struct wire_buffer *buffer, uint32_t value)
{
    uint32_t wire = htonl(value);

    wire_add_bytes(buffer, &wire, sizeof wire);
}

void wire_add_text(struct wire_buffer *buffer, const char *text, size_t length)
{
    wire_add_bytes(buffer, text, length);
    wire_add_bytes(buffer, "", 1);
}

void wire_add_string(struct wire_buffer *buffer, const char *string)
{
    wire_add_bytes(buffer, string, strlen(string) + 1);
}

void wire_end(struct wire_buffer *buffer)
{
    uint32_t wire = htonl((uint32_t)(buffer->length - buffer->frame_start - 4));

    memcpy(buffer->data + buffer->frame_start, &wire, sizeof wire);
}

void wire_put_bare(struct wire_buffer *buffer, enum wire_command command)
{
    wire_begin(buffer, command);
    wire_end(buffer);
}

void wire_put_offer(struct wire_buffer *buffer, uint32_t version, uint32_t actions, uint32_t steps)
{
    wire_begin(buffer, WIRE_OFFER);
    wire_add_u32(buffer, version);
    wire_add_u32(buffer, actions);
    wire_add_u32(buffer, steps);
    wire_end(buffer);
}

void wire_put_connect(struct wire_buffer *buffer, const char *host, char family, uint16_t port,
                      const char *address)
{
    wire_begin(buffer, WIRE_CONNECT);
    wire_add_string(buffer, host);
    wire_add_bytes(buffer, &family, 1);
    if (family != 'U') {
        wire_add_u16(buffer, port);
        wire_add_string(buffer, address);
    }
    wire_end(buffer);
}

void wire_put_string(struct wire_buffer *buffer, enum wire_command command, const char *string)
{
    wire_begin(buffer, command);
    wire_add_string(buffer, string);
    wire_end(buffer);
}

void wire_put_header(struct wire_buffer *buffer, const char *name, size_t name_length,
                     const char *value, size_t value_length)
{
    wire_begin(buffer, WIRE_HEADER);
    wire_add_text(buffer, name, name_length);
    wire_add_text(buffer, value, value_length);
    wire_end(buffer);
}

void wire_put_body_head(struct wire_buffer *buffer, enum wire_command command, size_t length)
{
    char letter = (char)command;

    wire_add_u32(buffer, (uint32_t)(length + 1));
    wire_add_bytes(buffer, &letter, 1);
}

static uint32_t read_u32(const char *data)
{
    uint32_t wire;

    memcpy(&wire, data, sizeof wire);
    return ntohl(wire);
}

int wire_next_frame(const char *data, size_t length, size_t limit, struct wire_frame *frame_r,
                    size_t *used_r)
{
    size_t size;

    if (length < 4)
        return 0;
    size = read_u32(data);
    if (size == 0 || size > limit)
        return -1;
    if (length - 4 < size)
        return 0;
    *frame_r = (struct wire_frame){ data[4], data + 5, size - 1 };
    *used_r = 4 + size;
    return 1;
}

/* Takes the text up to the next NUL off the front of *rest. */
static bool take_text(struct wire_text *rest, struct wire_text *text_r)
{
    const char *end = rest->length ? memchr(rest->data, 0, rest->length) : NULL;

    if (!end)
        return false;
    *text_r = (struct wire_text){ rest->data, (size_t)(end - rest->data) };
    rest->length -= text_r->length + 1;
    rest->data = end + 1;
    return true;
}

bool wire_read_offer(const struct wire_frame *frame, struct wire_offer *offer_r)
{
    struct wire_text rest = { frame->data + 12, 0 };

    *offer_r = (struct wire_offer){ 0 };
    if (frame->command != WIRE_OFFER || frame->length < 12)
        return false;
    offer_r->version = read_u32(frame->data);
    offer_r->actions = read_u32(frame->data + 4);
    offer_r->steps = read_u32(frame->data + 8);
    rest.length = frame->length - 12;
    while (rest.length) {
        uint32_t stage;

        if (rest.length < 4)
            return false;
        stage = read_u32(rest.data);
        rest.data += 4;
        rest.length -= 4;
        if (stage >= WIRE_STAGES || !take_text(&rest, &offer_r->list[stage]))
            return false;
        offer_r->has_list[stage] = true;
    }
    return true;
}

/* The shape of an answer's data: 0 none, i index, n name, v value, o value that may be absent, t
 * text whose NUL may be absent, b bytes. */
static const struct reply_row {
    enum wire_reply reply;
    const char *shape;
    bool is_edit;
    const char *name;
} replies[] = {
    { WIRE_ADD_RCPT, "n", true, "addrcpt" },
    { WIRE_DELETE_RCPT, "n", true, "delrcpt" },
    { WIRE_ADD_RCPT_ARGS, "no", true, "addrcpt-args" },
    { WIRE_SHUTDOWN, "", false, "shutdown" },
    { WIRE_ACCEPT, "", false, "accept" },
    { WIRE_REPLACE_BODY, "b", true, "replacebody" },
    { WIRE_CONTINUE, "", false, "continue" },
    { WIRE_DISCARD, "", false, "discard" },
    { WIRE_CHANGE_FROM, "no", true, "chgfrom" },
    { WIRE_CONNECTION_FAIL, "", false, "connection-fail" },
    { WIRE_ADD_HEADER, "nv", true, "addheader" },
    { WIRE_INSERT_HEADER, "inv", true, "insheader" },
    { WIRE_CHANGE_HEADER, "inv", true, "chgheader" },
    { WIRE_PROGRESS, "", true, "progress" },
    { WIRE_QUARANTINE, "t", true, "quarantine" },
    { WIRE_REJECT, "", false, "reject" },
    { WIRE_SKIP, "", false, "skip" },
    { WIRE_TEMPFAIL, "", false, "tempfail" },
    { WIRE_REPLY_CODE, "t", false, "replycode" },
};

static const struct reply_row *find_reply(char letter)
{
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
        if ((char)replies[i].reply == letter)
            return &replies[i];
    return NULL;
}

static bool read_item(char kind, struct wire_text *rest, struct wire_answer *answer)
{
    switch (kind) {
    case 'i':
        if (rest->length < 4)
            return false;
        answer->index = read_u32(rest->data);
        rest->data += 4;
        rest->length -= 4;
        return true;
    case 'n':
        return take_text(rest, &answer->name);
    case 'o':
        return rest->length == 0 || take_text(rest, &answer->value);
    case 'v':
        return take_text(rest, &answer->value);
    case 't':
        if (take_text(rest, &answer->value))
            return true;
        /* fall through */
    default:
        answer->value = *rest;
        rest->length = 0;
        return true;
    }
}

bool wire_read_answer(const struct wire_frame *frame, struct wire_answer *answer_r)
{
    const struct reply_row *row = find_reply(frame->command);
    struct wire_text rest = { frame->data, frame->length };

    *answer_r = (struct wire_answer){ 0 };
    if (!row)
        return false;
    answer_r->reply = row->reply;
    answer_r->is_edit = row->is_edit;
    for (const char *kind = row->shape; *kind; kind++)
        if (!read_item(*kind, &rest, answer_r))
            return false;
    return rest.length == 0;
}

const char *wire_reply_name(char reply)
{
    const struct reply_row *row = find_reply(reply);

    return row ? row->name : NULL;
}

const char *wire_command_name(char command)
{
    static const struct {
        char letter;
        const char *name;
    } names[] = {
        { WIRE_ABORT, "abort" },     { WIRE_BODY, "body" },
        { WIRE_CONNECT, "connect" }, { WIRE_MACRO, "macro" },
        { WIRE_HELO, "helo" },       { WIRE_END_OF_MESSAGE, "eom" },
        { WIRE_QUIT, "quit" },       { WIRE_QUIT_NEXT, "quit-next" },
        { WIRE_HEADER, "header" },   { WIRE_MAIL, "mail" },
        { WIRE_RCPT, "rcpt" },       { WIRE_END_OF_HEADERS, "eoh" },
        { WIRE_OFFER, "negotiate" }, { WIRE_DATA, "data" },
        { WIRE_UNKNOWN, "unknown" },
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].letter == command)
            return names[i].name;
    return NULL;
}
