/*
 * fuzz_attachment: the first line is a Content-Type, the rest a file, as it is and in base64. What
 * is found does not depend on how it was cut, nor on the encoding; names have their bounds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/attachment.h"
#include "util/buffer.h"

#define ARENA_BYTES ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_attachment: %s\n", what);
        abort();
    }
}

static void tell(const struct attachments *found, struct buffer *log)
{
    size_t kept = 0;
    for (const struct attachment *at = found->first; at != NULL; at = at->next) {
        kept++;
        demand(at->name.size <= ATTACHMENT_NAME_MAX, "a name too long");
        demand((at->classes & at->doubtful) == 0, "a class that is doubtful, too");
        demand((at->listed_classes & at->listed_doubtful) == 0, "the same of what is listed");
        demand((at->classes | at->doubtful | at->listed_classes | at->listed_doubtful) != 0,
               "one that nothing is to be said about");
        buffer_printf(log, "%d %u %x %x %x %x %d%d ", (int)at->format, at->tricks, at->classes,
                      at->doubtful, at->listed_classes, at->listed_doubtful, at->is_partly_listed,
                      at->is_uuencoded);
        buffer_add_span(log, at->name);
        for (int i = 0; i < ATTACHMENT_CLASSES; i++) {
            demand(at->samples[i].size <= ATTACHMENT_NAME_MAX, "a listed name too long");
            buffer_add_char(log, '/');
            buffer_add_span(log, at->samples[i]);
        }
    }
    demand(kept <= ATTACHMENTS_KEPT_MAX + ATTACHMENT_CLASSES && kept <= found->count, "counts");
    buffer_printf(log, "%zu %d", found->count, found->is_incomplete);
}

static struct buffer find(struct span type, const char *encoding, struct span body, size_t step)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct attachment_reader *reader = attachment_reader_new(NULL, NULL);
    struct buffer log = BUFFER_EMPTY;
    struct content_tap tap;
    struct mime_scan scan;
    demand(arena != NULL && reader != NULL, "memory");
    content_tap_init(&tap);
    content_tap_add(&tap, attachment_reader_content(reader));
    mime_scan_init(&scan, type, span_of(encoding), arena, content_tap_handler(&tap));
    for (size_t at = 0; at < body.size; at += step) {
        mime_scan_feed(&scan, body.at + at, body.size - at < step ? body.size - at : step);
    }
    mime_scan_finish(&scan, false);
    tell(attachment_reader_found(reader), &log);
    attachment_reader_free(&reader);
    arena_free(&arena);
    return log;
}

static struct buffer base64_of(struct span content)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buffer out = BUFFER_EMPTY;
    for (size_t i = 0; i < content.size; i += 3) {
        uint32_t group = 0;
        for (size_t k = i; k < i + 3; k++) {
            group = group << 8 | (k < content.size ? (unsigned char)content.at[k] : 0);
        }
        for (size_t k = 0; k < 4; k++) {
            buffer_add_char(&out, i + k > content.size ? '=' : digits[group >> (18 - 6 * k) & 63]);
        }
        if (i % 57 == 54) {
            buffer_add_text(&out, "\r\n");
        }
    }
    return out;
}

static void demand_same(const struct buffer *wanted, struct buffer seen, const char *what)
{
    demand(wanted->size == seen.size && memcmp(wanted->at, seen.at, seen.size) == 0, what);
    buffer_free(&seen);
}

/* Parts are read through no base64. */
static bool may_contain(struct span value)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct content_type type;
    demand(arena != NULL && content_type_parse(value, arena, &type), "memory");
    bool may =
        span_is_equal(type.type, SPAN("multipart")) || span_is_equal(type.type, SPAN("message"));
    arena_free(&arena);
    return may;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span body = { (const char *)data, size }, type;
    if (size == 0 || !span_cut(&body, '\n', &type) || body.at == NULL) {
        return 0;
    }
    struct buffer wanted = find(type, "binary", body, body.size + 1);
    demand_same(&wanted, find(type, "binary", body, 1), "octet by octet it is another");
    demand_same(&wanted, find(type, "binary", body, 97), "in pieces it is another");
    if (!may_contain(type)) {
        struct buffer encoded = base64_of(body);
        demand_same(&wanted, find(type, "base64", buffer_span(&encoded), 1000), "encoded");
        buffer_free(&encoded);
    }
    buffer_free(&wanted);
    return 0;
}
