/*
 * content_type: types, dispositions, encodings and their parameters, good, odd and broken (RFC 2045
 * 5.1, 2183, 2231).
 */
#include "test_message_support.h"

#include <stdio.h>

#include "message/content_type.h"

struct reading {
    const char *value, *type, *subtype; /* NULL: absent */
    const char *parameters;             /* "name=value|name=value" */
    unsigned defects;
};

static struct span show(const struct content_type *type, struct arena *arena)
{
    const char *text = "";

    for (size_t i = 0; i < type->count; i++)
        text =
            arena_printf(arena, "%s%s%.*s=%.*s", text, i > 0 ? "|" : "",
                         SPAN_ARG(type->parameters[i].name), SPAN_ARG(type->parameters[i].value));
    return span_of(text);
}

static void check_readings(struct arena *arena, const struct reading *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct content_type type;

        assert_true(content_type_parse(span_of(cases[i].value), arena, &type));
        check_span(cases[i].value, type.type, cases[i].type);
        check_span(cases[i].value, type.subtype, cases[i].subtype);
        check_span(cases[i].value, show(&type, arena), cases[i].parameters);
        if (type.defects != cases[i].defects)
            fail_msg("%s: defects %#x, wanted %#x", cases[i].value, type.defects, cases[i].defects);
    }
}

static void test_good(void **state)
{
    static const struct reading cases[] = {
        { "text/plain", "text", "plain", "", 0 },
        { " Text/HTML ; Charset=UTF-8\n", "text", "html", "charset=UTF-8", 0 },
        { "text/plain; charset=us-ascii (Plain text)", "text", "plain", "charset=us-ascii", 0 },
        { "(a) text (b) / (c) plain (d) ; (e) x (f) = (g) y (h)", "text", "plain", "x=y", 0 },
        { "multipart/mixed;\n\tboundary=\"gc0pJq0M:08jU534c0p\"", "multipart", "mixed",
          "boundary=gc0pJq0M:08jU534c0p", 0 },
        { "multipart/mixed; boundary=\"a\\\"b\\\\c\n d\"", "multipart", "mixed",
          "boundary=a\"b\\c d", 0 },
        { "multipart/mixed; boundary=----=_Part_1/2", "multipart", "mixed",
          "boundary=----=_Part_1/2", 0 },
        { "text/calendar; method=REQUEST; charset=utf-8;", "text", "calendar",
          "method=REQUEST|charset=utf-8", 0 },
        { "text/plain; name=\"\"", "text", "plain", "name=", 0 },
        { "text/plain;; ; a=b", "text", "plain", "a=b", 0 },
    };

    check_readings(*state, cases, COUNT(cases));
}

/* RFC 2231. */
static void test_extended(void **state)
{
    static const struct reading cases[] = {
        { "a/b; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/\"", "a", "b", "url=ftp://cs.utk.edu/", 0 },
        { "a/b; url*1=y; url*0=x", "a", "b", "url=xy", 0 },
        { "a/b; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "a", "b",
          "title=This is ***fun***", 0 },
        { "a/b; title*0*=us-ascii'en'This%20is%20even%20more%20;\n"
          " title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
          "a", "b", "title=This is even more ***fun*** isn't it!", 0 },
        { "a/b; name*=iso-8859-1''%E4.txt", "a", "b", "name=\303\244.txt", 0 },
        { "a/b; name*=''%41", "a", "b", "name=A", 0 },
        { "a/b; name*=no-such-set''%E4", "a", "b", "name=\344", 0 },
        { "a/b; name=\"old\"; name*=utf-8''new", "a", "b", "name=new", 0 },
        { "a/b; boundary=\"old\"; boundary*=utf-8''new", "a", "b", "boundary=new",
          CONTENT_DUPLICATE },
        { "a/b; boundary*0=x; boundary=y", "a", "b", "boundary=x", CONTENT_DUPLICATE },
        { "a/b; n*0=x; n*0=y; n*1=z", "a", "b", "n=xz", CONTENT_DUPLICATE },
        { "a/b; n*0=x; n*2=z", "a", "b", "n=x", CONTENT_ODD },
        { "a/b; n*1=x", "a", "b", "", CONTENT_ODD },
        { "a/b; n*=plain", "a", "b", "n=plain", CONTENT_ODD },
        { "a/b; n*=x'y", "a", "b", "n=x'y", CONTENT_ODD },
        { "a/b; n*=utf-8''%4", "a", "b", "n=%4", 0 },
        { "a/b; n*x=y", "a", "b", "n*x=y", 0 },
        { "a/b; n*123=y", "a", "b", "n*123=y", 0 },
        { "a/b; *=y", "a", "b", "*=y", 0 },
    };

    check_readings(*state, cases, COUNT(cases));
}

