/*
 * transfer: what base64 and quoted-printable come to, good and broken, however the text is cut.
 */
#include "test_message_support.h"

#include <stdlib.h>

#include "message/transfer.h"
#include "util/buffer.h"

/* In pieces of `step` octets, each in memory of exactly its size. */
static void decode(enum content_encoding encoding, struct span text, size_t step,
                   struct buffer *out)
{
    struct transfer transfer;
    char tail[TRANSFER_HELD_MAX];

    transfer_init(&transfer, encoding);
    for (size_t at = 0; at < text.size; at += step) {
        struct span piece = span_first(span_from(text, at), step);
        char *room = malloc(piece.size + TRANSFER_HELD_MAX), *copy = malloc(piece.size);

        assert_non_null(room);
        assert_non_null(copy);
        memcpy(copy, piece.at, piece.size);
        buffer_add(out, room, transfer_decode(&transfer, copy, piece.size, room));
        free(room);
        free(copy);
    }
    buffer_add(out, tail, transfer_finish(&transfer, tail));
}

struct story {
    const char *text, *wanted;
};

static void check(enum content_encoding encoding, const struct story *stories, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct span text = span_of(stories[i].text);

        for (size_t step = 1; step <= text.size + 1; step++) {
            struct buffer out = BUFFER_EMPTY;

            decode(encoding, text, step, &out);
            if (!span_is_equal(buffer_span(&out), span_of(stories[i].wanted))) {
                fail_msg("%s by %zu is %s", stories[i].text, step, buffer_text(&out));
            }
            buffer_free(&out);
        }
    }
}

static void test_base64(void **state)
{
    static const struct story stories[] = {
        { "", "" },
        { "aGVsbG8=", "hello" },
        { "aGVsbG8", "hello" }, /* the padding is missing */
        { "aGVsbA==", "hell" },
        { "aGVsbA=", "hell" },
        { "aGVs\r\nbG8=\r\n", "hello" },
        { "a G\tV\ns!b*G\xe4"
          "8-=",
          "hello" },                          /* RFC 2045 6.8: foreign octets are ignored */
        { "aGVsbG8=aGVsbG8=", "hellohello" }, /* one text behind another */
        { "aGVsbA==aGVs", "hellhel" },
        { "aGVsb", "hel" }, /* six bits are no octet */
        { "====", "" },
        { "=aGVs", "hel" },
        { "aG=VsbG8=", "hello" }, /* a stray one within a quad */
        { "+/+/", "\xfb\xff\xbf" },
    };

    (void)state;
    check(ENCODING_BASE64, stories, COUNT(stories));
}

static void test_quoted(void **state)
{
    static const struct story stories[] = {
        { "", "" },
        { "a=3Db", "a=b" },
        { "a=3db=C3=A4", "a=b\xc3\xa4" },
        { "http://exam=\r\nple.com", "http://example.com" },
        { "a=\nb", "ab" },
        { "a=  \t\r\nb", "ab" }, /* blanks that were added on the way (RFC 2045 6.7) */
        { "a=  b", "a=  b" },
        { "a=", "a" },
        { "a=\r", "a=\r" },
        { "a=\rb", "a=\rb" },
        { "a=XYb=4", "a=XYb=4" },
        { "==41", "=A" },
        { "=4=41", "=4A" },
        { "=4\r\n", "=4\r\n" },
        { "a \r\n", "a \r\n" },
        { "=\r\n=\r\n=41", "A" },
        { "=                                                                                 \r\nb",
          "=                                                                                 "
          "\r\nb" },
    };

    (void)state;
    check(ENCODING_QUOTED_PRINTABLE, stories, COUNT(stories));
}

static void test_identity(void **state)
{
    static const struct story stories[] = { { "a=41=\r\nb\r", "a=41=\r\nb\r" } };
    static const enum content_encoding encodings[] = { ENCODING_NONE, ENCODING_7BIT, ENCODING_8BIT,
                                                       ENCODING_BINARY, ENCODING_UNKNOWN };

    (void)state;
    for (size_t i = 0; i < COUNT(encodings); i++) {
        struct transfer transfer;

        transfer_init(&transfer, encodings[i]);
        assert_true(transfer_is_identity(&transfer));
        check(encodings[i], stories, COUNT(stories));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_quoted),
        cmocka_unit_test(test_identity),
    };

    return cmocka_run_group_tests_name("message/transfer", tests, NULL, NULL);
}
