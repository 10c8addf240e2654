/*
 * content: who wants which part, and the decoding between the MIME walk and them, in pieces that
 * fit on the stack.
 */
#include "message/content.h"

#define PIECE_BYTES ((size_t)4096)

static void take_begin(void *context, const struct mime_part *part)
{
    struct content_tap *tap = context;

    tap->is_wanted = tap->is_wanted_encoded = false;
    if (part->is_container) {
        return;
    }
    for (size_t i = 0; i < tap->count; i++) {
        const struct content_reader *reader = &tap->readers[i];

        tap->began[i] = reader->begin == NULL || reader->begin(reader->context, part);
        tap->wants[i] = tap->began[i] && reader->data != NULL;
        tap->is_wanted |= tap->wants[i];
        tap->wants_encoded[i] = tap->began[i] && reader->encoded != NULL;
        tap->is_wanted_encoded |= tap->wants_encoded[i];
    }
    transfer_init(&tap->transfer, part->encoding);
}

static void give(struct content_tap *tap, const struct mime_part *part, const char *bytes,
                 size_t size)
{
    bool is_wanted = false;

    if (size == 0) {
        return;
    }
    for (size_t i = 0; i < tap->count; i++) {
        const struct content_reader *reader = &tap->readers[i];

        tap->wants[i] = tap->wants[i] && reader->data(reader->context, part, bytes, size);
        is_wanted |= tap->wants[i];
    }
    tap->is_wanted = is_wanted;
}

static void give_encoded(struct content_tap *tap, const struct mime_part *part, const void *bytes,
                         size_t size)
{
    bool is_wanted = false;

    for (size_t i = 0; i < tap->count; i++) {
        const struct content_reader *reader = &tap->readers[i];

        tap->wants_encoded[i] =
            tap->wants_encoded[i] && reader->encoded(reader->context, part, bytes, size);
        is_wanted |= tap->wants_encoded[i];
    }
    tap->is_wanted_encoded = is_wanted;
}

static void decode(struct content_tap *tap, const struct mime_part *part, const char *bytes,
                   size_t size)
{
    const char *at = bytes;

    if (transfer_is_identity(&tap->transfer)) {
        give(tap, part, bytes, size);
        return;
    }
    while (size > 0 && tap->is_wanted) {
        char out[PIECE_BYTES + TRANSFER_HELD_MAX];
        size_t piece = size < PIECE_BYTES ? size : PIECE_BYTES;

        give(tap, part, out, transfer_decode(&tap->transfer, at, piece, out));
        at += piece;
        size -= piece;
    }
}

static void take_data(void *context, const struct mime_part *part, const void *bytes, size_t size)
{
    struct content_tap *tap = context;

    if (tap->is_wanted) {
        decode(tap, part, bytes, size);
    }
    if (tap->is_wanted_encoded) {
        give_encoded(tap, part, bytes, size);
    }
}

static void take_end(void *context, const struct mime_part *part)
{
    struct content_tap *tap = context;
    char out[TRANSFER_HELD_MAX];

    if (part->is_container) {
        return;
    }
    if (tap->is_wanted) {
        give(tap, part, out, transfer_finish(&tap->transfer, out));
    }
    for (size_t i = 0; i < tap->count; i++) {
        const struct content_reader *reader = &tap->readers[i];

        if (tap->began[i] && reader->end != NULL) {
            reader->end(reader->context, part);
        }
        tap->began[i] = tap->wants[i] = tap->wants_encoded[i] = false;
    }
    tap->is_wanted = tap->is_wanted_encoded = false;
}

void content_tap_init(struct content_tap *tap)
{
    *tap = (struct content_tap){ .handler = { take_begin, take_data, take_end, tap } };
}

bool content_tap_add(struct content_tap *tap, const struct content_reader *reader)
{
    if (tap->count == CONTENT_READERS_MAX) {
        return false;
    }
    tap->readers[tap->count++] = *reader;
    return true;
}

const struct mime_handler *content_tap_handler(const struct content_tap *tap)
{
    return tap->count > 0 ? &tap->handler : NULL;
}
