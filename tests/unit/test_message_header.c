/*
 * header: identifiers, instances, counts and facts of the lines, for fields in any order and
 * number.
 */
#include "test_message_support.h"

#include <stdio.h>
#include <stdlib.h>

#include "message/header.h"

static void test_every_row_is_found(void **state)
{
    static const struct {
        enum header_id id;
        const char *name;
    } rows[] = {
#define HEADER_CASE(id, name) { HEADER_##id, name },
        HEADER_ROWS(HEADER_CASE)
#undef HEADER_CASE
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char other_case[64], longer[66];
        size_t size = strlen(rows[i].name);

        check_span(rows[i].name, header_name(rows[i].id), rows[i].name);
        assert_int_equal(header_id_of(span_of(rows[i].name)), rows[i].id);
        for (size_t j = 0; j <= size; j++)
            other_case[j] = (char)(rows[i].name[j] ^ (rows[i].name[j] >= 'A' ? 0x20 : 0));
        assert_int_equal(header_id_of(span_of(other_case)), rows[i].id);
        snprintf(longer, sizeof(longer), "%sx", rows[i].name);
        assert_int_equal(header_id_of(span_of(longer)), HEADER_OTHER);
    }
}

static void test_unknown_names(void **state)
{
    static const struct span cases[] = {
        { NULL, 0 },
        { "", 0 },
        { "X", 1 },
        { "Fro", 3 },
        { "Frum", 4 },
        { "From\0", 5 },
        { "From ", 5 },
        { "Tp", 2 },
        { "Message_ID", 10 },
        { "Fr\0m", 4 },
        { "Content-Transfer-Encodings-And-More-Than-Any-Row-Has", 51 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(header_id_of(cases[i]), HEADER_OTHER);
    check_span("no name", header_name(HEADER_OTHER), "");
}

static void add(struct header_list *list, struct arena *arena, const char *name, const char *value)
{
    assert_true(header_list_add(list, arena, span_of(name), span_of(value)));
}

static void test_instances_and_lookup(void **state)
{
    static const struct {
        const char *name;
        enum header_id id;
        uint32_t instance;
    } cases[] = {
        { "Received", HEADER_RECEIVED, 1 }, { "X-Mailer", HEADER_OTHER, 1 },
        { "From", HEADER_FROM, 1 },         { "x-mailer", HEADER_OTHER, 2 },
        { "RECEIVED", HEADER_RECEIVED, 2 }, { "X-Mailer2", HEADER_OTHER, 1 },
        { "X-Mail", HEADER_OTHER, 1 },      { "X-MAILER", HEADER_OTHER, 3 },
        { "From", HEADER_FROM, 2 },         { "", HEADER_OTHER, 1 },
        { "X-Mail", HEADER_OTHER, 2 },      { "", HEADER_OTHER, 2 },
    };
    struct header_list list;
    const struct header_field *field;

    header_list_init(&list, true);
    assert_null(header_first(&list, HEADER_FROM));
    assert_null(header_find(&list, SPAN("x")));
    for (size_t i = 0; i < COUNT(cases); i++)
        add(&list, *state, cases[i].name, " v");
    assert_int_equal(list.count, COUNT(cases));
    assert_int_equal(list.counts[HEADER_FROM], 2);
    assert_int_equal(list.counts[HEADER_RECEIVED], 2);
    assert_int_equal(list.counts[HEADER_OTHER], 8);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(list.fields[i].id, cases[i].id);
        assert_int_equal(list.fields[i].instance, cases[i].instance);
    }
    field = header_first(&list, HEADER_FROM);
    assert_ptr_equal(field, &list.fields[2]);
    field = header_next(&list, field);
    assert_ptr_equal(field, &list.fields[8]);
    assert_null(header_next(&list, field));
    field = header_find(&list, SPAN("X-mailer"));
    assert_ptr_equal(field, &list.fields[1]);
    field = header_next(&list, field);
    assert_ptr_equal(field, &list.fields[3]);
    assert_ptr_equal(header_next(&list, field), &list.fields[7]);
    assert_ptr_equal(header_find(&list, SPAN("from")), &list.fields[2]);
    assert_null(header_find(&list, SPAN("X-Mai")));
}

static void test_facts(void **state)
{
    static const struct {
        const char *name;
        struct span value;
        bool keeps_space;
        size_t bytes;
        uint32_t longest;
        bool has_8bit, has_nul, has_cr;
    } cases[] = {
        { "A", { " b", 2 }, true, 6, 4, false, false, false },
        { "A", { "b", 1 }, false, 6, 4, false, false, false },
        { "A", { "", 0 }, true, 4, 2, false, false, false },
        { "A", { NULL, 0 }, true, 4, 2, false, false, false },
        { "Subject",
          { " one\n two, longer\n\tx", 20 },
          true,
          8 + 20 + 2 + 2,
          12,
          false,
          false,
          false },
        { "Subject", { " one\n", 5 }, true, 8 + 5 + 1 + 2, 12, false, false, false },
        { "A", { " \xc3\xa4", 3 }, true, 7, 5, true, false, false },
        { "A", { " eight+oct\0ts", 13 }, true, 17, 15, false, true, false },
        { "A", { " b\r", 3 }, true, 7, 5, false, false, true },
        { "A", { " 1234567\r", 9 }, true, 13, 11, false, false, true },
        { "A", { " 1\r\n 2", 6 }, true, 11, 5, false, false, true },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct header_list list;

        header_list_init(&list, cases[i].keeps_space);
        assert_true(header_list_add(&list, *state, span_of(cases[i].name), cases[i].value));
        assert_true(span_is_equal(list.fields[0].value, cases[i].value));
        assert_int_equal(list.longest_line, cases[i].longest);
        assert_int_equal(list.bytes, cases[i].bytes);
        assert_int_equal(list.has_8bit, cases[i].has_8bit);
        assert_int_equal(list.has_nul, cases[i].has_nul);
        assert_int_equal(list.has_bare_cr, cases[i].has_cr);
        assert_ptr_equal(list.longest_field, &list.fields[0]);
    }
}

/* Every place of an odd octet in a value is seen, whatever the width of the look; none behind it.
 */
static void test_octets_at_every_place(void **state)
{
    static const char odd[] = { '\0', '\r', '\x80', 'x' };
    enum { SIZE_MAX_HERE = 40 };

    for (size_t size = 1; size < SIZE_MAX_HERE; size++) {
        for (size_t place = 0; place < size * sizeof(odd); place++) {
            char octet = odd[place % sizeof(odd)];
            char value[SIZE_MAX_HERE];
            struct header_list list;

            memset(value, 'x', sizeof(value));
            value[size] = '\xff';
            value[place / sizeof(odd)] = octet;
            header_list_init(&list, true);
            assert_true(header_list_add(&list, *state, SPAN("A"), (struct span){ value, size }));
            assert_int_equal(list.has_nul, octet == '\0');
            assert_int_equal(list.has_bare_cr, octet == '\r');
            assert_int_equal(list.has_8bit, octet == '\x80');
        }
    }
}

static void test_longest_field_survives_growth(void **state)
{
    struct header_list list;

    header_list_init(&list, true);
    add(&list, *state, "Subject", " the longest of them all");
    for (unsigned i = 0; i < 1000; i++)
        add(&list, *state, "A", " b");
    assert_ptr_equal(list.longest_field, &list.fields[0]);
    assert_int_equal(list.fields[1000].instance, 1000);
}

static void test_exhausted_arena(void **state)
{
    struct arena *arena = arena_new(20000);
    struct header_list list;
    size_t count = 0;

    (void)state;
    assert_non_null(arena);
    header_list_init(&list, true);
    while (header_list_add(&list, arena, SPAN("X-Some"), SPAN(" a value")))
        count++;
    assert_true(count > 50);
    assert_int_equal(list.count, count);
    assert_int_equal(list.counts[HEADER_OTHER], count);
    assert_int_equal(list.fields[count - 1].instance, count);
    assert_true(arena_is_exhausted(arena));
    arena_free(&arena);
}

/* A plain model of the instance count beside the tree, names chosen to be alike. */
static void test_many_names(void **state)
{
    enum { NAMES = 3000 };
    struct header_list list;
    uint32_t seed = 1;

    header_list_init(&list, true);
    for (unsigned i = 0; i < NAMES; i++) {
        char name[16];
        size_t size;

        seed = seed * 1664525 + 1013904223;
        size = 1 + (seed >> 16) % 6;
        for (size_t j = 0; j < size; j++)
            name[j] = "aAbBcX"[(seed >> (8 + 3 * j)) % 6];
        assert_true(header_list_add(&list, *state, (struct span){ name, size }, SPAN(" v")));
    }
    for (size_t i = 0; i < list.count; i += 7) {
        uint32_t instance = 0;

        for (size_t j = 0; j <= i; j++)
            instance += span_is_equal_nocase(list.fields[j].name, list.fields[i].name);
        if (list.fields[i].id == HEADER_OTHER)
            assert_int_equal(list.fields[i].instance, instance);
    }
}

static void test_hundred_thousand_fields(void **state)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    struct header_list list;

    (void)state;
    assert_non_null(arena);
    header_list_init(&list, true);
    for (unsigned i = 0; i < 100000; i++) {
        char name[24];

        snprintf(name, sizeof(name), "X-%u", i % 50000);
        assert_true(header_list_add(&list, arena, span_of(name), SPAN(" v")));
    }
    assert_int_equal(list.count, 100000);
    assert_int_equal(list.fields[99999].instance, 2);
    arena_free(&arena);
}

static void test_unfold(void **state)
{
    static const struct {
        struct span value;
        const char *wanted;
    } cases[] = {
        { { " plain", 6 }, "plain" },
        { { " a\n b\n\tc ", 9 }, "a b\tc" },
        { { "\n a", 3 }, "a" },
        { { " \n ", 3 }, "" },
        { { "", 0 }, "" },
        { { "a\r\n b", 5 }, "a\r b" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct header_field field = { .value = cases[i].value };

        check_span("unfolded", header_unfold(&field, *state), cases[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_found),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_instances_and_lookup),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_octets_at_every_place),
        cmocka_unit_test(test_longest_field_survives_growth),
        cmocka_unit_test(test_exhausted_arena),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_hundred_thousand_fields),
        cmocka_unit_test(test_unfold),
    };

    return cmocka_run_group_tests_name("message/header", tests, arena_setup, arena_teardown);
}
