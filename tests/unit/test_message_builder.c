/*
 * builder: where a header begins and ends in a file, what its fields and the body are, for every
 * sort of line end; sizes beyond all reason; and the mailboxes of all From fields together.
 */
#include "test_message_support.h"

#include <stdio.h>

#include "message/builder.h"
#include "util/buffer.h"

static void collect(void *context, const void *bytes, size_t size)
{
    assert_true(size > 0);
    buffer_add(context, bytes, size);
}

/* "Name:value" for each field, and a bar behind it. */
static void print_fields(const struct header_list *headers, struct buffer *out)
{
    for (size_t i = 0; i < headers->count; i++) {
        buffer_add_span(out, headers->fields[i].name);
        buffer_add_char(out, ':');
        buffer_add_span(out, headers->fields[i].value);
        buffer_add_char(out, '|');
    }
}

static void check_bytes(struct span file, const struct buffer *seen, struct span wanted)
{
    assert_false(buffer_has_failed(seen));
    if (!span_is_equal(buffer_span(seen), wanted))
        fail_msg("\"%.*s\": saw \"%.*s\", wanted \"%.*s\"", SPAN_ARG(file),
                 SPAN_ARG(buffer_span(seen)), SPAN_ARG(wanted));
}

struct file_case {
    struct span file, fields, body;
    bool drops_space;
};

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static void check_files(const struct file_case *cases, size_t count, struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        struct buffer fields = BUFFER_EMPTY, body = BUFFER_EMPTY;
        struct header_list headers;

        header_list_init(&headers, !cases[i].drops_space);
        assert_true(message_read(cases[i].file, arena, &headers, collect, &body));
        print_fields(&headers, &fields);
        check_bytes(cases[i].file, &fields, cases[i].fields);
        check_bytes(cases[i].file, &body, cases[i].body);
        buffer_free(&fields);
        buffer_free(&body);
    }
}

static void test_line_ends(void **state)
{
    static const struct file_case cases[] = {
        { TEXT("A: b\nC: d\n\nx\ny\n"), TEXT("A: b|C: d|"), TEXT("x\r\ny\r\n"), false },
        { TEXT("A: b\r\nC: d\r\n\r\nx\r\ny\r\n"), TEXT("A: b|C: d|"), TEXT("x\r\ny\r\n"), false },
        { TEXT("A: b\r\nC: d\n\r\nx\ny\r\n"), TEXT("A: b|C: d|"), TEXT("x\r\ny\r\n"), false },
        { TEXT("A: b\n\n\n\n"), TEXT("A: b|"), TEXT("\r\n\r\n"), false },
        { TEXT("A: b\n\nx"), TEXT("A: b|"), TEXT("x"), false },
        { TEXT("A: b\n\nx\r"), TEXT("A: b|"), TEXT("x\r"), false },
        { TEXT("A: b\n\nx\ry\r\r\n"), TEXT("A: b|"), TEXT("x\ry\r\r\n"), false },
        /* folds */
        { TEXT("A: b\r\n c\n\td\r\nE: f\r\n \r\n\r\n"), TEXT("A: b\n c\n\td|E: f\n |"), TEXT(""),
          false },
        { TEXT("A:\n b\n\n"), TEXT("A:\n b|"), TEXT(""), false },
        { TEXT("A:\n b\n\n"), TEXT("A:\n b|"), TEXT(""), true },
        /* NUL and CR stay */
        { TEXT("A: b\0c\nD: e\rf\nG: h\r\r\n i\r\r\n\n\0\n"), TEXT("A: b\0c|D: e\rf|G: h\r\n i\r|"),
          TEXT("\0\r\n"), false },
        { TEXT("A: b\r"), TEXT("A: b\r|"), TEXT(""), false },
    };

    check_files(cases, COUNT(cases), *state);
}

