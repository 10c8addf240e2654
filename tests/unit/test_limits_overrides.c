/*
 * overrides: put, found, run out, taken away, walked; and that no bytes in the table do any harm.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits/overrides.h"
#include "tests/support/empty_store.h"

#define NOW_S INT64_C(1795478400)
#define ALICE SPAN("alice@example.org")

static struct override an_override(const char *principal, const char *limit, uint64_t max)
{
    struct override override = { .max = max, .until_s = NOW_S + 60, .set_s = NOW_S };
    snprintf(override.principal, sizeof(override.principal), "%s", principal);
    snprintf(override.limit, sizeof(override.limit), "%s", limit);
    snprintf(override.by, sizeof(override.by), "root");
    snprintf(override.because, sizeof(override.because), "month end: 2 000 letters");
    return override;
}

static void put(const struct override *override)
{
    struct error error = { "" };
    if (!override_put(store, override, &error)) {
        fail_msg("%s", error.text);
    }
}

static void test_put_and_find(void **state)
{
    struct override wanted = an_override("alice@example.org", "default", 4000), found;
    (void)state;
    put(&wanted);
    assert_true(override_find(store, ALICE, SPAN("default"), NOW_S, &found));
    assert_string_equal(found.principal, wanted.principal);
    assert_string_equal(found.limit, wanted.limit);
    assert_int_equal(found.max, 4000);
    assert_int_equal(found.until_s, NOW_S + 60);
    assert_int_equal(found.set_s, NOW_S);
    assert_string_equal(found.by, "root");
    assert_string_equal(found.because, wanted.because);
    assert_false(override_find(store, SPAN("alice"), SPAN("default"), NOW_S, &found));
    assert_false(override_find(store, ALICE, SPAN("default2"), NOW_S, &found));
    assert_false(override_find(store, ALICE, SPAN("defaul"), NOW_S, &found));
    wanted.max = UINT64_MAX;
    wanted.because[0] = '\0';
    put(&wanted);
    assert_true(override_find(store, ALICE, SPAN("default"), NOW_S, &found));
    assert_true(found.max == UINT64_MAX);
    assert_string_equal(found.because, "");
}

static void test_runs_out(void **state)
{
    struct override override = an_override("alice@example.org", "default", 4000), found;
    (void)state;
    put(&override);
    assert_true(override_find(store, ALICE, SPAN("default"), NOW_S + 59, &found));
    assert_false(override_find(store, ALICE, SPAN("default"), NOW_S + 60, &found));
    override.until_s = 0;
    put(&override);
    assert_true(override_find(store, ALICE, SPAN("default"), INT64_MAX, &found));
    assert_false(override_is_over(&found, INT64_MAX));
}

static void test_remove(void **state)
{
    struct override override = an_override("alice@example.org", "default", 1), found;
    struct error error = { "" };
    (void)state;
    put(&override);
    assert_true(override_remove(store, ALICE, SPAN("default"), &error));
    assert_string_equal(error.text, "");
    assert_false(override_find(store, ALICE, SPAN("default"), NOW_S, &found));
    assert_false(override_remove(store, ALICE, SPAN("default"), &error));
    assert_string_equal(error.text, "there is no override of default for alice@example.org");
    assert_false(override_remove(store, SPAN(""), SPAN("default"), &error));
}

static void test_names(void **state)
{
    char longest[256], longer[300];
    struct override override, found;
    struct error error = { "" };
    (void)state;
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    override = an_override(longest, "default", 1);
    put(&override);
    assert_true(override_find(store, span_of(longest), SPAN("default"), NOW_S, &found));
    assert_false(override_find(store, span_of(longer), SPAN("default"), NOW_S, &found));
    override = an_override("", "default", 1);
    assert_false(override_put(store, &override, &error));
    override = an_override("alice", "", 1);
    assert_false(override_put(store, &override, &error));
    assert_string_not_equal(error.text, "");
    /* What stands on one side of the border is not found on the other. */
    override = an_override("a", "bc", 1);
    put(&override);
    assert_false(override_find(store, SPAN("ab"), SPAN("c"), NOW_S, &found));
    assert_false(override_find(store, SPAN("a\0b"), SPAN("c"), NOW_S, &found));
}

