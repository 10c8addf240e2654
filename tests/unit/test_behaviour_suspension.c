/*
 * suspension: put, found while it lasts, released, run out; and that no bytes in the table do any
 * harm.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "behaviour/suspension.h"
#include "tests/support/empty_store.h"

#define NOW_S INT64_C(1795478400)
#define ALICE SPAN("alice@example.org")

static struct suspension a_suspension(const char *principal)
{
    struct suspension suspension = {
        .set_s = NOW_S, .until_s = NOW_S + 60, .by = "root", .because = "phished: \"click here\""
    };
    snprintf(suspension.principal, sizeof(suspension.principal), "%s", principal);
    return suspension;
}

static void put(const struct suspension *suspension)
{
    struct error error;
    assert_true(suspension_put(store, suspension, &error));
}

static void test_found_while_it_lasts(void **state)
{
    struct suspension there = a_suspension("alice@example.org"), found;
    (void)state;
    assert_false(suspension_find(store, ALICE, NOW_S, &found));
    put(&there);
    assert_true(suspension_find(store, ALICE, NOW_S + 59, &found));
    assert_int_equal(found.state, PRINCIPAL_SUSPENDED);
    assert_string_equal(found.principal, there.principal);
    assert_string_equal(found.by, "root");
    assert_string_equal(found.because, there.because);
    assert_int_equal(found.set_s, NOW_S);
    assert_false(found.is_by_machine);
    assert_false(suspension_find(store, ALICE, NOW_S + 60, &found));
    assert_false(suspension_find(store, SPAN("alice@example.or"), NOW_S, &found));
    assert_false(suspension_find(store, SPAN(""), NOW_S, &found));
    assert_int_equal(suspension_count(store, NOW_S), 1);
    assert_int_equal(suspension_count(store, NOW_S + 60), 0);
}

static void test_released(void **state)
{
    struct suspension there = a_suspension("alice@example.org"), found;
    (void)state;
    there.until_s = 0;
    there.is_by_machine = true;
    put(&there);
    assert_true(suspension_find(store, ALICE, NOW_S + 1000000000, &found));
    assert_true(found.is_by_machine);
    there.state = PRINCIPAL_RELEASED;
    there.until_s = NOW_S + 3600;
    put(&there);
    assert_true(suspension_find(store, ALICE, NOW_S, &found));
    assert_int_equal(found.state, PRINCIPAL_RELEASED);
    assert_int_equal(suspension_count(store, NOW_S), 0);
}

static bool count_names(const struct suspension *suspension, void *context)
{
    strcat(context, suspension->principal);
    return true;
}

static void test_expire(void **state)
{
    char names[200] = "";
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        char name[] = { (char)('a' + i), '\0' };
        struct suspension one = a_suspension(name);
        one.until_s = i % 2 == 0 ? NOW_S + 60 : 0;
        put(&one);
    }
    assert_int_equal(suspension_expire(store, NOW_S + 59), 0);
    assert_int_equal(suspension_expire(store, NOW_S + 60), 3);
    assert_int_equal(suspension_expire(store, NOW_S + 60), 0);
    assert_true(suspension_walk(store, count_names, names));
    assert_string_equal(names, "bd");
}

static void test_refused(void **state)
{
    struct suspension nobody = a_suspension(""), ancient = a_suspension("a");
    struct error error;
    (void)state;
    ancient.set_s = -1;
    assert_false(suspension_put(store, &nobody, &error));
    assert_false(suspension_put(store, &ancient, &error));
    assert_int_equal(store_count(store, STORE_SUSPENDED), 0);
}

static void test_foreign_bytes(void **state)
{
    static const char *const values[] = {
        "",
        "1",
        "1 0 0 5 6 root",        /* no second text */
        "1 2 0 5 6 root@x",      /* no such state; '@' stands for NUL */
        "1 0 2 5 6 root@x",      /* neither yes nor no */
        "1 0 0 -5 6 root@x",     /* no number */
        "2 0 0 5 6 root@x",      /* a later layout */
        "1 0 0 5 6 root@x@more", /* a NUL within a text */
        "1 0 0 5 99999999999999999999 root@x",
    };
    struct suspension suspension;
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char value[80];
        size_t size = strlen(values[i]);
        for (size_t at = 0; at <= size; at++) {
            value[at] = values[i][at] == '@' ? '\0' : values[i][at];
        }
        if (suspension_read(SPAN("a"), (struct span){ value, size }, &suspension)) {
            fail_msg("read: %s", values[i]);
        }
    }
    assert_true(suspension_read(SPAN("a"), (struct span){ "1 1 1 5 6 root\0x", 16 }, &suspension));
    assert_false(suspension_read(SPAN(""), (struct span){ "1 1 1 5 6 root\0x", 16 }, &suspension));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found_while_it_lasts, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_released, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_expire, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_refused, store_make, store_drop),
        cmocka_unit_test(test_foreign_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
