/*
 * need: what is foreseen for records is never less than they take, in whatever order they come and
 * however they grow, and not much more than pages that are half full.
 */
#include "tests/unit/test_state_support.h"

#define PAGES_ALWAYS 4096 * 4 /* of an empty store, and where a tree begins */

enum order { ASCENDING, SCATTERED };

struct records {
    uint64_t count;
    size_t key_bytes, first_bytes, value_bytes; /* of a value: at first, and in the end */
};

static void put_record(struct store *store, const struct records *records, uint64_t number,
                       size_t bytes)
{
    static char value[200000];
    char key[STORE_KEY_MAX + 1];
    snprintf(key, sizeof(key), "%0*llu", (int)records->key_bytes, (unsigned long long)number);
    assert_true(
        store_put(store, STORE_LIMITS, span_of(key), (struct span){ value, bytes }, STORE_SOON));
}

/* Each once, in order or not. */
static void put_all(struct store *store, const struct records *records, enum order order,
                    size_t bytes)
{
    for (uint64_t i = 0; i < records->count; i++) {
        uint64_t number = order == ASCENDING ? i : i * 7919 % records->count;
        put_record(store, records, number, bytes);
    }
}

static void check(const struct yard *yard, const struct records *records, enum order order)
{
    struct store *stores[] = { store_open(yard->path), store_in_memory() };
    uint64_t foreseen =
        store_bytes_for(records->count, records->key_bytes, records->value_bytes) + PAGES_ALWAYS;
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(stores[i]);
        put_all(stores[i], records, order, records->first_bytes);
        put_all(stores[i], records, order, records->value_bytes);
        uint64_t used = store_used(stores[i]);
        if (used > foreseen || used < foreseen / 4) {
            fail_msg("%llu records of %zu and %zu octets %s: %llu foreseen, %llu used in %s",
                     (unsigned long long)records->count, records->key_bytes, records->value_bytes,
                     order == ASCENDING ? "in order" : "scattered", (unsigned long long)foreseen,
                     (unsigned long long)used, i == 0 ? "the file" : "memory");
        }
        for (uint64_t k = 0; k < records->count; k++) {
            char key[STORE_KEY_MAX + 1];
            snprintf(key, sizeof(key), "%0*llu", (int)records->key_bytes, (unsigned long long)k);
            assert_true(store_remove(stores[i], STORE_LIMITS, span_of(key)));
        }
        store_close(&stores[i]);
    }
}

static void test_never_less(void **state)
{
    static const struct records cases[] = {
        { 5000, 24, 0, 11 },      { 3000, 45, 20, 160 },     { 2000, 254, 60, 232 },
        { 2000, 254, 300, 700 },  { 1000, 100, 900, 1100 },  { 1000, 100, 1200, 1300 },
        { 1000, 40, 100, 1500 },  { 500, 40, 1900, 1981 },   { 500, 40, 1982, 1985 },
        { 500, 480, 1, 1500 },    { 500, 267, 200, 4072 },   { 500, 267, 2000, 4073 },
        { 500, 267, 4000, 4090 }, { 100, 267, 8000, 80103 }, { 50, 267, 80000, 160103 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(*state, &cases[i], ASCENDING);
        check(*state, &cases[i], SCATTERED);
    }
}

static void test_beyond_all(void **state)
{
    (void)state;
    assert_true(store_bytes_for(UINT64_MAX / 2, 10, 100) == UINT64_MAX);
    assert_int_equal(store_bytes_for(0, 10, 100), 0);
}

static void test_ceiling(void **state)
{
    struct store *store = store_in_memory(), *file = store_open(((struct yard *)*state)->path);
    assert_true(store_ceiling(file) == UINT64_MAX);
    store_limit(store, 5 << 20);
    store_limit(file, 6 << 20);
    assert_int_equal(store_ceiling(store), 5 << 20);
    assert_int_equal(store_ceiling(file), 6 << 20);
    store_close(&store);
    store_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_never_less, yard_make, yard_drop),
        cmocka_unit_test(test_beyond_all),
        cmocka_unit_test_setup_teardown(test_ceiling, yard_make, yard_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