static void put_raw(struct span key, struct span value)
{
    assert_true(store_put(store, STORE_OVERRIDES, key, value, STORE_SOON));
}

static bool count_one(const struct override *override, void *context)
{
    unsigned *count = context;
    assert_string_not_equal(override->principal, "");
    *count += 1;
    return true;
}

static unsigned count(void)
{
    unsigned found = 0;
    assert_true(override_walk(store, count_one, &found));
    return found;
}

static void test_bad_bytes(void **state)
{
#define LONG64 "0123456789012345678901234567890123456789012345678901234567890123"
    static const struct span values[] = {
        { "", 0 },
        { "1", 1 },
        { "1 ", 2 },
        { "1 5 0 0 root", 12 },
        { "2 5 0 0 root\0why", 16 },
        { "1 5 0 0  \0", 9 },
        { "1 -5 0 0 root\0why", 17 },
        { "1 5 -1 0 root\0why", 17 },
        { "1 5 0 9223372036854775808 root\0", 31 },
        { "1 18446744073709551616 0 0 root\0", 32 },
        { "1 5x 0 0 root\0why", 17 },
        { "1  0 0 root\0why", 15 },
        { "1 5 0 0 root\0why\0", 17 },
        { "1 5 0 0 " LONG64 "\0why", 76 },
        { "1 5 0 0 r\0" LONG64 LONG64 LONG64 LONG64, 266 },
        { "\xff\xff\xff\xff\0\0\0\0", 8 },
    };
    struct override found;
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        put_raw(SPAN("alice\0default"), values[i]);
        if (override_find(store, SPAN("alice"), SPAN("default"), NOW_S, &found) || count() != 0) {
            fail_msg("value %zu is read", i);
        }
    }
    put_raw(SPAN("alice\0default"), SPAN("1 18446744073709551615 0 0 root\0why"));
    assert_true(override_find(store, SPAN("alice"), SPAN("default"), NOW_S, &found));
    assert_true(found.max == UINT64_MAX);
}

static void test_bad_keys(void **state)
{
    static const struct span keys[] = { { "a", 1 },       { "\0a", 2 }, { "a\0", 2 },
                                        { "a\0b\0c", 5 }, { "\0", 1 },  { "a\0" LONG64, 66 } };
    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        put_raw(keys[i], SPAN("1 5 0 0 root\0why"));
    }
    assert_int_equal(count(), 0);
    put_raw(SPAN("a\0b"), SPAN("1 5 0 0 root\0why"));
    assert_int_equal(count(), 1);
}

/* Any bytes behind a layout that is known. */
static void test_random_bytes(void **state)
{
    struct override found;
    (void)state;
    srand(1);
    for (unsigned run = 0; run < 20000; run++) {
        static const char usual[] = "1 50\0a-9";
        char bytes[64];
        size_t size = (size_t)rand() % sizeof(bytes);
        for (size_t i = 0; i < size; i++) {
            bytes[i] = run % 4 == 0 ? (char)rand() : usual[(size_t)rand() % (sizeof(usual) - 1)];
        }
        put_raw(SPAN("a\0b"), (struct span){ bytes, size });
        if (override_find(store, SPAN("a"), SPAN("b"), NOW_S, &found)) {
            assert_true(found.until_s == 0 || found.until_s > NOW_S);
            assert_non_null(memchr(found.because, '\0', sizeof(found.because)));
        }
    }
}

static bool first_only(const struct override *override, void *context)
{
    strcpy(context, override->principal);
    return false;
}

static void test_walk(void **state)
{
    struct override override = an_override("bob", "default", 1);
    char first[256] = "";
    (void)state;
    assert_int_equal(count(), 0);
    override.until_s = NOW_S - 1; /* over, and told all the same */
    put(&override);
    override = an_override("alice", "pro-day", 1);
    put(&override);
    override = an_override("alice", "default", 1);
    put(&override);
    assert_int_equal(count(), 3);
    override_walk(store, first_only, first);
    assert_string_equal(first, "alice");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, store_make, store_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_put_and_find), TEST(test_runs_out), TEST(test_remove),       TEST(test_names),
        TEST(test_bad_bytes),    TEST(test_bad_keys), TEST(test_random_bytes), TEST(test_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
