/* What the tests of attachments share: samples made by hand, read in pieces of a size, told as
 * text. */
#ifndef TESTS_UNIT_TEST_ATTACHMENT_SUPPORT_H
#define TESTS_UNIT_TEST_ATTACHMENT_SUPPORT_H

#include "test_message_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/attachment.h"
#include "util/buffer.h"

/* The beginning of a Windows program, and nothing that could run. */
#define PROGRAM                                                                                    \
    "MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0@\0\0\0\0\0\0\0"                    \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0PE\0\0"

static inline void add_number(struct buffer *out, uint64_t number, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++) {
        buffer_add_char(out, (char)(i < 8 ? number >> (8 * i) : 0));
    }
}

static inline void add_padding(struct buffer *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        buffer_add_char(out, (char)(i * 7 + i / 251));
    }
}

static inline struct buffer base64_of(struct span content)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buffer out = BUFFER_EMPTY;
    for (size_t i = 0; i < content.size; i += 3) {
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++) {
            group = group << 8 | (i + k < content.size ? (unsigned char)content.at[i + k] : 0);
        }
        for (size_t k = 0; k < 4; k++) {
            bool is_padding = i + k > content.size;
            buffer_add_char(&out, is_padding ? '=' : digits[group >> (18 - 6 * k) & 0x3f]);
        }
        if (i % 57 == 54) {
            buffer_add_text(&out, "\r\n");
        }
    }
    return out;
}

static inline void show_classes(struct buffer *out, const char *what, unsigned classes)
{
    for (int i = 0; i < ATTACHMENT_CLASSES; i++) {
        if ((classes & ATTACHMENT_BIT(i)) != 0) {
            buffer_printf(out, " %s%s", what, attachment_class_names[i]);
        }
    }
}

/* "name (a zip archive) executable ?script >macro >?shortcut =a.exe partly; ": classes, doubtful
 * ones, those of listed names, the first such name. */
static inline void show_attachments(const struct attachments *found, struct buffer *out)
{
    for (const struct attachment *at = found->first; at != NULL; at = at->next) {
        buffer_add_span(out, at->name.at != NULL ? at->name : SPAN("-"));
        buffer_printf(out, " (%s)", attachment_format_text(at->format));
        show_classes(out, "", at->classes);
        show_classes(out, "?", at->doubtful);
        show_classes(out, ">", at->listed_classes);
        show_classes(out, ">?", at->listed_doubtful);
        for (int i = 0; i < ATTACHMENT_CLASSES; i++) {
            if (at->samples[i].at != NULL) {
                buffer_printf(out, " =%.*s", SPAN_ARG(at->samples[i]));
            }
        }
        buffer_printf(out, "%s%s; ", at->is_partly_listed ? " partly" : "",
                      at->is_uuencoded ? " uuencoded" : "");
    }
    buffer_printf(out, "%zu%s", found->count, found->is_incomplete ? " incomplete" : "");
}

/* A message with this Content-Type and body, fed in pieces of `piece` octets. */
static inline struct buffer read_message(const struct attachment_extensions *own, const char *type,
                                         const char *encoding, struct span body, size_t piece)
{
    struct buffer shown = BUFFER_EMPTY;
    struct arena *arena = arena_new(CEILING_BYTES);
    struct attachment_reader *reader = attachment_reader_new(own, NULL);
    struct content_tap tap;
    struct mime_scan scan;
    assert_non_null(arena);
    assert_non_null(reader);
    content_tap_init(&tap);
    assert_true(content_tap_add(&tap, attachment_reader_content(reader)));
    mime_scan_init(&scan, span_of(type), span_of(encoding), arena, content_tap_handler(&tap));
    for (size_t at = 0; at < body.size; at += piece) {
        struct span part = span_first(span_from(body, at), piece);
        char *copy = malloc(part.size); /* of exactly its size, for the sanitizer */
        assert_non_null(copy);
        memcpy(copy, part.at, part.size);
        mime_scan_feed(&scan, copy, part.size);
        free(copy);
    }
    mime_scan_finish(&scan, false);
    show_attachments(attachment_reader_found(reader), &shown);
    attachment_reader_free(&reader);
    arena_free(&arena);
    return shown;
}

/* The same in many ways to cut it, which must all say the same. */
static inline struct buffer read_in_pieces(const struct attachment_extensions *own,
                                           const char *type, const char *encoding, struct span body)
{
    static const size_t pieces[] = { 1, 2, 7, 61, 78, 1000, 4096, 65536 };
    struct buffer wanted = read_message(own, type, encoding, body, SIZE_MAX / 2);
    for (size_t i = 0; i < COUNT(pieces); i++) {
        if (pieces[i] < 61 && body.size > 300000) {
            continue; /* enough is enough */
        }
        struct buffer seen = read_message(own, type, encoding, body, pieces[i]);
        if (strcmp(buffer_text(&seen), buffer_text(&wanted)) != 0) {
            fail_msg("in pieces of %zu: %s\nat once: %s", pieces[i], buffer_text(&seen),
                     buffer_text(&wanted));
        }
        buffer_free(&seen);
    }
    return wanted;
}

/* One file as the whole message, in base64. */
static inline void check_file(const struct attachment_extensions *own, const char *type,
                              struct span content, const char *wanted)
{
    struct buffer body = base64_of(content);
    struct buffer seen = read_in_pieces(own, type, "base64", buffer_span(&body));
    if (strcmp(buffer_text(&seen), wanted) != 0) {
        fail_msg("%s\nsaw:    %s\nwanted: %s", type, buffer_text(&seen), wanted);
    }
    buffer_free(&seen);
    buffer_free(&body);
}

#endif
