/*
 * history: entries in their order, each principal's alone, never more than the bound, gone when
 * old.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "behaviour/history.h"
#include "tests/support/empty_store.h"

#define NOW_S INT64_C(1795478400)

static void add(const char *principal, int64_t at_s, enum history_kind kind, const char *text)
{
    struct history_entry entry = { .at_ms = at_s * 1000, .kind = kind, .by = "behaviour" };
    snprintf(entry.principal, sizeof(entry.principal), "%s", principal);
    snprintf(entry.queue_id, sizeof(entry.queue_id), "4Xk2vR3m5Wz1q7");
    snprintf(entry.text, sizeof(entry.text), "%s", text);
    assert_true(history_add(store, &entry));
}

static bool gather(const struct history_entry *entry, void *context)
{
    char *out = context;
    snprintf(out + strlen(out), 4000 - strlen(out), "%s:%s ", history_kind_name(entry->kind),
             entry->text);
    assert_string_equal(entry->by, "behaviour");
    assert_string_equal(entry->queue_id, "4Xk2vR3m5Wz1q7");
    return true;
}

static void expect(const char *principal, const char *texts)
{
    char out[4000] = "";
    assert_true(history_walk(store, span_of(principal), gather, out));
    assert_string_equal(out, texts);
}

static void test_order(void **state)
{
    (void)state;
    add("a", NOW_S, HISTORY_NOTICE, "one");
    add("ab", NOW_S, HISTORY_HOLD, "other");
    add("a", NOW_S, HISTORY_SUSPEND, "two");       /* in the same millisecond */
    add("a", NOW_S - 5, HISTORY_RELEASE, "three"); /* the clock was set back */
    expect("a", "notice:one suspend:two release:three ");
    expect("ab", "hold:other ");
    expect("", "");
    expect("b", "");
}

static void test_bound(void **state)
{
    char texts[4000] = "";
    (void)state;
    for (int i = 0; i < HISTORY_PER_PRINCIPAL + 5; i++) {
        char text[8];
        snprintf(text, sizeof(text), "%d", i);
        add("a", NOW_S + i, HISTORY_MESSAGE, text);
        if (i >= 5) {
            snprintf(texts + strlen(texts), sizeof(texts) - strlen(texts), "message:%d ", i);
        }
    }
    expect("a", texts);
}

static void test_expire(void **state)
{
    struct buffer place = BUFFER_EMPTY;
    unsigned gone = 0;
    (void)state;
    for (int i = 0; i < 10; i++) {
        add(i % 2 == 0 ? "a" : "b", NOW_S + i, HISTORY_MESSAGE, "x");
    }
    assert_int_equal(history_expire(store, NOW_S, 100, &place), 0);
    int64_t later_s = NOW_S + 6 + HISTORY_KEEP_S; /* those of 0 to 5 are older */
    for (int i = 0; i < 4; i++) {
        gone += history_expire(store, later_s, 3, &place); /* ten records, three at once */
    }
    assert_int_equal(gone, 6);
    assert_int_equal(place.size, 0); /* it begins again */
    expect("a", "message:x message:x ");
    buffer_free(&place);
}

static void test_foreign_bytes(void **state)
{
    static const char key[] = "a\0\0\0\0\0\0\0\0\1";
    struct span good_key = { key, 10 };
    (void)state;
    assert_true(store_put(store, STORE_HISTORY, good_key, SPAN("2 0 x"), STORE_SOON));
    assert_true(store_put(store, STORE_HISTORY, (struct span){ key, 3 }, SPAN("1 0 "), STORE_SOON));
    expect("a", "");
    assert_true(store_put(store, STORE_HISTORY, good_key,
                          (struct span){ "1 99 behaviour\0q\0t", 18 }, STORE_SOON));
    expect("a", "");
    add("a", NOW_S, HISTORY_OVER, "x");
    expect("a", "over:x ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_bound, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_expire, store_make, store_drop),
        cmocka_unit_test_setup_teardown(test_foreign_bytes, store_make, store_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
