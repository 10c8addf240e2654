/*
 * readers_ours: a message as the library sees it, and as it travels.
 */
#include <stdlib.h>

#include "message/builder.h"
#include "message/content.h"
#include "message/date.h"
#include "message/mime.h"
#include "tests/corpus/readers.h"

#define FROM_TOLD (ADDRESS_DOUBTFUL | ADDRESS_DOTS | ADDRESS_8BIT)

void view_add_plain(struct buffer *out, const char *at, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)at[i] < ' ' || at[i] == 0x7f)
            buffer_printf(out, "\\x%02x", (unsigned char)at[i]);
        else
            buffer_add_char(out, at[i]);
    }
}

void view_add_lower(struct buffer *out, const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        buffer_add_char(out, ascii_lower(*text));
}

static const char *const encoding_names[] = {
    [ENCODING_NONE] = "",         [ENCODING_7BIT] = "7bit",
    [ENCODING_8BIT] = "8bit",     [ENCODING_BINARY] = "binary",
    [ENCODING_UNKNOWN] = "?",     [ENCODING_QUOTED_PRINTABLE] = "quoted-printable",
    [ENCODING_BASE64] = "base64",
};

static void show_begin(void *context, const struct mime_part *part)
{
    buffer_add_char(context, '(');
    buffer_add_span(context, part->type);
    buffer_add_char(context, '/');
    buffer_add_span(context, part->subtype);
    if (part->is_container)
        return;
    buffer_printf(context, " %s", encoding_names[part->encoding]);
    if (part->file_name.size > 0) {
        buffer_add_text(context, " \"");
        view_add_plain(context, part->file_name.at, part->file_name.size);
        buffer_add_text(context, "\"");
    }
}

static void show_end(void *context, const struct mime_part *part)
{
    (void)part;
    buffer_add_char(context, ')');
}

static struct span value_of(const struct header_list *headers, enum header_id id)
{
    const struct header_field *field = header_first(headers, id);

    return field != NULL ? field->value : (struct span){ NULL, 0 };
}

static void collect(void *context, const void *bytes, size_t size)
{
    buffer_add(context, bytes, size);
}

static void write_out(struct subject *subject, const struct buffer *body)
{
    for (size_t i = 0; i < subject->message.headers.count; i++) {
        struct span rest = subject->message.headers.fields[i].value, line;

        buffer_add_span(&subject->raw, subject->message.headers.fields[i].name);
        buffer_add_char(&subject->raw, ':');
        while (span_cut(&rest, '\n', &line)) {
            buffer_add_span(&subject->raw, line);
            buffer_add_text(&subject->raw, "\r\n");
        }
    }
    buffer_add_text(&subject->raw, "\r\n");
    buffer_add(&subject->raw, body->at, body->size);
}

/* RFC 1950 9. */
unsigned view_sum(unsigned sum, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    unsigned low = sum & 0xffff, high = sum >> 16;

    for (size_t i = 0; i < size; i++) {
        low = (low + at[i]) % 65521;
        high = (high + low) % 65521;
    }
    return high << 16 | low;
}

struct content_sum {
    struct buffer *out;
    size_t size;
    unsigned sum;
};

static bool sum_begin(void *context, const struct mime_part *part)
{
    struct content_sum *sum = context;

    sum->size = 0;
    sum->sum = 1;
    return part->encoding == ENCODING_BASE64 || part->encoding == ENCODING_QUOTED_PRINTABLE;
}

static bool sum_data(void *context, const struct mime_part *part, const void *bytes, size_t size)
{
    struct content_sum *sum = context;

    (void)part;
    sum->size += size;
    sum->sum = view_sum(sum->sum, bytes, size);
    return true;
}

static void sum_end(void *context, const struct mime_part *part)
{
    struct content_sum *sum = context;

    (void)part;
    buffer_printf(sum->out, "%zu:%08x ", sum->size, sum->sum);
}

static void read_content(struct subject *subject, const struct buffer *body)
{
    struct content_sum sum = { .out = &subject->ours.text[ASPECT_CONTENT] };
    struct content_reader reader = {
        .begin = sum_begin, .data = sum_data, .end = sum_end, .context = &sum
    };
    const struct header_list *headers = &subject->message.headers;
    struct content_tap tap;
    struct mime_scan scan;

    content_tap_init(&tap);
    content_tap_add(&tap, &reader);
    mime_scan_init(&scan, value_of(headers, HEADER_CONTENT_TYPE),
                   value_of(headers, HEADER_CONTENT_TRANSFER_ENCODING), subject->arena,
                   content_tap_handler(&tap));
    mime_scan_feed(&scan, body->at, body->size);
    mime_scan_finish(&scan, false);
    subject->defects[ASPECT_CONTENT] = subject->defects[ASPECT_TREE];
}

static void read_parts(struct subject *subject, const struct buffer *body)
{
    struct mime_handler handler = { .part_begin = show_begin,
                                    .part_end = show_end,
                                    .context = &subject->ours.text[ASPECT_TREE] };
    const struct header_list *headers = &subject->message.headers;
    struct mime_scan scan;

    mime_scan_init(&scan, value_of(headers, HEADER_CONTENT_TYPE),
                   value_of(headers, HEADER_CONTENT_TRANSFER_ENCODING), subject->arena, &handler);
    mime_scan_feed(&scan, body->at, body->size);
    subject->defects[ASPECT_TREE] = mime_scan_finish(&scan, false)->defects;
    if (headers->counts[HEADER_CONTENT_TYPE] > 1) /* the header tells, the walk does not see it */
        subject->defects[ASPECT_TREE] |= MIME_DUPLICATE_FIELD;
}

static void read_date(struct subject *subject)
{
    struct date date;

    date_parse(value_of(&subject->message.headers, HEADER_DATE), &date);
    subject->defects[ASPECT_DATE] = date.defects;
    if ((date.defects & DATE_BROKEN) == 0)
        buffer_printf(&subject->ours.text[ASPECT_DATE], "%lld %d", (long long)date.wall_s,
                      date.utc_offset_s);
}

bool readers_ours(struct subject *subject, struct span file)
{
    struct buffer body = BUFFER_EMPTY, *from = &subject->ours.text[ASPECT_FROM];
    const struct address_list *list = &subject->message.from;
    bool is_read;

    header_list_init(&subject->message.headers, true);
    is_read = message_read(file, subject->arena, &subject->message.headers, collect, &body) &&
              message_read_from(&subject->message, subject->arena);
    if (is_read) {
        write_out(subject, &body);
        read_parts(subject, &body);
        read_content(subject, &body);
        read_date(subject);
        subject->defects[ASPECT_FROM] = list->defects & FROM_TOLD;
        for (size_t i = 0; i < list->count; i++) {
            for (size_t j = 0; j < list->at[i].text.size; j++)
                buffer_add_char(from, ascii_lower(list->at[i].text.at[j]));
            buffer_add_char(from, ' ');
        }
    }
    buffer_free(&body);
    return is_read && !arena_is_exhausted(subject->arena);
}
