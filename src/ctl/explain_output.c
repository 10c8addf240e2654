/*
 * explain_output: the message as it would leave: the edited view of its header, its own body.
 *
 * Lines end in CRLF as on the wire, but where the file had no CR at all: then they end in LF, and
 * the body is the file's own bytes.
 */
#include <string.h>

#include "ctl/explain.h"
#include "message/builder.h"
#include "message/edit.h"
#include "util/file.h"

static void body_add(void *context, const void *bytes, size_t size)
{
    buffer_add(context, bytes, size);
}

static void field_add(struct buffer *out, const struct header_field *field, bool keeps_space)
{
    struct span line, rest = field->value;
    bool is_first = true;

    buffer_add_span(out, field->name);
    buffer_add_text(out, keeps_space ? ":" : ": ");
    while (span_cut(&rest, '\n', &line)) {
        if (!is_first)
            buffer_add_text(out, "\r\n");
        buffer_add_span(out, line);
        is_first = false;
    }
    buffer_add_text(out, "\r\n");
}

static void carriage_returns_drop(struct buffer *out)
{
    size_t size = 0;

    for (size_t i = 0; i < out->size; i++) {
        if (out->at[i] != '\r')
            out->at[size++] = out->at[i];
    }
    out->size = size;
}

/* The file is taken apart once more, as drive did: where its header ends is no question of taste.
 */
static bool message_make(const struct explanation *explanation, struct buffer *out)
{
    const struct job *job = explanation->job;
    struct arena *arena = arena_new(ENVELOPE_MEMORY_MAX);
    struct span file = explanation->input->drive.message;
    struct header_list view, ignored;
    bool is_done = false;

    header_list_init(&ignored, true);
    if (arena != NULL && edit_view(&job->message.headers, &job->verdict.edits, arena, &view)) {
        for (size_t i = 0; i < view.count; i++)
            field_add(out, &view.fields[i], view.keeps_space);
        buffer_add_text(out, "\r\n");
        is_done = message_read(file, arena, &ignored, body_add, out) && !buffer_has_failed(out);
    }
    if (file.size > 0 && memchr(file.at, '\r', file.size) == NULL)
        carriage_returns_drop(out);
    arena_free(&arena);
    return is_done;
}

bool explain_output(const struct explanation *explanation, const char *path, struct error *error)
{
    struct buffer out = BUFFER_EMPTY;
    bool is_written = false;

    if (message_make(explanation, &out))
        is_written = file_write_atomic(path, buffer_text(&out), out.size, 0600, true, error);
    else
        error_set(error, "%s: no memory for this message", path);
    buffer_free(&out);
    return is_written;
}
