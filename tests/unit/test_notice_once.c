/*
 * What is told once in a while: per name and kind, whoever asks, also when the clock is set back,
 * when more names come than are kept, and when the record is damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "notice/once.h"

enum { NOW_S = 1772366400, PAUSE_S = 3600 };

static bool is_due(struct store *store, const char *about, int64_t now_s)
{
    return notice_is_due(store, NOTICE_LIMIT_NEAR, span_of(about), now_s, PAUSE_S);
}

static void once_in_the_pause(void **state)
{
    struct store *store = store_in_memory();
    (void)state;
    assert_true(is_due(store, "alice", NOW_S));
    assert_false(is_due(store, "alice", NOW_S));
    assert_false(is_due(store, "alice", NOW_S + PAUSE_S - 1));
    assert_true(is_due(store, "bob", NOW_S + 1));
    assert_true(is_due(store, "alice", NOW_S + PAUSE_S));
    assert_false(is_due(store, "alice", NOW_S + 2 * PAUSE_S - 1));
    store_close(&store);
}

static void kinds_are_apart(void **state)
{
    struct store *store = store_in_memory();
    (void)state;
    assert_true(is_due(store, "alice", NOW_S));
    assert_true(notice_is_due(store, NOTICE_HELD, SPAN("alice"), NOW_S, PAUSE_S));
    store_close(&store);
}

static void a_clock_set_back_does_not_silence(void **state)
{
    struct store *store = store_in_memory();
    (void)state;
    assert_true(is_due(store, "alice", NOW_S));
    assert_true(is_due(store, "alice", NOW_S - 86400));
    assert_false(is_due(store, "alice", NOW_S - 86400 + 1));
    store_close(&store);
}

static void the_oldest_is_forgotten_first(void **state)
{
    struct store *store = store_in_memory();
    char name[24];
    (void)state;
    for (int i = 0; i < ONCE_MAX + 1; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        assert_true(is_due(store, name, NOW_S));
    }
    assert_false(is_due(store, "user256", NOW_S));
    assert_false(is_due(store, "user2", NOW_S));
    assert_true(is_due(store, "user0", NOW_S));
    store_close(&store);
}

static void a_damaged_record_is_none(void **state)
{
    static const struct span records[] = { { "", 0 }, { "1x", 2 }, { "2", 1 }, { "\0\0\0", 3 } };
    struct store *store = store_in_memory();
    (void)state;
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        assert_true(
            store_put(store, STORE_NOTICES, SPAN("once/limit-near"), records[i], STORE_SOON));
        assert_true(is_due(store, "alice", NOW_S));
        assert_false(is_due(store, "alice", NOW_S));
    }
    store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once_in_the_pause),
        cmocka_unit_test(kinds_are_apart),
        cmocka_unit_test(a_clock_set_back_does_not_silence),
        cmocka_unit_test(the_oldest_is_forgotten_first),
        cmocka_unit_test(a_damaged_record_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
