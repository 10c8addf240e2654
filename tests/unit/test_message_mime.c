/*
 * mime: structures good, odd and broken, told as text; equal for every way to cut the body.
 */
#include "test_message_support.h"

#include <stdio.h>
#include <stdlib.h>

#include "message/mime.h"
#include "util/buffer.h"

/* What a handler sees: "[type/subtype {content}]", parts within parts, CR as ^. */
static void show_begin(void *context, const struct mime_part *part)
{
    static const char *const encodings[] = { "", "7", "8", "b", "q", "64", "?" };

    buffer_printf(context, "[%.*s/%.*s", SPAN_ARG(part->type), SPAN_ARG(part->subtype));
    if (part->encoding != ENCODING_NONE)
        buffer_printf(context, " %s", encodings[part->encoding]);
    if (part->file_name.at != NULL)
        buffer_printf(context, " \"%.*s\"", SPAN_ARG(part->file_name));
    if (!part->is_container)
        buffer_add_text(context, " {");
}

static void show_data(void *context, const struct mime_part *part, const void *bytes, size_t size)
{
    const char *text = bytes;

    assert_false(part->is_container);
    assert_true(size > 0);
    for (size_t i = 0; i < size; i++)
        buffer_add_char(context, text[i] == '\r' ? '^' : text[i] == '\n' ? '$' : text[i]);
}

static void show_end(void *context, const struct mime_part *part)
{
    buffer_add_text(context, part->is_container ? "]" : "}]");
}

struct result {
    struct buffer shown;
    struct mime_facts facts;
};

static void feed(struct mime_scan *scan, const char *at, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1); /* of exactly its size, for the sanitizer */

    assert_non_null(copy);
    if (size > 0)
        memcpy(copy, at, size);
    mime_scan_feed(scan, copy, size);
    free(copy);
}

/* With a cut before body.at[i] for each bit i of `cuts`; beyond 64 octets there is none. */
static struct result scan(const char *type, const char *encoding, struct span body, uint64_t cuts)
{
    struct arena *arena = arena_new(CEILING_BYTES);
    struct result result = { .shown = BUFFER_EMPTY };
    struct mime_handler handler = { show_begin, show_data, show_end, &result.shown };
    struct mime_scan scan;
    size_t start = 0;

    assert_non_null(arena);
    mime_scan_init(&scan, span_of(type), span_of(encoding), arena, &handler);
    for (size_t i = 1; i < body.size && i < 64; i++) {
        if ((cuts >> i & 1) == 0)
            continue;
        feed(&scan, body.at + start, i - start);
        start = i;
    }
    feed(&scan, body.at + start, body.size - start);
    result.facts = *mime_scan_finish(&scan, false);
    assert_false(arena_is_exhausted(arena));
    arena_free(&arena);
    return result;
}

static void check_same(const struct result *seen, const struct result *wanted, const char *body)
{
    if (strcmp(buffer_text(&seen->shown), buffer_text(&wanted->shown)) != 0)
        fail_msg("%s: cut it is %s, whole %s", body, buffer_text(&seen->shown),
                 buffer_text(&wanted->shown));
    assert_int_equal(seen->facts.parts, wanted->facts.parts);
    assert_int_equal(seen->facts.depth, wanted->facts.depth);
    assert_int_equal(seen->facts.has_calendar, wanted->facts.has_calendar);
    assert_string_equal(seen->facts.calendar_method, wanted->facts.calendar_method);
    assert_int_equal(seen->facts.has_8bit_in_7bit, wanted->facts.has_8bit_in_7bit);
    assert_int_equal(seen->facts.defects, wanted->facts.defects);
}

/* Every single cut, every pair of cuts, octet by octet, and some drawn divisions. */
static void check_cuts(const char *type, const char *encoding, struct span body,
                       const struct result *wanted)
{
    size_t size = body.size < 64 ? body.size : 64;
    uint64_t draw = 88172645463325252u;

    for (size_t i = 0; i < size; i++) {
        for (size_t j = i; j < size; j++) {
            struct result seen = scan(type, encoding, body, UINT64_C(1) << i | UINT64_C(1) << j);

            check_same(&seen, wanted, body.at);
            buffer_free(&seen.shown);
        }
    }
    for (int round = 0; round < 50; round++) {
        struct result seen = scan(type, encoding, body, round == 0 ? UINT64_MAX : draw);

        draw ^= draw << 13;
        draw ^= draw >> 7;
        draw ^= draw << 17;
        check_same(&seen, wanted, body.at);
        buffer_free(&seen.shown);
    }
}

