/*
 * readers_gmime: a message as GMime sees it.
 */
#include <gmime/gmime.h>

#include "tests/corpus/readers.h"

static void gmime_leaf(GMimeObject *object, struct buffer *out)
{
    static const char *const names[] = {
        [GMIME_CONTENT_ENCODING_DEFAULT] = "",
        [GMIME_CONTENT_ENCODING_7BIT] = "7bit",
        [GMIME_CONTENT_ENCODING_8BIT] = "8bit",
        [GMIME_CONTENT_ENCODING_BINARY] = "binary",
        [GMIME_CONTENT_ENCODING_BASE64] = "base64",
        [GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE] = "quoted-printable",
        [GMIME_CONTENT_ENCODING_UUENCODE] = "?",
    };
    const char *name;

    if (!GMIME_IS_PART(object)) {
        buffer_add_char(out, ' ');
        return;
    }
    buffer_printf(out, " %s", names[g_mime_part_get_content_encoding((GMimePart *)object)]);
    name = g_mime_part_get_filename((GMimePart *)object);
    if (name != NULL && *name != '\0') {
        buffer_add_text(out, " \"");
        view_add_plain(out, name, strlen(name));
        buffer_add_text(out, "\"");
    }
}

static void gmime_tree(GMimeObject *object, struct buffer *out)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);

    buffer_add_char(out, '(');
    view_add_lower(out, g_mime_content_type_get_media_type(type));
    buffer_add_char(out, '/');
    view_add_lower(out, g_mime_content_type_get_media_subtype(type));
    if (GMIME_IS_MULTIPART(object)) {
        for (int i = 0; i < g_mime_multipart_get_count((GMimeMultipart *)object); i++)
            gmime_tree(g_mime_multipart_get_part((GMimeMultipart *)object, i), out);
    } else if (GMIME_IS_MESSAGE_PART(object)) {
        GMimeMessage *inner = g_mime_message_part_get_message((GMimeMessagePart *)object);
        GMimeObject *part = inner != NULL ? g_mime_message_get_mime_part(inner) : NULL;

        if (part != NULL)
            gmime_tree(part, out);
    } else {
        gmime_leaf(object, out);
    }
    buffer_add_char(out, ')');
}

static void gmime_content(GMimeObject *object, struct buffer *out)
{
    GMimeStream *stream;
    GByteArray *octets;
    GMimeContentEncoding encoding;

    if (!GMIME_IS_PART(object)) {
        return;
    }
    encoding = g_mime_part_get_content_encoding((GMimePart *)object);
    if (encoding != GMIME_CONTENT_ENCODING_BASE64 &&
        encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE) {
        return;
    }
    stream = g_mime_stream_mem_new();
    if (g_mime_part_get_content((GMimePart *)object) != NULL) {
        g_mime_data_wrapper_write_to_stream(g_mime_part_get_content((GMimePart *)object), stream);
    }
    octets = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream);
    buffer_printf(out, "%zu:%08x ", (size_t)octets->len, view_sum(1, octets->data, octets->len));
    g_object_unref(stream);
}

static void gmime_contents(GMimeObject *part, struct buffer *out)
{
    if (GMIME_IS_MULTIPART(part)) {
        for (int i = 0; i < g_mime_multipart_get_count((GMimeMultipart *)part); i++) {
            gmime_contents(g_mime_multipart_get_part((GMimeMultipart *)part, i), out);
        }
    } else if (GMIME_IS_MESSAGE_PART(part)) {
        GMimeMessage *inner = g_mime_message_part_get_message((GMimeMessagePart *)part);

        if (inner != NULL && g_mime_message_get_mime_part(inner) != NULL) {
            gmime_contents(g_mime_message_get_mime_part(inner), out);
        }
    } else {
        gmime_content(part, out);
    }
}

static void gmime_mailboxes(InternetAddressList *list, struct buffer *out)
{
    for (int i = 0; list != NULL && i < internet_address_list_length(list); i++) {
        InternetAddress *address = internet_address_list_get_address(list, i);

        if (INTERNET_ADDRESS_IS_GROUP(address)) {
            gmime_mailboxes(internet_address_group_get_members((InternetAddressGroup *)address),
                            out);
            continue;
        }
        view_add_lower(out, internet_address_mailbox_get_addr((InternetAddressMailbox *)address));
        buffer_add_char(out, ' ');
    }
}

void readers_gmime(const struct subject *subject, struct view *view)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(subject->raw.at, subject->raw.size);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    GDateTime *date = message != NULL ? g_mime_message_get_date(message) : NULL;
    GMimeObject *part = message != NULL ? g_mime_message_get_mime_part(message) : NULL;

    if (part != NULL) {
        gmime_tree(part, &view->text[ASPECT_TREE]);
        gmime_contents(part, &view->text[ASPECT_CONTENT]);
    }
    if (message != NULL)
        gmime_mailboxes(g_mime_message_get_from(message), &view->text[ASPECT_FROM]);
    if (date != NULL)
        buffer_printf(&view->text[ASPECT_DATE], "%lld %d", (long long)g_date_time_to_unix(date),
                      (int)(g_date_time_get_utc_offset(date) / G_TIME_SPAN_SECOND));
    if (message != NULL)
        g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
}

void readers_gmime_start(void)
{
    g_mime_init();
}
