/*
 * fuzz_transfer: the first octet says which encoding, the rest is text in it. What comes out does
 * not depend on the cut, and is never more than what went in; what is encoded canonically comes
 * back.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/transfer.h"
#include "util/buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_transfer: %s\n", what);
        abort();
    }
}

static void decode(enum content_encoding encoding, struct span text, size_t step,
                   struct buffer *out)
{
    struct transfer transfer;
    char tail[TRANSFER_HELD_MAX];

    transfer_init(&transfer, encoding);
    for (size_t at = 0; at < text.size; at += step) {
        struct span piece = span_first(span_from(text, at), step);
        char *room = malloc(piece.size + TRANSFER_HELD_MAX);

        demand(room != NULL, "memory");
        buffer_add(out, room, transfer_decode(&transfer, piece.at, piece.size, room));
        free(room);
    }
    buffer_add(out, tail, transfer_finish(&transfer, tail));
    demand(!buffer_has_failed(out), "memory");
    demand(out->size <= text.size, "more than went in");
}

static void encode_base64(struct span octets, struct buffer *out)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < octets.size; i += 3) {
        unsigned quad = 0;
        size_t left = octets.size - i < 3 ? octets.size - i : 3;

        for (size_t j = 0; j < 3; j++) {
            quad = quad << 8 | (j < left ? (unsigned char)octets.at[i + j] : 0);
        }
        for (size_t j = 0; j < 4; j++) {
            buffer_add_char(out, j <= left ? set[quad >> (18 - 6 * j) & 63] : '=');
        }
        if (i / 3 % 19 == 18) {
            buffer_add_text(out, "\r\n");
        }
    }
}

static void encode_quoted(struct span octets, struct buffer *out)
{
    for (size_t i = 0; i < octets.size; i++) {
        buffer_printf(out, "=%02X", (unsigned)(unsigned char)octets.at[i]);
        if (i % 20 == 19) {
            buffer_add_text(out, "=\r\n");
        }
    }
}

static void check_return(enum content_encoding encoding, struct span octets)
{
    struct buffer text = BUFFER_EMPTY, back = BUFFER_EMPTY;

    if (encoding == ENCODING_BASE64) {
        encode_base64(octets, &text);
    } else {
        encode_quoted(octets, &text);
    }
    decode(encoding, buffer_span(&text), 7, &back);
    demand(span_is_equal(buffer_span(&back), octets), "it does not come back");
    buffer_free(&text);
    buffer_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t steps[] = { 1, 2, 3, 5, 76 };
    enum content_encoding encoding;
    struct buffer whole = BUFFER_EMPTY;
    struct span text;

    if (size == 0) {
        return 0;
    }
    encoding = data[0] % 2 == 0 ? ENCODING_BASE64 : ENCODING_QUOTED_PRINTABLE;
    text = (struct span){ (const char *)data + 1, size - 1 };
    decode(encoding, text, size, &whole);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct buffer pieces = BUFFER_EMPTY;

        decode(encoding, text, steps[i], &pieces);
        demand(span_is_equal(buffer_span(&whole), buffer_span(&pieces)), "the cut matters");
        buffer_free(&pieces);
    }
    check_return(encoding, text);
    buffer_free(&whole);
    return 0;
}