struct story {
    const char *type, *encoding, *body, *shown;
    unsigned defects;
};

static void check_stories(const struct story *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct span body = span_of(cases[i].body);
        struct result seen = scan(cases[i].type, cases[i].encoding, body, 0);

        if (strcmp(buffer_text(&seen.shown), cases[i].shown) != 0 ||
            seen.facts.defects != cases[i].defects)
            fail_msg("%s / %s: saw %s, defects %#x, wanted %s, %#x", cases[i].type, cases[i].body,
                     buffer_text(&seen.shown), seen.facts.defects, cases[i].shown,
                     cases[i].defects);
        check_cuts(cases[i].type, cases[i].encoding, body, &seen);
        buffer_free(&seen.shown);
    }
}

#define MIXED "multipart/mixed; boundary=b"

static void test_single(void **state)
{
    static const struct story cases[] = {
        { NULL, NULL, "", "[text/plain {}]", 0 },
        { NULL, NULL, "a\r\n--b\r\n", "[text/plain {a^$--b^$}]", 0 },
        { "text/html", "8bit", "x", "[text/html 8 {x}]", 0 },
        { "image/png; name=a.png", "base64", "x", "[image/png 64 \"a.png\" {x}]", 0 },
        { "nonsense", "x-uue", "x", "[text/plain ? {x}]", MIME_BAD_TYPE | MIME_UNKNOWN_ENCODING },
        { "multipart/mixed", NULL, "\r\n--b\r\n\r\nx", "[multipart/mixed {^$--b^$^$x}]",
          MIME_NO_BOUNDARY },
        { "multipart/mixed; boundary=\"\"", NULL, "x", "[multipart/mixed {x}]", MIME_NO_BOUNDARY },
        { "message/rfc822", "base64", "x", "[message/rfc822 64 {x}]", MIME_ENCODED_MULTIPART },
    };

    (void)state;
    check_stories(cases, COUNT(cases));
}

static void test_multipart(void **state)
{
    static const struct story cases[] = {
        { MIXED, NULL, "--b\r\n\r\nx\r\n--b--\r\n", "[multipart/mixed[text/plain {x}]]", 0 },
        { MIXED, NULL, "pre\r\n--b\r\n\r\nx\r\n\r\n--b\r\n\r\ny\r\n--b--\r\nepi",
          "[multipart/mixed[text/plain {x^$}][text/plain {y}]]", 0 },
        { MIXED, NULL, "--b\r\n\r\n\r\n--b--", "[multipart/mixed[text/plain {}]]", 0 },
        { MIXED, NULL, "--b\r\n\r\n--b--", "[multipart/mixed[text/plain {}]]", 0 },
        { MIXED, NULL, "--b \t\r\n\r\nx\r\n--b--  ", "[multipart/mixed[text/plain {x}]]", 0 },
        { MIXED, NULL, "--b\r\n\r\nx\r\n--b--\r", "[multipart/mixed[text/plain {x}]]", 0 },
        { MIXED, NULL, "--b\r\nContent-Type: text/html\r\n\r\nx\r\n--b--",
          "[multipart/mixed[text/html {x}]]", 0 },
        { MIXED, NULL, "--b\r\ncontent-type :\r\n text/x;\r\n\tname=y\r\nX: z\r\n\r\nx\r\n--b--",
          "[multipart/mixed[text/x \"y\" {x}]]", 0 },
        { MIXED, NULL, "--b\r\n\r\n-\r\n--\r\n--a\r\n -b\r\nx--b\r\n--b--",
          "[multipart/mixed[text/plain {-^$--^$--a^$ -b^$x--b}]]", 0 },
        { "multipart/digest; boundary=b", NULL, "--b\r\n\r\nX: y\r\n\r\nx\r\n--b--",
          "[multipart/digest[message/rfc822[text/plain {x}]]]", 0 },
        { "multipart/mixed; boundary*0=b; boundary*1=\"c d\"", NULL, "--bc d\r\n\r\nx\r\n--bc d--",
          "[multipart/mixed[text/plain {x}]]", 0 },
    };

    (void)state;
    check_stories(cases, COUNT(cases));
}

