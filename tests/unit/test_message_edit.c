/*
 * edit: the header after changes, against tables and against a plain model.
 */
#include "test_message_support.h"

#include <stdio.h>

#include "message/edit.h"
#include "util/buffer.h"

#define EDITS_MAX 6

struct change {
    enum edit_kind kind;
    const char *name, *value;
    uint32_t instance;
};

struct edit_case {
    const char *before;               /* "A:1 B:2", values without blanks */
    struct change changes[EDITS_MAX]; /* up to the first without name */
    const char *after;
    bool drops_space;
};

static void fill(struct header_list *list, const char *fields, struct arena *arena)
{
    struct span rest = span_of(fields), field;

    while (rest.size > 0 && span_cut(&rest, ' ', &field)) {
        ptrdiff_t colon = span_find(field, ':');

        assert_true(colon >= 0);
        assert_true(header_list_add(list, arena, span_first(field, (size_t)colon),
                                    span_from(field, (size_t)colon + 1)));
    }
}

static void print_fields(const struct header_list *list, struct buffer *out)
{
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            buffer_add_char(out, ' ');
        buffer_add_span(out, list->fields[i].name);
        buffer_add_char(out, ':');
        buffer_add_span(out, list->fields[i].value);
    }
}

/* Instances, counts and identifiers are those a plain count gives. */
static void check_numbers(const struct header_list *list)
{
    uint32_t counts[HEADER_COUNT] = { 0 };

    for (size_t i = 0; i < list->count; i++) {
        const struct header_field *field = &list->fields[i];
        uint32_t instance = 0;

        for (size_t j = 0; j <= i; j++)
            instance += span_is_equal_nocase(list->fields[j].name, field->name);
        assert_int_equal(field->instance, instance);
        assert_int_equal(field->id, header_id_of(field->name));
        counts[field->id]++;
    }
    assert_memory_equal(counts, list->counts, sizeof(counts));
}

