/*
 * arena: what it costs, where its ceiling is, and that nothing handed out overlaps.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "util/arena.h"

static void test_idle_costs_nothing(void **state)
{
    struct arena *arena = arena_new(1 << 20);

    (void)state;
    assert_int_equal(arena_used(arena), 0);
    assert_non_null(arena_alloc(arena, 10));
    assert_true(arena_used(arena) > 0);
    assert_true(arena_used(arena) <= 2048);
    arena_free(&arena);
    assert_null(arena);
    arena_free(&arena);
}

/* Sizes around every threshold: each piece zeroed, aligned, and its own. */
static void test_pieces(void **state)
{
    static const size_t sizes[] = { 0,    1,    7,    16,    17,    500,   511,   512,   513,
                                    2000, 2047, 2048, 8000,  8191,  8192,  8193,  32000, 32767,
                                    3,    600,  1,    32768, 40000, 65536, 40000, 5,     1000 };
    enum { COUNT = sizeof(sizes) / sizeof(sizes[0]), ROUNDS = 20 };
    struct arena *arena = arena_new(SIZE_MAX);
    unsigned char *pieces[COUNT * ROUNDS];
    size_t total = 0;

    (void)state;
    for (size_t i = 0; i < COUNT * ROUNDS; i++) {
        size_t size = sizes[i % COUNT];

        pieces[i] = arena_alloc(arena, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)(i % 255 + 1), size);
        total += size;
    }
    for (size_t i = 0; i < COUNT * ROUNDS; i++) {
        for (size_t j = 0; j < sizes[i % COUNT]; j++)
            assert_int_equal(pieces[i][j], i % 255 + 1);
    }
    assert_true(arena_used(arena) >= total);
    assert_true(arena_used(arena) < total + total / 2);
    assert_false(arena_is_exhausted(arena));
    arena_free(&arena);
}

/* Small messages stay small, large ones need few chunks. */
static void test_growth(void **state)
{
    struct arena *arena = arena_new(SIZE_MAX);
    size_t steps = 0, used = 0, largest = 0;

    (void)state;
    for (size_t taken = 0; taken < 256 * 1024; taken += 64) {
        assert_non_null(arena_alloc(arena, 64));
        if (arena_used(arena) != used) {
            size_t step = arena_used(arena) - used;

            assert_true(step <= 32768 && step >= largest);
            largest = step;
            used = arena_used(arena);
            steps++;
        }
    }
    assert_true(largest > 32768 - 128);
    assert_true(steps >= 8 && steps <= 20);
    arena_free(&arena);
}

static void test_ceiling(void **state)
{
    static const size_t ceilings[] = { 0, 1, 15, 16, 100, 2000, 2048, 5000, 100000 };
    static const size_t sizes[] = { 1, 10, 100, 1000, 10000 };

    (void)state;
    for (size_t c = 0; c < sizeof(ceilings) / sizeof(ceilings[0]); c++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            struct arena *arena = arena_new(ceilings[c]);
            size_t got = 0;

            while (arena_alloc(arena, sizes[s]) != NULL) {
                assert_false(arena_is_exhausted(arena));
                got += sizes[s];
                assert_true(arena_used(arena) <= ceilings[c]);
                assert_true(got <= ceilings[c]);
            }
            assert_true(arena_is_exhausted(arena));
            /* a first piece as large as the ceiling always fits */
            if (sizes[s] <= ceilings[c])
                assert_true(got > 0);
            arena_free(&arena);
        }
    }
}

static void test_ceiling_exactly(void **state)
{
    static const size_t sizes[] = { 1, 100, 1000, 2016, 4000, 100000 };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct arena *arena = arena_new(sizes[i]);

        assert_non_null(arena_alloc(arena, sizes[i]));
        assert_null(arena_alloc(arena, 1));
        arena_free(&arena);
    }
}