#define INNER "--b\r\nContent-Type: multipart/x; boundary=c\r\n\r\n"

static void test_nested(void **state)
{
    static const struct story cases[] = {
        { MIXED, NULL, INNER "--c\r\n\r\nx\r\n--c--\r\n--b--",
          "[multipart/mixed[multipart/x[text/plain {x}]]]", 0 },
        { MIXED, NULL, INNER "--c\r\n\r\nx\r\n--c--\r\n\r\n--b\r\n\r\ny\r\n--b--",
          "[multipart/mixed[multipart/x[text/plain {x}]][text/plain {y}]]", 0 },
        { MIXED, NULL, INNER "--c\r\n\r\nx\r\n--b--",
          "[multipart/mixed[multipart/x[text/plain {x}]]]", MIME_UNCLOSED },
        { MIXED, NULL, INNER "--b--", "[multipart/mixed[multipart/x]]",
          MIME_UNCLOSED | MIME_NO_PART },
        { MIXED, NULL, INNER "--c--\r\n--b--", "[multipart/mixed[multipart/x]]", MIME_NO_PART },
        { MIXED, NULL, "--b\r\n--b--", "[multipart/mixed]", MIME_DOUBLE_BOUNDARY | MIME_NO_PART },
        { MIXED, NULL, "--b\r\n--b\r\n\r\nx\r\n--b\r\n--b--", "[multipart/mixed[text/plain {x}]]",
          MIME_DOUBLE_BOUNDARY },
        { "message/news", NULL, "X: y\r\n\r\nx", "[message/news[text/plain {x}]]", 0 },
        { "message/rfc822", NULL, "Content-Type: text/html\r\n\r\nx\r\n",
          "[message/rfc822[text/html {x^$}]]", 0 },
        { "message/rfc822", NULL, "From x@y Mon\r\nSubject: z\r\n\r\nx",
          "[message/rfc822[text/plain {x}]]", 0 },
        { "message/rfc822", NULL, "", "[message/rfc822[text/plain {}]]", 0 },
        { "message/rfc822", NULL, "Content-Type: message/rfc822\r\n\r\nx: y\r\n\r\nz",
          "[message/rfc822[message/rfc822[text/plain {z}]]]", 0 },
        { MIXED, NULL,
          "--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/y; boundary=c\r\n\r\n"
          "--c\r\n\r\nx\r\n--c--\r\n--b--",
          "[multipart/mixed[message/rfc822[multipart/y[text/plain {x}]]]]", 0 },
        { MIXED, NULL, "--b\r\nContent-Type: message/rfc822\r\n\r\n--b--",
          "[multipart/mixed[message/rfc822[text/plain {}]]]", 0 },
        { MIXED, NULL, "--b\r\nContent-Type: message/rfc822\r\n--b--",
          "[multipart/mixed[message/rfc822[text/plain {}]]]", 0 },
    };

    (void)state;
    check_stories(cases, COUNT(cases));
}

