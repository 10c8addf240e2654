/*
 * The census of logins: when the table of owners is not believed.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/login_census.h"

static void expect(struct login_census *census, size_t seen, size_t without)
{
    size_t seen_now, without_now;
    login_census_counts(census, &seen_now, &without_now);
    assert_int_equal(seen_now, seen);
    assert_int_equal(without_now, without);
    assert_int_equal(login_census_is_doubtful(census), 2 * without > seen);
}

static void counts(void **state)
{
    struct login_census *census = login_census_new();
    (void)state;
    expect(census, 0, 0);
    login_census_note(census, 1, SPAN("a"), false);
    expect(census, 1, 1);
    login_census_note(census, 1, SPAN("a"), false);
    expect(census, 1, 1);
    login_census_note(census, 1, SPAN("b"), true);
    expect(census, 2, 1); /* half is not more than half */
    login_census_note(census, 1, SPAN("c"), false);
    expect(census, 3, 2);
    login_census_note(census, 1, SPAN("c"), true); /* what is known last counts */
    expect(census, 3, 1);
    login_census_note(census, 1, SPAN("b"), false);
    expect(census, 3, 2);
    login_census_free(&census);
    assert_null(census);
}

static void reloads(void **state)
{
    struct login_census *census = login_census_new();
    (void)state;
    login_census_note(census, 1, SPAN("a"), false);
    login_census_note(census, 2, SPAN("b"), true);
    expect(census, 1, 0);
    login_census_note(census, 1, SPAN("c"), false); /* began before the reload */
    expect(census, 1, 0);
    login_census_free(&census);
}

static void bounded(void **state)
{
    struct login_census *census = login_census_new();
    char name[32];
    (void)state;
    for (int i = 0; i < LOGIN_CENSUS_MAX + 10; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        login_census_note(census, 1, span_of(name), i % 2 == 0);
    }
    expect(census, LOGIN_CENSUS_MAX, LOGIN_CENSUS_MAX / 2);
    login_census_note(census, 1, SPAN("user0"), false); /* who is in it can still change */
    expect(census, LOGIN_CENSUS_MAX, LOGIN_CENSUS_MAX / 2 + 1);
    login_census_free(&census);
}

static void *note_many(void *context)
{
    char name[32];
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "user%d", i % 100);
        login_census_note(context, 1 + (uint64_t)i / 500, span_of(name), i % 3 == 0);
        login_census_is_doubtful(context);
    }
    return NULL;
}

static void threads(void **state)
{
    struct login_census *census = login_census_new();
    pthread_t ids[4];
    size_t seen, without;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&ids[i], NULL, note_many, census), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(ids[i], NULL);
    }
    login_census_counts(census, &seen, &without);
    assert_int_equal(seen, 100);
    login_census_free(&census);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),
        cmocka_unit_test(reloads),
        cmocka_unit_test(bounded),
        cmocka_unit_test(threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