static void test_table(void **state)
{
    static const struct edit_case cases[] = {
        { "A:1 B:2", { { 0, NULL, NULL, 0 } }, "A:1 B:2", false },
        { "", { { EDIT_PREPEND, "P", "1", 0 }, { EDIT_APPEND, "Q", "2", 0 } }, "P:1 Q:2", false },
        /* the last one decided is topmost; appended ones keep their order */
        { "Received:1 A:2",
          { { EDIT_PREPEND, "P", "1", 0 },
            { EDIT_APPEND, "Q", "1", 0 },
            { EDIT_PREPEND, "P", "2", 0 },
            { EDIT_APPEND, "Q", "2", 0 },
            { EDIT_PREPEND, "Received", "3", 0 } },
          "Received:3 P:2 P:1 Received:1 A:2 Q:1 Q:2",
          false },
        /* numbered as they arrived, in either order */
        { "A:1 B:1 a:2 A:3",
          { { EDIT_DELETE, "A", "", 3 }, { EDIT_DELETE, "A", "", 2 }, { EDIT_DELETE, "A", "", 1 } },
          "B:1",
          false },
        { "A:1 B:1 a:2 A:3",
          { { EDIT_DELETE, "a", "", 1 }, { EDIT_DELETE, "A", "", 2 } },
          "B:1 A:3",
          false },
        { "A:1 B:1 a:2 A:3",
          { { EDIT_DELETE, "A", "", 3 }, { EDIT_DELETE, "A", "", 1 }, { EDIT_DELETE, "B", "", 1 } },
          "a:2",
          false },
        { "From:1 From:2 from:3",
          { { EDIT_DELETE, "FROM", "", 3 }, { EDIT_DELETE, "From", "", 2 } },
          "From:1",
          false },
        { "A:1", { { EDIT_PREPEND, "A", "0", 0 }, { EDIT_DELETE, "A", "", 1 } }, "A:0", false },
        { "A:1",
          { { EDIT_PREPEND, "A", "0", 0 }, { EDIT_REPLACE, "A", "x", 1 } },
          "A:0 A:x",
          false },
        /* a replaced field keeps its place and the spelling of its name */
        { "subject:1 A:2 Subject:3",
          { { EDIT_REPLACE, "Subject", "x", 2 }, { EDIT_REPLACE, "SUBJECT", "y", 1 } },
          "subject:y A:2 Subject:x",
          false },
        { "A:1", { { EDIT_REPLACE, "A", "x", 1 }, { EDIT_REPLACE, "A", "y", 1 } }, "A:y", false },
        { "A:1", { { EDIT_REPLACE, "A", "x", 1 }, { EDIT_DELETE, "A", "", 1 } }, "", false },
        { "A:1", { { EDIT_DELETE, "A", "", 1 }, { EDIT_REPLACE, "A", "x", 1 } }, "", false },
        /* what is not there */
        { "A:1 B:2",
          { { EDIT_DELETE, "A", "", 2 },
            { EDIT_DELETE, "A", "", 0 },
            { EDIT_REPLACE, "C", "x", 1 },
            { EDIT_REPLACE, "From", "x", 1 },
            { EDIT_REPLACE, "B", "x", 2 },
            { EDIT_DELETE, "", "", 1 } },
          "A:1 B:2",
          false },
        /* the space the MTA adds */
        { "A:1 B:2",
          { { EDIT_PREPEND, "P", " 1", 0 },
            { EDIT_REPLACE, "B", " x", 1 },
            { EDIT_APPEND, "Q", "  2", 0 } },
          "P:1 A:1 B:x Q: 2",
          true },
        { "A:1", { { EDIT_PREPEND, "P", " 1", 0 } }, "P: 1 A:1", false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct header_list before, view;
        struct edit_list edits;
        struct buffer seen = BUFFER_EMPTY;

        header_list_init(&before, !cases[i].drops_space);
        fill(&before, cases[i].before, *state);
        edit_list_init(&edits);
        for (size_t j = 0; j < EDITS_MAX && cases[i].changes[j].name != NULL; j++) {
            const struct change *change = &cases[i].changes[j];

            assert_non_null(edit_add(&edits, *state, change->kind, span_of(change->name),
                                     span_of(change->value), change->instance));
        }
        assert_true(edit_view(&before, &edits, *state, &view));
        print_fields(&view, &seen);
        assert_string_equal(buffer_text(&seen), cases[i].after);
        assert_int_equal(view.keeps_space, before.keeps_space);
        check_numbers(&view);
        check_numbers(&before);
        buffer_free(&seen);
    }
}

/* The longest line is that of the view; without edits the fields are shared. */
static void test_facts_of_the_view(void **state)
{
    struct header_list before, view;
    struct edit_list edits;

    header_list_init(&before, true);
    fill(&before, "A:\xff-long-and-odd B:2", *state);
    edit_list_init(&edits);
    assert_true(edit_view(&before, &edits, *state, &view));
    assert_ptr_equal(view.fields, before.fields);
    assert_non_null(edit_add(&edits, *state, EDIT_REPLACE, SPAN("A"), SPAN(" 1"), 1));
    assert_true(edit_view(&before, &edits, *state, &view));
    assert_int_equal(view.longest_line, 4);
    assert_ptr_equal(view.longest_field, &view.fields[0]);
    assert_false(view.has_8bit);
    assert_true(before.has_8bit);
    assert_int_equal(view.bytes, 4 + 2 + 3 + 2);
}

static uint32_t draw(uint32_t *seed_io)
{
    *seed_io = *seed_io * 1664525 + 1013904223;
    return *seed_io >> 8;
}

/* Plainly: for each field that arrived, what the list of edits says of it. */
static void print_model(const struct header_list *before, const struct edit_list *edits,
                        struct buffer *out)
{
    struct buffer top = BUFFER_EMPTY, next = BUFFER_EMPTY;

    for (const struct edit *edit = edits->first; edit != NULL; edit = edit->next) {
        if (edit->kind != EDIT_PREPEND)
            continue;
        buffer_clear(&next);
        buffer_printf(&next, "%.*s:%.*s ", SPAN_ARG(edit->name), SPAN_ARG(edit->value));
        buffer_add_span(&next, buffer_span(&top));
        buffer_clear(&top);
        buffer_add_span(&top, buffer_span(&next));
    }
    buffer_add_span(out, buffer_span(&top));
    for (size_t i = 0; i < before->count; i++) {
        const struct header_field *field = &before->fields[i];
        struct span value = field->value;
        bool is_deleted = false;

        for (const struct edit *edit = edits->first; edit != NULL; edit = edit->next) {
            bool is_hit =
                span_is_equal_nocase(edit->name, field->name) && edit->instance == field->instance;

            is_deleted |= is_hit && edit->kind == EDIT_DELETE;
            if (is_hit && edit->kind == EDIT_REPLACE)
                value = edit->value;
        }
        if (!is_deleted)
            buffer_printf(out, "%.*s:%.*s ", SPAN_ARG(field->name), SPAN_ARG(value));
    }
    for (const struct edit *edit = edits->first; edit != NULL; edit = edit->next) {
        if (edit->kind == EDIT_APPEND)
            buffer_printf(out, "%.*s:%.*s ", SPAN_ARG(edit->name), SPAN_ARG(edit->value));
    }
    buffer_free(&top);
    buffer_free(&next);
}

static void test_drawn_edits(void **state)
{
    static const struct span names[] = { { "From", 4 }, { "X-A", 3 }, { "X-a", 3 },
                                         { "X-B", 3 },  { "to", 2 },  { "TO", 2 } };
    static const struct span values[] = { { "1", 1 }, { "2", 1 }, { "3", 1 } };
    uint32_t seed = 3;

    for (unsigned round = 0; round < 2000; round++) {
        struct header_list before, view;
        struct edit_list edits;
        struct buffer seen = BUFFER_EMPTY, wanted = BUFFER_EMPTY;

        header_list_init(&before, true);
        for (unsigned i = draw(&seed) % 12; i > 0; i--)
            assert_true(header_list_add(&before, *state, names[draw(&seed) % COUNT(names)],
                                        values[draw(&seed) % COUNT(values)]));
        edit_list_init(&edits);
        for (unsigned i = draw(&seed) % 10; i > 0; i--) {
            enum edit_kind kind = (enum edit_kind)(draw(&seed) % 4);

            assert_non_null(edit_add(&edits, *state, kind, names[draw(&seed) % COUNT(names)],
                                     values[draw(&seed) % COUNT(values)], draw(&seed) % 6));
        }
        assert_true(edit_view(&before, &edits, *state, &view));
        print_fields(&view, &seen);
        if (view.count > 0)
            buffer_add_char(&seen, ' ');
        print_model(&before, &edits, &wanted);
        assert_string_equal(buffer_text(&seen), buffer_text(&wanted));
        check_numbers(&view);
        buffer_free(&seen);
        buffer_free(&wanted);
    }
}

/* Sixty thousand deletions of one name, highest first: one walk together, or this takes minutes. */
static void test_many_deletions(void **state)
{
    enum { FIELDS = 60000 };
    struct header_list before, view;
    struct edit_list edits;

    header_list_init(&before, true);
    edit_list_init(&edits);
    for (uint32_t i = FIELDS; i > 0; i--) {
        assert_true(header_list_add(&before, *state, SPAN("Bcc"), SPAN(" a")));
        assert_non_null(edit_add(&edits, *state, EDIT_DELETE, SPAN("Bcc"), SPAN(""), i));
    }
    assert_true(edit_view(&before, &edits, *state, &view));
    assert_int_equal(view.count, 0);
    assert_int_equal(view.counts[HEADER_BCC], 0);
    assert_null(view.longest_field);
}

static void test_every_ceiling(void **state)
{
    unsigned failed = 0;

    (void)state;
    for (size_t ceiling = 0; ceiling < 16000; ceiling += 16) {
        struct arena *arena = arena_new(ceiling);
        struct header_list before, view;
        struct edit_list edits;

        assert_non_null(arena);
        header_list_init(&before, true);
        edit_list_init(&edits);
        if (header_list_add(&before, arena, SPAN("A"), SPAN(" 1")) &&
            edit_add(&edits, arena, EDIT_PREPEND, SPAN("P"), SPAN(" 2"), 0) != NULL &&
            edit_add(&edits, arena, EDIT_APPEND, SPAN("Q"), SPAN(" 3"), 0) != NULL &&
            edit_view(&before, &edits, arena, &view)) {
            assert_int_equal(view.count, 3);
        } else {
            failed++;
            assert_true(arena_is_exhausted(arena));
        }
        arena_free(&arena);
    }
    assert_in_range(failed, 1, 999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),         cmocka_unit_test(test_facts_of_the_view),
        cmocka_unit_test(test_drawn_edits),   cmocka_unit_test(test_many_deletions),
        cmocka_unit_test(test_every_ceiling),
    };

    return cmocka_run_group_tests_name("message/edit", tests, arena_setup, arena_teardown);
}
