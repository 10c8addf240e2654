/* A message and the filter's changes to it. See script_mail.h. */
#include "script_mail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char *copy_text(struct wire_text text)
{
    char *copy = malloc(text.length + 1);

    if (!copy) {
        fprintf(stderr, "mtaload: no memory for %zu bytes\n", text.length);
        exit(70);
    }
    if (text.length)
        memcpy(copy, text.data, text.length);
    copy[text.length] = 0;
    return copy;
}

static void free_field(struct mail_field *field)
{
    free(field->name);
    free(field->value);
}

void script_mail_clear(struct script_mail *mail)
{
    for (size_t i = 0; i < mail->fields; i++)
        free_field(&mail->field[i]);
    free(mail->field);
    wire_buffer_free(&mail->body);
    *mail = (struct script_mail){ 0 };
}

bool script_mail_add_field(struct script_mail *mail, size_t position, struct wire_text name,
                           struct wire_text value)
{
    if (mail->fields == mail->capacity) {
        size_t capacity = mail->capacity ? mail->capacity * 2 : 32;
        struct mail_field *bigger = realloc(mail->field, capacity * sizeof *bigger);

        if (!bigger)
            return false;
        mail->field = bigger;
        mail->capacity = capacity;
    }
    if (position > mail->fields)
        position = mail->fields;
    memmove(mail->field + position + 1, mail->field + position,
            (mail->fields - position) * sizeof *mail->field);
    mail->field[position] =
        (struct mail_field){ copy_text(name), name.length, copy_text(value), value.length };
    mail->fields++;
    return true;
}

/* --- reading ----------------------------------------------------------- */

static bool read_file(const char *path, struct wire_buffer *bytes)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char piece[65536];
    size_t count;
    bool failed;

    if (!file) {
        fprintf(stderr, "mtaload: %s: %s\n", path, strerror(errno));
        return false;
    }
    while ((count = fread(piece, 1, sizeof piece, file)) > 0)
        wire_add_bytes(bytes, piece, count);
    failed = ferror(file);
    if (file != stdin)
        fclose(file);
    if (failed)
        fprintf(stderr, "mtaload: %s: cannot be read\n", path);
    return !failed;
}

/* Takes a line without its end off the front. ended_r: it had an end. */
static struct wire_text take_line(struct wire_text *rest, bool is_raw, bool *ended_r)
{
    struct wire_text line = { rest->data, rest->length };
    const char *end = is_raw ? memmem(rest->data, rest->length, "\r\n", 2)
                             : memchr(rest->data, '\n', rest->length);
    size_t used = rest->length;

    *ended_r = end != NULL;
    if (end) {
        line.length = (size_t)(end - rest->data);
        used = line.length + (is_raw ? 2 : 1);
        if (!is_raw && line.length && end[-1] == '\r')
            line.length--;
    }
    rest->data += used;
    rest->length -= used;
    return line;
}

static bool is_continuation(struct wire_text rest)
{
    return rest.length && (rest.data[0] == ' ' || rest.data[0] == '\t');
}

static void read_header(struct script_mail *mail, struct wire_text *rest, bool is_raw)
{
    while (rest->length) {
        struct wire_text before = *rest;
        struct wire_buffer value = { 0 };
        bool ended;
        struct wire_text line = take_line(rest, is_raw, &ended);
        const char *colon = line.length ? memchr(line.data, ':', line.length) : NULL;
        struct wire_text name = { line.data, 0 };

        if (!colon) { /* the empty line belongs to neither part, anything else to the body */
            if (line.length)
                *rest = before;
            return;
        }
        name.length = (size_t)(colon - line.data);
        wire_add_bytes(&value, colon + 1, line.length - name.length - 1);
        while (is_continuation(*rest)) {
            line = take_line(rest, is_raw, &ended);
            wire_add_bytes(&value, "\n", 1);
            wire_add_bytes(&value, line.data, line.length);
        }
        script_mail_add_field(mail, mail->fields, name,
                              (struct wire_text){ value.data, value.length });
        wire_buffer_free(&value);
    }
}