static void test_defects(void **state)
{
    static const struct story cases[] = {
        { MIXED, NULL, "", "[multipart/mixed]", MIME_UNCLOSED | MIME_NO_PART },
        { MIXED, NULL, "--b", "[multipart/mixed[text/plain {}]]", MIME_UNCLOSED },
        { MIXED, NULL, "--b\r\n\r\nx\r\n", "[multipart/mixed[text/plain {x^$}]]", MIME_UNCLOSED },
        { MIXED, NULL, "--b\r\n\r\nx\r", "[multipart/mixed[text/plain {x^}]]", MIME_UNCLOSED },
        { MIXED, NULL, "--b\r\nContent-Type: text/x", "[multipart/mixed[text/x {}]]",
          MIME_UNCLOSED },
        { MIXED, NULL, "--b\r\n\r\nx\n--b--", "[multipart/mixed[text/plain {x}]]",
          MIME_BARE_LF_BOUNDARY },
        { MIXED, NULL, "--b\n\r\nx\r\n--b--", "[multipart/mixed[text/plain {x}]]",
          MIME_BARE_LF_BOUNDARY },
        { MIXED, NULL, "--b\r\n\nx\r\n--b--", "[multipart/mixed[text/plain {x}]]",
          MIME_BARE_LF_BOUNDARY },
        { MIXED, NULL, "--b\r\nX: y\n\r\nx\r\n--b--", "[multipart/mixed[text/plain {x}]]",
          MIME_BARE_LF_BOUNDARY },
        { MIXED, NULL, "--b\r\n\r\nx\r\r\n--b--", "[multipart/mixed[text/plain {x^}]]", 0 },
        { MIXED, NULL, "--b\r\n\r\nx\r--b--\r\n--b--", "[multipart/mixed[text/plain {x^--b--}]]",
          0 },
        { MIXED, NULL, "--b\r\n\r\nx\r\n--bx\r\n--b--", "[multipart/mixed[text/plain {x^$--bx}]]",
          MIME_PREFIX_BOUNDARY },
        { MIXED, NULL, "--b\r\n\r\nx\r\n--b-\r\n--b--", "[multipart/mixed[text/plain {x^$--b-}]]",
          MIME_PREFIX_BOUNDARY },
        { MIXED, NULL, "--b\r\n\r\nx\r\n--b--x\r\n--b--",
          "[multipart/mixed[text/plain {x^$--b--x}]]", MIME_PREFIX_BOUNDARY },
        { MIXED, NULL,
          "--b\r\nContent-Type: multipart/x; boundary=bc\r\n\r\n--bc\r\n\r\nx\r\n--bc--\r\n--b--",
          "[multipart/mixed[multipart/x[text/plain {x}]]]", MIME_PREFIX_BOUNDARY },
        { MIXED, NULL,
          "--b\r\nContent-Type: multipart/x; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--b--",
          "[multipart/mixed[multipart/x[text/plain {x}]]]",
          MIME_PREFIX_BOUNDARY | MIME_AFTER_CLOSE },
        { MIXED, NULL, "--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n--b--",
          "[multipart/mixed[text/plain {x}]]", MIME_AFTER_CLOSE },
        { MIXED, "base64", "--b\r\n\r\nx\r\n--b--", "[multipart/mixed 64[text/plain {x}]]",
          MIME_ENCODED_MULTIPART },
        { MIXED "; boundary=c", NULL, "--b\r\n\r\nx\r\n--c\r\n--b--",
          "[multipart/mixed[text/plain {x^$--c}]]", MIME_DUPLICATE_PARAMETER },
        { "multipart/mixed; boundary=b c", NULL, "--b c\r\n\r\nx\r\n--b c--",
          "[multipart/mixed[text/plain {x}]]", MIME_BAD_PARAMETER },
        { "multipart/mixed; boundary=\"b \"", NULL, "--b\r\n\r\nx\r\n--b --\r\n--b--",
          "[multipart/mixed[text/plain {x^$--b --}]]", MIME_ODD_BOUNDARY | MIME_PREFIX_BOUNDARY },
        { "multipart/mixed; boundary=\"b;\"", NULL, "--b;\r\n\r\nx\r\n--b;--",
          "[multipart/mixed[text/plain {x}]]", MIME_ODD_BOUNDARY },
        { MIXED, NULL, "--b\r\nhello\r\n\r\nx\r\n--b--",
          "[multipart/mixed[text/plain {hello^$^$x}]]", MIME_BAD_HEADER },
        { MIXED, NULL, "--b\r\nX: y\r\nhello\r\n\r\nx\r\n--b--",
          "[multipart/mixed[text/plain {hello^$^$x}]]", MIME_BAD_HEADER },
        { MIXED, NULL, "--b\r\n folded\r\n\r\nx\r\n--b--",
          "[multipart/mixed[text/plain { folded^$^$x}]]", MIME_BAD_HEADER },
        { "message/rfc822", NULL, "hello\r\n\r\nx", "[message/rfc822[text/plain {hello^$^$x}]]",
          MIME_BAD_HEADER },
        { MIXED, NULL, "--b\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\nx\r\n--b--",
          "[multipart/mixed[a/b {x}]]", MIME_DUPLICATE_FIELD },
        { MIXED, NULL,
          "--b\r\nContent-Disposition: x; filename=\"=?utf-8?q?a=2Eb?=\"\r\n\r\n\r\n--b--",
          "[multipart/mixed[text/plain \"a.b\" {}]]", 0 },
    };

    (void)state;
    check_stories(cases, COUNT(cases));
}

