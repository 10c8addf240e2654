/*
 * content: who hears of which part, what each reads, and that a part nobody wants is left alone.
 */
#include "test_message_support.h"

#include "message/content.h"
#include "util/buffer.h"

/* Writes down what it hears: "<text/plain hello>". */
struct listener {
    struct span type; /* of interest; absent: all */
    size_t enough;    /* octets of a part; 0: all */
    size_t seen;
    struct buffer heard;
};

static bool hear_begin(void *context, const struct mime_part *part)
{
    struct listener *listener = context;

    assert_false(part->is_container);
    if (listener->type.at != NULL && !span_is_equal(listener->type, part->type)) {
        return false;
    }
    listener->seen = 0;
    buffer_printf(&listener->heard, "<%.*s ", SPAN_ARG(part->type));
    return true;
}

static bool hear_data(void *context, const struct mime_part *part, const void *bytes, size_t size)
{
    struct listener *listener = context;

    (void)part;
    assert_true(size > 0);
    assert_true(listener->enough == 0 || listener->seen < listener->enough);
    buffer_add(&listener->heard, bytes, size);
    listener->seen += size;
    return listener->enough == 0 || listener->seen < listener->enough;
}

static void hear_end(void *context, const struct mime_part *part)
{
    struct listener *listener = context;

    (void)part;
    buffer_add_text(&listener->heard, ">");
}

static void run(struct content_tap *tap, struct arena *arena, const char *type, const char *body,
                size_t step)
{
    struct mime_scan scan;
    struct span text = span_of(body);

    mime_scan_init(&scan, span_of(type), SPAN(""), arena, content_tap_handler(tap));
    for (size_t at = 0; at < text.size; at += step) {
        struct span piece = span_first(span_from(text, at), step);

        mime_scan_feed(&scan, piece.at, piece.size);
    }
    mime_scan_finish(&scan, false);
}

static void add(struct content_tap *tap, struct listener *listener)
{
    struct content_reader reader = {
        .begin = hear_begin, .data = hear_data, .end = hear_end, .context = listener
    };

    assert_true(content_tap_add(tap, &reader));
}

static const char mixed[] = "--b\r\nContent-Type: text/plain\r\n"
                            "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8\r\n"
                            "--b\r\nContent-Type: image/png\r\n"
                            "Content-Transfer-Encoding: quoted-printable\r\n\r\n=41=\r\nB=\r\n"
                            "--b\r\nContent-Type: message/rfc822\r\n\r\n\r\nin=41it\r\n"
                            "--b--\r\n";

static void test_readers(void **state)
{
    static const size_t steps[] = { 1, 3, 1000 };

    for (size_t i = 0; i < COUNT(steps); i++) {
        struct content_tap tap;
        struct listener all = { .heard = BUFFER_EMPTY }, texts = { .type = SPAN("text") };
        struct listener nothing = { .type = SPAN("audio") };

        content_tap_init(&tap);
        assert_null(content_tap_handler(&tap));
        add(&tap, &nothing);
        add(&tap, &texts);
        add(&tap, &all);
        run(&tap, *state, "multipart/mixed; boundary=b", mixed, steps[i]);
        assert_string_equal(buffer_text(&texts.heard), "<text hello><text in=41it>");
        assert_string_equal(buffer_text(&all.heard), "<text hello><image AB><text in=41it>");
        assert_string_equal(buffer_text(&nothing.heard), "");
        buffer_free(&texts.heard);
        buffer_free(&all.heard);
    }
}

/* One that has had enough hears the end; the others go on. */
static void test_enough(void **state)
{
    struct content_tap tap;
    struct listener all = { .heard = BUFFER_EMPTY }, modest = { .enough = 2 };

    content_tap_init(&tap);
    add(&tap, &modest);
    add(&tap, &all);
    run(&tap, *state, "text/plain", "hello", 1);
    assert_string_equal(buffer_text(&modest.heard), "<text he>");
    assert_string_equal(buffer_text(&all.heard), "<text hello>");
    buffer_free(&modest.heard);
    buffer_free(&all.heard);
}

/* What comes still encoded, until there is enough of it, "." where a piece ends. */
static bool hear_encoded(void *context, const struct mime_part *part, const void *bytes,
                         size_t size)
{
    struct listener *listener = context;

    (void)part;
    assert_true(size > 0);
    buffer_add(&listener->heard, bytes, size);
    buffer_add_text(&listener->heard, ".");
    listener->seen += size;
    return listener->enough == 0 || listener->seen < listener->enough;
}

static void test_encoded(void **state)
{
    struct content_tap tap;
    struct listener ends = { .enough = 5 }, first = { .enough = 1 };
    struct content_reader only = {
        .begin = hear_begin, .end = hear_end, .context = &ends, .encoded = hear_encoded
    };
    struct content_reader both = { .begin = hear_begin,
                                   .data = hear_data,
                                   .end = hear_end,
                                   .context = &first,
                                   .encoded = hear_encoded };

    content_tap_init(&tap);
    assert_true(content_tap_add(&tap, &only));
    assert_true(content_tap_add(&tap, &both));
    run(&tap, *state, "multipart/mixed; boundary=b", mixed, 1000);
    assert_string_equal(buffer_text(&ends.heard),
                        "<text aGVsbG8.><image =41=\r\nB=.><text in=41it.>");
    /* what it stands for is heard first */
    assert_string_equal(buffer_text(&first.heard),
                        "<text helaGVsbG8.><image AB=41=\r\nB=.><text in=41itin=41it.>");
    buffer_free(&ends.heard);
    buffer_free(&first.heard);
}

static bool refuse(void *context, const struct mime_part *part)
{
    (void)part;
    (*(int *)context)++;
    return false;
}

static void test_few_calls(void **state)
{
    struct content_tap tap;
    struct content_reader nothing = { .begin = NULL }, refusing = { .begin = refuse };
    int asked = 0;

    refusing.context = &asked;
    content_tap_init(&tap);
    assert_true(content_tap_add(&tap, &nothing));
    assert_true(content_tap_add(&tap, &refusing));
    run(&tap, *state, "multipart/mixed; boundary=b", mixed, 1);
    assert_int_equal(asked, 3);
    for (size_t i = 2; i < CONTENT_READERS_MAX; i++) {
        assert_true(content_tap_add(&tap, &nothing));
    }
    assert_false(content_tap_add(&tap, &nothing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_readers, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_enough, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_encoded, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_few_calls, arena_setup, arena_teardown),
    };

    return cmocka_run_group_tests_name("message/content", tests, NULL, NULL);
}