bool script_mail_read(struct script_mail *mail, const char *path, bool is_raw)
{
    struct wire_buffer bytes = { 0 };
    struct wire_text rest;

    script_mail_clear(mail);
    if (!read_file(path, &bytes)) {
        wire_buffer_free(&bytes);
        return false;
    }
    rest = (struct wire_text){ bytes.data, bytes.length };
    read_header(mail, &rest, is_raw);
    while (!is_raw && rest.length) {
        bool ended;
        struct wire_text line = take_line(&rest, false, &ended);

        wire_add_bytes(&mail->body, line.data, line.length);
        if (ended)
            wire_add_bytes(&mail->body, "\r\n", 2);
    }
    wire_add_bytes(&mail->body, rest.data, rest.length);
    wire_buffer_free(&bytes);
    return true;
}

/* --- changing ---------------------------------------------------------- */

/* The position of the n-th (from 1) field of a name; the count of fields if there is none. */
static size_t find_field(const struct script_mail *mail, struct wire_text name, uint32_t nth)
{
    for (size_t i = 0; i < mail->fields; i++)
        if (mail->field[i].name_length == name.length &&
            strncasecmp(mail->field[i].name, name.data, name.length) == 0 && --nth == 0)
            return i;
    return mail->fields;
}

static void delete_field(struct script_mail *mail, size_t position)
{
    mail->above_received -= position < mail->above_received;
    free_field(&mail->field[position]);
    mail->fields--;
    memmove(mail->field + position, mail->field + position + 1,
            (mail->fields - position) * sizeof *mail->field);
}

/* Index 0 is the top; the MTA's own Received counts as a field here. */
static void insert_field(struct script_mail *mail, const struct wire_answer *edit,
                         struct wire_text value)
{
    if (edit->index <= mail->above_received) {
        script_mail_add_field(mail, edit->index, edit->name, value);
        mail->above_received++;
        return;
    }
    script_mail_add_field(mail, edit->index - 1, edit->name, value);
}

static void change_field(struct script_mail *mail, const struct wire_answer *edit,
                         struct wire_text value)
{
    size_t position = find_field(mail, edit->name, edit->index ? edit->index : 1);
    size_t above_received = mail->above_received;

    if (position < mail->fields)
        delete_field(mail, position);
    if (edit->value.length == 0)
        return;
    script_mail_add_field(mail, position, edit->name, value);
    mail->above_received = above_received;
}

void script_mail_edit(struct script_mail *mail, const struct wire_answer *edit, bool leading_space)
{
    struct wire_buffer spaced = { 0 };
    struct wire_text value;

    if (!leading_space)
        wire_add_bytes(&spaced, " ", 1);
    wire_add_bytes(&spaced, edit->value.data, edit->value.length);
    value = (struct wire_text){ spaced.data, spaced.length };
    switch (edit->reply) {
    case WIRE_INSERT_HEADER:
        insert_field(mail, edit, value);
        break;
    case WIRE_ADD_HEADER:
        script_mail_add_field(mail, mail->fields, edit->name, value);
        break;
    case WIRE_CHANGE_HEADER:
        change_field(mail, edit, value);
        break;
    default:
        break;
    }
    wire_buffer_free(&spaced);
}

/* --- writing ----------------------------------------------------------- */

static void write_value(const struct mail_field *field, FILE *file)
{
    for (size_t i = 0; i < field->value_length; i++) {
        if (field->value[i] == '\n')
            putc('\r', file);
        putc(field->value[i], file);
    }
}

bool script_mail_write(const struct script_mail *mail, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    bool failed;

    if (!file) {
        fprintf(stderr, "mtaload: %s: %s\n", path, strerror(errno));
        return false;
    }
    for (size_t i = 0; i < mail->fields; i++) {
        fwrite(mail->field[i].name, 1, mail->field[i].name_length, file);
        putc(':', file);
        write_value(&mail->field[i], file);
        fputs("\r\n", file);
    }
    fputs("\r\n", file);
    if (mail->body.length)
        fwrite(mail->body.data, 1, mail->body.length, file);
    failed = ferror(file);
    if (file == stdout)
        failed = fflush(file) != 0 || failed;
    else
        failed = fclose(file) != 0 || failed;
    if (failed)
        fprintf(stderr, "mtaload: %s: cannot be written\n", path);
    return !failed;
}