static void test_end_of_the_header(void **state)
{
    static const struct file_case cases[] = {
        { TEXT(""), TEXT(""), TEXT(""), false },
        { { NULL, 0 }, TEXT(""), TEXT(""), false },
        { TEXT("\n"), TEXT(""), TEXT(""), false },
        { TEXT("\r\nA: b\n"), TEXT(""), TEXT("A: b\r\n"), false },
        { TEXT("A: b"), TEXT("A: b|"), TEXT(""), false },
        { TEXT("A: b\n"), TEXT("A: b|"), TEXT(""), false },
        { TEXT("A: b\n\n"), TEXT("A: b|"), TEXT(""), false },
        /* no field, and so the first line of the body */
        { TEXT("A: b\nno field\nC: d\n"), TEXT("A: b|"), TEXT("no field\r\nC: d\r\n"), false },
        { TEXT("A: b\nno field: x\n\ny\n"), TEXT("A: b|"), TEXT("no field: x\r\n\r\ny\r\n"),
          false },
        { TEXT("A: b\n: c\n"), TEXT("A: b|"), TEXT(": c\r\n"), false },
        { TEXT("A: b\nC\xc3\xa4: d\n"), TEXT("A: b|"), TEXT("C\xc3\xa4: d\r\n"), false },
        { TEXT("A: b\nC\0D: e\n"), TEXT("A: b|"), TEXT("C\0D: e\r\n"), false },
        { TEXT("A: b\n\r\r\nC: d\n"), TEXT("A: b|"), TEXT("\r\r\nC: d\r\n"), false },
        { TEXT("A: b\nC"), TEXT("A: b|"), TEXT("C"), false },
        { TEXT(" A: b\nC: d\n"), TEXT(""), TEXT(" A: b\r\nC: d\r\n"), false },
        /* mbox */
        { TEXT("From a@b.example Mon\n>From c\n>>From d\r\nA: b\n\nx"), TEXT("A: b|"), TEXT("x"),
          false },
        { TEXT("A: b\nFrom c@d.example Mon\nE: f\n"), TEXT("A: b|"),
          TEXT("From c@d.example Mon\r\nE: f\r\n"), false },
        { TEXT("From a@b.example"), TEXT(""), TEXT(""), false },
        { TEXT(">A: b\n\n"), TEXT(">A: b|"), TEXT(""), false },
        { TEXT("From: a\n\n"), TEXT("From: a|"), TEXT(""), false },
    };

    check_files(cases, COUNT(cases), *state);
}

static void test_colons(void **state)
{
    static const struct file_case cases[] = {
        { TEXT("A \t: b\nC:d\nE:\n\n"), TEXT("A: b|C:d|E:|"), TEXT(""), false },
        { TEXT("A: b\nC:d\nE:  f\nG:\th\nI:\nJ: \n\n"), TEXT("A:b|C:d|E: f|G:\th|I:|J:|"), TEXT(""),
          true },
        { TEXT("A:: b: c\n\n"), TEXT("A:: b: c|"), TEXT(""), false },
    };

    check_files(cases, COUNT(cases), *state);
}

/* A body longer than a piece, its line ends at every place relative to the pieces' borders. */
static void test_long_body(void **state)
{
    enum { LINES = 4000 };

    for (size_t width = 15; width < 20; width++) {
        struct buffer file = BUFFER_EMPTY, wanted = BUFFER_EMPTY, body = BUFFER_EMPTY;
        struct header_list headers;

        buffer_add_text(&file, "A: b\n\n");
        for (unsigned i = 0; i < LINES; i++) {
            buffer_printf(&file, "%0*u%s", (int)width, i, i % 2 == 0 ? "\n" : "\r\n");
            buffer_printf(&wanted, "%0*u\r\n", (int)width, i);
        }
        header_list_init(&headers, true);
        assert_true(message_read(buffer_span(&file), *state, &headers, collect, &body));
        assert_true(span_is_equal(buffer_span(&body), buffer_span(&wanted)));
        buffer_free(&file);
        buffer_free(&wanted);
        buffer_free(&body);
    }
}

/* Under a ceiling the header has the first fields and no others; the body comes all the same. */
static void read_under_ceiling(struct span file, size_t ceiling, bool is_enough, size_t *count_r)
{
    struct arena *arena = arena_new(ceiling);
    struct buffer body = BUFFER_EMPTY;
    struct header_list headers;

    assert_non_null(arena);
    header_list_init(&headers, true);
    assert_int_equal(message_read(file, arena, &headers, collect, &body), is_enough);
    assert_int_equal(arena_is_exhausted(arena), !is_enough);
    check_bytes(SPAN("ceiling"), &body, SPAN("x\r\n"));
    for (size_t i = 0; i < headers.count; i++) {
        char name[24];

        snprintf(name, sizeof(name), "X-%zu", i);
        assert_true(span_is_equal(headers.fields[i].name, span_of(name)));
        assert_int_equal(headers.fields[i].instance, 1);
    }
    *count_r = headers.count;
    buffer_free(&body);
    arena_free(&arena);
}