static void test_facts(void **state)
{
    static const char calendar[] =
        "--b\r\nContent-Type: text/calendar; charset=x; method=request\r\n\r\nx\r\n"
        "--b\r\nContent-Type: text/calendar; method=REPLY\r\n\r\nx\r\n--b--";
    struct result seen = scan(MIXED, NULL, span_of(calendar), 0);

    (void)state;
    assert_true(seen.facts.has_calendar);
    assert_string_equal(seen.facts.calendar_method, "REQUEST");
    assert_int_equal(seen.facts.parts, 3);
    assert_int_equal(seen.facts.depth, 1);
    buffer_free(&seen.shown);
    seen = scan("text/calendar; method=averyveryverylongmethod", NULL, SPAN("x"), 0);
    assert_string_equal(seen.facts.calendar_method, "AVERYVERYVERYLO");
    buffer_free(&seen.shown);
}

/* RFC 2045 2.7, 2.8: what 8-bit octets need is the encoding of their part. */
static void test_8bit(void **state)
{
    static const struct {
        const char *body;
        bool wanted;
    } cases[] = {
        { "--b\r\n\r\n\xe4\r\n--b--", true },
        { "--b\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\xe4\r\n--b--", true },
        { "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n\xe4\r\n--b--", true },
        { "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\xe4\r\n--b--", true },
        { "--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xe4\r\n--b--", false },
        { "--b\r\nContent-Transfer-Encoding: binary\r\n\r\n\xe4\r\n--b--", false },
        { "\xe4\r\n--b\r\n\r\nx\r\n--b--\r\n\xe4", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct result seen = scan(MIXED, NULL, span_of(cases[i].body), 0);

        assert_int_equal(seen.facts.has_8bit_in_7bit, cases[i].wanted);
        check_cuts(MIXED, NULL, span_of(cases[i].body), &seen);
        buffer_free(&seen.shown);
    }
}

static void test_8bit_without_parts(void **state)
{
    static const struct {
        const char *encoding;
        bool wanted;
    } cases[] = { { NULL, true }, { "7bit", true }, { "8bit", false }, { "base64", true } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mime_scan scan;

        mime_scan_init(&scan, SPAN("text/plain"), span_of(cases[i].encoding), *state, NULL);
        mime_scan_feed(&scan, "\xe4", 1);
        assert_int_equal(mime_scan_finish(&scan, true)->has_8bit_in_7bit, cases[i].wanted);
        mime_scan_init(&scan, SPAN("text/plain"), span_of(cases[i].encoding), *state, NULL);
        assert_false(mime_scan_finish(&scan, false)->has_8bit_in_7bit);
    }
}

static void test_boundary_sizes(void **state)
{
    static const struct {
        size_t size;
        unsigned defects;
        size_t parts;
    } cases[] = {
        { 70, 0, 2 },
        { 71, MIME_LONG_BOUNDARY, 2 },
        { 200, MIME_LONG_BOUNDARY, 2 },
        { 201, MIME_LONG_BOUNDARY | MIME_NO_BOUNDARY, 1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char boundary[256] = "", type[512], body[1024];
        struct result seen;

        memset(boundary, 'b', cases[i].size);
        snprintf(type, sizeof(type), "multipart/mixed; boundary=%s", boundary);
        snprintf(body, sizeof(body), "--%s\r\n\r\nx\r\n--%s--\r\n", boundary, boundary);
        seen = scan(type, NULL, span_of(body), 0);
        assert_int_equal(seen.facts.defects, cases[i].defects);
        assert_int_equal(seen.facts.parts, cases[i].parts);
        check_cuts(type, NULL, span_of(body), &seen);
        buffer_free(&seen.shown);
    }
}

static struct mime_facts facts_of(const char *type, struct span body)
{
    struct result seen = scan(type, NULL, body, 0);

    buffer_free(&seen.shown);
    return seen.facts;
}

static void test_caps(void **state)
{
    struct buffer body = BUFFER_EMPTY;
    struct mime_facts facts;

    (void)state;
    for (int i = 0; i <= MIME_PARTS_MAX; i++)
        buffer_add_text(&body, "--b\r\n\r\nx\r\n");
    facts = facts_of(MIXED, buffer_span(&body));
    assert_int_equal(facts.parts, MIME_PARTS_MAX);
    assert_int_equal(facts.defects, MIME_TOO_MANY);

    buffer_clear(&body);
    for (int i = 0; i < MIME_DEPTH_MAX + 5; i++)
        buffer_add_text(&body, "Content-Type: message/rfc822\r\n\r\n");
    facts = facts_of("message/rfc822", buffer_span(&body));
    assert_int_equal(facts.parts, MIME_DEPTH_MAX);
    assert_int_equal(facts.depth, MIME_DEPTH_MAX - 1);
    assert_int_equal(facts.defects, MIME_TOO_DEEP);
    buffer_free(&body);
}

/* A header over the cap: what is behind is not read, where the body begins is still seen. */
static void test_long_header(void **state)
{
    struct buffer body = BUFFER_EMPTY;
    struct result seen;

    (void)state;
    buffer_add_text(&body, "--b\r\nContent-Type: text/x\r\n");
    for (size_t i = 0; i < MIME_HEADER_MAX / 32; i++)
        buffer_printf(&body, "X-Filler-%07zu: 0123456789012\r\n", i);
    buffer_add_text(&body, "Content-Disposition: attachment; filename=x\r\n\r\ny\r\n--b--");
    seen = scan(MIXED, NULL, buffer_span(&body), 0);
    assert_string_equal(buffer_text(&seen.shown), "[multipart/mixed[text/x {y}]]");
    assert_int_equal(seen.facts.defects, MIME_LONG_HEADER);
    buffer_free(&seen.shown);

    buffer_clear(&body);
    buffer_add_text(&body, "--b\r\nContent-Type: text/x; name=");
    for (size_t i = 0; i < MIME_HEADER_MAX; i++)
        buffer_add_char(&body, 'n');
    buffer_add_text(&body, "\r\n\r\ny\r\n--b--");
    seen = scan(MIXED, NULL, buffer_span(&body), 0);
    assert_int_equal(seen.facts.defects, MIME_LONG_HEADER);
    assert_int_equal(seen.facts.parts, 2);
    check_cuts(MIXED, NULL, buffer_span(&body), &seen);
    buffer_free(&seen.shown);
    buffer_free(&body);
}

/* Lines longer than any boundary, in headers and in content, cut near their ends. */
static void test_long_lines(void **state)
{
    (void)state;
    for (size_t filler = 290; filler < 330; filler++) {
        char line[400], body[1200];
        struct result whole;
        struct span text;

        memset(line, '-', filler);
        line[filler] = '\0';
        snprintf(body, sizeof(body),
                 "--b\r\nContent-Type: text/x; name=%s\r\n\r\n%s\r\n--b%*s\r\n\r\ny\r\n--b--", line,
                 line, (int)filler, "");
        text = span_of(body);
        whole = scan(MIXED, NULL, text, 0);
        assert_int_equal(whole.facts.parts, filler + 3 < 319 ? 3 : 2);
        for (size_t cut = 0; cut <= text.size; cut++) {
            struct arena *arena = arena_new(CEILING_BYTES);
            struct result seen = { .shown = BUFFER_EMPTY };
            struct mime_handler handler = { show_begin, show_data, show_end, &seen.shown };
            struct mime_scan scan;

            mime_scan_init(&scan, SPAN(MIXED), SPAN(""), arena, &handler);
            feed(&scan, text.at, cut);
            feed(&scan, text.at + cut, text.size - cut);
            seen.facts = *mime_scan_finish(&scan, false);
            check_same(&seen, &whole, body);
            buffer_free(&seen.shown);
            arena_free(&arena);
        }
        buffer_free(&whole.shown);
    }
}

static void test_no_memory(void **state)
{
    static const char body[] = "--b\r\nContent-Type: text/x; name=y\r\n\r\nx\r\n--b--";

    (void)state;
    for (size_t ceiling = 1; ceiling < 40000; ceiling += 500) {
        struct arena *arena = arena_new(ceiling);
        struct mime_scan scan;

        assert_non_null(arena);
        mime_scan_init(&scan, SPAN(MIXED), SPAN(""), arena, NULL);
        mime_scan_feed(&scan, body, sizeof(body) - 1);
        assert_true(mime_scan_finish(&scan, false)->parts == 2 || arena_is_exhausted(arena));
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_multipart),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_defects),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_8bit),
        cmocka_unit_test_setup_teardown(test_8bit_without_parts, arena_setup, arena_teardown),
        cmocka_unit_test(test_boundary_sizes),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_long_header),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("message/mime", tests, NULL, NULL);
}
