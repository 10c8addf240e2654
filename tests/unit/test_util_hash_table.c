/*
 * hash_table: what was put is found, in the order it was put; the hash beneath it is SipHash-2-4.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash_table.h"
#include "util/siphash.h"

#define MANY 100000

static void test_few(void **state)
{
    struct hash_table *table = hash_table_new();
    char a, b, c;
    void *previous = &c;

    (void)state;
    assert_null(hash_table_get(table, SPAN("x")));
    assert_int_equal(hash_table_count(table), 0);
    assert_true(hash_table_put(table, SPAN("x"), &a, &previous));
    assert_null(previous);
    assert_true(hash_table_put(table, SPAN("x"), &b, &previous));
    assert_ptr_equal(previous, &a);
    assert_ptr_equal(hash_table_get(table, SPAN("x")), &b);
    assert_int_equal(hash_table_count(table), 1);
    /* the same bytes but for case, length, and what is behind a NUL */
    assert_null(hash_table_get(table, SPAN("X")));
    assert_null(hash_table_get(table, SPAN("")));
    assert_null(hash_table_get(table, SPAN("x\0")));
    assert_true(hash_table_put(table, SPAN("x\0y"), &a, NULL));
    assert_true(hash_table_put(table, SPAN("x\0z"), &c, NULL));
    assert_ptr_equal(hash_table_get(table, SPAN("x\0y")), &a);
    assert_ptr_equal(hash_table_get(table, SPAN("x\0z")), &c);
    assert_true(hash_table_put(table, SPAN(""), &b, NULL));
    assert_ptr_equal(hash_table_get(table, (struct span){ NULL, 0 }), &b);
    assert_true(hash_table_put(table, SPAN("none"), NULL, NULL)); /* NULL is a value too */
    assert_int_equal(hash_table_count(table), 5);
    hash_table_free(&table);
    assert_null(table);
    hash_table_free(&table);
}

static struct span key_of(size_t i, char space[static 32])
{
    return (struct span){ space, (size_t)snprintf(space, 32, "user%zu@example.org", i * 7919) };
}

static void test_many(void **state)
{
    static char values[MANY];
    struct hash_table *table = hash_table_new();
    char space[32];
    size_t position = 0, seen = 0;
    struct span key;
    void *value;

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        assert_true(hash_table_put(table, key_of(i, space), &values[i], NULL));
    memset(space, 0, sizeof(space)); /* keys are copies */
    assert_int_equal(hash_table_count(table), MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_ptr_equal(hash_table_get(table, key_of(i, space)), &values[i]);
        assert_null(hash_table_get(table, key_of(MANY + i, space)));
    }
    while (hash_table_next(table, &position, &key, &value)) {
        assert_ptr_equal(value, &values[seen]);
        assert_true(span_is_equal(key, key_of(seen, space)));
        assert_int_equal(key.at[key.size], '\0');
        seen++;
    }
    assert_int_equal(seen, MANY);
    assert_false(hash_table_next(table, &position, &key, &value));
    hash_table_free(&table);
}

/* A changed value keeps its place; NULL outputs are fine. */
static void test_order(void **state)
{
    struct hash_table *table = hash_table_new();
    char order[4] = "";
    size_t position = 0;
    struct span key;

    (void)state;
    assert_false(hash_table_next(table, &position, NULL, NULL));
    hash_table_put(table, SPAN("c"), order, NULL);
    hash_table_put(table, SPAN("a"), order, NULL);
    hash_table_put(table, SPAN("b"), order, NULL);
    hash_table_put(table, SPAN("c"), NULL, NULL);
    while (hash_table_next(table, &position, &key, NULL))
        strncat(order, key.at, 1);
    assert_string_equal(order, "cab");
    position = 0;
    assert_true(hash_table_next(table, &position, NULL, NULL));
    hash_table_free(&table);
}

/* From the reference vectors of the SipHash paper: key 00..0f, text 00, 01, 02, ... */
static void test_siphash(void **state)
{
    static const struct {
        size_t size;
        uint64_t hash;
    } cases[] = {
        { 0, 0x726fdb47dd0e0e31u }, { 1, 0x74f839c593dc67fdu }, { 2, 0x0d6c8009d9a94f5au },
        { 7, 0xab0200f58b01d137u }, { 8, 0x93f5f5799a932462u }, { 15, 0xa129ca6149be45e5u },
    };
    static const uint64_t key[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };
    char text[16];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)i;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_true(siphash(key, (struct span){ text, cases[i].size }) == cases[i].hash);
    assert_true(siphash(key, (struct span){ NULL, 0 }) == cases[0].hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_siphash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