static void test_hundred_thousand_fields(void **state)
{
    enum { FIELDS = 100000 };
    struct buffer file = BUFFER_EMPTY;
    size_t count;

    (void)state;
    for (unsigned i = 0; i < FIELDS; i++)
        buffer_printf(&file, "X-%u: v\n", i);
    buffer_add_text(&file, "\nx\n");
    read_under_ceiling(buffer_span(&file), (size_t)64 << 20, true, &count);
    assert_int_equal(count, FIELDS);
    read_under_ceiling(buffer_span(&file), (size_t)1 << 20, false, &count);
    assert_in_range(count, 1000, FIELDS - 1);
    buffer_free(&file);
}

/* The second field is too large for the ceiling; the third, small as it is, is left out too. */
static void test_ten_megabyte_field(void **state)
{
    enum { LINES = 100000, LINE_BYTES = 106 }; /* " ", 103 digits, CRLF */
    struct buffer file = BUFFER_EMPTY;
    size_t count;

    (void)state;
    buffer_add_text(&file, "X-0: v\r\nX-1:");
    for (unsigned i = 0; i < LINES; i++)
        buffer_printf(&file, " %0103u\r\n", i);
    buffer_add_text(&file, "X-2: v\r\n\r\nx\r\n");
    assert_true(file.size > (size_t)LINES * LINE_BYTES);
    read_under_ceiling(buffer_span(&file), (size_t)32 << 20, true, &count);
    assert_int_equal(count, 3);
    read_under_ceiling(buffer_span(&file), (size_t)1 << 20, false, &count);
    assert_int_equal(count, 1);
    buffer_free(&file);
}

static void test_from(void **state)
{
    static const struct {
        const char *file, *texts;
        unsigned defects;
    } cases[] = {
        { "To: a@b.example\n", "", 0 },
        { "From: a@b.example\n", "a@b.example ", 0 },
        { "From: a@b.example, c@d.example\nTo: x\nFROM : e@f.example\n",
          "a@b.example c@d.example e@f.example ", 0 },
        { "From:\nFrom: a@b.example\n", "a@b.example ", ADDRESS_EMPTY },
        { "From: a@b.example\nFrom:\n", "a@b.example ", ADDRESS_EMPTY },
        { "From: a@b.example\nFrom: <c@d.example\nFrom: e\nFrom: f@g.example\n",
          "a@b.example c@d.example e f@g.example ", ADDRESS_BROKEN | ADDRESS_NO_DOMAIN },
        { "From: <\nFrom: <\n", "", ADDRESS_BROKEN },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer texts = BUFFER_EMPTY, body = BUFFER_EMPTY;
        struct message message = { .session = NULL };

        header_list_init(&message.headers, true);
        assert_true(message_read(span_of(cases[i].file), *state, &message.headers, collect, &body));
        assert_true(message_read_from(&message, *state));
        for (size_t j = 0; j < message.from.count; j++) {
            buffer_add_span(&texts, message.from.at[j].text);
            buffer_add_char(&texts, ' ');
        }
        check_bytes(span_of(cases[i].file), &texts, span_of(cases[i].texts));
        assert_int_equal(message.from.defects, cases[i].defects);
        buffer_free(&texts);
        buffer_free(&body);
    }
}

/* Every ceiling: the lists together, or false and an exhausted arena. */
static void test_from_under_every_ceiling(void **state)
{
    const struct span file = SPAN("From: a@b.example, c@d.example\nFrom: e@f.example\nFrom: g@h\n");
    unsigned failed = 0;

    (void)state;
    for (size_t ceiling = 0; ceiling < 8000; ceiling += 16) {
        struct arena *arena = arena_new(ceiling);
        struct message message = { .session = NULL };

        assert_non_null(arena);
        header_list_init(&message.headers, true);
        if (message_read(file, arena, &message.headers, collect, NULL) &&
            message_read_from(&message, arena)) {
            assert_int_equal(message.from.count, 4);
            check_span("last", message.from.at[3].text, "g@h");
        } else {
            failed++;
            assert_true(arena_is_exhausted(arena));
        }
        arena_free(&arena);
    }
    assert_in_range(failed, 1, 499);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_end_of_the_header),
        cmocka_unit_test(test_colons),
        cmocka_unit_test(test_long_body),
        cmocka_unit_test(test_hundred_thousand_fields),
        cmocka_unit_test(test_ten_megabyte_field),
        cmocka_unit_test(test_from),
        cmocka_unit_test(test_from_under_every_ceiling),
    };

    return cmocka_run_group_tests_name("message/builder", tests, arena_setup, arena_teardown);
}