static void test_odd(void **state)
{
    static const struct reading cases[] = {
        { "", NULL, NULL, "", CONTENT_BROKEN },
        { "text", NULL, NULL, "", CONTENT_BROKEN },
        { "text/", NULL, NULL, "", CONTENT_BROKEN },
        { "/plain; charset=x", NULL, NULL, "charset=x", CONTENT_BROKEN },
        { "text; charset=x", NULL, NULL, "charset=x", CONTENT_BROKEN },
        { "text/plain charset=x; a=b", "text", "plain", "a=b", CONTENT_ODD },
        { "text/plain/x; a=b", "text", "plain", "a=b", CONTENT_ODD },
        { "a/b; n=x; N=y", "a", "b", "n=x", CONTENT_DUPLICATE },
        { "a/b; n=x y z; m=1", "a", "b", "n=x y z|m=1", CONTENT_ODD },
        { "a/b; n=\"x\" y; m=1", "a", "b", "n=x|m=1", CONTENT_ODD },
        { "a/b; n=x@y", "a", "b", "n=x@y", CONTENT_ODD },
        { "a/b; n=\"x; m=1", "a", "b", "n=x; m=1", CONTENT_ODD },
        { "a/b; n=", "a", "b", "n=", CONTENT_ODD },
        { "a/b; n", "a", "b", "", CONTENT_ODD },
        { "a/b; n; m=1", "a", "b", "m=1", CONTENT_ODD },
        { "a/b; \"n\"=x; m=1", "a", "b", "m=1", CONTENT_ODD },
        { "a/b; n=\"\xe4\"; m=\"\xc3\xa4\"", "a", "b", "n=\xe4|m=\xc3\xa4", CONTENT_ODD },
        { "a/b; m=\"\xc3\xa4\"", "a", "b", "m=\xc3\xa4", 0 },
        { "a/b; n=x (y", "a", "b", "n=x", CONTENT_ODD },
    };

    check_readings(*state, cases, COUNT(cases));
}

static void test_parameter(void **state)
{
    struct content_type type;

    assert_true(content_type_parse(SPAN("a/b; x=1; Y=2; z="), *state, &type));
    check_span("x", content_parameter(&type, SPAN("x")), "1");
    check_span("y", content_parameter(&type, SPAN("y")), "2");
    check_span("z", content_parameter(&type, SPAN("z")), "");
    check_span("w", content_parameter(&type, SPAN("w")), NULL);
}

static void test_too_many(void **state)
{
    char text[2048] = "a/b";
    struct content_type type;

    for (int i = 0; i <= CONTENT_PARAMETERS_MAX; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "; p%d=%d", i, i);
    assert_true(content_type_parse(span_of(text), *state, &type));
    assert_int_equal(type.count, CONTENT_PARAMETERS_MAX);
    assert_int_equal(type.defects, CONTENT_ODD);
}

static void test_disposition(void **state)
{
    struct content_type type;

    assert_true(content_disposition_parse(
        SPAN("Attachment; filename=\"a b.txt\";\n size=12; filename*=utf-8''%c3%a4.txt"), *state,
        &type));
    check_span("disposition", type.type, "attachment");
    check_span("subtype", type.subtype, NULL);
    check_span("filename", content_parameter(&type, SPAN("filename")), "\303\244.txt");
    assert_int_equal(type.defects, 0);
    assert_true(content_disposition_parse(SPAN("; filename=x"), *state, &type));
    check_span("filename", content_parameter(&type, SPAN("filename")), "x");
    assert_int_equal(type.defects, CONTENT_BROKEN);
}

static void test_encoding(void **state)
{
    static const struct {
        const char *value;
        enum content_encoding wanted;
    } cases[] = {
        { "", ENCODING_NONE },
        { " \n ", ENCODING_NONE },
        { "7bit", ENCODING_7BIT },
        { " 8BIT\n", ENCODING_8BIT },
        { "binary (x)", ENCODING_BINARY },
        { "(x)Quoted-Printable", ENCODING_QUOTED_PRINTABLE },
        { "base64", ENCODING_BASE64 },
        { "base64;", ENCODING_UNKNOWN },
        { "base64 base64", ENCODING_UNKNOWN },
        { "x-uuencode", ENCODING_UNKNOWN },
        { "\"base64\"", ENCODING_UNKNOWN },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(content_encoding_parse(span_of(cases[i].value)), cases[i].wanted);
}

static void test_no_memory(void **state)
{
    struct content_type type;

    (void)state;
    for (size_t ceiling = 1; ceiling < 4; ceiling++) {
        struct arena *arena = arena_new(ceiling);

        assert_non_null(arena);
        assert_false(content_type_parse(SPAN("a/b; c=d"), arena, &type));
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_extended, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_odd, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_parameter, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_too_many, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_disposition, arena_setup, arena_teardown),
        cmocka_unit_test(test_encoding),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests_name("message/content_type", tests, NULL, NULL);
}