static void test_grant(void **state)
{
    struct arena *arena = arena_new(64);

    (void)state;
    assert_null(arena_alloc(arena, 65));
    assert_true(arena_is_exhausted(arena));
    assert_non_null(arena_alloc(arena, 64)); /* a denial does not spoil what still fits */
    assert_true(arena_is_exhausted(arena));
    arena_grant(arena, 100);
    assert_false(arena_is_exhausted(arena));
    assert_non_null(arena_alloc(arena, 100));
    assert_null(arena_alloc(arena, 1));
    arena_grant(arena, SIZE_MAX); /* does not wrap round */
    assert_non_null(arena_alloc(arena, 5000));
    arena_free(&arena);
}

static void test_overflow(void **state)
{
    struct arena *arena = arena_new(SIZE_MAX);

    (void)state;
    assert_null(arena_array(arena, SIZE_MAX / 2, 3));
    assert_true(arena_is_exhausted(arena));
    arena_grant(arena, 0);
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_alloc(arena, SIZE_MAX - 8));
    assert_null(arena_copy(arena, (struct span){ "", SIZE_MAX }).at);
    arena_grant(arena, 0);
    assert_non_null(arena_array(arena, 0, 8));
    assert_non_null(arena_array(arena, 10, sizeof(long)));
    assert_false(arena_is_exhausted(arena));
    arena_free(&arena);
}

static void test_texts(void **state)
{
    struct arena *arena = arena_new(100000);
    struct span copy = arena_copy(arena, SPAN("a\0b"));
    char *text;

    (void)state;
    assert_int_equal(copy.size, 3);
    assert_memory_equal(copy.at, "a\0b", 4);
    copy = arena_copy(arena, (struct span){ NULL, 0 });
    assert_string_equal(copy.at, "");
    assert_string_equal(arena_printf(arena, "%s=%d", "x", 7), "x=7");
    assert_string_equal(arena_printf(arena, "%s", ""), "");
    /* around the space that short texts are formatted in */
    for (int size = 250; size < 260; size++) {
        text = arena_printf(arena, "%0*d", size, 7);
        assert_int_equal(strlen(text), size);
        assert_int_equal(text[size - 1], '7');
    }
    assert_int_equal(strlen(arena_printf(arena, "%050000d", 1)), 50000);
    assert_null(arena_printf(arena, "%0100000d", 1));
    assert_true(arena_is_exhausted(arena));
    arena_free(&arena);
}

/* Two arenas of a lifetime each: the second is refused what the first has, and not for its size. */
static void test_account(void **state)
{
    struct arena_account account = { .limit_bytes = 100000 };
    struct arena *first = arena_new_within(&account, SIZE_MAX);
    struct arena *second = arena_new_within(&account, SIZE_MAX);

    (void)state;
    assert_non_null(arena_alloc(first, 60000));
    assert_true(account.taken_bytes >= 60000 && account.taken_bytes < 60100);
    assert_null(arena_alloc(second, 60000));
    assert_true(arena_is_exhausted(second));
    assert_true(arena_is_starved(second));
    assert_false(arena_is_starved(first));
    arena_grant(second, 64 * 1024);
    assert_false(arena_is_starved(second));
    assert_non_null(arena_alloc(second, 60000)); /* the verdict is written whatever others have */
    assert_null(arena_alloc(second, 60000));
    arena_free(&first);
    assert_non_null(arena_alloc(second, 30000));
    arena_free(&second);
    assert_int_equal(account.taken_bytes, 0);
}

/* An arena at its own ceiling is not starved. */
static void test_account_and_ceiling(void **state)
{
    struct arena_account account = { .limit_bytes = 100000 };
    struct arena *arena = arena_new_within(&account, 10000);

    (void)state;
    assert_null(arena_alloc(arena, 20000));
    assert_true(arena_is_exhausted(arena));
    assert_false(arena_is_starved(arena));
    arena_free(&arena);
    assert_int_equal(account.taken_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_costs_nothing),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_ceiling_exactly),
        cmocka_unit_test(test_grant),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_account),
        cmocka_unit_test(test_account_and_ceiling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
